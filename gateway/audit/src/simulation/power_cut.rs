//! What is left on a disk whose power fails: of all that was not synced, anything.
//!
//! One thing is taken for granted, as SQLite and others do ("powersafe overwrite"): a write changes no byte outside its range.

use super::random::Random;

/// Disks write sectors of this many bytes whole or not, in an order of their own.
const SECTOR: u64 = 512;

/// What was done to a file and not synced.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Write { offset: u64, bytes: Vec<u8> },
    Length(u64),
}

impl Change {
    pub(super) fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Length(length) => content.resize(*length as usize, 0),
            Self::Write { offset, bytes } => put(content, *offset, bytes),
        }
    }
}

/// How a disk treats what it was not made to keep.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mood {
    KeepsAll,
    LosesAll,
    KeepsSome,
}

impl Mood {
    pub(super) fn of(random: &mut Random) -> Self {
        match random.below(6) {
            0 => Self::KeepsAll,
            1 => Self::LosesAll,
            _ => Self::KeepsSome,
        }
    }

    pub(super) fn keeps(self, random: &mut Random) -> bool {
        match self {
            Self::KeepsAll => true,
            Self::LosesAll => false,
            Self::KeepsSome => random.one_in(2),
        }
    }
}

/// Applies of these changes what reaches the disk: sector by sector kept, lost, torn or turned into something else.
pub(super) fn survive(changes: &[Change], content: &mut Vec<u8>, mood: Mood, random: &mut Random) {
    for change in changes {
        let Change::Write { offset, bytes } = change else {
            if mood.keeps(random) {
                change.apply(content);
            }
            continue;
        };
        let (mut at, mut rest) = (*offset, bytes.as_slice());
        while !rest.is_empty() {
            let count = ((SECTOR - at % SECTOR) as usize).min(rest.len());
            let (piece, following) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            if mood.keeps(random) {
                put(content, at, &piece_as_written(piece, mood, random));
            }
            at += count as u64;
            rest = following;
        }
    }
}

fn piece_as_written(piece: &[u8], mood: Mood, random: &mut Random) -> Vec<u8> {
    if matches!(mood, Mood::KeepsAll) {
        return piece.to_vec();
    }
    match random.below(8) {
        0 => random.bytes(piece.len()),
        1 => piece
            .get(..random.below(piece.len() as u64) as usize)
            .unwrap_or_default()
            .to_vec(),
        _ => piece.to_vec(),
    }
}

fn put(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let (from, to) = (offset as usize, offset as usize + bytes.len());
    if content.len() < to {
        content.resize(to, 0);
    }
    if let Some(place) = content.get_mut(from..to) {
        place.copy_from_slice(bytes);
    }
}
