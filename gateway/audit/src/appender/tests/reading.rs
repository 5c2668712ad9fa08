use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;

use crate::proof::{verify_consistency, verify_inclusion};
use crate::trial::{entry, open, signer, small};
use crate::{Log, Options, Receipt};

/// Enough entries for two full tiles and many small segments.
const ENTRIES: u64 = 700;

#[test]
fn roots_proofs_and_receipts_are_those_of_an_independent_implementation() {
    let folder = tempfile::tempdir().expect("temporary folder");
    crate::trial::closed_log(folder.path(), &[1, 299, 2, 200, 1, 100, 90, 7]);
    let (log, recovery) = open(folder.path());
    assert_eq!(recovery.entries, ENTRIES);
    assert!(recovery.segments > 3, "{recovery:?}");

    let mut oracle = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let mut roots = vec![log.root(0).expect("the empty root")];
    for index in 0..ENTRIES {
        assert_eq!(log.entry(index).expect("an entry"), entry(index));
        oracle.push(entry(index).encode_canonical());
        roots.push(log.root(index + 1).expect("a root"));
        assert_eq!(
            oracle.root().as_bytes().as_slice(),
            roots[index as usize + 1].as_slice()
        );
    }
    for index in (0..ENTRIES).step_by(3) {
        let path = log.prove_inclusion(index, ENTRIES).expect("a proof");
        assert_eq!(
            path.as_flattened(),
            oracle.prove_inclusion(index as usize).as_bytes()
        );
    }
    for (old, new) in [
        (0, 1),
        (1, 2),
        (255, 256),
        (256, 257),
        (256, 512),
        (511, 700),
        (300, 700),
        (699, 700),
        (700, 700),
    ] {
        let path = log.prove_consistency(old, new).expect("a proof");
        assert!(verify_consistency(
            (old, &roots[old as usize]),
            (new, &roots[new as usize]),
            &path
        ));
    }
    let path = log.prove_inclusion(3, 300).expect("a proof in an earlier tree");
    assert!(verify_inclusion(
        &crate::tree::leaf_hash(&entry(3).encode_canonical()),
        3,
        300,
        &path,
        &roots[300]
    ));
    let receipt = Receipt::parse(&log.receipt(417).expect("a receipt").to_string()).expect("its own text");
    receipt
        .verify(&entry(417).encode_canonical(), signer(folder.path()).key())
        .expect("a proof");
    log.close();
}

#[test]
fn proofs_hold_while_the_tree_grows() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (log, _) = Log::open(
        folder.path(),
        signer(folder.path()),
        Options {
            segment_bytes: 1 << 20,
            ..small()
        },
    )
    .expect("opens");
    for number in 0..600 {
        let _ticket = log.append(&entry(number)).expect("in line");
        if number % 7 == 0
            && let Some(last) = log.durable().size.checked_sub(1)
        {
            log.receipt(last).expect("a receipt for the newest");
            log.receipt(last / 2).expect("a receipt for an older one");
        }
    }
    log.close();
}

#[test]
fn what_is_not_durable_is_not_proven() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (log, _) = open(folder.path());
    assert!(log.entry(0).is_err());
    assert!(log.receipt(0).is_err());
    log.append_blocking(&entry(0)).expect("durable");
    assert!(log.entry(1).is_err());
    assert!(log.prove_inclusion(0, 2).is_err());
    assert!(log.prove_inclusion(1, 1).is_err());
    assert!(log.prove_consistency(2, 1).is_err());
    assert!(log.root(2).is_err());
    log.close();
}

#[test]
fn a_wrong_stored_hash_gives_no_receipt_instead_of_a_false_one() {
    let folder = tempfile::tempdir().expect("temporary folder");
    crate::trial::closed_log(folder.path(), &[300]);
    let (log, _) = open(folder.path());
    // What memory holds is believed until it is on disk.
    while log.shared().placed.load(std::sync::atomic::Ordering::Acquire) < 256 {
        std::thread::yield_now();
    }
    let path = folder.path().join("tile/0/000");
    let mut bytes = std::fs::read(&path).expect("the row of leaves");
    bytes[40] ^= 1;
    std::fs::write(&path, bytes).expect("own file");
    assert!(matches!(log.receipt(0), Err(crate::ReadError::Inconsistent)));
    log.close();
}
