//! The published form, read by implementations of c2sp.org/tlog-tiles that nobody here wrote.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;
use signed_note::{Note, StandardVerifier, Verifier as _, VerifierList};
use tlog_tiles::{
    Checkpoint, Error, HashReader, Tile, TileHashReader, TileReader, check_record, check_tree, prove_record,
    prove_tree, record_hash,
};

use crate::tiles::unbundle;
use crate::trial::{closed_log, entry, open, signer};
use crate::{VerifyOptions, verify};

/// A folder of files, as the library asks for tiles. The library decides the names.
struct Folder<'a> {
    root: &'a Path,
    read: RefCell<Vec<String>>,
}

impl TileReader for Folder<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let read = |tile: &Tile| {
            // The library names the height too, as the Go checksum database does.
            let path = tile.path().replacen("tile/8/", "tile/", 1);
            let bytes = fs::read(self.root.join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
            self.read.borrow_mut().push(path);
            bytes
        };
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// The published checkpoint, verified by the library.
fn checkpoint(folder: &Path) -> Checkpoint {
    let key = signer(folder).key().to_string();
    let verifier = StandardVerifier::new(&key).expect("a key");
    let note = fs::read(folder.join("checkpoint")).expect("published");
    let note = Note::from_bytes(&note).expect("a note");
    let name = verifier.name().to_owned();
    let verifiers = VerifierList::new(vec![Box::new(verifier)]);
    let (signed, _) = note.verify(&verifiers).expect("signed");
    assert_eq!(signed.len(), 1);
    let checkpoint = Checkpoint::from_bytes(note.text()).expect("a checkpoint");
    assert_eq!(checkpoint.origin(), name);
    checkpoint
}

#[test]
fn roots_paths_and_proofs_are_those_of_other_implementations() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut oracle = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for (size, add) in [(1, 1), (255, 254), (256, 1), (257, 1), (700, 443), (1024, 324)] {
        closed_log(folder.path(), &[add]);
        for number in size - add..size {
            oracle.push(entry(number).encode_canonical());
        }
        let checkpoint = checkpoint(folder.path());
        assert_eq!(checkpoint.size(), size);
        assert_eq!(
            checkpoint.hash().0.as_slice(),
            oracle.root().as_bytes().as_slice()
        );
        let tiles = Folder {
            root: folder.path(),
            read: RefCell::default(),
        };
        let reader = TileHashReader::new(size, *checkpoint.hash(), &tiles);
        let (log, _) = open(folder.path());
        for index in (0..size).step_by(37) {
            let proof = prove_record(size, index, &reader).expect("tiles that lead to the root");
            let leaf = record_hash(&entry(index).encode_canonical());
            check_record(&proof, size, *checkpoint.hash(), index, leaf).expect("included");
            let ours = log.prove_inclusion(index, size).expect("a proof");
            let theirs: Vec<_> = proof.iter().map(|hash| hash.0).collect();
            assert_eq!(ours, theirs, "entry {index} of {size}");
        }
        for old in (1..=size).step_by(53) {
            let proof = prove_tree(size, old, &reader).expect("tiles that lead to the root");
            let root = tlog_tiles::Hash(log.root(old).expect("a root"));
            check_tree(&proof, size, *checkpoint.hash(), old, root).expect("consistent");
            let theirs: Vec<_> = proof.iter().map(|hash| hash.0).collect();
            assert_eq!(log.prove_consistency(old, size).expect("a proof"), theirs);
        }
        log.close();
        assert_eq!(tiles.read.borrow().is_empty(), size == 1);
        bundles_hold(folder.path(), size, &reader);
    }
}

/// Every entry is read from the bundles, and is the leaf that the tiles say.
fn bundles_hold(folder: &Path, size: u64, reader: &impl HashReader) {
    for number in 0..size.div_ceil(256) {
        let width = (size - number * 256).min(256);
        let name = match width {
            256 => format!("tile/entries/{number:03}"),
            _ => format!("tile/entries/{number:03}.p/{width}"),
        };
        let bytes = fs::read(folder.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let entries: Vec<_> = unbundle(&bytes).map(|entry| entry.expect("whole")).collect();
        assert_eq!(entries.len() as u64, width);
        for (index, bytes) in (number * 256..).zip(entries) {
            assert_eq!(bytes, entry(index).encode_canonical());
            let stored = tlog_tiles::stored_hash_index(0, index);
            let found = reader.read_hashes(&[stored]).expect("a hash");
            assert_eq!(found, [record_hash(bytes)]);
        }
    }
}

#[test]
fn partial_tiles_go_when_the_full_one_is_there_and_stay_until_then() {
    let folder = tempfile::tempdir().expect("temporary folder");
    closed_log(folder.path(), &[5]);
    closed_log(folder.path(), &[3]);
    let partial = |name: &str| folder.path().join("tile").join(name);
    for name in ["0/000.p/5", "0/000.p/8", "entries/000.p/5", "entries/000.p/8"] {
        assert!(partial(name).exists(), "{name}");
    }
    closed_log(folder.path(), &[250]);
    for name in ["0/000.p", "entries/000.p"] {
        assert!(!partial(name).exists(), "{name}");
    }
    for name in [
        "0/000",
        "entries/000",
        "0/001.p/2",
        "entries/001.p/2",
        "1/000.p/1",
    ] {
        assert!(partial(name).exists(), "{name}");
    }
}

#[test]
fn tiles_that_a_crash_took_or_tore_are_placed_again() {
    let folder = tempfile::tempdir().expect("temporary folder");
    closed_log(folder.path(), &[100, 300, 300]);
    let tile = |name: &str| folder.path().join("tile").join(name);
    fs::write(tile("0/001"), b"").expect("own file");
    let whole = fs::read(tile("entries/000")).expect("a bundle");
    fs::write(tile("entries/000"), &whole[..whole.len() / 2]).expect("own file");
    fs::remove_file(tile("entries/001")).expect("own file");
    let key = signer(folder.path()).key().clone();
    verify(folder.path(), &key, &VerifyOptions::default(), |_| {}).expect("the journal is whole");
    let at_rest = VerifyOptions {
        at_rest: true,
        ..VerifyOptions::default()
    };
    verify(folder.path(), &key, &at_rest, |_| {}).expect_err("tiles are missing");
    open(folder.path()).0.close();
    verify(folder.path(), &key, &at_rest, |_| {}).expect("all is there again");
}
