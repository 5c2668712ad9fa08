//! The verifier: from the published files and a public key alone, is this log what was signed, and if not, where not?
//!
//! It shares with the writer only the reading of the formats. Memory does not grow with the log.

mod copy;
mod damage;
mod diagnose;
mod pruned;
mod walk;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::checkpoint::{SignedCheckpoint, VerifyingKey};
use crate::layout::Layout;
use crate::segment;
use crate::storage::Disk;
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
    /// The folder is a copy that need not be whole: of the tiles and the checkpoint alone, or of the journal alone. What there is
    /// is verified. Without this, whatever is missing was removed.
    pub copy: bool,
    /// Witnesses, each of whose cosignatures must be under a checkpoint of the folder that the log continues.
    pub witnesses: Vec<VerifyingKey>,
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
    /// How many of them, from the first on, were removed by retention: an entry tells of it, and their hashes are there and lead
    /// to the signed roots.
    pub removed: u64,
    /// The root of these entries.
    pub root: Hash,
    /// Segments read.
    pub segments: u64,
    /// Checkpoints whose signature and root were checked.
    pub checkpoints: u64,
    /// Bytes of the journal read, or of the bundles when there is no journal.
    pub bytes: u64,
    /// Whether there was a journal. Otherwise everything was verified from the tiles.
    pub journal: bool,
    /// Entries that the published checkpoint names; 0 when a copy has none.
    pub published: u64,
    /// What the witnesses cosigned that were asked for, in their order: this log continues all of it.
    pub witnessed: Vec<Witnessed>,
    /// Bytes behind the last checkpoint: a batch that is being written or that a crash interrupted. It is not part of the log.
    pub unfinished_bytes: u64,
    /// How long it took.
    pub duration: Duration,
}

/// The latest checkpoint that a witness cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// The witness's name, from its key.
    pub name: String,
    /// Entries of the log that it cosigned.
    pub entries: u64,
    /// When, by its own clock, in seconds since 1970.
    pub unix_seconds: u64,
}

/// Verifies the log in `folder`: every frame, entry, signature and root, and the published checkpoint against them. A writer may
/// be at work; when its retention takes what is being read, this begins again.
///
/// # Errors
/// At the first place that is not as it was signed, or when a file cannot be read.
pub fn verify(
    folder: &Path,
    key: &VerifyingKey,
    options: &VerifyOptions,
    mut progress: impl FnMut(Progress),
) -> Result<Report, VerifyError> {
    let begun = Instant::now();
    let layout = Layout::new(folder);
    let mut report = loop {
        let first = segment::first(&Disk, &layout).ok();
        let walked = if options.copy && !layout.journal.exists() {
            copy::walk(&layout, key, options, &mut progress)
        } else {
            walk::walk(&layout, key, options, &mut progress)
        };
        match walked {
            // Retention took what was being read.
            Err(_) if segment::first(&Disk, &layout).ok() > first => {}
            walked => break walked?,
        }
    };
    report.duration = begun.elapsed();
    Ok(report)
}

#[cfg(test)]
mod tests;
