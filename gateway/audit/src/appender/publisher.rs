//! Renews the `checkpoint` file, off the writer's thread: a rename and a directory sync take as long as several commits.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::shared::Shared;
use crate::checkpoint::SignedCheckpoint;
use crate::layout::Layout;
use crate::storage::{Storage, StoredFile, place_file};

/// Tells the publisher to end.
#[derive(Default)]
pub(super) struct Stop {
    stopped: Mutex<bool>,
    wake: Condvar,
}

impl Stop {
    pub(super) fn now(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_all();
    }

    fn pause(&self, interval: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        *self
            .wake
            .wait_timeout_while(stopped, interval, |stopped| !*stopped)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

/// Publishes what is durable at once, every interval, and once more at the end.
pub(super) fn run<S: Storage>(shared: &Shared<S>, interval: Duration, published: u64) {
    let mut published = published;
    let mut failing = false;
    let mut stopped = false;
    loop {
        let checkpoint = Arc::clone(&shared.durable.borrow().checkpoint);
        let size = checkpoint.checkpoint().size;
        if published != size {
            match publish(shared, &checkpoint) {
                Ok(()) => {
                    published = size;
                    failing = false;
                }
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(%error, size, "audit checkpoint could not be published; entries are durable, trying again");
                }
                Err(_) => {}
            }
        }
        if stopped {
            return;
        }
        stopped = shared.stop.pause(interval);
    }
}

/// Puts the checkpoint, and the node hashes that it covers, where readers find them.
fn publish<S: Storage>(shared: &Shared<S>, signed: &SignedCheckpoint) -> io::Result<()> {
    {
        let tree = shared.tree.lock().unwrap_or_else(PoisonError::into_inner);
        shared.hashes.write_unfinished(&tree, signed.checkpoint().size)?;
    }
    place(&shared.storage, &shared.layout, signed)
}

/// Puts the checkpoint in the place of the one before.
pub(super) fn place<S: Storage>(storage: &S, layout: &Layout, signed: &SignedCheckpoint) -> io::Result<()> {
    place_file(storage, &layout.checkpoint(), |file| {
        file.write_all_at(signed.note().as_bytes(), 0)
    })?;
    Ok(())
}
