//! The log on a simulated disk whose power fails: every seed is one story, told the same way each time.
//!
//! A story opens a log, appends, publishes, seals, and cuts the power at a moment that the seed chooses, also while the log is
//! recovering from the cut before; disks fail and fill up on the way. After each cut the log must open and hold whatever a
//! caller was told: entries, checkpoints, receipts, the published checkpoint. At the end the verifier reads it.

mod disk;
mod inspection;
mod once;
mod power_cut;
mod promises;
mod random;
mod story;

use std::fmt;

pub use disk::{Deed, Fault, Sabotage};
pub use once::fail_once;

/// What a story that ended well went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Power cuts.
    pub cuts: u64,
    /// Kills of the program alone.
    pub kills: u64,
    /// Power cuts and kills while the log was recovering from the one before.
    pub cuts_in_recovery: u64,
    /// Writes, syncs and others that the disk refused.
    pub faults: u64,
    /// Entries whose callers were told that they are durable.
    pub acknowledged: u64,
    /// Bytes of interrupted batches that were cut away.
    pub torn_bytes: u64,
    /// Segments that were sealed at the end.
    pub sealed: u64,
    /// A hash over everything on the disk at the end.
    pub fingerprint: u64,
}

impl Told {
    /// Adds another story's counts; fingerprints are mixed.
    pub fn add(&mut self, other: &Self) {
        self.cuts += other.cuts;
        self.kills += other.kills;
        self.cuts_in_recovery += other.cuts_in_recovery;
        self.faults += other.faults;
        self.acknowledged += other.acknowledged;
        self.torn_bytes += other.torn_bytes;
        self.sealed += other.sealed;
        self.fingerprint ^= other.fingerprint;
    }
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The story's seed.
    pub seed: u64,
    /// Which promise, and how.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "seed {}: {}", self.seed, self.what)
    }
}

impl std::error::Error for Broken {}

/// Tells the story of a seed, on a disk that keeps the rules or, to see that the simulator notices, breaks one.
///
/// # Errors
/// When a promise was broken.
pub fn tell(seed: u64, sabotage: Sabotage) -> Result<Told, Broken> {
    story::Story::new(seed, sabotage)
        .tell()
        .map_err(|what| Broken { seed, what })
}

#[cfg(test)]
mod tests;
