//! The writing half of an open log: entries are put in line by callers, and committed by a thread of its own.

mod keeper;
mod line;
mod open;
mod publisher;
mod shared;
#[cfg(any(test, feature = "simulation"))]
mod stepped;
mod threads;
mod writer;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;

use crate::checkpoint::SignedCheckpoint;
use crate::durable::{Durable, Logged, Ticket, Unavailable};
use crate::entry::{Entry, EntryError};
use crate::layout::Series;
use crate::proof::{self, Nodes as _, verify_consistency, verify_inclusion};
use crate::receipt::Receipt;
use crate::storage::{Disk, Storage};
use crate::tiles::unbundle;
use crate::tree::{Hash, TILE_HEIGHT, TILE_WIDTH, leaf_hash};

pub use open::Log;
use shared::Handle;
pub(crate) use shared::Shared;
#[cfg(any(test, feature = "simulation"))]
pub(crate) use stepped::{After, Stepped};

/// How the log behaves. Sizes are in bytes.
#[derive(Clone, Debug)]
pub struct Options {
    /// A segment is finished when the next batch would make it longer than this.
    pub segment_bytes: u64,
    /// Zeros written ahead of the frames, so that a commit changes no metadata.
    pub write_ahead_bytes: u64,
    /// How long a commit waits for company.
    pub linger: Linger,
    /// How often the `checkpoint` file is renewed.
    pub checkpoint_interval: Duration,
    /// Entries that may be in line, not yet taken by the writer; above it callers are refused.
    pub queue_bytes: usize,
    /// Time between attempts to go on after a failure.
    pub retry_interval: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            write_ahead_bytes: 16 << 20,
            linger: Linger::default(),
            checkpoint_interval: Duration::from_secs(1),
            queue_bytes: 16 << 20,
            retry_interval: Duration::from_millis(250),
        }
    }
}

/// How long the writer waits for more entries before it commits, to pay for fewer syncs under load.
///
/// It waits only when the batch before held at least `from` entries, as long as more keep coming, and until a few more than
/// then are in line.
#[derive(Clone, Copy, Debug)]
pub struct Linger {
    /// The longest wait; zero for none.
    pub longest: Duration,
    /// It ends when nobody came for so long: all who could come wait already.
    pub quiet: Duration,
    /// Entries in a batch from which on the next one is waited for.
    pub from: u32,
}

impl Default for Linger {
    fn default() -> Self {
        Self {
            longest: Duration::from_micros(300),
            quiet: Duration::from_micros(200),
            from: 8,
        }
    }
}

/// An open log. Clones are cheap and write to the same log, which closes when the last one is gone.
pub struct Appender<S: Storage = Disk> {
    handle: Arc<Handle<S>>,
}

impl<S: Storage> Clone for Appender<S> {
    fn clone(&self) -> Self {
        Self {
            handle: Arc::clone(&self.handle),
        }
    }
}

/// Why something could not be read from the log.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The index or size is beyond what is durable.
    #[error("the log has {size} entries, {asked} was asked for")]
    Beyond {
        /// Durable entries.
        size: u64,
        /// What was asked for.
        asked: u64,
    },
    /// The system refused.
    #[error("audit log: {0}")]
    File(#[from] io::Error),
    /// The stored bytes are not an entry.
    #[error("audit log entry {index}: {error}")]
    Entry {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        #[source]
        error: EntryError,
    },
    /// What was read does not lead to the signed root; nothing is given out.
    #[error("stored hashes do not lead to the signed root")]
    Inconsistent,
}

impl<S: Storage> Appender<S> {
    /// Puts an entry in line. Never waits for IO.
    ///
    /// # Errors
    /// At once when the log cannot promise durability, the line is full, or the entry is too long.
    pub fn append(&self, entry: &Entry) -> Result<Ticket, Unavailable> {
        self.handle.shared.line.append(|_, buffer| {
            use prost::Message as _;
            entry.encode_raw(buffer);
            true
        })
    }

    /// Puts entries in line so that one batch holds them all.
    #[cfg(test)]
    pub(crate) fn append_together(&self, entries: &[Entry]) -> Result<Vec<Ticket>, Unavailable> {
        self.handle.shared.line.append_together(entries)
    }

    /// Puts an entry in line that `encode` writes to the end of the buffer as canonical bytes; it is given the entry's index.
    /// What is in the buffer already belongs to others and must be left alone.
    ///
    /// The bytes are the program's own: that they are canonical is checked in builds with debug assertions, and by `verify`.
    ///
    /// # Errors
    /// As [`Self::append`], and while the log is [withheld](Self::withhold).
    pub fn append_with(&self, encode: impl FnOnce(u64, &mut Vec<u8>)) -> Result<Ticket, Unavailable> {
        if self.handle.shared.withheld.load(Ordering::Relaxed) {
            return Err(Unavailable::Unwitnessed);
        }
        self.handle.shared.line.append(|index, buffer| {
            let start = buffer.len();
            encode(index, buffer);
            cfg!(not(debug_assertions))
                || buffer
                    .get(start..)
                    .is_some_and(|bytes| crate::entry::check_canonical(bytes).is_ok())
        })
    }

    /// Puts an entry in line and waits until it is durable. For few callers; many of one runtime share a [`crate::Waiters`].
    ///
    /// # Errors
    /// As [`Self::append`], and when the log fails before the entry is durable.
    pub async fn append_durable(&self, entry: &Entry) -> Result<Logged, Unavailable> {
        let mut durable = self.subscribe();
        let ticket = self.append(entry)?;
        loop {
            if let Some(outcome) = durable.borrow_and_update().outcome(&ticket) {
                return outcome;
            }
            durable.changed().await.map_err(|_| Unavailable::Closed)?;
        }
    }

