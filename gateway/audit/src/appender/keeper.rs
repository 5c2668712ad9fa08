//! Keeps older segments: syncs the tiles that their entries are in, then seals them. Nobody waits for this thread.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::shared::Shared;
use crate::layout::Series;
use crate::pace::{Pace, step_back};
use crate::seal::seal;
use crate::segment;
use crate::storage::Storage;
use crate::tree::{ROWS, TILE_HEIGHT, full_tiles};

/// Rest after a piece of work, in times of it: a tenth of a core and of the disk is taken, and less beside a busy log.
const REST: u32 = 9;

/// Its priority below the writer's and the workers', as `nice` counts: the lowest there is.
const PRIORITY: i32 = 19;

/// How far keeping came.
pub(super) struct Keeper<S: Storage> {
    shared: Arc<Shared<S>>,
    /// All tiles that end at this leaf or before it are synced.
    synced: u64,
    /// A sync failed. What the disk has of that file is unknown, and a second sync would not tell: nothing more is sealed, and
    /// the tiles are made again when the log is opened.
    lost: bool,
}

impl<S: Storage> Keeper<S> {
    pub(super) fn new(shared: Arc<Shared<S>>, synced: u64) -> Self {
        Self {
            shared,
            synced,
            lost: false,
        }
    }

    /// Looks every interval whether there is something to keep, until the log is closed.
    pub(super) fn run(mut self, interval: Duration) {
        step_back(PRIORITY);
        let mut failing = false;
        let shared = Arc::clone(&self.shared);
        let size = || shared.durable.borrow().size;
        let mut pace = Pace::new(REST, size());
        let mut rest = |work| shared.stop.pause(pace.rest_after(work, size()));
        while !shared.stop.pause(interval) {
            match self.keep(&mut rest) {
                Ok(()) => failing = false,
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(%error, "an older segment of the audit log could not be sealed");
                }
                Err(_) => {}
            }
        }
    }

    /// Seals every finished segment whose entries are all in full tiles. After every piece of work `rest` is told how long it
    /// took, and says whether it is time to end.
    pub(super) fn keep(&mut self, rest: &mut impl FnMut(Duration) -> bool) -> io::Result<()> {
        if self.lost {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let Shared { storage, layout, .. } = &*shared;
        let all = segment::list(storage, layout)?;
        for first in segment::list_unsealed(storage, layout)? {
            let Some(end) = all.iter().copied().find(|other| *other > first) else {
                break;
            };
            let until = end.next_multiple_of(1 << TILE_HEIGHT);
            if shared.placed.load(Ordering::Acquire) < until || !self.sync(until, rest)? {
                break;
            }
            if seal(storage, layout, first, rest)? {
                break;
            }
        }
        Ok(())
    }

    /// Syncs the tiles that end behind what is synced and not behind `until`; `false` when the log is closing.
    fn sync(&mut self, until: u64, rest: &mut impl FnMut(Duration) -> bool) -> io::Result<bool> {
        let shared = Arc::clone(&self.shared);
        let tiles = &shared.tiles;
        let series = (0..ROWS).map(Series::Hashes).chain([Series::Entries]);
        for series in series {
            let row = if let Series::Hashes(row) = series { row } else { 0 };
            let numbers = full_tiles(row, self.synced)..full_tiles(row, until);
            for number in numbers.clone() {
                let begun = Instant::now();
                tiles.sync(series, number).inspect_err(|_| self.lost = true)?;
                // One who waits for an answer waits for the same disk.
                if rest(begun.elapsed()) {
                    return Ok(false);
                }
                if number % 1000 == 999 || number + 1 == numbers.end {
                    tiles.sync_names(series, number)?;
                }
            }
        }
        self.synced = until;
        Ok(true)
    }
}
