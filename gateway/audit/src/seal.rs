//! Sealed segments: older segments of the journal, compressed so that any place in them is reached quickly.
//!
//! The file is in the seekable form of zstd: frames of [`FRAME`] bytes each, a skippable frame of our own, and the seek table.
//! `zstd -d` makes the segment of it again, byte for byte.
//!
//! Our own skippable frame holds the segment's length (8 bytes) and the CRC-32 of all compressed bytes before it (4 bytes),
//! numbers little-endian.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::layout::Layout;
use crate::storage::{Storage, StoredFile, place_file, read_exact_at};

/// Bytes of the segment in one compressed frame.
const FRAME: usize = 128 << 10;
/// Fast: the file is read more often than anybody counts its bytes.
const LEVEL: i32 = 3;
/// Magic numbers of skippable frames: ours, and that of the seek table.
const OWN_MAGIC: u32 = 0x184D_2A50;
const TABLE_MAGIC: u32 = 0x184D_2A5E;
/// Ends the file.
const SEEKABLE_MAGIC: u32 = 0x8F92_EAB1;
const OWN_BYTES: u64 = 8 + 12;
const FOOTER_BYTES: u64 = 9;

/// A segment as it lies on disk, in either form. Reading is the same.
pub(crate) enum SegmentFile<F> {
    /// As it was written.
    Plain(F),
    /// Compressed.
    Sealed(Box<Sealed<F>>),
}

/// A compressed segment. Reads decompress one frame at a time.
pub(crate) struct Sealed<F> {
    file: F,
    /// Where each frame starts in the file, and the end of the last one.
    starts: Vec<u64>,
    length: u64,
    /// The frame that was decompressed last.
    last: Mutex<Option<(usize, Arc<Vec<u8>>)>>,
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("sealed segment: {what}"))
}

fn word(bytes: &[u8], at: usize) -> io::Result<u32> {
    let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.first_chunk::<4>());
    bytes
        .map(|bytes| u32::from_le_bytes(*bytes))
        .ok_or_else(|| damaged("cut short"))
}

impl<F: StoredFile> Sealed<F> {
    /// Reads the seek table.
    pub(crate) fn open(file: F) -> io::Result<Self> {
        let bytes = file.length()?;
        let mut footer = [0; FOOTER_BYTES as usize];
        let footer_at = bytes
            .checked_sub(FOOTER_BYTES)
            .ok_or_else(|| damaged("cut short"))?;
        read_exact_at(&file, &mut footer, footer_at)?;
        let frames = word(&footer, 0)?;
        if footer[4] != 0 || word(&footer, 5)? != SEEKABLE_MAGIC {
            return Err(damaged("no seek table"));
        }
        let table_bytes = u64::from(frames) * 8;
        let table_at = footer_at
            .checked_sub(table_bytes + 8)
            .filter(|at| *at >= OWN_BYTES)
            .ok_or_else(|| damaged("seek table is longer than the file"))?;
        let mut table = vec![0; table_bytes as usize + 8];
        read_exact_at(&file, &mut table, table_at)?;
        if word(&table, 0)? != TABLE_MAGIC || u64::from(word(&table, 4)?) != table_bytes + FOOTER_BYTES {
            return Err(damaged("seek table"));
        }
        let mut own = [0; OWN_BYTES as usize];
        read_exact_at(&file, &mut own, table_at - OWN_BYTES)?;
        if word(&own, 0)? != OWN_MAGIC || u64::from(word(&own, 4)?) != OWN_BYTES - 8 {
            return Err(damaged("length and checksum"));
        }
        let length = u64::from(word(&own, 8)?) | u64::from(word(&own, 12)?) << 32;
        let (mut starts, mut at, mut left) = (vec![0], 0, length);
        for frame in 0..frames as usize {
            let (packed, whole) = (word(&table, 8 + frame * 8)?, word(&table, 12 + frame * 8)?);
            // What does not shrink grows by a few bytes; a length from outside never asks for more memory.
            if u64::from(whole) != left.min(FRAME as u64) || whole == 0 || packed as usize > 2 * FRAME {
                return Err(damaged("length of a frame"));
            }
            left -= u64::from(whole);
            at += u64::from(packed);
            starts.push(at);
        }
        if left != 0 || at != table_at - OWN_BYTES {
            return Err(damaged("lengths of the frames"));
        }
        Ok(Self {
            file,
            starts,
            length,
            last: Mutex::new(None),
        })
    }

    /// Checks the checksum over the compressed bytes.
    pub(crate) fn check(&self) -> io::Result<()> {
        let end = self.starts.last().copied().unwrap_or_default();
        let (mut hasher, mut at) = (crc32fast::Hasher::new(), 0);
        let mut buffer = vec![0; FRAME];
        while at < end {
            let count = (end - at).min(FRAME as u64) as usize;
            let place = buffer.get_mut(..count).unwrap_or_default();
            read_exact_at(&self.file, place, at)?;
            hasher.update(place);
            at += count as u64;
        }
        let mut own = [0; OWN_BYTES as usize];
        read_exact_at(&self.file, &mut own, end)?;
        if word(&own, 16)? == hasher.finalize() {
            Ok(())
        } else {
            Err(damaged("checksum does not fit"))
        }
    }

