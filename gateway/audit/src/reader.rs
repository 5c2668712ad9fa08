//! Reading entries from the folder alone, also while a writer is at work.
//!
//! An entry is given only when the checkpoint that ends its batch stands behind it. This does not verify the log; see
//! [`crate::verify()`].

mod filter;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::Path;

use crate::entry::{Entry, EntryError};
use crate::frame::{Frames, Kind, Step};
use crate::layout::{Layout, segment_name};
use crate::seal::SegmentFile;
use crate::segment::{self, OpeningError};
use crate::storage::Disk;

pub use filter::Filter;

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// The system refused.
    #[error("audit log: {0}")]
    File(#[from] io::Error),
    /// The journal is damaged here.
    #[error("audit log is damaged: {file} at byte {offset}: {what}")]
    Damaged {
        /// The segment's file name.
        file: String,
        /// Byte offset in it.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// The bytes of an entry are not an entry.
    #[error("audit log entry {index}: {error}")]
    Entry {
        /// The entry's index.
        index: u64,
        /// What is wrong with it.
        #[source]
        error: EntryError,
    },
}

/// Entries in order, each with its index. At the end of the log it gives `None`; asked again later, it goes on with what was
/// added since. What was removed from the beginning is passed over, also when that happens while it reads.
pub struct Entries {
    layout: Layout,
    /// The segment being read; none when the next one is still to be found.
    open: Option<(SegmentFile<File>, u64)>,
    offset: u64,
    next_index: u64,
    wanted: u64,
    ready: VecDeque<(u64, Vec<u8>)>,
    failed: bool,
}

/// How far reading came.
enum On {
    Batch,
    NextSegment,
    LookAgain,
    End,
}

/// The entries of the log in `folder`, from the first one.
#[must_use]
pub fn entries(folder: &Path) -> Entries {
    Entries {
        layout: Layout::new(folder),
        open: None,
        offset: 0,
        next_index: 0,
        wanted: 0,
        ready: VecDeque::new(),
        failed: false,
    }
}

impl Entries {
    /// Starts at the entry `index`.
    #[must_use]
    pub fn from(self, index: u64) -> Self {
        Self {
            open: None,
            offset: 0,
            next_index: index,
            wanted: index,
            ready: VecDeque::new(),
            ..self
        }
    }

    /// Reads one more batch into `ready`; `false` at the end of what there is.
    fn read_batch(&mut self) -> Result<bool, ReaderError> {
        let mut looked_again = false;
        loop {
            match self.read_on(looked_again)? {
                On::Batch => return Ok(true),
                On::End => return Ok(false),
                On::NextSegment => looked_again = false,
                On::LookAgain => looked_again = true,
            }
        }
    }

    /// Reads up to the next batch with a wanted entry, or as far as the segment goes.
    fn read_on(&mut self, looked_again: bool) -> Result<On, ReaderError> {
        let (file, first) = match self.open.take() {
            Some(open) => open,
            None => match self.open_segment()? {
                Some(open) => open,
                None => return Ok(On::End),
            },
        };
        let mut frames = Frames::new(&file, self.offset);
        let mut index = self.next_index;
        let mut batch = VecDeque::new();
        let stopped = loop {
            match frames.next()? {
                Step::Frame {
                    kind: Kind::Entry,
                    payload,
                    ..
                } => {
                    if index >= self.wanted {
                        batch.push_back((index, payload.to_vec()));
                    }
                    index += 1;
                }
                Step::Frame {
                    kind: Kind::Checkpoint,
                    ..
                } => {
                    self.offset = frames.offset();
                    self.next_index = index;
                    if batch.is_empty() {
                        continue;
                    }
                    self.ready = batch;
                    self.open = Some((file, first));
                    return Ok(On::Batch);
                }
                Step::Frame { kind: Kind::Edge, .. } => break "tree edge inside a segment".to_owned(),
                Step::End => break "entries are missing".to_owned(),
                Step::Bad(bad) => break bad.to_string(),
            }
        };
        // In the last segment this is a batch on its way, or nothing yet; anywhere else the next segment must go on from here.
        let firsts = segment::list(&Disk, &self.layout)?;
        match firsts.iter().copied().find(|next| *next > first) {
            None => {
                self.open = Some((file, first));
                Ok(On::End)
            }
            Some(next) if next == self.next_index => Ok(On::NextSegment),
            // This one was removed while it was read, and those behind it.
            Some(_) if !firsts.contains(&first) => Ok(On::NextSegment),
            // The writer may have finished the segment between the read and the look at the folder.
            Some(_) if !looked_again => {
                self.open = Some((file, first));
                Ok(On::LookAgain)
            }
            Some(_) => Err(ReaderError::Damaged {
                file: segment_name(first),
                offset: frames.offset(),
                what: stopped,
            }),
        }
    }

    /// Opens the segment that holds the next entry.
    fn open_segment(&mut self) -> Result<Option<(SegmentFile<File>, u64)>, ReaderError> {
        let (first, file) = loop {
            let firsts = segment::list(&Disk, &self.layout)?;
            // What retention removed is passed over; whether it was retention, the verifier tells.
            let holds = firsts.iter().copied().rfind(|first| *first <= self.next_index);
            let Some(first) = holds.or_else(|| firsts.first().copied()) else {
                return Ok(None);
            };
            match segment::open(&Disk, &self.layout, first) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && self.is_removed(first)? => {}
                other => break (first, other?),
            }
        };
        let opening = segment::read_opening(&file, first).map_err(|error| match error {
            OpeningError::File(error) => ReaderError::File(error),
            OpeningError::Damaged(offset, what) => ReaderError::Damaged {
                file: segment_name(first),
                offset,
                what: what.to_owned(),
            },
            OpeningError::Frame(offset, bad) => ReaderError::Damaged {
                file: segment_name(first),
                offset,
                what: bad.to_string(),
            },
        })?;
        self.offset = opening.end;
        self.next_index = first;
        Ok(Some((file, first)))
    }

    fn is_removed(&self, first: u64) -> io::Result<bool> {
        Ok(!segment::list(&Disk, &self.layout)?.contains(&first))
    }
}

impl std::fmt::Debug for Entries {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Entries({}, next {})",
            self.layout.root.display(),
            self.next_index
        )
    }
}

impl Iterator for Entries {
    type Item = Result<(u64, Entry), ReaderError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            if let Some((index, bytes)) = self.ready.pop_front() {
                let entry =
                    Entry::decode_canonical(&bytes).map_err(|error| ReaderError::Entry { index, error });
                return Some(entry.map(|entry| (index, entry)));
            }
            match self.read_batch() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
