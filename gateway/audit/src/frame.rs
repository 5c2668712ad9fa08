//! Frames: what a segment is made of after its header.
//!
//! A frame is kind (1 byte), payload length (3 bytes, little-endian), CRC-32 of those four bytes and the payload
//! (4 bytes, little-endian), payload. Eight zero bytes where a frame would start are the end of what is written.

use std::io;

use crate::checkpoint::MAX_NOTE_BYTES;
use crate::entry::MAX_ENTRY_BYTES;
use crate::storage::StoredFile;

/// Bytes in front of the payload.
pub(crate) const FRAME_HEADER: usize = 8;

/// The most bytes read from a file at a time.
const CHUNK: usize = 256 * 1024;
/// Bytes read the first time.
const FIRST: usize = 16 * 1024;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The canonical bytes of an entry.
    Entry = 1,
    /// A signed checkpoint, which ends a batch.
    Checkpoint = 2,
    /// The right edge of the tree, at the start of a segment.
    Edge = 3,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<(Self, usize)> {
        match byte {
            1 => Some((Self::Entry, MAX_ENTRY_BYTES)),
            2 => Some((Self::Checkpoint, MAX_NOTE_BYTES)),
            3 => Some((Self::Edge, 8 + crate::tree::ROWS * crate::tree::TILE_WIDTH * 32)),
            _ => None,
        }
    }
}

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadFrame {
    /// A kind that there is not.
    #[error("unknown kind of frame")]
    Kind,
    /// Longer than its kind may be.
    #[error("frame is too long")]
    Length,
    /// The file ends inside it.
    #[error("frame is cut short")]
    Cut,
    /// The checksum does not fit.
    #[error("checksum of the frame does not fit")]
    Checksum,
}

/// Starts a frame at the end of `buffer`; the payload follows.
pub(crate) fn begin(buffer: &mut Vec<u8>) -> usize {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; FRAME_HEADER]);
    start
}

/// Writes kind and length of the frame that began at `start`; the checksum is left to [`seal`].
pub(crate) fn finish(buffer: &mut [u8], start: usize, kind: Kind) {
    let length = (buffer.len() - start - FRAME_HEADER) as u32;
    let word = u32::from(kind as u8) | length << 8;
    if let Some(place) = buffer.get_mut(start..start + 4) {
        place.copy_from_slice(&word.to_le_bytes());
    }
}

/// Writes the checksum of the frame at the front of `bytes` and gives its payload and what follows it.
pub(crate) fn seal(bytes: &mut [u8]) -> Option<(&[u8], &mut [u8])> {
    let (head, rest) = bytes.split_first_chunk_mut::<FRAME_HEADER>()?;
    let (payload, rest) = rest.split_at_mut_checked(payload_length(head))?;
    let checksum = checksum(head, payload);
    head[4..].copy_from_slice(&checksum.to_le_bytes());
    Some((payload, rest))
}

/// Adds a whole frame.
pub(crate) fn push(buffer: &mut Vec<u8>, kind: Kind, payload: &[u8]) {
    let start = begin(buffer);
    buffer.extend_from_slice(payload);
    finish(buffer, start, kind);
    if let Some(frame) = buffer.get_mut(start..) {
        seal(frame);
    }
}

fn payload_length(head: &[u8; FRAME_HEADER]) -> usize {
    (u32::from_le_bytes([head[0], head[1], head[2], head[3]]) >> 8) as usize
}

fn checksum(head: &[u8; FRAME_HEADER], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&head[..4]);
    hasher.update(payload);
    hasher.finalize()
}

/// What stands at the next place of a segment.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    /// A whole frame.
    Frame {
        kind: Kind,
        offset: u64,
        payload: &'a [u8],
    },
    /// Nothing was written here.
    End,
    /// Something that is no frame.
    Bad(BadFrame),
}

/// Reads frames one after the other, in constant memory.
pub(crate) struct Frames<'a, F> {
    file: &'a F,
    buffer: Vec<u8>,
    /// How much of the buffer holds bytes of the file.
    filled: usize,
    /// The file offset of the buffer's first byte.
    base: u64,
    at: usize,
}

impl<'a, F: StoredFile> Frames<'a, F> {
    pub(crate) fn new(file: &'a F, offset: u64) -> Self {
        Self {
            file,
            buffer: Vec::new(),
            filled: 0,
            base: offset,
            at: 0,
        }
    }

    /// The file offset of the next frame.
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    pub(crate) fn next(&mut self) -> io::Result<Step<'_>> {
        let offset = self.offset();
        let Some(head) = self
            .available(FRAME_HEADER)?
            .first_chunk::<FRAME_HEADER>()
            .copied()
        else {
            let unwritten = self
                .buffer
                .get(self.at..self.filled)
                .unwrap_or_default()
                .iter()
                .all(|byte| *byte == 0);
            return Ok(if unwritten {
                Step::End
            } else {
                Step::Bad(BadFrame::Cut)
            });
        };
        if head == [0; FRAME_HEADER] {
            return Ok(Step::End);
        }
        let Some((kind, limit)) = Kind::from_byte(head[0]) else {
            return Ok(Step::Bad(BadFrame::Kind));
        };
        let length = payload_length(&head);
        if length > limit {
            return Ok(Step::Bad(BadFrame::Length));
        }
        let whole = FRAME_HEADER + length;
        if self.available(whole)?.len() < whole {
            return Ok(Step::Bad(BadFrame::Cut));
        }
        let start = self.at + FRAME_HEADER;
        let payload = self.buffer.get(start..start + length).unwrap_or_default();
        if checksum(&head, payload).to_le_bytes() != head[4..] {
            return Ok(Step::Bad(BadFrame::Checksum));
        }
        self.at += whole;
        Ok(Step::Frame {
            kind,
            offset,
            payload,
        })
    }

    /// At least `count` bytes from the current place on, or all that the file has.
    fn available(&mut self, count: usize) -> io::Result<&[u8]> {
        if self.filled - self.at < count {
            self.buffer.copy_within(self.at..self.filled, 0);
            self.base += self.at as u64;
            self.filled -= self.at;
            self.at = 0;
            self.make_room(count);
            while self.filled < count {
                let place = self.buffer.get_mut(self.filled..).unwrap_or_default();
                match self.file.read_at(place, self.base + self.filled as u64)? {
                    0 => break,
                    read => self.filled += read,
                }
            }
        }
        Ok(self.buffer.get(self.at..self.filled).unwrap_or_default())
    }

    /// Makes the buffer large enough, and larger each time: who wants one entry reads little, who reads on reads much at once.
    fn make_room(&mut self, count: usize) {
        let length = (self.buffer.len() * 2).clamp(FIRST, CHUNK).max(count);
        if length > self.buffer.len() {
            let mut larger = vec![0; length];
            if let (Some(to), Some(from)) = (larger.get_mut(..self.filled), self.buffer.get(..self.filled)) {
                to.copy_from_slice(from);
            }
            self.buffer = larger;
        }
    }
}

/// Whether the file holds nothing but zeros from `offset` on; otherwise where the last other byte ends.
pub(crate) fn written_beyond<F: StoredFile>(file: &F, offset: u64) -> io::Result<Option<u64>> {
    let mut buffer = vec![0; CHUNK];
    let (mut at, mut last) = (offset, None);
    loop {
        let read = file.read_at(&mut buffer, at)?;
        if read == 0 {
            return Ok(last);
        }
        if let Some(position) = buffer
            .get(..read)
            .unwrap_or_default()
            .iter()
            .rposition(|byte| *byte != 0)
        {
            last = Some(at + position as u64 + 1);
        }
        at += read as u64;
    }
}
