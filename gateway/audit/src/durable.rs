//! What callers learn of the log: a ticket when an entry is in line, a proof when it is on disk, a reason when it will not be.

use std::sync::Arc;

use crate::checkpoint::SignedCheckpoint;

/// The place of an entry in line. Nothing is durable yet.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an entry in line is not yet durable"]
pub struct Ticket {
    pub(crate) index: u64,
    pub(crate) generation: u32,
}

impl Ticket {
    /// The index that the entry has in the tree if it becomes durable; otherwise another entry gets it.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// For the one who wakes the caller; callers themselves hold one ticket an entry.
    pub(crate) fn copy(&self) -> Self {
        Self { ..*self }
    }
}

/// Proof that an entry is on disk. Only this crate makes one, and only after the sync that covers the entry returned.
#[derive(Debug, PartialEq, Eq)]
pub struct Logged {
    index: u64,
}

impl Logged {
    /// The entry's index in the tree.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }
}

/// Why an entry was not, or will not be, durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// There is no space; the log goes on by itself when there is.
    #[error("audit log has no space")]
    DiskFull,
    /// Writing failed; the log is being reopened.
    #[error("audit log cannot write")]
    Storage,
    /// More is in line than the log takes.
    #[error("audit log's line is full")]
    QueueFull,
    /// The entry was in line when writing failed. It is not in the log.
    #[error("entry was lost before it was durable")]
    NotDurable,
    /// No witness has cosigned for longer than the operator waits; it goes on when one does.
    #[error("audit log has no witness")]
    Unwitnessed,
    /// The entry is 64 KiB or more.
    #[error("entry is longer than the log takes")]
    EntryTooLarge,
    /// The bytes are not an entry's canonical form.
    #[error("entry is not in canonical form")]
    NotCanonical,
    /// The log was closed.
    #[error("audit log is closed")]
    Closed,
}

/// What stopped the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No space.
    DiskFull,
    /// Anything else that a write or sync said.
    Storage,
}

/// Whether the log takes entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It does.
    Ok,
    /// It does not, and tries to recover at short intervals.
    Failed(Failure),
    /// It was closed for good.
    Closed,
}

/// How far the log is durable; sent once a batch and at every change of state.
#[derive(Clone, Debug)]
pub struct Durable {
    /// Entries that are on disk.
    pub size: u64,
    /// Whether the log takes entries.
    pub state: State,
    /// The signed checkpoint of exactly these entries.
    pub checkpoint: Arc<SignedCheckpoint>,
    /// Counts failures: an index may be given out again after one.
    pub(crate) generation: u32,
    /// For every past generation, the size at which it ended.
    pub(crate) ends: Arc<[u64]>,
}

impl Durable {
    /// What became of a ticket; `None` while it is still in line.
    pub(crate) fn outcome(&self, ticket: &Ticket) -> Option<Result<Logged, Unavailable>> {
        let index = ticket.index;
        let logged = Ok(Logged { index });
        if ticket.generation < self.generation {
            // Sizes only grow, and a later generation starts where this one ended: below the end means on disk.
            let end = self.ends.get(ticket.generation as usize).copied().unwrap_or(0);
            return Some(if index < end {
                logged
            } else {
                Err(Unavailable::NotDurable)
            });
        }
        match self.state {
            _ if index < self.size => Some(logged),
            State::Closed => Some(Err(Unavailable::Closed)),
            State::Ok | State::Failed(_) => None,
        }
    }
}

impl From<Failure> for Unavailable {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::DiskFull => Self::DiskFull,
            Failure::Storage => Self::Storage,
        }
    }
}