    fn frame(&self, number: usize) -> io::Result<Arc<Vec<u8>>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, bytes)) = &*last
            && *known == number
        {
            return Ok(Arc::clone(bytes));
        }
        let (Some(&from), Some(&to)) = (self.starts.get(number), self.starts.get(number + 1)) else {
            return Err(damaged("frame is missing"));
        };
        let mut packed = vec![0; usize::try_from(to - from).unwrap_or_default()];
        read_exact_at(&self.file, &mut packed, from)?;
        let wanted = (self.length - (number * FRAME) as u64).min(FRAME as u64);
        let bytes =
            zstd::bulk::decompress(&packed, FRAME).map_err(|_| damaged("frame does not decompress"))?;
        if bytes.len() as u64 != wanted {
            return Err(damaged("frame has another length"));
        }
        let bytes = Arc::new(bytes);
        *last = Some((number, Arc::clone(&bytes)));
        Ok(bytes)
    }
}

impl<F: StoredFile> StoredFile for SegmentFile<F> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.read_at(buffer, offset),
            Self::Sealed(sealed) => {
                let (mut filled, mut at) = (0, offset);
                while filled < buffer.len() && at < sealed.length {
                    let frame = sealed.frame((at / FRAME as u64) as usize)?;
                    let rest = frame.get((at % FRAME as u64) as usize..).unwrap_or_default();
                    let count = rest.len().min(buffer.len() - filled);
                    let place = buffer.get_mut(filled..filled + count).unwrap_or_default();
                    place.copy_from_slice(rest.get(..count).unwrap_or_default());
                    filled += count;
                    at += count as u64;
                }
                Ok(filled)
            }
        }
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all_at(bytes, offset),
            Self::Sealed(_) => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.sync_data(),
            Self::Sealed(_) => Ok(()),
        }
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.set_len(bytes),
            Self::Sealed(_) => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
        }
    }

    fn length(&self) -> io::Result<u64> {
        match self {
            Self::Plain(file) => file.length(),
            Self::Sealed(sealed) => Ok(sealed.length),
        }
    }
}

/// Puts the sealed form beside the finished segment that starts at `first`, reads it back, and only then takes the segment
/// away. A crash in between leaves both, and the segment counts.
///
/// After each frame `rest` is told how long the work on it took; once it says that it is time to end, what was begun is finished
/// without rest. Tells whether it said so.
pub(crate) fn seal<S: Storage>(
    storage: &S,
    layout: &Layout,
    first: u64,
    rest: &mut impl FnMut(Duration) -> bool,
) -> io::Result<bool> {
    let mut ends = false;
    let segment = storage.open(&layout.segment(first))?;
    let path = layout.sealed_segment(first);
    let packed = place_file(storage, &path, |file| {
        ends = compress(&segment, file, rest)?;
        Ok(())
    })?;
    let sealed = Sealed::open(packed)?;
    sealed.check()?;
    if sealed.length != segment.length()? {
        return Err(damaged("read back with another length"));
    }
    let mut plain = vec![0; FRAME];
    for number in 0..sealed.starts.len() - 1 {
        let begun = Instant::now();
        let bytes = sealed.frame(number)?;
        let place = plain.get_mut(..bytes.len()).unwrap_or_default();
        read_exact_at(&segment, place, (number * FRAME) as u64)?;
        if place != bytes.as_slice() {
            return Err(damaged("read back with other content"));
        }
        ends = ends || rest(begun.elapsed());
    }
    storage.remove(&layout.segment(first))?;
    storage.sync_directory(&layout.journal)?;
    Ok(ends)
}

fn compress<F: StoredFile>(
    segment: &F,
    sealed: &F,
    rest: &mut impl FnMut(Duration) -> bool,
) -> io::Result<bool> {
    let mut ends = false;
    let length = segment.length()?;
    let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
    compressor.include_checksum(true)?;
    let mut table = Vec::new();
    let mut hasher = crc32fast::Hasher::new();
    let mut plain = vec![0; FRAME];
    let (mut from, mut to) = (0, 0);
    while from < length {
        let begun = Instant::now();
        let count = (length - from).min(FRAME as u64) as usize;
        let place = plain.get_mut(..count).unwrap_or_default();
        read_exact_at(segment, place, from)?;
        let packed = compressor.compress(place)?;
        sealed.write_all_at(&packed, to)?;
        hasher.update(&packed);
        table.extend((packed.len() as u32).to_le_bytes());
        table.extend((count as u32).to_le_bytes());
        from += count as u64;
        to += packed.len() as u64;
        ends = ends || rest(begun.elapsed());
    }
    let mut end = Vec::new();
    end.extend(OWN_MAGIC.to_le_bytes());
    end.extend(12_u32.to_le_bytes());
    end.extend(length.to_le_bytes());
    end.extend(hasher.finalize().to_le_bytes());
    end.extend(TABLE_MAGIC.to_le_bytes());
    end.extend((table.len() as u32 + FOOTER_BYTES as u32).to_le_bytes());
    let frames = (table.len() / 8) as u32;
    end.extend(table);
    end.extend(frames.to_le_bytes());
    end.push(0);
    end.extend(SEEKABLE_MAGIC.to_le_bytes());
    sealed.write_all_at(&end, to)?;
    Ok(ends)
}
