//! The Merkle tree of the log: RFC 6962 hashing and the right edge that appending needs.
//!
//! Node hashes are kept in rows: row `k` holds the hashes of the complete subtrees of 256^k leaves, and a tile is 256
//! hashes of a row (C2SP tlog-tiles). The tree holds the unfinished tile of each row; finished ones go to disk.

use std::collections::VecDeque;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// Hashes in a full tile.
pub const TILE_WIDTH: usize = 256;
/// log2 of [`TILE_WIDTH`].
pub(crate) const TILE_HEIGHT: u32 = 8;
/// More rows than a tree of 2^63 leaves has.
pub(crate) const ROWS: usize = 8;

/// The hash of a leaf (RFC 6962 §2.1).
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let mut digest = Sha256::new();
    digest.update([0x00]);
    digest.update(entry);
    digest.finalize().into()
}

/// The hash of an inner node (RFC 6962 §2.1).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [0x01; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// The root of the tree without leaves.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The root of a complete subtree over `hashes`, whose number must be a power of two.
pub(crate) fn fold_complete(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => empty_root(),
        [one] => *one,
        [left, right] => node_hash(left, right),
        more => {
            let (left, right) = more.split_at(more.len() / 2);
            node_hash(&fold_complete(left), &fold_complete(right))
        }
    }
}

/// A full tile that has not yet gone to disk.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    pub(crate) row: usize,
    pub(crate) number: u64,
    pub(crate) hashes: Arc<Vec<Hash>>,
}

impl Tile {
    /// The index of the leaf behind the last one under this tile.
    pub(crate) fn end(&self) -> u64 {
        tile_end(self.row, self.number)
    }
}

/// The index of the leaf behind the last one under this tile, when it is full.
pub(crate) fn tile_end(row: usize, number: u64) -> u64 {
    let height = TILE_HEIGHT * (row as u32 + 1);
    (number + 1).checked_shl(height).unwrap_or(u64::MAX)
}

/// Full tiles of a row in a tree of `size` leaves.
pub(crate) fn full_tiles(row: usize, size: u64) -> u64 {
    size.checked_shr(TILE_HEIGHT * (row as u32 + 1))
        .unwrap_or_default()
}

/// Full tiles that wait for the disk at most, 64 MiB. Those beyond are made again from the journal.
const MOST_COMPLETED: usize = 8192;

/// The tree as far as appending needs it.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    size: u64,
    /// For every set bit of `size`, the root of that complete subtree.
    peaks: [Hash; 64],
    rows: [Vec<Hash>; ROWS],
    completed: VecDeque<Tile>,
}

impl Tree {
    pub(crate) fn empty() -> Self {
        Self {
            size: 0,
            peaks: [[0; 32]; 64],
            rows: Default::default(),
            completed: VecDeque::new(),
        }
    }

