//! Inclusion and consistency proofs: made from stored node hashes, checked from nothing but hashes.

use crate::tree::{Hash, node_hash};

/// Where the hashes of complete subtrees come from.
pub(crate) trait Nodes {
    /// Why a hash could not be had.
    type Error;
    /// The hash of the complete subtree over leaves `index << level .. (index + 1) << level`.
    fn node(&self, level: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// The root over leaves `from..to`, where `from` is where RFC 6962 would split.
pub(crate) fn range_root<N: Nodes>(nodes: &N, from: u64, to: u64) -> Result<Hash, N::Error> {
    let count = to - from;
    if count.is_power_of_two() {
        let level = count.trailing_zeros();
        return nodes.node(level, from >> level);
    }
    let middle = from + split(count);
    Ok(node_hash(
        &range_root(nodes, from, middle)?,
        &range_root(nodes, middle, to)?,
    ))
}

/// The audit path of leaf `index` in the tree of `size` leaves (RFC 6962 §2.1.1), the leaf's sibling first.
/// The index must be smaller than the size.
pub(crate) fn inclusion<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    let (mut from, mut to) = (0, size);
    let mut path = Vec::new();
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            path.push(range_root(nodes, middle, to)?);
            to = middle;
        } else {
            path.push(range_root(nodes, from, middle)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `old` leaves is the beginning of that of `new` (RFC 6962 §2.1.2). Empty for equal
/// sizes and for an empty old tree; `old` must not be larger than `new`.
pub(crate) fn consistency<N: Nodes>(nodes: &N, old: u64, new: u64) -> Result<Vec<Hash>, N::Error> {
    let mut path = Vec::new();
    if old == 0 || old == new {
        return Ok(path);
    }
    let (mut from, mut to) = (0, new);
    while old != to {
        let middle = from + split(to - from);
        if old <= middle {
            path.push(range_root(nodes, middle, to)?);
            to = middle;
        } else {
            path.push(range_root(nodes, from, middle)?);
            from = middle;
        }
    }
    if from > 0 {
        path.push(range_root(nodes, from, to)?);
    }
    path.reverse();
    Ok(path)
}

/// The largest power of two smaller than `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (63 - (count - 1).leading_zeros())
}

/// Whether `path` proves that the leaf is at `index` of the tree with this size and root (RFC 9162 §2.1.3.2).
#[must_use]
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut here, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return false;
        }
        if here & 1 == 1 || here == last {
            hash = node_hash(sibling, &hash);
            while here & 1 == 0 && here != 0 {
                here >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        here >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `path` proves that the old tree is the beginning of the new one (RFC 9162 §2.1.4.2). Every tree is consistent
/// with the empty one.
#[must_use]
pub fn verify_consistency(old: (u64, &Hash), new: (u64, &Hash), path: &[Hash]) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size == new_size {
        return path.is_empty() && old_root == new_root;
    }
    if old_size > new_size {
        return false;
    }
    if old_size == 0 {
        return path.is_empty() && *old_root == crate::tree::empty_root();
    }
    // A complete old tree is itself the first node of the path, and is then left out of it.
    let (first, rest) = match path.split_first() {
        _ if old_size.is_power_of_two() => (old_root, path),
        Some((first, rest)) => (first, rest),
        None => return false,
    };
    let shift = (old_size - 1).trailing_ones();
    let (mut here, mut last) = ((old_size - 1) >> shift, (new_size - 1) >> shift);
    let (mut old_hash, mut new_hash) = (*first, *first);
    for node in rest {
        if last == 0 {
            return false;
        }
        if here & 1 == 1 || here == last {
            old_hash = node_hash(node, &old_hash);
            new_hash = node_hash(node, &new_hash);
            while here & 1 == 0 && here != 0 {
                here >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, node);
        }
        here >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

#[cfg(test)]
mod tests;
