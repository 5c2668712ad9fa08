//! Finding one entry by its index: the segment by name, the place in it by a sparse table that grows as it is used.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use crate::frame::{Frames, Kind, Step};
use crate::layout::Layout;
use crate::segment::{self, OpeningError};
use crate::storage::Storage;

/// Entries between two remembered places.
const STRIDE: u64 = 64;
/// Segments whose places are remembered.
const SEGMENTS: usize = 64;

/// Remembers where entries are.
#[derive(Default)]
pub(crate) struct Places {
    /// By first index of the segment: the offset of every [`STRIDE`]th entry.
    segments: Mutex<BTreeMap<u64, Vec<u64>>>,
}

impl Places {
    /// The canonical bytes of the durable entry `index`.
    pub(crate) fn entry<S: Storage>(&self, storage: &S, layout: &Layout, index: u64) -> io::Result<Vec<u8>> {
        let firsts = segment::list(storage, layout)?;
        let first = firsts
            .into_iter()
            .rfind(|first| *first <= index)
            .ok_or(io::ErrorKind::NotFound)?;
        let file = segment::open(storage, layout, first)?;
        let mut places = self
            .segments
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&first)
            .cloned()
            .unwrap_or_default();
        if places.is_empty() {
            let opening = segment::read_opening(&file, first).map_err(|error| match error {
                OpeningError::File(error) => error,
                damaged => io::Error::new(io::ErrorKind::InvalidData, damaged.to_string()),
            })?;
            places.push(opening.end);
        }
        let known = ((index - first) / STRIDE).min(places.len() as u64 - 1);
        let offset = places.get(known as usize).copied().unwrap_or_default();
        let mut here = first + known * STRIDE;
        let mut frames = Frames::new(&file, offset);
        loop {
            let at = frames.offset();
            match frames.next()? {
                Step::Frame {
                    kind: Kind::Entry,
                    payload,
                    ..
                } => {
                    if here == index {
                        let bytes = payload.to_vec();
                        self.remember(first, places);
                        return Ok(bytes);
                    }
                    here += 1;
                    let next = at + (crate::frame::FRAME_HEADER + payload.len()) as u64;
                    if (here - first).is_multiple_of(STRIDE) && (here - first) / STRIDE == places.len() as u64
                    {
                        places.push(next);
                    }
                }
                Step::Frame { .. } => {}
                Step::End | Step::Bad(_) => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }

    fn remember(&self, first: u64, places: Vec<u64>) {
        let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        segments.insert(first, places);
        if segments.len() > SEGMENTS {
            segments.pop_first();
        }
    }
}
