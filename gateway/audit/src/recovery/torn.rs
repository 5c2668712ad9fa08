//! Telling a batch that a crash tore from durable content that was damaged later.
//!
//! A batch is written only after the sync of the one before returned. So behind a torn batch there is nothing; a second
//! checkpoint behind the break means that the first batch behind it had been durable, and with it perhaps acknowledged.

use std::io;

use crate::checkpoint::{Checkpoint, SignedCheckpoint, VerifyingKey};
use crate::frame::{FRAME_HEADER, Frames, Kind, Step};
use crate::storage::{StoredFile, read_exact_at};
use crate::tree::Hash;

/// Whether a note's text names this size and root.
pub(super) fn says(note: &str, size: u64, root: &Hash) -> bool {
    let text = note.rfind("\n\n").and_then(|split| note.get(..=split));
    text.and_then(|text| Checkpoint::parse(text).ok())
        .is_some_and(|found| found.size == size && found.root == *root)
}

/// Whether `from..to` holds two or more checkpoints of the key for more than `size` entries.
pub(crate) fn acknowledged_beyond<F: StoredFile>(
    file: &F,
    from: u64,
    to: u64,
    key: &VerifyingKey,
    size: u64,
) -> io::Result<bool> {
    let mut start = key.name().as_bytes().to_vec();
    start.push(b'\n');
    let mut bytes = vec![0; usize::try_from(to - from).unwrap_or(usize::MAX)];
    read_exact_at(file, &mut bytes, from)?;
    let mut seen = None;
    for at in FRAME_HEADER..bytes.len().saturating_sub(start.len()) {
        if bytes.get(at..at + start.len()) != Some(&start) {
            continue;
        }
        let mut frames = Frames::new(file, from + (at - FRAME_HEADER) as u64);
        let Step::Frame {
            kind: Kind::Checkpoint,
            payload,
            ..
        } = frames.next()?
        else {
            continue;
        };
        let Some(found) = std::str::from_utf8(payload)
            .ok()
            .and_then(|note| SignedCheckpoint::verify(note, key).ok())
        else {
            continue;
        };
        let found = found.checkpoint().size;
        if found > size && seen.is_some_and(|seen| seen != found) {
            return Ok(true);
        }
        if found > size {
            seen = Some(found);
        }
    }
    Ok(false)
}
