//! Test vectors of transparency-dev/merkle (Go): proofs that must be accepted, and others that must not. Where they are from
//! stands in `vectors.txt`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::{consistency, inclusion, verify_consistency, verify_inclusion};
use super::{Leaves, root};
use crate::tree::{Hash, leaf_hash};

const VECTORS: &str = include_str!("vectors.txt");

/// The entries of the tree that the accepted ones are about: those of the tests of Certificate Transparency.
const ENTRIES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

/// One line of the file.
struct Vector {
    name: &'static str,
    is_inclusion: bool,
    accepted: bool,
    /// Leaf index and size, or old and new size.
    numbers: [u64; 2],
    /// Leaf and root, or old and new root.
    hashes: [Hash; 2],
    path: Vec<Hash>,
}

fn hash(text: &str) -> Hash {
    let bytes = STANDARD.decode(text).expect("base64");
    bytes.try_into().expect("32 bytes")
}

fn vector(line: &'static str) -> Vector {
    let parts: Vec<_> = line.split('|').map(str::trim).collect();
    let [name, result, numbers, hashes, path] = parts[..] else {
        panic!("{line}");
    };
    let (first, second) = numbers.split_once(' ').expect("two numbers");
    let (one, other) = hashes.split_once(' ').expect("two hashes");
    Vector {
        name,
        is_inclusion: name.starts_with("inclusion/"),
        accepted: result == "accepted",
        numbers: [first, second].map(|number| number.parse().expect("a number")),
        hashes: [hash(one), hash(other)],
        path: path.split_whitespace().map(hash).collect(),
    }
}

fn vectors() -> impl Iterator<Item = Vector> {
    let lines = VECTORS.lines().filter(|line| !line.starts_with('#'));
    lines.map(vector)
}

#[test]
fn proofs_of_the_go_implementation_are_accepted_and_its_broken_ones_refused() {
    let mut accepted = [0, 0];
    for vector in vectors() {
        let Vector {
            numbers: [first, second],
            hashes: [one, other],
            path,
            ..
        } = &vector;
        let found = match vector.is_inclusion {
            true => verify_inclusion(one, *first, *second, path, other),
            false => verify_consistency((*first, one), (*second, other), path),
        };
        assert_eq!(found, vector.accepted, "{}", vector.name);
        accepted[usize::from(found)] += 1;
    }
    assert_eq!(accepted, [26, 11], "refused and accepted");
}

#[test]
fn roots_and_proofs_made_here_are_those_of_the_go_implementation() {
    let leaves = Leaves(ENTRIES.map(leaf_hash).to_vec());
    let mut compared = 0;
    for vector in vectors().filter(|vector| vector.accepted) {
        let Vector {
            numbers: [first, second],
            hashes: [one, other],
            path,
            name,
            ..
        } = vector;
        if name.starts_with("inclusion/single-entry/") {
            // About another entry.
            continue;
        }
        assert_eq!(root(&leaves, second), other, "{name}");
        let (found, made) = match vector.is_inclusion {
            true => (
                leaves.0[usize::try_from(first).expect("small")],
                inclusion(&leaves, first, second),
            ),
            false => (root(&leaves, first), consistency(&leaves, first, second)),
        };
        assert_eq!(found, one, "{name}");
        assert_eq!(made.unwrap_or_else(|never| match never {}), path, "{name}");
        compared += 1;
    }
    assert_eq!(compared, 10);
}
