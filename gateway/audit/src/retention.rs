//! Retention: the oldest whole segments are removed, and with them the bundles of their entries; the tiles of hashes stay, so
//! that the tree is provable as before.
//!
//! Nothing is removed before an entry that says so is durable. The verifier believes a missing beginning only when it finds
//! such an entry.

use std::fmt;
use std::io;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::appender::{Appender, ReadError};
use crate::checkpoint::{decimal, hash_from_base64};
use crate::durable::Logged;
use crate::entry::{Entry, EntryKind, Operation};
use crate::journal::Cursor;
use crate::segment;
use crate::storage::Storage;
use crate::tree::{Hash, TILE_HEIGHT};

/// Entries that are, or are to be, removed: `from..until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The first entry that is still there.
    pub from: u64,
    /// The entry behind the last one to be removed, where a segment begins.
    pub until: u64,
    /// The root of the first `until` entries.
    pub root: Hash,
}

/// The text form that stands in the entry.
impl fmt::Display for Removal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, until, root } = self;
        write!(
            formatter,
            "entries {from} until {until}, root {}",
            STANDARD.encode(root)
        )
    }
}

/// The text is not that of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the text of a removal")]
pub struct NoRemoval;

impl FromStr for Removal {
    type Err = NoRemoval;

    fn from_str(text: &str) -> Result<Self, NoRemoval> {
        let parts = text.strip_prefix("entries ").and_then(|rest| {
            let (from, rest) = rest.split_once(" until ")?;
            let (until, root) = rest.split_once(", root ")?;
            Some((decimal(from)?, decimal(until)?, hash_from_base64(root)?))
        });
        match parts {
            Some((from, until, root)) if from < until => Ok(Self { from, until, root }),
            _ => Err(NoRemoval),
        }
    }
}

/// Why nothing was removed.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The system refused.
    #[error("audit log: {0}")]
    File(#[from] io::Error),
    /// The entry does not tell of this removal.
    #[error("entry {0} does not tell of this removal")]
    Untold(u64),
}

impl<S: Storage> Appender<S> {
    /// What could be removed: the longest row of whole segments at the beginning of the log, all of whose entries are older
    /// than this time (microseconds since 1970). The segment that is being written, those not yet sealed, and the one that
    /// tells of the last removal stay. `None` when there is nothing.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn removable(&self, before_unix_micros: i64) -> Result<Option<Removal>, RetentionError> {
        let shared = self.shared();
        let firsts = segment::list(&shared.storage, &shared.layout)?;
        let unsealed = segment::list_unsealed(&shared.storage, &shared.layout)?;
        let kept_from = unsealed.first().copied().unwrap_or(u64::MAX);
        let from = firsts.first().copied().unwrap_or_default();
        let mut until = from;
        for pair in firsts.windows(2) {
            let &[first, next] = pair else { continue };
            if first >= kept_from || !self.is_older(first, next, from, before_unix_micros)? {
                break;
            }
            until = next;
        }
        if until == from {
            return Ok(None);
        }
        let root = self.root(until)?;
        Ok(Some(Removal { from, until, root }))
    }

    /// Whether a segment's entries are all older, and none tells of the removal up to `from`.
    fn is_older(&self, first: u64, next: u64, from: u64, before: i64) -> Result<bool, RetentionError> {
        let shared = self.shared();
        let mut older = true;
        Cursor::at(first).read(&shared.storage, &shared.layout, next, |index, bytes| {
            let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
            let entry = Entry::decode_canonical(bytes).map_err(invalid)?;
            let tells = removal(&entry).is_some_and(|removal| removal.until == from && index >= from);
            older &= entry.time_unix_micros < before && !tells;
            Ok(())
        })?;
        Ok(older)
    }

    /// Removes, now that an entry which tells of it is durable: an operation [`Operation::Retention`] with the removal's text as its
    /// detail. A crash in between leaves some of the segments or bundles; the next removal takes them.
    ///
    /// # Errors
    /// When the entry does not tell of it, or the system refuses.
    pub fn remove(&self, removal: &Removal, told: &Logged) -> Result<(), RetentionError> {
        let entry = self.entry(told.index())?;
        if self::removal(&entry) != Some(*removal) || told.index() < removal.until {
            return Err(RetentionError::Untold(told.index()));
        }
        let shared = self.shared();
        let layout = &shared.layout;
        // From the front, so that what is left never has a gap.
        for first in segment::list(&shared.storage, layout)? {
            if first >= removal.until {
                break;
            }
            for path in [layout.segment(first), layout.sealed_segment(first)] {
                match shared.storage.remove(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                    _ => {}
                }
            }
            shared.storage.sync_directory(&layout.journal)?;
        }
        let first = removal.from >> TILE_HEIGHT;
        for number in first..removal.until >> TILE_HEIGHT {
            shared.tiles.remove_bundle(number)?;
        }
        // What a crash left of the removal before: the last of its bundles, for they go from the front.
        for number in (0..first).rev() {
            if !shared.tiles.remove_bundle(number)? {
                break;
            }
        }
        Ok(())
    }
}

/// The removal that an entry tells of.
pub(crate) fn removal(entry: &Entry) -> Option<Removal> {
    let is_told =
        entry.kind == i32::from(EntryKind::Operation) && entry.operation == Operation::Retention.word();
    is_told.then(|| entry.detail.parse().ok()).flatten()
}
