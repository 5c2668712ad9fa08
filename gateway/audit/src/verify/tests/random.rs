use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::checkpoint::SignedCheckpoint;
use crate::trial::{closed_log, entry, open, signer};
use crate::verify::{Damage, VerifyError, VerifyOptions, verify};

/// In every run. [`every_one_of_ten_thousand_random_mutations_is_seen_and_placed`] makes more.
const MUTATIONS: u32 = 1500;
const BATCHES: [u64; 10] = [1, 3, 100, 1, 1, 150, 60, 20, 5, 1];
/// From this entry on the fork tells another story.
const FORK: u64 = 105;

/// What is done to a file.
#[derive(Clone, Debug)]
enum Mutation {
    Flip {
        at: usize,
        bit: u8,
    },
    Truncate {
        at: usize,
    },
    Remove {
        at: usize,
        count: usize,
    },
    Repeat {
        at: usize,
        count: usize,
    },
    Swap {
        one: usize,
        other: usize,
        count: usize,
    },
    Zero {
        at: usize,
        count: usize,
    },
    Delete,
    /// From here on, what the holder of the key wrote into the same file of a log that forks from this one.
    Tail {
        at: usize,
    },
    /// The same file of the fork, whole.
    Fork,
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>, forked: &[u8]) {
        let length = bytes.len();
        let within = |at: usize, count: usize| (at % length, (at % length + count).min(length));
        match *self {
            Self::Flip { at, bit } => bytes[at % length] ^= 1 << (bit % 8),
            Self::Truncate { at } => bytes.truncate(at % length),
            Self::Remove { at, count } => {
                let (from, to) = within(at, count);
                bytes.drain(from..to);
            }
            Self::Repeat { at, count } => {
                let (from, to) = within(at, count);
                let again = bytes[from..to].to_vec();
                bytes.splice(to..to, again);
            }
            Self::Swap { one, other, count } => {
                let count = count.min(length / 2);
                let (one, other) = (one % (length - count + 1), other % (length - count + 1));
                for offset in 0..count {
                    bytes.swap(one + offset, other + offset);
                }
            }
            Self::Zero { at, count } => {
                let (from, to) = within(at, count);
                bytes[from..to].fill(0);
            }
            Self::Delete => bytes.clear(),
            Self::Tail { at } => {
                let at = at % length;
                bytes.truncate(at);
                bytes.extend_from_slice(forked.get(at..).unwrap_or_default());
            }
            Self::Fork => *bytes = forked.to_vec(),
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = || any::<usize>();
    let count = || 1_usize..400;
    prop_oneof![
        4 => (at(), any::<u8>()).prop_map(|(at, bit)| Mutation::Flip { at, bit }),
        2 => at().prop_map(|at| Mutation::Truncate { at }),
        2 => (at(), count()).prop_map(|(at, count)| Mutation::Remove { at, count }),
        2 => (at(), count()).prop_map(|(at, count)| Mutation::Repeat { at, count }),
        2 => (at(), at(), count()).prop_map(|(one, other, count)| Mutation::Swap { one, other, count }),
        2 => (at(), count()).prop_map(|(at, count)| Mutation::Zero { at, count }),
        1 => Just(Mutation::Delete),
        2 => at().prop_map(|at| Mutation::Tail { at }),
        1 => Just(Mutation::Fork),
    ]
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = vec![folder.join("checkpoint")];
    for inner in ["journal", "tile"] {
        files_in(&folder.join(inner), &mut files);
    }
    files.sort();
    files
}

fn files_in(folder: &Path, files: &mut Vec<PathBuf>) {
    for item in fs::read_dir(folder).expect("a folder") {
        let path = item.expect("a file").path();
        if path.is_dir() {
            files_in(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// The written part of a file: the zeros behind it say nothing, and more or fewer of them change nothing.
fn said(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1)]
}

/// A closed log with the key of another one, which is the same up to [`FORK`].
fn fork(folder: &Path) {
    let (log, _) = open(folder);
    let mut number = 0;
    for batch in BATCHES {
        let together: Vec<_> = (number..number + batch)
            .map(|number| entry(if number < FORK { number } else { number + 1 }))
            .collect();
        number += batch;
        let _tickets = log.append_together(&together).expect("in line");
        while log.durable().size < number {
            std::thread::yield_now();
        }
    }
    log.close();
}

#[test]
fn every_one_of_many_random_mutations_is_seen_and_placed() {
    mutate(MUTATIONS);
}

#[test]
#[ignore = "takes minutes: cargo test -p audit --lib ten_thousand -- --ignored"]
fn every_one_of_ten_thousand_random_mutations_is_seen_and_placed() {
    mutate(10_000);
}

fn mutate(mutations: u32) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let other = tempfile::tempdir().expect("temporary folder");
    closed_log(folder.path(), &BATCHES);
    let key = signer(folder.path()).key().clone();
    fs::copy(
        folder.path().with_extension("key"),
        other.path().with_extension("key"),
    )
    .expect("the same key");
    fork(other.path());
    let options = VerifyOptions {
        at_rest: true,
        ..VerifyOptions::default()
    };
    let report = verify(folder.path(), &key, &options, |_| {}).expect("intact");
    assert_eq!(report.entries, 342);
    let files = files(folder.path());
    assert!(files.len() >= 5, "{files:?}");

    let config = Config {
        cases: mutations,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strategy = (any::<prop::sample::Index>(), mutation());
    runner
        .run(&strategy, |(file, mutation)| {
            let path = &files[file.index(files.len())];
            let forked = path
                .strip_prefix(folder.path())
                .map(|name| fs::read(other.path().join(name)).unwrap_or_default())
                .expect("a file of the log");
            let before = fs::read(path).expect("a file");
            let mut after = before.clone();
            mutation.apply(&mut after, &forked);
            prop_assume!(said(&after) != said(&before));
            fs::write(path, &after).expect("own file");
            let found = verify(folder.path(), &key, &options, |_| {});
            fs::write(path, &before).expect("own file");
            let found = found.err();
            prop_assert!(
                matches!(&found, Some(VerifyError::Damaged(finding)) if !finding.file.is_empty()),
                "{mutation:?} of {path:?}: {found:?}"
            );
            Ok(())
        })
        .expect("every mutation is seen");
    verify(folder.path(), &key, &options, |_| {}).expect("intact again");
}

#[test]
fn a_whole_log_forked_and_signed_anew_is_caught_by_a_checkpoint_from_elsewhere() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let other = tempfile::tempdir().expect("temporary folder");
    closed_log(folder.path(), &BATCHES);
    let key = signer(folder.path()).key().clone();
    fs::copy(
        folder.path().with_extension("key"),
        other.path().with_extension("key"),
    )
    .expect("the same key");
    fork(other.path());
    let note = fs::read_to_string(folder.path().join("checkpoint")).expect("published");
    let known = SignedCheckpoint::verify(&note, &key).expect("of this log");
    let options = VerifyOptions {
        at_rest: true,
        known: vec![known],
        ..VerifyOptions::default()
    };
    let found = verify(other.path(), &key, &options, |_| {}).err();
    assert!(
        matches!(&found, Some(VerifyError::Damaged(finding)) if finding.damage == Damage::Forked),
        "{found:?}"
    );
}
