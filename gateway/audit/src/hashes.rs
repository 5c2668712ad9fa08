//! Node hashes on disk, so that a proof costs a few reads: one file a row, full tiles one after the other.
//!
//! All of it can be derived from the journal, so it is synced only when a segment is finished.

use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::layout::Layout;
use crate::proof::Nodes;
use crate::storage::{Storage, StoredFile, read_exact_at};
use crate::tree::{Hash, ROWS, TILE_HEIGHT, TILE_WIDTH, Tree, fold_complete};

const HASH: u64 = 32;

/// The files of the rows.
pub(crate) struct Hashes<S: Storage> {
    storage: S,
    layout: Layout,
    files: [OnceLock<S::File>; ROWS],
}

impl<S: Storage> Hashes<S> {
    pub(crate) fn new(storage: S, layout: Layout) -> Self {
        Self {
            storage,
            layout,
            files: Default::default(),
        }
    }

    fn file(&self, row: usize) -> io::Result<&S::File> {
        let place = self.files.get(row).ok_or(io::ErrorKind::InvalidInput)?;
        if let Some(file) = place.get() {
            return Ok(file);
        }
        let file = self.storage.open(&self.layout.hash_row(row))?;
        Ok(place.get_or_init(|| file))
    }

    fn file_or_new(&self, row: usize) -> io::Result<&S::File> {
        match self.file(row) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.storage.create(&self.layout.hash_row(row))?;
                self.storage.sync_directory(&self.layout.hash)?;
                self.file(row)
            }
            other => other,
        }
    }

    /// Writes hashes of a row from `index` on.
    pub(crate) fn write(&self, row: usize, index: u64, hashes: &[Hash]) -> io::Result<()> {
        self.file_or_new(row)?
            .write_all_at(hashes.as_flattened(), index * HASH)
    }

    /// Writes the full tiles that the tree holds, and lets the tree forget them.
    pub(crate) fn take_tiles(&self, tree: &mut Tree) -> io::Result<()> {
        for tile in tree.completed() {
            self.write(tile.row, tile.number << TILE_HEIGHT, &tile.hashes)?;
        }
        tree.forget_completed();
        Ok(())
    }

    /// Writes what a tree of `size` leaves has of the unfinished tiles, so that readers of the files need not wait for a full one.
    pub(crate) fn write_unfinished(&self, tree: &Tree, size: u64) -> io::Result<()> {
        for row in 0..ROWS {
            let count = size >> (TILE_HEIGHT as usize * row);
            let first = count & !(TILE_WIDTH as u64 - 1);
            let same_tile =
                tree.size() >> (TILE_HEIGHT as usize * row) >> TILE_HEIGHT == first >> TILE_HEIGHT;
            if let Some(hashes) = tree.unfinished(row).get(..(count - first) as usize)
                && same_tile
                && !hashes.is_empty()
            {
                self.write(row, first, hashes)?;
            }
        }
        Ok(())
    }

    /// The stored hashes of leaves.
    pub(crate) fn leaves(&self, from: u64, count: usize) -> io::Result<Vec<Hash>> {
        self.read(0, from, count)
    }

    /// Bytes in the file of a row.
    pub(crate) fn length(&self, row: usize) -> io::Result<u64> {
        match self.file(row) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            other => other?.length(),
        }
    }

    pub(crate) fn read(&self, row: usize, index: u64, count: usize) -> io::Result<Vec<Hash>> {
        let mut hashes = vec![[0; HASH as usize]; count];
        read_exact_at(self.file(row)?, hashes.as_flattened_mut(), index * HASH)?;
        Ok(hashes)
    }

    /// Whether the files are long enough for every full tile of a tree of `size` leaves.
    pub(crate) fn reach(&self, size: u64) -> io::Result<bool> {
        for row in 0..ROWS {
            let wanted = (size >> (TILE_HEIGHT as usize * row) >> TILE_HEIGHT) * TILE_WIDTH as u64 * HASH;
            if self.length(row)? < wanted {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Cuts off what a tree of `size` leaves does not have: it was written for entries that a crash took.
    pub(crate) fn trim(&self, size: u64) -> io::Result<()> {
        for row in 0..ROWS {
            let wanted = (size >> (TILE_HEIGHT as usize * row)) * HASH;
            if self.length(row)? > wanted {
                self.file(row)?.set_len(wanted)?;
            }
        }
        Ok(())
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.files
            .iter()
            .filter_map(OnceLock::get)
            .try_for_each(StoredFile::sync_data)
    }
}

/// Node hashes of a log: the newest in the tree, the others on disk.
pub(crate) struct StoredNodes<'a, S: Storage> {
    pub(crate) hashes: &'a Hashes<S>,
    pub(crate) tree: &'a Mutex<Tree>,
}

impl<S: Storage> Nodes for StoredNodes<'_, S> {
    type Error = io::Error;

    fn node(&self, level: u32, index: u64) -> io::Result<Hash> {
        let (row, height) = ((level / TILE_HEIGHT) as usize, level % TILE_HEIGHT);
        let (from, count) = (index << height, 1_usize << height);
        let newest: Option<Vec<Hash>> = {
            let tree = self.tree.lock().unwrap_or_else(PoisonError::into_inner);
            (from..from + count as u64)
                .map(|index| tree.in_memory(row, index))
                .collect()
        };
        let hashes = match newest {
            Some(hashes) => hashes,
            None => self.hashes.read(row, from, count)?,
        };
        Ok(fold_complete(&hashes))
    }
}
