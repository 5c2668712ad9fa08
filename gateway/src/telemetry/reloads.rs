//! How reloads went.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts reloads; whoever reloads counts.
#[derive(Debug, Default)]
pub struct Reloads(Mutex<Counts>);

/// How they had gone at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Configurations that were put in force since the start.
    pub taken: u64,
    /// Configurations that could not be used since the start.
    pub refused: u64,
    /// Whether the old one is in force because the one in the folder can't be used.
    pub is_refused: bool,
}

impl Reloads {
    /// Another configuration is in force.
    pub(crate) fn take(&self) {
        self.counts().taken += 1;
    }

    /// What is in the folder can be used, whether it is another one or not.
    pub(crate) fn accept(&self) {
        self.counts().is_refused = false;
    }

    /// What is in the folder can't be used.
    pub(crate) fn refuse(&self) {
        let mut counts = self.counts();
        counts.refused += 1;
        counts.is_refused = true;
    }

    /// All of them as they are now.
    pub fn now(&self) -> Counts {
        *self.counts()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
