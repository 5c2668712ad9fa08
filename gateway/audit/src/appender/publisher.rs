//! Publishes: tiles, bundles of entries, and then the `checkpoint` that names them (c2sp.org/tlog-tiles). All of it off the
//! writer's thread: a rename and a directory sync take as long as several commits.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::shared::Shared;
use crate::checkpoint::SignedCheckpoint;
use crate::journal::Cursor;
use crate::layout::{Layout, Series};
use crate::pace::{Pace, give_way};
use crate::recovery::place_tiles_from;
use crate::storage::{Storage, StoredFile, place_file};
use crate::tiles::{Bundle, unbundle};
use crate::tree::{ROWS, TILE_HEIGHT, TILE_WIDTH, Tile};

/// Tells the threads beside the writer to end.
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

    /// Waits so long; `true` when it is time to end.
    pub(super) fn pause(&self, interval: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        *self
            .wake
            .wait_timeout_while(stopped, interval, |stopped| !*stopped)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

/// Rest after publishing, in times of that work: a tenth of a core is taken, and less beside a busy log, where what is
/// published falls behind what is durable.
const REST: u32 = 9;
/// However much work it was: what has to be published grows while it rests, and witnesses are waited for.
const LONGEST_REST: Duration = Duration::from_secs(5);

/// How far publishing came.
pub(super) struct Publisher<S: Storage> {
    shared: Arc<Shared<S>>,
    /// Entries that the published checkpoint names.
    published: u64,
    /// All tiles of hashes that end at this leaf or before it are placed.
    placed: u64,
    /// Where the entries of the next bundle are read on.
    cursor: Cursor<S>,
    /// The entries of the unfinished bundle.
    bundle: Bundle,
    /// Whether the last attempt failed.
    failing: bool,
    /// What was published before the log was opened is placed again, for a crash may have taken it.
    first: bool,
}

impl<S: Storage> Publisher<S> {
    /// `bundles` is where the first bundle begins that may have to be placed again.
    pub(super) fn new(shared: Arc<Shared<S>>, published: u64, bundles: u64, placed: u64) -> Self {
        Self {
            shared,
            published,
            placed,
            cursor: Cursor::at(bundles),
            bundle: Bundle::default(),
            failing: false,
            first: true,
        }
    }

    /// Publishes what is durable at once, every interval, and once more at the end.
    pub(super) fn run(mut self, interval: Duration) {
        let mut pace = Pace::new(REST, self.shared.durable.borrow().size);
        let mut stopped = false;
        loop {
            let begun = Instant::now();
            self.step();
            if stopped {
                return;
            }
            let rest = pace
                .rest_after(begun.elapsed(), self.shared.durable.borrow().size)
                .min(LONGEST_REST);
            stopped = self.shared.stop.pause(interval.max(rest));
        }
    }

    /// Publishes what is durable, if it is not yet. Never sleeps.
    pub(super) fn step(&mut self) {
        let checkpoint = Arc::clone(&self.shared.durable.borrow().checkpoint);
        let size = checkpoint.checkpoint().size;
        if self.published == size && !self.first {
            return;
        }
        match self.publish(&checkpoint) {
            Ok(()) => {
                (self.failing, self.first) = (false, false);
                self.shared.whole_until.store(u64::MAX, Ordering::Release);
            }
            Err(error) if !self.failing => {
                self.failing = true;
                tracing::warn!(%error, size, "audit checkpoint could not be published; entries are durable, trying again");
            }
            Err(_) => {}
        }
    }

    /// Puts the tiles that the checkpoint needs where readers find them, then the checkpoint.
    fn publish(&mut self, signed: &Arc<SignedCheckpoint>) -> io::Result<()> {
        let size = signed.checkpoint().size;
        self.full_tiles(size)?;
        self.bundles(size)?;
        if self.first {
            self.partial_again(size)?;
        }
        self.unfinished(size)?;
        let full = size >> TILE_HEIGHT << TILE_HEIGHT;
        self.shared.placed.store(full, Ordering::Release);
        if self.published != size {
            let placing = self.shared.placing.lock();
            let _placing = placing.unwrap_or_else(PoisonError::into_inner);
            place(&self.shared.storage, &self.shared.layout, signed)?;
            self.published = size;
            self.shared.published.send_replace(Arc::clone(signed));
        }
        Ok(())
    }

    fn full_tiles(&mut self, size: u64) -> io::Result<()> {
        let full = size >> TILE_HEIGHT << TILE_HEIGHT;
        if full <= self.placed {
            return Ok(());
        }
        let mut tiles = self.completed(size);
        if !self.goes_on(&tiles) {
            self.place_forgotten()?;
            tiles = self.completed(size);
        }
        // Those of finished segments may be all.
        if full > self.placed && !self.goes_on(&tiles) {
            return Err(io::Error::other(
                "full tiles are neither in memory nor in finished segments",
            ));
        }
        for tile in &tiles {
            self.shared.tiles.place_full(tile)?;
        }
        self.placed = full;
        let mut tree = self.shared.tree.lock().unwrap_or_else(PoisonError::into_inner);
        tree.forget_completed(full);
        Ok(())
    }

    /// Whether these are the tiles behind the last one that was placed.
    fn goes_on(&self, tiles: &[Tile]) -> bool {
        let next = tiles.iter().find(|tile| tile.row == 0);
        next.is_some_and(|tile| tile.number == self.placed >> TILE_HEIGHT)
    }

    /// The full tiles in memory that are durable and not yet placed.
    fn completed(&self, size: u64) -> Vec<Tile> {
        let tree = self.shared.tree.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = |tile: &&Tile| tile.end() > self.placed && tile.end() <= size;
        tree.completed().filter(fitting).cloned().collect()
    }

    /// More tiles became full than memory keeps: makes those of finished segments again from the journal.
    fn place_forgotten(&mut self) -> io::Result<()> {
        let Shared {
            storage,
            layout,
            tiles,
            ..
        } = &*self.shared;
        self.placed = place_tiles_from(storage, layout, tiles, self.placed).map_err(io::Error::other)?;
        Ok(())
    }

    fn bundles(&mut self, size: u64) -> io::Result<()> {
        let Shared {
            storage,
            layout,
            tiles,
            ..
        } = &*self.shared;
        let bundle = &mut self.bundle;
        let read = self.cursor.read(storage, layout, size, |index, entry| {
            bundle.push(entry)?;
            if bundle.entries == TILE_WIDTH {
                tiles.place_full_bundle(index >> TILE_HEIGHT, &bundle.bytes)?;
                bundle.clear();
                give_way();
            }
            Ok(())
        });
        if read.is_err() {
            // The bundle is begun anew at the next attempt.
            let begin = self.cursor.wanted() >> TILE_HEIGHT << TILE_HEIGHT;
            self.cursor = Cursor::at(begin);
            self.bundle.clear();
        }
        read
    }

    /// Places the unfinished tiles of a tree of `size` leaves, which may be smaller than the tree is now.
    fn unfinished(&self, size: u64) -> io::Result<()> {
        for row in 0..ROWS {
            let count = size >> (TILE_HEIGHT as usize * row);
            let (number, width) = (count >> TILE_HEIGHT, count as usize % TILE_WIDTH);
            if width == 0 {
                continue;
            }
            let hashes = {
                let tree = self.shared.tree.lock().unwrap_or_else(PoisonError::into_inner);
                let hashes = tree.tile(row, number).and_then(|hashes| hashes.get(..width));
                hashes.map(<[_]>::to_vec)
            };
            // Gone when so many tiles became full meanwhile that memory gave this one up: the full one comes next.
            if let Some(hashes) = hashes {
                let series = Series::Hashes(row);
                self.shared
                    .tiles
                    .place_partial(series, number, width, hashes.as_flattened())?;
            }
        }
        let width = self.bundle.entries;
        if width > 0 {
            let number = size >> TILE_HEIGHT;
            self.shared
                .tiles
                .place_partial(Series::Entries, number, width, &self.bundle.bytes)?;
        }
        Ok(())
    }
}

/// What a crash may have left.
impl<S: Storage> Publisher<S> {
    /// Partial tiles are not synced, and nobody writes those of earlier sizes again: a crash may have left anything in them. They
    /// are placed once more, all that there are of the unfinished tiles.
    fn partial_again(&self, size: u64) -> io::Result<()> {
        for row in 0..ROWS {
            let number = size >> (TILE_HEIGHT as usize * row) >> TILE_HEIGHT;
            let hashes = {
                let tree = self.shared.tree.lock().unwrap_or_else(PoisonError::into_inner);
                tree.tile(row, number).map(<[_]>::to_vec).unwrap_or_default()
            };
            let of_width = |width: usize| hashes.get(..width).map(<[_]>::as_flattened);
            self.place_widths_again(Series::Hashes(row), number, of_width)?;
        }
        let bytes = self.bundle.bytes.as_slice();
        let of_width = |width: usize| {
            let taken = unbundle(bytes).take(width).map(|entry| entry.map(<[u8]>::len));
            let lengths: Option<Vec<usize>> = taken.collect();
            let lengths = lengths.filter(|lengths| lengths.len() == width)?;
            bytes.get(..lengths.iter().map(|length| length + 2).sum())
        };
        self.place_widths_again(Series::Entries, size >> TILE_HEIGHT, of_width)
    }

    fn place_widths_again<'a>(
        &self,
        series: Series,
        number: u64,
        of_width: impl Fn(usize) -> Option<&'a [u8]>,
    ) -> io::Result<()> {
        let tiles = &self.shared.tiles;
        for width in tiles.partial_widths(series, number)? {
            match of_width(width) {
                Some(bytes) => tiles.place_partial(series, number, width, bytes)?,
                // Wider than the log: of a batch that was cut away.
                None => self
                    .shared
                    .storage
                    .remove(&self.shared.layout.partial_tile(series, number, width))?,
            }
        }
        Ok(())
    }
}

/// Puts the checkpoint in the place of the one before.
pub(super) fn place<S: Storage>(storage: &S, layout: &Layout, signed: &SignedCheckpoint) -> io::Result<()> {
    place_file(storage, &layout.checkpoint(), |file| {
        file.write_all_at(signed.note().as_bytes(), 0)
    })?;
    Ok(())
}
