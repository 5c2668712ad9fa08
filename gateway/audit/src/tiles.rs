//! The published form of the tree and its entries: c2sp.org/tlog-tiles as files, for any tool and any static web server.
//!
//! Everything here can be derived from the journal. A tile is placed whole under its name; it is synced before the segment that
//! its last entry is in is sealed, and made again at opening until then.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::layout::{Layout, Series};
use crate::proof::Nodes;
use crate::storage::{Storage, StoredFile, read_exact_at};
use crate::tree::{Hash, ROWS, TILE_HEIGHT, TILE_WIDTH, Tile, Tree, fold_complete, full_tiles, tile_end};

const HASH: usize = 32;

/// The files under `tile/`.
#[derive(Clone)]
pub(crate) struct Tiles<S> {
    storage: S,
    layout: Layout,
}

impl<S: Storage> Tiles<S> {
    pub(crate) fn new(storage: S, layout: Layout) -> Self {
        Self { storage, layout }
    }

    /// Places a full tile of hashes and takes the partial ones before it away.
    pub(crate) fn place_full(&self, tile: &Tile) -> io::Result<()> {
        let series = Series::Hashes(tile.row);
        self.place(
            &self.layout.full_tile(series, tile.number),
            tile.hashes.as_flattened(),
        )?;
        self.remove_partial(series, tile.number)
    }

    /// Places a full bundle of entries and takes the partial ones before it away.
    pub(crate) fn place_full_bundle(&self, number: u64, bytes: &[u8]) -> io::Result<()> {
        self.place(&self.layout.full_tile(Series::Entries, number), bytes)?;
        self.remove_partial(Series::Entries, number)
    }

    /// Places an unfinished tile of `width` hashes or entries.
    pub(crate) fn place_partial(
        &self,
        series: Series,
        number: u64,
        width: usize,
        bytes: &[u8],
    ) -> io::Result<()> {
        self.place(&self.layout.partial_tile(series, number, width), bytes)
    }

