//! Segments: the files of the journal, each a header and frames, written ahead with zeros.
//!
//! Header (32 bytes): `lt-audit`, format version (4 bytes), zero (4), first index (8), CRC-32 of those 24 bytes (4), zero (4);
//! numbers little-endian. Then an edge frame (the tree at the first index), a checkpoint frame (the same, signed), and batches:
//! entry frames ended by a checkpoint frame.

use std::io;

use crate::frame::{self, BadFrame, FRAME_HEADER, Frames, Kind, Step};
use crate::layout::{Layout, first_index_of, is_sealed};
use crate::seal::{Sealed, SegmentFile};
use crate::storage::{Storage, StoredFile, place_file, read_exact_at, write_zeros};
use crate::tree::Tree;

/// Bytes of a segment's header.
pub(crate) const SEGMENT_HEADER: usize = 32;
const MAGIC: [u8; 8] = *b"lt-audit";
const FORMAT_VERSION: u32 = 1;

/// The segment that is being written.
pub(crate) struct Segment<F> {
    file: F,
    /// Where the next frame goes.
    end: u64,
    /// Up to where the file has been written, with frames or zeros.
    filled: u64,
    /// Where the first batch goes; the segment is empty when `end` is still there.
    first_batch: u64,
}

impl<F: StoredFile> Segment<F> {
    /// Makes the segment that continues `tree`, whose signed checkpoint `note` is.
    pub(crate) fn create<S: Storage<File = F>>(
        storage: &S,
        layout: &Layout,
        tree: &Tree,
        note: &str,
        ahead: u64,
    ) -> io::Result<Self> {
        let mut bytes = header(tree.size()).to_vec();
        frame::push(&mut bytes, Kind::Edge, &tree.edge());
        frame::push(&mut bytes, Kind::Checkpoint, note.as_bytes());
        let end = bytes.len() as u64;
        let filled = end + ahead;
        let file = place_file(storage, &layout.segment(tree.size()), |file| {
            file.write_all_at(&bytes, 0)?;
            write_zeros(file, end, filled)
        })?;
        Ok(Self {
            file,
            end,
            filled,
            first_batch: end,
        })
    }

    /// Goes on with a segment that was read up to `end`, beyond which it holds only zeros.
    pub(crate) fn resume(file: F, opening: &Opening, end: u64) -> io::Result<Self> {
        let filled = file.length()?.max(end);
        Ok(Self {
            file,
            end,
            filled,
            first_batch: opening.end,
        })
    }

    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Whether no batch has been written.
    pub(crate) fn is_empty(&self) -> bool {
        self.end == self.first_batch
    }

    /// Writes a batch behind the one before, in one write. It is part of the segment once [`Self::sync`] returned.
    /// After an error of either nothing is known about the file.
    pub(crate) fn write(&mut self, batch: &[u8], ahead: u64) -> io::Result<u64> {
        let end = self.end + batch.len() as u64;
        if end > self.filled {
            let filled = end + ahead;
            write_zeros(&self.file, self.filled.max(end), filled)?;
            self.filled = filled;
        }
        self.file.write_all_at(batch, self.end)?;
        Ok(end)
    }

    /// Makes what was written up to `end` durable.
    pub(crate) fn sync(&mut self, end: u64) -> io::Result<()> {
        self.file.sync_data()?;
        self.end = end;
        Ok(())
    }

    /// Writes zeros ahead while nobody waits, when less than half of `ahead` is left below `limit`.
    pub(crate) fn fill_ahead(&mut self, ahead: u64, limit: u64) -> io::Result<()> {
        let filled = (self.filled + ahead).min(limit);
        if self.filled - self.end >= ahead / 2 || filled <= self.filled {
            return Ok(());
        }
        write_zeros(&self.file, self.filled, filled)?;
        self.file.sync_data()?;
        self.filled = filled;
        Ok(())
    }

    /// Gives back the space written ahead; the segment is complete.
    pub(crate) fn finish(&self) -> io::Result<()> {
        self.file.set_len(self.end)?;
        self.file.sync_data()
    }
}

/// How a segment begins.
pub(crate) struct Opening {
    /// The tree before the segment's first entry.
    pub(crate) tree: Tree,
    /// The checkpoint note of that tree, not verified.
    pub(crate) note: String,
    /// Where the first batch is.
    pub(crate) end: u64,
}

