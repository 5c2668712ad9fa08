//! How reloads went.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// Counts reloads; whoever reloads counts.
#[derive(Debug, Default)]
pub struct Reloads {
    taken: AtomicU64,
    refused: AtomicU64,
    is_refused: AtomicBool,
}

impl Reloads {
    /// Another configuration is in force.
    pub(crate) fn take(&self) {
        self.taken.fetch_add(1, Relaxed);
    }

    /// What is in the folder can be used, whether it is another one or not.
    pub(crate) fn accept(&self) {
        self.is_refused.store(false, Relaxed);
    }

    /// What is in the folder can't be used.
    pub(crate) fn refuse(&self) {
        self.refused.fetch_add(1, Relaxed);
        self.is_refused.store(true, Relaxed);
    }

    /// Configurations that were put in force since the start.
    pub fn taken(&self) -> u64 {
        self.taken.load(Relaxed)
    }

    /// Configurations that could not be used since the start.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Whether the old one is in force because the one in the folder can't be used.
    pub fn is_refused(&self) -> bool {
        self.is_refused.load(Relaxed)
    }
}
