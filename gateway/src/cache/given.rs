//! Whence answers were given.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use super::From;

/// Counts the answers of one registry by where each was taken from.
#[derive(Debug, Default)]
pub struct Given {
    registry: AtomicU64,
    cache: AtomicU64,
    stale: AtomicU64,
}

impl Given {
    /// One more.
    pub(crate) fn count(&self, from: From) {
        self.of(from).fetch_add(1, Relaxed);
    }

    /// Every source with how many there were.
    pub fn counts(&self) -> impl Iterator<Item = (From, u64)> {
        let all = [From::Registry, From::Cache, From::Stale];
        all.into_iter().map(|from| (from, self.of(from).load(Relaxed)))
    }

    fn of(&self, from: From) -> &AtomicU64 {
        match from {
            From::Registry => &self.registry,
            From::Cache => &self.cache,
            From::Stale => &self.stale,
        }
    }
}
