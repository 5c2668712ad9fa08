//! What can be wrong with a log, and how the place is named.

use std::fmt;
use std::io;
use std::ops::Range;

/// What was done to the log, as far as the files tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Content is not what was written.
    Changed,
    /// Entries that were signed are missing, and later ones are there.
    Removed,
    /// Entries that were signed stand in another order.
    Swapped,
    /// An entry or batch stands there twice.
    Duplicated,
    /// An entry stands there that was not signed at that place.
    Added,
    /// The end of the log is missing.
    Truncated,
    /// Two checkpoints that the key signed contradict each other.
    Forked,
    /// A checkpoint is not signed by the log's key.
    BadSignature,
    /// An entry that was signed but is not in canonical form.
    NotCanonical,
    /// A tile or bundle under `tile/` is not that of the entries. Proofs made from it would fail; the journal is good.
    Tile,
}

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::Swapped => "swapped",
            Self::Duplicated => "duplicated",
            Self::Added => "added",
            Self::Truncated => "truncated",
            Self::Forked => "forked",
            Self::BadSignature => "bad signature",
            Self::NotCanonical => "not canonical",
            Self::Tile => "tile",
        })
    }
}

/// The first bad place of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was done.
    pub damage: Damage,
    /// The file, relative to the log's folder.
    pub file: String,
    /// Byte offset in that file.
    pub offset: u64,
    /// The entries concerned, as narrow as the files allow; empty when the place is not an entry's.
    pub entries: Range<u64>,
    /// What exactly does not fit.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {} at byte {}",
            self.damage, self.file, self.offset
        )?;
        match self.entries.end.saturating_sub(self.entries.start) {
            0 => {}
            1 => write!(formatter, ", entry {}", self.entries.start)?,
            _ => write!(
                formatter,
                ", entries {} to {}",
                self.entries.start,
                self.entries.end - 1
            )?,
        }
        write!(formatter, ": {}", self.detail)
    }
}

/// Why a log did not verify.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is not what was signed.
    #[error("audit log is not intact: {0}")]
    Damaged(Finding),
    /// A file could not be read, so nothing is known.
    #[error("audit log cannot be read: {file}: {error}")]
    File {
        /// The file or folder.
        file: String,
        /// What the system said.
        #[source]
        error: io::Error,
    },
}

impl VerifyError {
    pub(super) fn file(file: &str) -> impl FnOnce(io::Error) -> Self + '_ {
        |error| Self::File {
            file: file.to_owned(),
            error,
        }
    }

    /// The finding, if the log was read and is damaged.
    #[must_use]
    pub fn finding(&self) -> Option<&Finding> {
        match self {
            Self::Damaged(finding) => Some(finding),
            Self::File { .. } => None,
        }
    }
}