    /// Leaves in the tree.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf. One node hash on average.
    pub(crate) fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        let mut level = 0;
        self.add_to_row(0, node);
        while self.size >> level & 1 == 1 {
            node = node_hash(&self.peaks[level as usize], &node);
            level += 1;
            if level % TILE_HEIGHT == 0 {
                self.add_to_row((level / TILE_HEIGHT) as usize, node);
            }
        }
        self.peaks[level as usize] = node;
        self.size += 1;
    }

    fn add_to_row(&mut self, row: usize, hash: Hash) {
        let unfinished = &mut self.rows[row];
        unfinished.push(hash);
        if unfinished.len() == TILE_WIDTH {
            let number = self.size >> (TILE_HEIGHT as usize * (row + 1));
            let hashes = std::mem::replace(unfinished, Vec::with_capacity(TILE_WIDTH));
            self.completed.push_back(Tile {
                row,
                number,
                hashes: Arc::new(hashes),
            });
        }
    }

    /// The root hash (RFC 6962 §2.1).
    pub(crate) fn root(&self) -> Hash {
        let mut peaks = (0..64)
            .filter(|level| self.size >> level & 1 == 1)
            .map(|level| &self.peaks[level]);
        let Some(lowest) = peaks.next() else {
            return empty_root();
        };
        peaks.fold(*lowest, |right, left| node_hash(left, &right))
    }

    /// The roots of the complete subtrees that the tree is made of, the largest first: level, number, hash.
    pub(crate) fn peaks(&self) -> impl Iterator<Item = (u32, u64, Hash)> + '_ {
        (0..64_u32)
            .rev()
            .filter(|level| self.size >> level & 1 == 1)
            .filter_map(|level| {
                let hash = *self.peaks.get(level as usize)?;
                Some((level, (self.size >> level) - 1, hash))
            })
    }

    /// Full tiles not yet given to the disk, in the order in which they became full.
    pub(crate) fn completed(&self) -> impl Iterator<Item = &Tile> {
        self.completed.iter()
    }

    /// Forgets the full tiles that end at this leaf or before it, which are now on disk.
    pub(crate) fn forget_completed(&mut self, until: u64) {
        self.completed.retain(|tile| tile.end() > until);
    }

    /// Forgets the oldest full tiles if too many wait for the disk.
    pub(crate) fn bound_completed(&mut self) {
        let surplus = self.completed.len().saturating_sub(MOST_COMPLETED);
        self.completed.drain(..surplus);
    }

    /// The hashes of the unfinished tile of a row.
    pub(crate) fn unfinished(&self, row: usize) -> &[Hash] {
        self.rows.get(row).map(Vec::as_slice).unwrap_or_default()
    }

    /// The hashes of a tile, as many as there are, if it is still in memory.
    pub(crate) fn tile(&self, row: usize, number: u64) -> Option<&[Hash]> {
        if number == self.size >> (TILE_HEIGHT as usize * row) >> TILE_HEIGHT {
            return Some(self.unfinished(row));
        }
        let found = self
            .completed
            .iter()
            .find(|tile| tile.row == row && tile.number == number)?;
        Some(&found.hashes)
    }

    /// The right edge as bytes: the size (8 bytes, little-endian), then the unfinished tile of each row from row 0 up.
    pub(crate) fn edge(&self) -> Vec<u8> {
        let mut bytes = self.size.to_le_bytes().to_vec();
        bytes.extend(self.rows.iter().flatten().flatten());
        bytes
    }

    /// The tree whose [`edge`](Self::edge) this is; `None` when the length does not fit the size.
    pub(crate) fn from_edge(bytes: &[u8]) -> Option<Self> {
        let (size, mut hashes) = bytes.split_first_chunk::<8>()?;
        let mut tree = Self {
            size: u64::from_le_bytes(*size),
            ..Self::empty()
        };
        for row in 0..ROWS {
            let count = (tree.size >> (TILE_HEIGHT as usize * row)) as usize % TILE_WIDTH;
            let (these, rest) = hashes.split_at_checked(count * 32)?;
            hashes = rest;
            tree.rows[row] = these.as_chunks::<32>().0.to_vec();
            // The bits of the count say how the row's hashes make peaks: the largest subtree first.
            let mut unused = tree.rows[row].as_slice();
            for bit in (0..TILE_HEIGHT).rev().filter(|bit| count >> bit & 1 == 1) {
                let (subtree, rest) = unused.split_at_checked(1 << bit)?;
                unused = rest;
                tree.peaks[row * TILE_HEIGHT as usize + bit as usize] = fold_complete(subtree);
            }
        }
        hashes.is_empty().then_some(tree)
    }
}

#[cfg(test)]
mod tests {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use sha2::Sha256;

    use super::{Tree, leaf_hash};

    fn leaf(index: u64) -> Vec<u8> {
        format!("leaf {index}").into_bytes()
    }

    #[test]
    fn the_root_is_that_of_an_independent_implementation_at_every_size() {
        let mut oracle = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        let mut tree = Tree::empty();
        assert_eq!(tree.root().as_slice(), oracle.root().as_bytes().as_slice());
        for index in 0..700 {
            oracle.push(leaf(index));
            tree.push(leaf_hash(&leaf(index)));
            assert_eq!(
                tree.root().as_slice(),
                oracle.root().as_bytes().as_slice(),
                "size {}",
                index + 1
            );
        }
    }

    #[test]
    fn a_tree_goes_on_from_its_edge_as_if_it_had_never_stopped() {
        let mut tree = Tree::empty();
        for index in 0..66_000 {
            if index % 997 == 0 || index > 65_500 {
                let again = Tree::from_edge(&tree.edge()).expect("an edge of its own");
                assert_eq!(again.root(), tree.root(), "size {index}");
                assert_eq!(again.edge(), tree.edge(), "size {index}");
            }
            if index == 40_000 {
                tree = Tree::from_edge(&tree.edge()).expect("an edge of its own");
            }
            tree.push(leaf_hash(&leaf(index)));
        }
    }

    #[test]
    fn an_edge_of_the_wrong_length_is_refused() {
        let mut edge = Tree::empty().edge();
        edge.push(0);
        assert!(Tree::from_edge(&edge).is_none());
        assert!(Tree::from_edge(&[0; 7]).is_none());
        assert!(Tree::from_edge(&3_u64.to_le_bytes()).is_none());
    }
}
