//! A question to the log.

use super::scope::Scope;
use crate::entry::Entry;
use crate::reader::Filter;

/// Which end of the log comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest entry first.
    #[default]
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

/// Which entries, whose eyes, in which order, and where to go on.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// What an entry must be.
    pub filter: Filter,
    /// What the asker may see.
    pub scope: Scope,
    /// Which end of the log comes first.
    pub order: Order,
    /// The first place to look at: none for the end where the order begins.
    pub from: Option<u64>,
}

impl Question {
    /// Whether the entry is an answer.
    #[must_use]
    pub fn fits(&self, entry: &Entry) -> bool {
        self.filter.matches(entry) && self.scope.covers(entry)
    }
}