    /// Whole or not at all for who reads beside it; not synced.
    fn place(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        // Where that does not succeed, a new file does.
        if self.write_again(path, bytes).unwrap_or(false) {
            return Ok(());
        }
        let temporary = self.layout.tile.join("new");
        let file = self.storage.create(&temporary)?;
        file.write_all_at(bytes, 0).inspect_err(|_| {
            // The space matters more than the file.
            drop(file.set_len(0));
        })?;
        match self.storage.rename(&temporary, path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
                self.storage.create_directory(folder)?;
                self.storage.rename(&temporary, path)
            }
            other => other,
        }
    }

    /// Writes a file that holds just these bytes over with themselves. What the disk has of it is unknown, also after a sync
    /// that failed; now a later sync tells. File systems are slow at giving a new file in its place again and again.
    fn write_again(&self, path: &Path, bytes: &[u8]) -> io::Result<bool> {
        let file = self.storage.open(path)?;
        let mut found = vec![0; bytes.len()];
        let same = file.length()? == bytes.len() as u64
            && read_exact_at(&file, &mut found, 0).is_ok()
            && found == bytes;
        if same {
            file.write_all_at(bytes, 0)?;
        }
        Ok(same)
    }

    fn remove_partial(&self, series: Series, number: u64) -> io::Result<()> {
        match self
            .storage
            .remove_directory(&self.layout.partial_tiles(series, number))
        {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Takes the full bundle of entries away; whether it was there.
    pub(crate) fn remove_bundle(&self, number: u64) -> io::Result<bool> {
        match self
            .storage
            .remove(&self.layout.full_tile(Series::Entries, number))
        {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            other => other.map(|()| true),
        }
    }

    /// Makes a full tile durable, but for its name.
    pub(crate) fn sync(&self, series: Series, number: u64) -> io::Result<()> {
        self.storage
            .open(&self.layout.full_tile(series, number))?
            .sync_data()
    }

    /// Makes the names of full tiles durable, from this one's folder up to the log's.
    pub(crate) fn sync_names(&self, series: Series, number: u64) -> io::Result<()> {
        let path = self.layout.full_tile(series, number);
        path.ancestors()
            .skip(1)
            .take_while(|folder| folder.starts_with(&self.layout.root))
            .try_for_each(|folder| self.storage.sync_directory(folder))
    }

    /// The bytes of a tile: the full one, or the widest partial one there is.
    pub(crate) fn read(&self, series: Series, number: u64) -> io::Result<Vec<u8>> {
        match self.read_file(&self.layout.full_tile(series, number)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let widest = self.partial_widths(series, number)?.pop();
                let width = widest.ok_or(io::ErrorKind::NotFound)?;
                self.read_file(&self.layout.partial_tile(series, number, width))
            }
            other => other,
        }
    }

    pub(crate) fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.storage.open(path)?;
        let length = file.length()?;
        // Nothing that is placed here is longer than 256 entries of 64 KiB.
        let length = usize::try_from(length.min(1 << 25)).unwrap_or(1 << 25);
        let mut bytes = vec![0; length];
        read_exact_at(&file, &mut bytes, 0)?;
        Ok(bytes)
    }

    /// The widths of the partial tiles there are, ascending.
    pub(crate) fn partial_widths(&self, series: Series, number: u64) -> io::Result<Vec<usize>> {
        let names = match self.storage.names(&self.layout.partial_tiles(series, number)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        let mut widths: Vec<usize> = names.iter().filter_map(|name| name.parse().ok()).collect();
        widths.sort_unstable();
        Ok(widths)
    }

    /// Stored hashes of leaves.
    pub(crate) fn leaves(&self, from: u64, count: usize) -> io::Result<Vec<Hash>> {
        let mut leaves = Vec::with_capacity(count.min(TILE_WIDTH));
        while leaves.len() < count {
            let index = from + leaves.len() as u64;
            let bytes = self.read(Series::Hashes(0), index >> TILE_HEIGHT)?;
            let here = index as usize % TILE_WIDTH;
            let found = bytes.as_chunks::<HASH>().0.get(here..).unwrap_or_default();
            if found.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            leaves.extend(found.iter().take(count - leaves.len()));
        }
        Ok(leaves)
    }

    /// Whether the last full tile of each row of a tree of `size` leaves is there whole, and so those before it.
    pub(crate) fn reach(&self, size: u64) -> io::Result<bool> {
        for row in 0..ROWS {
            let Some(last) = full_tiles(row, size).checked_sub(1) else {
                break;
            };
            let file = match self
                .storage
                .open(&self.layout.full_tile(Series::Hashes(row), last))
            {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                other => other?,
            };
            if file.length()? != (TILE_WIDTH * HASH) as u64 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Node hashes of a log: the newest in the tree, the others on disk.
pub(crate) struct StoredNodes<'a, S: Storage> {
    tiles: &'a Tiles<S>,
    tree: &'a Mutex<Tree>,
    /// A tile that ends behind this leaf may be torn.
    whole_until: u64,
    /// The tile of each row that was read last: a proof needs many nodes of few tiles.
    read: RefCell<[(u64, Vec<Hash>); ROWS]>,
}

impl<'a, S: Storage> StoredNodes<'a, S> {
    pub(crate) fn new(tiles: &'a Tiles<S>, tree: &'a Mutex<Tree>) -> Self {
        Self {
            tiles,
            tree,
            whole_until: u64::MAX,
            read: RefCell::default(),
        }
    }

    /// Asks no file for a tile that ends behind this leaf.
    pub(crate) fn whole_until(self, whole_until: u64) -> Self {
        Self { whole_until, ..self }
    }
}

impl<S: Storage> Nodes for StoredNodes<'_, S> {
    type Error = io::Error;

    fn node(&self, level: u32, index: u64) -> io::Result<Hash> {
        let (row, height) = ((level / TILE_HEIGHT) as usize, level % TILE_HEIGHT);
        let (from, count) = (index << height, 1_usize << height);
        let (number, at) = (from >> TILE_HEIGHT, from as usize % TILE_WIDTH);
        {
            let tree = self.tree.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(hashes) = tree.tile(row, number) {
                let hashes = hashes.get(at..at + count).ok_or(io::ErrorKind::InvalidInput)?;
                return Ok(fold_complete(hashes));
            }
        }
        if tile_end(row, number) > self.whole_until {
            let why = "a crash may have torn this tile, which is not placed again yet";
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        let mut read = self.read.borrow_mut();
        let known = read.get_mut(row).ok_or(io::ErrorKind::InvalidInput)?;
        if known.1.is_empty() || known.0 != number {
            let bytes = self.tiles.read(Series::Hashes(row), number)?;
            *known = (number, bytes.as_chunks::<HASH>().0.to_vec());
        }
        let hashes = known.1.get(at..at + count).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(fold_complete(hashes))
    }
}

/// Entries on their way into a bundle: each with its length in front, 2 bytes, big-endian.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bundle {
    pub(crate) bytes: Vec<u8>,
    pub(crate) entries: usize,
}

impl Bundle {
    /// Adds an entry, which is at most 65,535 bytes.
    pub(crate) fn push(&mut self, entry: &[u8]) -> io::Result<()> {
        let length = u16::try_from(entry.len()).map_err(|_| io::ErrorKind::InvalidData)?;
        self.bytes.extend(length.to_be_bytes());
        self.bytes.extend(entry);
        self.entries += 1;
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.entries = 0;
    }
}

/// The entries of a bundle's bytes; `None` in place of what is no entry.
pub(crate) fn unbundle(mut bytes: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let parts = bytes
            .split_first_chunk::<2>()
            .and_then(|(length, rest)| rest.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        let Some((entry, rest)) = parts else {
            bytes = &[];
            return Some(None);
        };
        bytes = rest;
        Some(Some(entry))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    use super::*;
    use crate::storage::Disk;

    #[test]
    fn a_tile_that_is_there_whole_is_written_over_itself_and_one_that_is_not_gets_a_new_file() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let layout = Layout::new(folder.path());
        let path = layout.full_tile(Series::Entries, 0);
        let tiles = Tiles::new(Disk, layout);
        let placed = || {
            tiles.place_full_bundle(0, b"entries").expect("placed");
            assert_eq!(fs::read(&path).expect("there"), b"entries");
            fs::metadata(&path).expect("there")
        };
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        let first = placed();
        let modified = first.modified().expect("a time");
        std::thread::sleep(std::time::Duration::from_millis(20));
        let again = placed();
        assert_eq!(again.ino(), first.ino());
        assert!(
            again.modified().expect("a time") > modified,
            "its sync tells something"
        );
        for torn in [b"entr\0\0\0".as_slice(), b"entries\0", b"entr"] {
            fs::write(&path, torn).expect("written");
            let before = fs::metadata(&path).expect("there").ino();
            assert_ne!(placed().ino(), before);
        }
    }
}
