//! Opening a log: lock, recover, start the threads.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use tokio::sync::watch;

use super::keeper::Keeper;
use super::line::Line;
use super::publisher::{self, Publisher, Stop};
use super::shared::{Handle, Shared};
use super::threads;
use super::writer::Writer;
use super::{Appender, Options};
use crate::checkpoint::{Checkpoint, SignedCheckpoint, Signer};
use crate::clock::{Clock, Monotonic};
use crate::durable::{Durable, State};
use crate::layout::{CHECKPOINT, Layout};
use crate::locate::Places;
use crate::recovery::{OpenError, Recovery, place_tiles_from, published, replay};
use crate::segment::{self, Segment};
use crate::storage::{Disk, Storage, StoredFile};
use crate::tiles::Tiles;
use crate::tree::{TILE_HEIGHT, Tree, empty_root};

/// A log on disk.
#[derive(Debug)]
pub struct Log;

/// Where writing starts.
struct Start<F> {
    segment: Segment<F>,
    tree: Tree,
    checkpoint: SignedCheckpoint,
    recovery: Recovery,
    /// All tiles that end at this leaf or before it are synced.
    synced: u64,
    /// All tiles of hashes that end at this leaf or before it are placed.
    placed: u64,
}

impl Log {
    /// Opens the log in `folder` for writing, making it if there is none; the signer's name is the log's origin.
    ///
    /// # Errors
    /// When another writer has it, the system refuses, or what is there is not what the log last signed.
    pub fn open(folder: &Path, signer: Signer, options: Options) -> Result<(Appender, Recovery), OpenError> {
        Self::open_on(Disk, folder, signer, options)
    }

    /// [`Self::open`] on another storage than the file system.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_on<S: Storage>(
        storage: S,
        folder: &Path,
        signer: Signer,
        options: Options,
    ) -> Result<(Appender<S>, Recovery), OpenError> {
        let interval = options.checkpoint_interval;
        let Opened {
            shared,
            writer,
            publisher,
            keeper,
            lock,
            recovery,
        } = Opened::open(storage, Monotonic::default(), folder, signer, options)?;
        let threads = vec![
            spawn("audit-writer", move || threads::write(writer))?,
            spawn("audit-publisher", move || publisher.run(interval))?,
            spawn("audit-keeper", move || keeper.run(interval))?,
        ];
        let handle = Handle {
            shared,
            threads: Mutex::new(threads),
            lock: Mutex::new(Some(lock)),
        };
        Ok((
            Appender {
                handle: Arc::new(handle),
            },
            recovery,
        ))
    }
}

/// An open log that nothing drives yet.
pub(super) struct Opened<S: Storage, C> {
    pub(super) shared: Arc<Shared<S>>,
    pub(super) writer: Writer<S, C>,
    pub(super) publisher: Publisher<S>,
    pub(super) keeper: Keeper<S>,
    pub(super) lock: S::File,
    pub(super) recovery: Recovery,
}

