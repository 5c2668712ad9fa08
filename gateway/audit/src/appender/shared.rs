//! What callers, the writer and the publisher have in common.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::watch;

use super::line::Line;
use super::publisher::Stop;
use crate::checkpoint::SignedCheckpoint;
use crate::durable::Durable;
use crate::layout::Layout;
use crate::locate::Places;
use crate::proof;
use crate::storage::Storage;
use crate::tiles::{StoredNodes, Tiles};
use crate::tree::{Hash, Tree, empty_root};

/// The open log.
pub(crate) struct Shared<S: Storage> {
    pub(crate) storage: S,
    pub(crate) layout: Layout,
    pub(super) line: Line,
    pub(super) durable: watch::Sender<Durable>,
    /// Ahead of `durable` while a batch is being written.
    pub(crate) tree: Mutex<Tree>,
    pub(crate) tiles: Tiles<S>,
    /// All tiles and bundles that end at this leaf or before it are placed.
    pub(super) placed: AtomicU64,
    /// Tiles of hashes that end behind this leaf may be what a crash left of them, until they are placed again.
    pub(super) whole_until: AtomicU64,
    pub(super) places: Places,
    /// The published checkpoint.
    pub(crate) published: watch::Sender<Arc<SignedCheckpoint>>,
    /// Held while the published checkpoint is replaced.
    pub(crate) placing: Mutex<()>,
    /// Whether entries of calls are refused.
    pub(crate) withheld: AtomicBool,
    pub(super) stop: Stop,
}

impl<S: Storage> Shared<S> {
    pub(super) fn nodes(&self) -> StoredNodes<'_, S> {
        StoredNodes::new(&self.tiles, &self.tree).whole_until(self.whole_until.load(Ordering::Acquire))
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
    /// The writer, then the others.
    pub(super) threads: Mutex<Vec<JoinHandle<()>>>,
    /// Held until the last file is written.
    pub(super) lock: Mutex<Option<S::File>>,
}

impl<S: Storage> Handle<S> {
    /// Ends the writer, then the others, then gives up the lock. A second call does nothing.
    pub(super) fn shut_down(&self) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.line.close();
        let mut drained = threads.drain(..);
        drop(drained.next().map(JoinHandle::join));
        self.shared.stop.now();
        drained.for_each(|thread| drop(thread.join()));
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl<S: Storage> Drop for Handle<S> {
    fn drop(&mut self) {
        self.shut_down();
    }
}