/// Why a segment's beginning is not one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpeningError {
    #[error(transparent)]
    File(#[from] io::Error),
    #[error("{1} at byte {0}")]
    Damaged(u64, &'static str),
    #[error("{1} at byte {0}")]
    Frame(u64, BadFrame),
}

/// Reads a segment's header, edge and first checkpoint.
pub(crate) fn read_opening<F: StoredFile>(file: &F, first_index: u64) -> Result<Opening, OpeningError> {
    let mut found = [0; SEGMENT_HEADER];
    match read_exact_at(file, &mut found, 0) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(OpeningError::Damaged(0, "segment header is cut short"));
        }
        other => other?,
    }
    if found != header(first_index) {
        return Err(OpeningError::Damaged(
            0,
            "segment header is not that of this format and first index",
        ));
    }
    let mut frames = Frames::new(file, SEGMENT_HEADER as u64);
    let edge = expect(
        &mut frames,
        Kind::Edge,
        "no tree edge at the start of the segment",
    )?;
    let tree = Tree::from_edge(&edge).filter(|tree| tree.size() == first_index);
    let tree = tree.ok_or(OpeningError::Damaged(
        (SEGMENT_HEADER + FRAME_HEADER) as u64,
        "tree edge does not fit the first index",
    ))?;
    let at = frames.offset();
    let note = expect(
        &mut frames,
        Kind::Checkpoint,
        "no checkpoint at the start of the segment",
    )?;
    let note = String::from_utf8(note).map_err(|_| OpeningError::Damaged(at, "checkpoint is not text"))?;
    Ok(Opening {
        tree,
        note,
        end: frames.offset(),
    })
}

fn expect<F: StoredFile>(
    frames: &mut Frames<'_, F>,
    wanted: Kind,
    otherwise: &'static str,
) -> Result<Vec<u8>, OpeningError> {
    let at = frames.offset();
    match frames.next()? {
        Step::Frame { kind, payload, .. } if kind == wanted => Ok(payload.to_vec()),
        Step::Bad(bad) => Err(OpeningError::Frame(at, bad)),
        Step::Frame { .. } | Step::End => Err(OpeningError::Damaged(at, otherwise)),
    }
}

/// Opens a segment in the form in which it is there. The plain one counts when both are.
pub(crate) fn open<S: Storage>(
    storage: &S,
    layout: &Layout,
    first_index: u64,
) -> io::Result<SegmentFile<S::File>> {
    match storage.open(&layout.segment(first_index)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let file = storage.open(&layout.sealed_segment(first_index))?;
            Ok(SegmentFile::Sealed(Box::new(Sealed::open(file)?)))
        }
        other => Ok(SegmentFile::Plain(other?)),
    }
}

/// First indexes of the segments there are, ascending.
pub(crate) fn list<S: Storage>(storage: &S, layout: &Layout) -> io::Result<Vec<u64>> {
    list_of(storage, layout, |_| true)
}

/// The first index of the first segment: where what retention left begins. None without a segment.
pub(crate) fn first<S: Storage>(storage: &S, layout: &Layout) -> io::Result<Option<u64>> {
    Ok(list(storage, layout)?.first().copied())
}

/// First indexes of the segments that are not sealed, ascending.
pub(crate) fn list_unsealed<S: Storage>(storage: &S, layout: &Layout) -> io::Result<Vec<u64>> {
    list_of(storage, layout, |name| !is_sealed(name))
}

fn list_of<S: Storage>(storage: &S, layout: &Layout, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<u64>> {
    let names = match storage.names(&layout.journal) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        other => other?,
    };
    let names = names.iter().filter(|name| wanted(name));
    let mut firsts: Vec<u64> = names.filter_map(|name| first_index_of(name)).collect();
    firsts.sort_unstable();
    firsts.dedup();
    Ok(firsts)
}

fn header(first_index: u64) -> [u8; SEGMENT_HEADER] {
    let mut bytes = [0; SEGMENT_HEADER];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes[16..24].copy_from_slice(&first_index.to_le_bytes());
    let checksum = crc32fast::hash(&bytes[..24]);
    bytes[24..28].copy_from_slice(&checksum.to_le_bytes());
    bytes
}
