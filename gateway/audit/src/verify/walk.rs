//! The walk through the journal, from the first byte to the last checkpoint.

pub(super) mod stored;
mod tail;

use std::fs::File;
use std::io;
use std::time::Duration;

use super::damage::{Damage, Finding, VerifyError};
use super::diagnose::diagnose;
use super::pruned::{self, Known, Told};
use super::{Progress, Report, VerifyOptions};
use stored::{Stored, published};
use tail::{Look, Stop};

use crate::checkpoint::{NoteError, SignedCheckpoint, VerifyingKey};
use crate::entry::check_canonical;
use crate::frame::{Frames, Kind, Step};
use crate::layout::{CHECKPOINT, Layout, segment_name};
use crate::seal::SegmentFile;
use crate::segment::{self, OpeningError};
use crate::storage::{Disk, StoredFile as _};
use crate::tree::{Hash, Tree, leaf_hash};

/// Bytes between two reports of progress.
const PROGRESS_EVERY: u64 = 4 << 20;

/// What is known so far.
struct Walk<'a, P> {
    layout: &'a Layout,
    key: &'a VerifyingKey,
    at_rest: bool,
    stored: Stored,
    /// What entries tell of removals.
    told: Told,
    /// Checkpoints that are still to be met, the largest first.
    known: Vec<SignedCheckpoint>,
    tree: Tree,
    report: Report,
    progress: P,
    total_bytes: u64,
    told_bytes: u64,
}

/// The batch that is being read: leaf hashes and where the frames are.
#[derive(Default)]
struct Batch {
    leaves: Vec<Hash>,
    offsets: Vec<u64>,
}

pub(super) fn walk(
    layout: &Layout,
    key: &VerifyingKey,
    options: &VerifyOptions,
    progress: impl FnMut(Progress),
) -> Result<Report, VerifyError> {
    // Read before the journal, which then is at least as long.
    let published = published(layout, key)?;
    if published.is_none() && !options.copy {
        return Err(damaged(
            Damage::Removed,
            CHECKPOINT.to_owned(),
            0,
            "no published checkpoint",
        ));
    }
    let Known {
        checkpoints: known,
        published,
        witnessed,
    } = pruned::known(layout, key, options, published)?;
    let tiles = !options.copy || layout.tile.exists();
    let mut walk = Walk {
        stored: Stored::new(layout, if tiles { published } else { 0 }),
        told: Told::default(),
        layout,
        key,
        at_rest: options.at_rest,
        known,
        tree: Tree::empty(),
        report: Report {
            origin: key.name().to_owned(),
            entries: 0,
            removed: 0,
            root: Tree::empty().root(),
            segments: 0,
            checkpoints: 0,
            bytes: 0,
            journal: true,
            published,
            witnessed,
            unfinished_bytes: 0,
            duration: Duration::ZERO,
        },
        progress,
        total_bytes: 0,
        told_bytes: 0,
    };
    walk.journal()?;
    walk.end()
}

fn damaged(damage: Damage, file: String, offset: u64, detail: &str) -> VerifyError {
    VerifyError::Damaged(Finding {
        damage,
        file,
        offset,
        entries: 0..0,
        detail: detail.to_owned(),
    })
}

fn in_journal(first: u64) -> String {
    format!("journal/{}", segment_name(first))
}

/// A segment that could not be read: the sealed form may be damaged.
fn unreadable(name: &str, offset: u64, error: io::Error) -> VerifyError {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            damaged(Damage::Changed, name.to_owned(), offset, &error.to_string())
        }
        _ => VerifyError::file(name)(error),
    }
}

