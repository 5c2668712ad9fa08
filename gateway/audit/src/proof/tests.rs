mod vectors;

use std::convert::Infallible;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;

use super::{Nodes, consistency, inclusion, range_root, verify_consistency, verify_inclusion};
use crate::tree::{Hash, empty_root, fold_complete, leaf_hash};

struct Leaves(Vec<Hash>);

impl Nodes for Leaves {
    type Error = Infallible;
    fn node(&self, level: u32, index: u64) -> Result<Hash, Infallible> {
        let from = (index << level) as usize;
        Ok(fold_complete(&self.0[from..from + (1 << level)]))
    }
}

fn leaves(count: u64) -> Leaves {
    Leaves((0..count).map(|index| leaf_hash(&index.to_le_bytes())).collect())
}

fn root(leaves: &Leaves, size: u64) -> Hash {
    if size == 0 {
        empty_root()
    } else {
        range_root(leaves, 0, size).unwrap_or_else(|never| match never {})
    }
}

fn oracle(count: u64) -> MemoryBackedTree<Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    (0..count).for_each(|index| tree.push(index.to_le_bytes().to_vec()));
    tree
}

#[test]
fn proofs_are_byte_for_byte_those_of_an_independent_implementation() {
    let all = leaves(70);
    for size in 1..=70 {
        let tree = oracle(size);
        assert_eq!(root(&all, size).as_slice(), tree.root().as_bytes().as_slice());
        for index in 0..size {
            let path = inclusion(&all, index, size).unwrap_or_else(|never| match never {});
            assert_eq!(
                path.as_flattened(),
                tree.prove_inclusion(index as usize).as_bytes(),
                "entry {index} of {size}"
            );
            assert!(verify_inclusion(
                &all.0[index as usize],
                index,
                size,
                &path,
                &root(&all, size)
            ));
        }
        for old in 0..=size {
            let path = consistency(&all, old, size).unwrap_or_else(|never| match never {});
            if old > 0 && old < size {
                let added = (size - old) as usize;
                assert_eq!(
                    path.as_flattened(),
                    tree.prove_consistency(added).as_bytes(),
                    "{old} to {size}"
                );
            }
            assert!(
                verify_consistency((old, &root(&all, old)), (size, &root(&all, size)), &path),
                "{old} to {size}"
            );
        }
    }
}

proptest! {
    #[test]
    fn a_changed_inclusion_proof_proves_nothing(size in 2_u64..300, index: prop::sample::Index, at: prop::sample::Index, byte in 0_usize..32, other in 0_u64..300) {
        let all = leaves(size);
        let index = index.index(size as usize) as u64;
        let root = root(&all, size);
        let path = inclusion(&all, index, size).unwrap_or_else(|never| match never {});
        let leaf = all.0[index as usize];
        prop_assert!(verify_inclusion(&leaf, index, size, &path, &root));
        if other != index {
            prop_assert!(!verify_inclusion(&leaf, other, size, &path, &root));
        }
        let mut changed = path.clone();
        changed[at.index(path.len())][byte] ^= 0x10;
        prop_assert!(!verify_inclusion(&leaf, index, size, &changed, &root));
        prop_assert!(!verify_inclusion(&leaf, index, size, &path[1..], &root));
        let longer = [path.clone(), vec![[0; 32]]].concat();
        prop_assert!(!verify_inclusion(&leaf, index, size, &longer, &root));
    }

    #[test]
    fn a_changed_consistency_proof_proves_nothing(new in 3_u64..300, old: prop::sample::Index, at: prop::sample::Index, byte in 0_usize..32) {
        let all = leaves(new);
        let old = 1 + old.index(new as usize - 1) as u64;
        let (old_root, new_root) = (root(&all, old), root(&all, new));
        let path = consistency(&all, old, new).unwrap_or_else(|never| match never {});
        prop_assert!(verify_consistency((old, &old_root), (new, &new_root), &path));
        prop_assert!(!verify_consistency((old, &[1; 32]), (new, &new_root), &path));
        prop_assert!(!verify_consistency((old, &old_root), (new, &[1; 32]), &path));
        let mut changed = path.clone();
        changed[at.index(path.len())][byte] ^= 0x10;
        prop_assert!(!verify_consistency((old, &old_root), (new, &new_root), &changed));
    }
}