impl<S: Storage, C: Clock> Opened<S, C> {
    /// Locks and recovers.
    pub(super) fn open(
        storage: S,
        clock: C,
        folder: &Path,
        signer: Signer,
        options: Options,
    ) -> Result<Self, OpenError> {
        let layout = Layout::new(folder);
        for directory in [&layout.root, &layout.journal, &layout.tile] {
            storage
                .create_directory(directory)
                .map_err(OpenError::file(directory.display().to_string()))?;
        }
        let lock = storage.lock(&layout.lock()).map_err(OpenError::file("lock"))?;
        let lock = lock.ok_or_else(|| OpenError::Locked(folder.to_owned()))?;
        // The folder's own name as well as those in it. A program that was killed may have left segments whose names are not
        // durable.
        for directory in [folder.parent(), Some(folder), Some(&layout.journal)]
            .into_iter()
            .flatten()
            .filter(|path| !path.as_os_str().is_empty())
        {
            storage
                .sync_directory(directory)
                .map_err(OpenError::file(directory.display().to_string()))?;
        }

        let tiles = Tiles::new(storage.clone(), layout.clone());
        let published = published(&storage, &layout, signer.key())?;
        let start = Start::find(&storage, &layout, &tiles, &signer, published.as_ref(), &options)?;
        let published = match published {
            Some(published) => published,
            None if start.tree.size() > 0 => return Err(OpenError::Unpublished(start.tree.size())),
            None => {
                publisher::place(&storage, &layout, &start.checkpoint)
                    .map_err(OpenError::file(CHECKPOINT))?;
                start.checkpoint.clone()
            }
        };
        let checkpoint = Arc::new(start.checkpoint);
        let size = start.tree.size();
        let durable = Durable {
            size,
            state: State::Ok,
            checkpoint: Arc::clone(&checkpoint),
            generation: 0,
            ends: Arc::from([]),
        };
        let shared = Arc::new(Shared {
            line: Line::new(size, options.queue_bytes),
            durable: watch::Sender::new(durable),
            tree: Mutex::new(start.tree),
            tiles,
            placed: AtomicU64::new(start.synced),
            whole_until: AtomicU64::new(u64::MAX),
            places: Places::default(),
            published: watch::Sender::new(Arc::new(published.clone())),
            placing: Mutex::new(()),
            withheld: AtomicBool::new(false),
            stop: Stop::default(),
            storage,
            layout,
        });
        let published = published.checkpoint();
        let mut placed = start.placed;
        if shared.root(published.size).ok() != Some(published.root) {
            // A crash may have taken tiles that were not yet synced.
            placed = place_tiles_from(&shared.storage, &shared.layout, &shared.tiles, placed)?;
            if shared.root(published.size).map_err(OpenError::file("tile"))? != published.root {
                return Err(OpenError::Forked(published.size));
            }
        }

        let mut publisher = Publisher::new(Arc::clone(&shared), published.size, start.synced, placed);
        // A crash may have taken or torn tiles that were not yet synced, and receipts are made of them. On a disk that takes
        // nothing now they are asked for nothing until it does.
        shared.whole_until.store(placed, Ordering::Release);
        publisher.step();
        Ok(Self {
            writer: Writer::new(Arc::clone(&shared), signer, options, clock, start.segment),
            publisher,
            keeper: Keeper::new(Arc::clone(&shared), start.synced),
            shared,
            lock,
            recovery: start.recovery,
        })
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<thread::JoinHandle<()>, OpenError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(OpenError::file(name))
}

impl<F: StoredFile> Start<F> {
    fn find<S: Storage<File = F>>(
        storage: &S,
        layout: &Layout,
        tiles: &Tiles<S>,
        signer: &Signer,
        published: Option<&SignedCheckpoint>,
        options: &Options,
    ) -> Result<Self, OpenError> {
        let begun = Instant::now();
        let published = published.map_or(0, |published| published.checkpoint().size);
        let firsts = segment::list(storage, layout).map_err(OpenError::file("journal"))?;
        let Some(&first) = firsts.last() else {
            if published > 0 {
                return Err(OpenError::Behind {
                    journal: 0,
                    published,
                });
            }
            return Self::fresh(storage, layout, signer, options, begun);
        };
        // A segment is sealed when the tiles that its entries are in are synced; the others are made again.
        let unsealed = segment::list_unsealed(storage, layout).map_err(OpenError::file("journal"))?;
        let mut synced = unsealed
            .first()
            .copied()
            .unwrap_or_default()
            .next_multiple_of(1 << TILE_HEIGHT);
        let rebuilt_tiles = !tiles.reach(synced).map_err(OpenError::file("tile"))?;
        if rebuilt_tiles {
            synced = firsts.first().copied().unwrap_or_default();
            if synced != 0 {
                return Err(OpenError::Pruned(synced));
            }
        }
        let mut placed = synced;
        if rebuilt_tiles {
            placed = place_tiles_from(storage, layout, tiles, synced)?;
        }
        let replayed = replay(storage, layout, signer.key(), first, None)?;
        let entries = replayed.tree.size();
        if entries < published {
            return Err(OpenError::Behind {
                journal: entries,
                published,
            });
        }
        if replayed.torn > 0 {
            tracing::warn!(
                bytes = replayed.torn,
                entries,
                "audit log: a batch that was never acknowledged is cut away"
            );
            replayed
                .file
                .set_len(replayed.end)
                .map_err(OpenError::file("journal"))?;
        }
        // A program that was killed may have left a whole batch that was not synced. It is in the log from now on.
        replayed.file.sync_data().map_err(OpenError::file("journal"))?;
        let segment = Segment::resume(replayed.file, &replayed.opening, replayed.end)
            .map_err(OpenError::file("journal"))?;
        let recovery = Recovery {
            entries,
            segments: firsts.len(),
            cut_bytes: replayed.torn,
            rebuilt_tiles,
            duration: begun.elapsed(),
        };
        Ok(Self {
            segment,
            tree: replayed.tree,
            checkpoint: replayed.checkpoint,
            recovery,
            synced,
            placed,
        })
    }

    fn fresh<S: Storage<File = F>>(
        storage: &S,
        layout: &Layout,
        signer: &Signer,
        options: &Options,
        begun: Instant,
    ) -> Result<Self, OpenError> {
        let tree = Tree::empty();
        let checkpoint = Checkpoint {
            origin: signer.key().name().to_owned(),
            size: 0,
            root: empty_root(),
        }
        .sign(signer);
        let segment = Segment::create(
            storage,
            layout,
            &tree,
            checkpoint.note(),
            options.write_ahead_bytes,
        )
        .map_err(OpenError::file("journal"))?;
        let recovery = Recovery {
            entries: 0,
            segments: 1,
            cut_bytes: 0,
            rebuilt_tiles: false,
            duration: begun.elapsed(),
        };
        Ok(Self {
            segment,
            tree,
            checkpoint,
            recovery,
            synced: 0,
            placed: 0,
        })
    }
}
