//! A place in the journal from which entries are read on, over the ends of segments.

use std::io;

use crate::frame::{Frames, Kind, Step};
use crate::layout::Layout;
use crate::seal::SegmentFile;
use crate::segment::{self, OpeningError};
use crate::storage::Storage;

/// Where reading stands.
pub(crate) struct Cursor<S: Storage> {
    open: Option<(u64, SegmentFile<S::File>)>,
    offset: u64,
    /// The index of the entry at `offset`.
    here: u64,
    /// The first entry that is still wanted.
    wanted: u64,
}

impl<S: Storage> Cursor<S> {
    /// Reads from the entry `index` on.
    pub(crate) fn at(index: u64) -> Self {
        Self {
            open: None,
            offset: 0,
            here: 0,
            wanted: index,
        }
    }

    /// The first entry that was not yet read.
    pub(crate) fn wanted(&self) -> u64 {
        self.wanted
    }

    /// Gives every entry up to `until`, which must be durable, with its index.
    pub(crate) fn read(
        &mut self,
        storage: &S,
        layout: &Layout,
        until: u64,
        mut each: impl FnMut(u64, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        while self.wanted < until {
            let open = self.open.take();
            let (first, file) = match open {
                Some(open) => open,
                None => {
                    let (first, file, offset) = open_at(storage, layout, self.wanted)?;
                    (self.offset, self.here) = (offset, first);
                    (first, file)
                }
            };
            let mut frames = Frames::new(&file, self.offset);
            let ended = loop {
                if self.wanted >= until {
                    break false;
                }
                match frames.next()? {
                    Step::Frame {
                        kind: Kind::Entry,
                        payload,
                        ..
                    } => {
                        if self.here >= self.wanted {
                            each(self.here, payload)?;
                            self.wanted = self.here + 1;
                        }
                        self.here += 1;
                        self.offset = frames.offset();
                    }
                    Step::Frame { .. } => {}
                    Step::End | Step::Bad(_) => break true,
                }
            };
            if !ended {
                self.open = Some((first, file));
                return Ok(());
            }
            // The next segment goes on here, or entries are missing.
            if !segment::list(storage, layout)?.contains(&self.here) || self.here == first {
                let what = format!("segment {first} ends before entry {}", self.here);
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
            self.wanted = self.wanted.max(self.here);
        }
        Ok(())
    }
}

/// Opens the segment that holds the entry: its first index, the file, and where its first batch is.
fn open_at<S: Storage>(
    storage: &S,
    layout: &Layout,
    index: u64,
) -> io::Result<(u64, SegmentFile<S::File>, u64)> {
    let first = segment::list(storage, layout)?
        .into_iter()
        .rfind(|first| *first <= index)
        .ok_or(io::ErrorKind::NotFound)?;
    let file = segment::open(storage, layout, first)?;
    let opening = segment::read_opening(&file, first).map_err(|error| match error {
        OpeningError::File(error) => error,
        damaged => io::Error::new(io::ErrorKind::InvalidData, damaged.to_string()),
    })?;
    Ok((first, file, opening.end))
}
