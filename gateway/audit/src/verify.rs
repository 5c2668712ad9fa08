//! The verifier: from the published files and a public key alone, is this log what was signed, and if not, where not?
//!
//! It shares with the writer only the reading of the formats. Memory does not grow with the log.

mod damage;
mod diagnose;
mod walk;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::checkpoint::{SignedCheckpoint, VerifyingKey};
use crate::tree::Hash;

pub use damage::{Damage, Finding, VerifyError};

/// What to verify beyond the log itself.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// The log was closed and nobody writes to it: then nothing may stand behind the last checkpoint, and the node hashes must
    /// be complete. Otherwise a batch may be on its way, or a crash may have left one, which is reported and not held against the log.
    pub at_rest: bool,
    /// Checkpoints known from elsewhere (receipts, witnesses, an earlier run): the log must continue each of them.
    pub known: Vec<SignedCheckpoint>,
}

/// How far the verifier is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the journal read.
    pub bytes: u64,
    /// Bytes of the journal in all, as far as known.
    pub total_bytes: u64,
    /// Entries verified.
    pub entries: u64,
}

/// What was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The log's name.
    pub origin: String,
    /// Entries, all of which are under a good signature.
    pub entries: u64,
    /// The root of these entries.
    pub root: Hash,
    /// Segments read.
    pub segments: u64,
    /// Checkpoints whose signature and root were checked.
    pub checkpoints: u64,
    /// Bytes of the journal read.
    pub bytes: u64,
    /// Entries that the published checkpoint names.
    pub published: u64,
    /// Bytes behind the last checkpoint: a batch that is being written or that a crash interrupted. It is not part of the log.
    pub unfinished_bytes: u64,
    /// How long it took.
    pub duration: Duration,
}

/// Verifies the log in `folder`: every frame, entry, signature and root, and the published checkpoint against them.
///
/// # Errors
/// At the first place that is not as it was signed, or when a file cannot be read.
pub fn verify(
    folder: &Path,
    key: &VerifyingKey,
    options: &VerifyOptions,
    progress: impl FnMut(Progress),
) -> Result<Report, VerifyError> {
    let begun = Instant::now();
    let mut report = walk::walk(folder, key, options, progress)?;
    report.duration = begun.elapsed();
    Ok(report)
}

#[cfg(test)]
mod tests;
