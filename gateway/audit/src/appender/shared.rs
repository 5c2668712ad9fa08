//! What callers, the writer and the publisher have in common.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::watch;

use super::line::Line;
use super::publisher::Stop;
use crate::durable::Durable;
use crate::hashes::{Hashes, StoredNodes};
use crate::layout::Layout;
use crate::locate::Places;
use crate::proof;
use crate::storage::Storage;
use crate::tree::{Hash, Tree, empty_root};

/// The open log.
pub(super) struct Shared<S: Storage> {
    pub(super) storage: S,
    pub(super) layout: Layout,
    pub(super) line: Line,
    pub(super) durable: watch::Sender<Durable>,
    /// Ahead of `durable` while a batch is being written.
    pub(super) tree: Mutex<Tree>,
    pub(super) hashes: Hashes<S>,
    pub(super) places: Places,
    pub(super) stop: Stop,
}

impl<S: Storage> Shared<S> {
    pub(super) fn nodes(&self) -> StoredNodes<'_, S> {
        StoredNodes {
            hashes: &self.hashes,
            tree: &self.tree,
        }
    }

    /// The root of the first `size` entries, which must be in the tree.
    pub(super) fn root(&self, size: u64) -> io::Result<Hash> {
        if size == 0 {
            Ok(empty_root())
        } else {
            proof::range_root(&self.nodes(), 0, size)
        }
    }
}

/// Keeps the threads; the last one to let go ends them.
pub(super) struct Handle<S: Storage> {
    pub(super) shared: Arc<Shared<S>>,
    /// The writer, then the publisher.
    pub(super) threads: Mutex<Vec<JoinHandle<()>>>,
    /// Held until the last file is written.
    pub(super) lock: Mutex<Option<S::File>>,
}

impl<S: Storage> Handle<S> {
    /// Ends the writer, then the publisher, then gives up the lock. A second call does nothing.
    pub(super) fn shut_down(&self) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.line.close();
        let mut drained = threads.drain(..);
        let (writer, publisher) = (drained.next(), drained.next());
        drop(writer.map(JoinHandle::join));
        self.shared.stop.now();
        drop(publisher.map(JoinHandle::join));
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl<S: Storage> Drop for Handle<S> {
    fn drop(&mut self) {
        self.shut_down();
    }
}
