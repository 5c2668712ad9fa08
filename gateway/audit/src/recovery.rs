//! Opening a log: read the last segment again, cut a torn tail, and refuse whatever no crash explains.
//!
//! A log ends at its last checkpoint frame. A batch is written with one write and its checkpoint stands last, and nobody is
//! told anything before the sync that follows returned: what stands behind the last checkpoint was never acknowledged.

mod torn;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::checkpoint::{NoteError, SignedCheckpoint, VerifyingKey};
use crate::frame::{BadFrame, Frames, Kind, Step, written_beyond};
use crate::layout::{CHECKPOINT, Layout, segment_name};
use crate::segment::{self, Opening, OpeningError};
use crate::storage::{Storage, StoredFile, read_exact_at};
use crate::tiles::Tiles;
use crate::tree::{TILE_HEIGHT, Tree, leaf_hash};

pub(crate) use torn::acknowledged_beyond;

/// What opening a log found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Durable entries.
    pub entries: u64,
    /// Segments of the journal.
    pub segments: usize,
    /// Bytes behind the last checkpoint that were cut away: a batch that a crash interrupted.
    pub cut_bytes: u64,
    /// Whether tiles were missing and had to be made again from the whole journal.
    pub rebuilt_tiles: bool,
    /// How long it took.
    pub duration: Duration,
}

/// Why a log does not open. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process writes to it.
    #[error("another writer holds the audit log {0}")]
    Locked(PathBuf),
    /// The system refused.
    #[error("audit log: {what}: {error}")]
    File {
        /// The file or folder.
        what: String,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// The journal ends before the published checkpoint: acknowledged entries are gone.
    #[error(
        "audit log has {journal} entries but its published checkpoint says {published}: entries are missing"
    )]
    Behind {
        /// Entries in the journal.
        journal: u64,
        /// Entries that the published checkpoint names.
        published: u64,
    },
    /// There are entries but no published checkpoint, which stands there before the first entry is taken.
    #[error("audit log has {0} entries but no published checkpoint: it was removed")]
    Unpublished(u64),
    /// Tiles of entries that were removed by retention are missing, and cannot be made again.
    #[error("audit log: tiles of the {0} entries that retention removed are missing")]
    Pruned(u64),
    /// The journal and the published checkpoint disagree on the past.
    #[error("audit log and its published checkpoint of {0} entries have different roots")]
    Forked(u64),
    /// Durable content is damaged.
    #[error("audit log is damaged: {file} at byte {offset}: {what}")]
    Damaged {
        /// The segment's file name.
        file: String,
        /// Byte offset in it.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// A checkpoint that the log's key did not sign, or of another log.
    #[error("audit log: checkpoint in {file}: {error}")]
    Note {
        /// The file.
        file: String,
        /// Why it is not believed.
        #[source]
        error: NoteError,
    },
}

impl OpenError {
    pub(crate) fn file(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        |error| Self::File { what, error }
    }
}

/// The last segment, read again.
pub(crate) struct Replayed<F> {
    pub(crate) file: F,
    pub(crate) opening: Opening,
    /// The tree at the last durable checkpoint.
    pub(crate) tree: Tree,
    pub(crate) checkpoint: SignedCheckpoint,
    /// Where that checkpoint's frame ends.
    pub(crate) end: u64,
    /// Bytes of an interrupted batch behind it.
    pub(crate) torn: u64,
}

/// Reads the segment that starts at `first` up to its last durable checkpoint, or up to the one of `keep` entries.
/// The tree keeps the tiles that became full on the way. The file is not changed.
pub(crate) fn replay<S: Storage>(
    storage: &S,
    layout: &Layout,
    key: &VerifyingKey,
    first: u64,
    keep: Option<u64>,
) -> Result<Replayed<S::File>, OpenError> {
    let name = segment_name(first);
    let file = storage
        .open(&layout.segment(first))
        .map_err(OpenError::file(&name))?;
    let damaged = |offset, what: String| OpenError::Damaged {
        file: name.clone(),
        offset,
        what,
    };
    let opening = segment::read_opening(&file, first).map_err(|error| refused_opening(&name, error))?;

    let mut tree = opening.tree.clone();
    let mut note = opening.note.clone();
    let mut end = opening.end;
    let mut batch = Vec::new();
    let mut frames = Frames::new(&file, end);
    let broken: Option<BadFrame> = loop {
        if keep == Some(tree.size()) {
            break None;
        }
        match frames.next().map_err(OpenError::file(&name))? {
            Step::End => break None,
            Step::Bad(bad) => break Some(bad),
            Step::Frame {
                kind: Kind::Entry,
                payload,
                ..
            } => batch.push(leaf_hash(payload)),
            Step::Frame {
                kind: Kind::Edge,
                offset,
                ..
            } => return Err(damaged(offset, "tree edge inside a segment".to_owned())),
            Step::Frame {
                kind: Kind::Checkpoint,
                offset,
                payload,
            } => {
                let text = std::str::from_utf8(payload)
                    .map_err(|_| damaged(offset, "checkpoint is not text".to_owned()))?;
                batch.drain(..).for_each(|leaf| tree.push(leaf));
                if !torn::says(text, tree.size(), &tree.root()) {
                    return Err(damaged(offset, "checkpoint does not fit the entries".to_owned()));
                }
                note.clear();
                note.push_str(text);
                end = frames.offset();
            }
        }
    };
    // Roots of every checkpoint were compared; with the last one signed by the key, all entries before it are what was signed.
    let checkpoint = SignedCheckpoint::verify(&note, key).map_err(|error| OpenError::Note {
        file: name.clone(),
        error,
    })?;
    if !torn::says(&note, tree.size(), &tree.root()) {
        return Err(damaged(end, "checkpoint does not fit the tree".to_owned()));
    }
    if keep.is_some_and(|keep| keep != tree.size()) {
        return Err(damaged(
            end,
            format!("ends at {} entries, but more were acknowledged", tree.size()),
        ));
    }
    let written = written_beyond(&file, end).map_err(OpenError::file(&name))?;
    if keep.is_none()
        && let Some(written) = written
        && acknowledged_beyond(&file, end, written, key, tree.size()).map_err(OpenError::file(&name))?
    {
        let what = broken.map_or_else(|| "frames are missing".to_owned(), |bad| bad.to_string());
        return Err(damaged(
            frames.offset(),
            format!("{what}, and acknowledged batches follow"),
        ));
    }
    let torn = written.map_or(0, |written| written - end);
    Ok(Replayed {
        file,
        opening,
        tree,
        checkpoint,
        end,
        torn,
    })
}

