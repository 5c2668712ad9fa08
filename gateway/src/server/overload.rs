//! How much was refused before it was known whose it was: calls above the limits, connections above those of an
//! address.
//!
//! Such a refusal has no entry of its own in the access log, or a flood would fill it. The log tells when it began, and
//! how many there were when it ended.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// The count, shared by all who refuse.
#[derive(Debug, Default)]
pub struct Overload(AtomicU64);

impl Overload {
    /// One more was refused.
    pub fn count(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// How many were refused since the start.
    pub fn refused(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