    /// [`Self::append_durable`] for tools without a runtime.
    ///
    /// # Errors
    /// As [`Self::append_durable`].
    pub fn append_blocking(&self, entry: &Entry) -> Result<Logged, Unavailable> {
        struct Unpark(thread::Thread);
        impl std::task::Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut waiting = std::pin::pin!(self.append_durable(entry));
        loop {
            if let Poll::Ready(outcome) = waiting.as_mut().poll(&mut Context::from_waker(&waker)) {
                return outcome;
            }
            thread::park();
        }
    }

    /// News of how far the log is durable, once a batch.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Durable> {
        self.handle.shared.durable.subscribe()
    }

    /// How far the log is durable now.
    #[must_use]
    pub fn durable(&self) -> Durable {
        self.handle.shared.durable.borrow().clone()
    }

    /// The checkpoint of the last commit.
    #[must_use]
    pub fn checkpoint(&self) -> Arc<SignedCheckpoint> {
        self.durable().checkpoint
    }

    /// The durable entry at `index`.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn entry(&self, index: u64) -> Result<Entry, ReadError> {
        Entry::decode_canonical(&self.entry_bytes(index)?).map_err(|error| ReadError::Entry { index, error })
    }

    /// The canonical bytes of the durable entry at `index`.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn entry_bytes(&self, index: u64) -> Result<Vec<u8>, ReadError> {
        let shared = &self.handle.shared;
        self.within(index, self.durable().size.checked_sub(1))?;
        if let Some(bytes) = self.bundled(index)? {
            return Ok(bytes);
        }
        Ok(shared.places.entry(&shared.storage, &shared.layout, index)?)
    }

    /// The entry from its bundle, which is quicker than the journal: when the bundle is full, and holds what the tree says.
    fn bundled(&self, index: u64) -> Result<Option<Vec<u8>>, ReadError> {
        let shared = &self.handle.shared;
        let kept_from = crate::segment::list(&shared.storage, &shared.layout)?;
        let kept = kept_from.first().is_some_and(|first| *first <= index);
        let number = index >> TILE_HEIGHT;
        if !kept || (number + 1) << TILE_HEIGHT > shared.placed.load(Ordering::Acquire) {
            return Ok(None);
        }
        let Ok(bundle) = shared.tiles.read(Series::Entries, number) else {
            return Ok(None);
        };
        let entry = unbundle(&bundle).nth(index as usize % TILE_WIDTH).flatten();
        let Some(entry) = entry else { return Ok(None) };
        let stored = shared.nodes().node(0, index);
        Ok(stored
            .is_ok_and(|leaf| leaf == leaf_hash(entry))
            .then(|| entry.to_vec()))
    }

    /// The hash that the tree holds of the durable entry at `index`.
    ///
    /// # Errors
    /// When there is none, or hashes cannot be read.
    pub fn leaf(&self, index: u64) -> Result<Hash, ReadError> {
        self.within(index, self.durable().size.checked_sub(1))?;
        Ok(proof::Nodes::node(&self.handle.shared.nodes(), 0, index)?)
    }

    /// The audit path of entry `index` in the tree of `size` entries, the leaf's sibling first.
    ///
    /// # Errors
    /// When the size is not durable, the index not below it, or hashes cannot be read.
    pub fn prove_inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, ReadError> {
        self.within(size, Some(self.durable().size))?;
        self.within(index, size.checked_sub(1))?;
        Ok(proof::inclusion(&self.handle.shared.nodes(), index, size)?)
    }

    /// The proof that the tree of `old` entries is the beginning of that of `new` entries.
    ///
    /// # Errors
    /// When a size is not durable, `old` is larger than `new`, or hashes cannot be read.
    pub fn prove_consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, ReadError> {
        self.within(new, Some(self.durable().size))?;
        self.within(old, Some(new))?;
        let nodes = self.handle.shared.nodes();
        let path = proof::consistency(&nodes, old, new)?;
        let (old_root, new_root) = (self.root(old)?, self.root(new)?);
        if verify_consistency((old, &old_root), (new, &new_root), &path) {
            Ok(path)
        } else {
            Err(ReadError::Inconsistent)
        }
    }

    /// The root of the first `size` entries.
    ///
    /// # Errors
    /// When the size is not durable, or hashes cannot be read.
    pub fn root(&self, size: u64) -> Result<Hash, ReadError> {
        self.within(size, Some(self.durable().size))?;
        Ok(self.handle.shared.root(size)?)
    }

    /// A receipt for the durable entry `index` under the latest checkpoint. It was verified before it is given out.
    ///
    /// # Errors
    /// When the entry is not durable, or what was read does not lead to the signed root.
    pub fn receipt(&self, index: u64) -> Result<Receipt, ReadError> {
        let signed = self.checkpoint();
        let checkpoint = signed.checkpoint();
        let path = self.prove_inclusion(index, checkpoint.size)?;
        let leaf = leaf_hash(&self.entry_bytes(index)?);
        if !verify_inclusion(&leaf, index, checkpoint.size, &path, &checkpoint.root) {
            return Err(ReadError::Inconsistent);
        }
        Ok(Receipt {
            index,
            path,
            note: signed.note().to_owned(),
        })
    }

    /// Commits what is in line, publishes the last checkpoint and ends the threads. Other clones are refused from now on.
    pub fn close(self) {
        self.handle.shut_down();
    }

    pub(crate) fn shared(&self) -> &Shared<S> {
        &self.handle.shared
    }

    fn within(&self, asked: u64, last: Option<u64>) -> Result<(), ReadError> {
        match last {
            Some(last) if asked <= last => Ok(()),
            _ => Err(ReadError::Beyond {
                size: self.durable().size,
                asked,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
