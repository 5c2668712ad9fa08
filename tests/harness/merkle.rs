//! Roots and proofs of RFC 6962, without the gateway's code: roots straight from the definition, proofs by `tlog_tiles`.

use sha2::{Digest as _, Sha256};
use tlog_tiles::{check_record, check_tree};

/// SHA-256.
pub type Hash = [u8; 32];

/// The hash of a leaf (section 2.1).
#[must_use]
pub fn leaf(entry: &[u8]) -> Hash {
    Sha256::digest([&[0], entry].concat()).into()
}

/// The root of the tree of these leaves (section 2.1).
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            let (left, right) = (root(left), root(right));
            Sha256::digest([&[1], &left[..], &right[..]].concat()).into()
        }
    }
}

/// Whether the path leads from a leaf to the root of a tree of so many leaves.
#[must_use]
pub fn includes((size, root): (u64, Hash), (index, leaf): (u64, Hash), path: &[Hash]) -> bool {
    let (root, leaf) = (tlog_tiles::Hash(root), tlog_tiles::Hash(leaf));
    check_record(&hashes(path), size, root, index, leaf).is_ok()
}

/// Whether the path shows that the old tree is the beginning of the new one. Every tree begins with the empty one.
#[must_use]
pub fn continues((new_size, new): (u64, Hash), (old_size, old): (u64, Hash), path: &[Hash]) -> bool {
    if old_size == 0 {
        return path.is_empty();
    }
    let (new, old) = (tlog_tiles::Hash(new), tlog_tiles::Hash(old));
    check_tree(&hashes(path), new_size, new, old_size, old).is_ok()
}

fn hashes(path: &[Hash]) -> Vec<tlog_tiles::Hash> {
    path.iter().copied().map(tlog_tiles::Hash).collect()
}