impl<P: FnMut(Progress)> Walk<'_, P> {
    fn list(&mut self) -> Result<Vec<u64>, VerifyError> {
        let firsts = segment::list(&Disk, self.layout).map_err(VerifyError::file("journal"))?;
        let lengths = firsts
            .iter()
            .filter_map(|first| segment::open(&Disk, self.layout, *first).ok()?.length().ok());
        self.total_bytes = lengths.sum();
        let unsealed = segment::list_unsealed(&Disk, self.layout).map_err(VerifyError::file("journal"))?;
        self.stored.owed = if self.at_rest {
            u64::MAX
        } else {
            unsealed.first().copied().unwrap_or_default()
        };
        Ok(firsts)
    }

    /// Every segment in order; the list is looked at again after each one, for a writer may be at work.
    fn journal(&mut self) -> Result<(), VerifyError> {
        let mut last: Option<u64> = None;
        loop {
            let firsts = self.list()?;
            let next = firsts
                .iter()
                .copied()
                .find(|first| last.is_none_or(|last| *first > last));
            let Some(first) = next else { return Ok(()) };
            if last.is_none() && first != 0 {
                self.pruned(first)?;
            }
            let following = firsts.iter().copied().find(|other| *other > first);
            self.segment(first, following)?;
            self.report.segments += 1;
            last = Some(first);
        }
    }

    /// Takes up the tree behind entries that retention removed. That it is the signed one, the segment's first checkpoint tells.
    fn pruned(&mut self, first: u64) -> Result<(), VerifyError> {
        let (name, file) = self.open(first)?;
        let opening = segment::read_opening(&file, first)
            .map_err(|error| damaged(Damage::Changed, name.clone(), 0, &error.to_string()))?;
        self.report.removed = first;
        self.stored.bundles_from = first;
        if self.stored.published > 0 {
            pruned::walk(&self.stored, &opening.tree, &mut self.known)?;
        }
        pruned::forget_known(&mut self.known, first)?;
        self.tree = opening.tree;
        Ok(())
    }

    fn open(&self, first: u64) -> Result<(String, SegmentFile<File>), VerifyError> {
        let file = segment::open(&Disk, self.layout, first);
        let sealed = matches!(&file, Ok(SegmentFile::Sealed(_))) || !self.layout.segment(first).exists();
        let name = in_journal(first) + if sealed { ".zst" } else { "" };
        let file = file.map_err(|error| unreadable(&name, 0, error))?;
        if let SegmentFile::Sealed(sealed) = &file {
            sealed.check().map_err(|error| unreadable(&name, 0, error))?;
        }
        Ok((name, file))
    }

    /// One segment; `next` is where the following one starts.
    fn segment(&mut self, first: u64, next: Option<u64>) -> Result<(), VerifyError> {
        let (name, file) = self.open(first)?;
        let opening = segment::read_opening(&file, first).map_err(|error| match error {
            OpeningError::File(error) => unreadable(&name, 0, error),
            OpeningError::Damaged(offset, what) => damaged(Damage::Changed, name.clone(), offset, what),
            OpeningError::Frame(offset, bad) => {
                damaged(Damage::Changed, name.clone(), offset, &bad.to_string())
            }
        })?;
        self.continues(&name, first, &opening.tree)?;
        self.check_note(&name, opening.end, opening.note.as_bytes(), &Batch::default())?;

        let mut end = opening.end;
        let mut batch = Batch::default();
        let mut frames = Frames::new(&file, end);
        let mut look = Look::default();
        let mut next = next;
        loop {
            let index = self.tree.size() + batch.leaves.len() as u64;
            let at = frames.offset();
            match frames.next().map_err(|error| unreadable(&name, at, error))? {
                Step::Frame {
                    kind: Kind::Entry,
                    offset,
                    payload,
                } => {
                    if let Err(error) = check_canonical(payload) {
                        let finding = Finding {
                            damage: Damage::NotCanonical,
                            file: name,
                            offset,
                            entries: index..index + 1,
                            detail: error.to_string(),
                        };
                        return Err(VerifyError::Damaged(finding));
                    }
                    self.told.hear(index, payload, &self.stored, &self.tree)?;
                    batch.leaves.push(leaf_hash(payload));
                    batch.offsets.push(offset);
                }
                Step::Frame {
                    kind: Kind::Checkpoint,
                    offset,
                    payload,
                } => {
                    self.check_note(&name, offset, payload, &batch)?;
                    self.add(&mut batch, &name, offset)?;
                    end = frames.offset();
                    self.tell(end);
                }
                Step::Frame {
                    kind: Kind::Edge,
                    offset,
                    ..
                } => return Err(damaged(Damage::Added, name, offset, "tree edge inside a segment")),
                step @ (Step::End | Step::Bad(_)) => {
                    let broken = if let Step::Bad(bad) = step {
                        Some(bad)
                    } else {
                        None
                    };
                    let stop = Stop {
                        next,
                        end,
                        at,
                        index,
                        broken,
                    };
                    if next.is_none()
                        && !self.at_rest
                        && self.look_again(&file, &name, first, &stop, &mut look)?
                    {
                        batch = Batch::default();
                        frames = Frames::new(&file, end);
                        next = look.next;
                        continue;
                    }
                    self.report.bytes += end;
                    if look.moving {
                        self.report.unfinished_bytes = 0;
                        return Ok(());
                    }
                    return self.segment_end(&file, &name, stop);
                }
            }
        }
    }

    /// Whether the segment starts with the tree that the one before left.
    fn continues(&self, name: &str, first: u64, edge: &Tree) -> Result<(), VerifyError> {
        let size = self.tree.size();
        let (damage, entries, detail) = match first.cmp(&size) {
            std::cmp::Ordering::Greater => (
                Damage::Removed,
                size..first,
                "the segments before end earlier than this one begins",
            ),
            std::cmp::Ordering::Less => (
                Damage::Duplicated,
                first..size,
                "the segments before go further than where this one begins",
            ),
            std::cmp::Ordering::Equal if edge.edge() != self.tree.edge() => (
                Damage::Changed,
                0..0,
                "tree edge does not continue the segment before",
            ),
            std::cmp::Ordering::Equal => return Ok(()),
        };
        Err(VerifyError::Damaged(Finding {
            damage,
            file: name.to_owned(),
            offset: 0,
            entries,
            detail: detail.to_owned(),
        }))
    }

    /// Whether a checkpoint is signed and is that of the tree with the batch.
    fn check_note(&mut self, name: &str, offset: u64, note: &[u8], batch: &Batch) -> Result<(), VerifyError> {
        let note = std::str::from_utf8(note).map_err(|_| NoteError::Malformed("not text"));
        let signed = note.and_then(|note| SignedCheckpoint::verify(note, self.key));
        let signed = signed
            .map_err(|error| damaged(Damage::BadSignature, name.to_owned(), offset, &error.to_string()))?;
        let signed = signed.checkpoint();
        self.report.checkpoints += 1;
        let mut tree = self.tree.clone();
        batch.leaves.iter().for_each(|leaf| tree.push(*leaf));
        if signed.size == tree.size() && signed.root == tree.root() {
            return Ok(());
        }
        let diagnosis = diagnose(&self.stored.tiles, &self.tree, &batch.leaves, signed);
        let index = self.tree.size() + diagnosis.at as u64;
        Err(VerifyError::Damaged(Finding {
            damage: diagnosis.damage,
            file: name.to_owned(),
            offset: batch.offsets.get(diagnosis.at).copied().unwrap_or(offset),
            entries: index..index + diagnosis.count as u64,
            detail: diagnosis.detail.to_owned(),
        }))
    }

    /// Adds a batch whose root is the signed one, meeting the known checkpoints and the stored hashes on the way.
    fn add(&mut self, batch: &mut Batch, name: &str, offset: u64) -> Result<(), VerifyError> {
        batch.offsets.clear();
        for leaf in batch.leaves.drain(..) {
            self.meet_known(name, offset)?;
            self.tree.push(leaf);
        }
        self.meet_known(name, offset)?;
        for tile in self.tree.completed() {
            self.stored.compare(tile)?;
        }
        self.tree.forget_completed(u64::MAX);
        self.report.entries = self.tree.size();
        Ok(())
    }

    fn meet_known(&mut self, name: &str, offset: u64) -> Result<(), VerifyError> {
        while let Some(known) = self.known.last().map(SignedCheckpoint::checkpoint)
            && known.size == self.tree.size()
        {
            if known.root != self.tree.root() {
                let detail = format!("a signed checkpoint of {} entries has another root", known.size);
                return Err(damaged(Damage::Forked, name.to_owned(), offset, &detail));
            }
            self.known.pop();
        }
        Ok(())
    }

    fn tell(&mut self, end: u64) {
        let bytes = self.report.bytes + end;
        if bytes - self.told_bytes >= PROGRESS_EVERY {
            self.told_bytes = bytes;
            (self.progress)(Progress {
                bytes,
                total_bytes: self.total_bytes.max(bytes),
                entries: self.tree.size(),
            });
        }
    }

    /// What must be true when all is read.
    fn end(mut self) -> Result<Report, VerifyError> {
        self.meet_known(CHECKPOINT, 0)?;
        let size = self.tree.size();
        if let Some(known) = self.known.first().map(SignedCheckpoint::checkpoint) {
            let detail = format!(
                "the log has {size} entries, a signed checkpoint says {}",
                known.size
            );
            let finding = Finding {
                damage: Damage::Truncated,
                file: "journal".to_owned(),
                offset: 0,
                entries: size..known.size,
                detail,
            };
            return Err(VerifyError::Damaged(finding));
        }
        if size == self.stored.published {
            self.stored.compare_unfinished(&self.tree)?;
        }
        self.told.covers(self.report.removed)?;
        self.report.root = self.tree.root();
        (self.progress)(Progress {
            bytes: self.report.bytes,
            total_bytes: self.report.bytes,
            entries: size,
        });
        Ok(self.report)
    }
}