fn refused_opening(name: &str, error: OpeningError) -> OpenError {
    let file = name.to_owned();
    match error {
        OpeningError::File(error) => OpenError::File { what: file, error },
        OpeningError::Damaged(offset, what) => OpenError::Damaged {
            file,
            offset,
            what: what.to_owned(),
        },
        OpeningError::Frame(offset, bad) => OpenError::Damaged {
            file,
            offset,
            what: bad.to_string(),
        },
    }
}

/// Places the tiles of hashes again that end behind `placed` and not behind the start of the last of these segments, whose
/// first indexes follow each other without gap. The first one must begin at `placed` or before it.
fn place_tiles_again<S: Storage>(
    storage: &S,
    layout: &Layout,
    tiles: &Tiles<S>,
    firsts: &[u64],
    placed: u64,
) -> Result<(), OpenError> {
    let mut tree: Option<Tree> = None;
    for pair in firsts.windows(2) {
        let &[first, next] = pair else { continue };
        let name = segment_name(first);
        let damaged = |offset, what: &str| OpenError::Damaged {
            file: name.clone(),
            offset,
            what: what.to_owned(),
        };
        let file = segment::open(storage, layout, first).map_err(OpenError::file(&name))?;
        let opening = segment::read_opening(&file, first).map_err(|error| refused_opening(&name, error))?;
        let mut growing = match tree {
            Some(tree) if opening.tree.edge() != tree.edge() => {
                return Err(damaged(0, "tree edge does not continue the segment before"));
            }
            Some(tree) => tree,
            None => opening.tree,
        };
        let mut frames = Frames::new(&file, opening.end);
        while growing.size() < next {
            let at = frames.offset();
            match frames.next().map_err(OpenError::file(&name))? {
                Step::Frame {
                    kind: Kind::Entry,
                    payload,
                    ..
                } => growing.push(leaf_hash(payload)),
                Step::Frame { .. } => {}
                Step::End => return Err(damaged(at, "ends before the next segment")),
                Step::Bad(bad) => return Err(damaged(at, &bad.to_string())),
            }
            for tile in growing.completed().filter(|tile| tile.end() > placed) {
                tiles.place_full(tile).map_err(OpenError::file("tile"))?;
            }
            growing.forget_completed(u64::MAX);
        }
        tree = Some(growing);
    }
    Ok(())
}

/// [`place_tiles_again`] for all finished segments with leaves behind `placed`; gives up to where all tiles are placed now.
pub(crate) fn place_tiles_from<S: Storage>(
    storage: &S,
    layout: &Layout,
    tiles: &Tiles<S>,
    placed: u64,
) -> Result<u64, OpenError> {
    let firsts = segment::list(storage, layout).map_err(OpenError::file("journal"))?;
    let from = firsts.iter().rposition(|first| *first <= placed);
    let firsts = firsts.get(from.unwrap_or_default()..).unwrap_or_default();
    place_tiles_again(storage, layout, tiles, firsts, placed)?;
    let last = firsts.last().copied().unwrap_or_default();
    Ok(placed.max(last >> TILE_HEIGHT << TILE_HEIGHT))
}

/// The published checkpoint, if there is one.
pub(crate) fn published<S: Storage>(
    storage: &S,
    layout: &Layout,
    key: &VerifyingKey,
) -> Result<Option<SignedCheckpoint>, OpenError> {
    let file = match storage.open(&layout.checkpoint()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(OpenError::file(CHECKPOINT))?,
    };
    let refused = |error| OpenError::Note {
        file: CHECKPOINT.to_owned(),
        error,
    };
    let length = file.length().map_err(OpenError::file(CHECKPOINT))?;
    let mut bytes = vec![0; length.min(crate::checkpoint::MAX_NOTE_BYTES as u64 + 1) as usize];
    read_exact_at(&file, &mut bytes, 0).map_err(OpenError::file(CHECKPOINT))?;
    let note = String::from_utf8(bytes).map_err(|_| refused(NoteError::Malformed("not text")))?;
    SignedCheckpoint::verify(&note, key).map(Some).map_err(refused)
}
