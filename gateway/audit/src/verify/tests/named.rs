use std::fs;
use std::path::{Path, PathBuf};

use crate::checkpoint::Checkpoint;
use crate::frame::{self, Frames, Kind, Step};
use crate::segment::read_opening;
use crate::trial::{closed_log, entry, open, signer};
use crate::verify::{Damage, Finding, VerifyOptions, verify};

type Frame = (Kind, Vec<u8>);

fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder.join("journal"))
        .expect("a journal")
        .map(|item| item.expect("a file").path())
        .collect();
    paths.sort();
    paths
}

/// Rewrites the frames of the first segment with good checksums, as somebody would who knows the format.
fn rewrite(folder: &Path, change: impl FnOnce(&mut Vec<Frame>)) {
    let path = segments(folder).remove(0);
    let file = fs::File::open(&path).expect("a segment");
    let opening = read_opening(&file, 0).expect("an opening");
    let mut frames = Frames::new(&file, opening.end);
    let mut found = Vec::new();
    while let Step::Frame { kind, payload, .. } = frames.next().expect("readable") {
        found.push((kind, payload.to_vec()));
    }
    change(&mut found);
    let mut bytes = fs::read(&path).expect("a segment")[..opening.end as usize].to_vec();
    for (kind, payload) in found {
        frame::push(&mut bytes, kind, &payload);
    }
    fs::write(path, bytes).expect("own file");
}

fn finding(folder: &Path) -> Finding {
    let key = signer(folder).key().clone();
    let error = verify(folder, &key, &VerifyOptions::default(), |_| {}).expect_err("damaged");
    error.finding().expect("a finding").clone()
}

/// Batches of 10, 10 and 10 entries, after `change`; in front of entry 13 stand 13 entries and one checkpoint.
fn after(change: impl FnOnce(&mut Vec<Frame>)) -> Finding {
    let folder = tempfile::tempdir().expect("temporary folder");
    closed_log(folder.path(), &[10, 10, 10]);
    rewrite(folder.path(), change);
    finding(folder.path())
}

/// The place of entry 13 among the frames, whatever the batches became.
fn place(frames: &[Frame], index: u64) -> usize {
    let bytes = entry(index).encode_canonical();
    frames
        .iter()
        .position(|(_, payload)| *payload == bytes)
        .expect("the entry")
}

#[test]
fn a_changed_entry_is_named() {
    let found = after(|frames| {
        let at = place(frames, 13);
        frames[at].1 = entry(99).encode_canonical();
    });
    assert_eq!((found.damage, found.entries), (Damage::Changed, 13..14));
}

#[test]
fn a_removed_entry_is_named() {
    let found = after(|frames| {
        let at = place(frames, 13);
        frames.remove(at);
    });
    assert_eq!((found.damage, found.entries), (Damage::Removed, 13..14));
}

#[test]
fn swapped_entries_are_named() {
    let found = after(|frames| {
        let at = place(frames, 13);
        frames.swap(at, at + 3);
    });
    assert_eq!(found.damage, Damage::Swapped);
    assert_eq!(found.entries, 13..17);
}

#[test]
fn a_duplicated_entry_is_named() {
    let found = after(|frames| {
        let at = place(frames, 13);
        let again = frames[at].clone();
        frames.insert(at + 1, again);
    });
    assert_eq!((found.damage, found.entries), (Damage::Duplicated, 14..15));
}

#[test]
fn an_added_entry_is_named() {
    let found = after(|frames| {
        let at = place(frames, 13);
        frames.insert(at, (Kind::Entry, entry(99).encode_canonical()));
    });
    assert_eq!((found.damage, found.entries), (Damage::Added, 13..14));
}

#[test]
fn a_removed_batch_is_named() {
    let found = after(|frames| {
        let from = place(frames, 10);
        let to = from
            + frames[from..]
                .iter()
                .position(|(kind, _)| *kind == Kind::Checkpoint)
                .expect("a checkpoint");
        frames.drain(from..=to);
    });
    assert_eq!(found.damage, Damage::Removed);
    assert_eq!(found.entries.start, 10);
}

#[test]
fn a_duplicated_batch_is_named() {
    let found = after(|frames| {
        let from = place(frames, 10);
        let to = from
            + frames[from..]
                .iter()
                .position(|(kind, _)| *kind == Kind::Checkpoint)
                .expect("a checkpoint");
        let again = frames[from..=to].to_vec();
        frames.splice(to + 1..to + 1, again);
    });
    assert_eq!((found.damage, found.entries), (Damage::Duplicated, 20..30));
}

#[test]
fn a_removed_end_is_a_truncation_by_the_published_checkpoint() {
    let found = after(|frames| frames.truncate(place(frames, 20)));
    assert_eq!((found.damage, found.entries), (Damage::Truncated, 20..30));
}

#[test]
fn an_entry_that_was_signed_but_is_not_canonical_is_named() {
    let found = after(|frames| {
        let at = place(frames, 13);
        frames[at].1 = vec![0x08, 0x00];
    });
    assert_eq!((found.damage, found.entries), (Damage::NotCanonical, 13..14));
}

#[test]
fn a_checkpoint_of_another_key_is_a_bad_signature() {
    let other = crate::Signer::ephemeral("log.example/trial").expect("a good name");
    let found = after(|frames| {
        let at = frames
            .iter()
            .position(|(kind, _)| *kind == Kind::Checkpoint)
            .expect("a checkpoint");
        let text = String::from_utf8(frames[at].1.clone()).expect("text");
        let checkpoint = Checkpoint::parse(text.split_once("\n\n").expect("a note").0).expect("a checkpoint");
        frames[at].1 = checkpoint.sign(&other).note().as_bytes().to_vec();
    });
    assert_eq!(found.damage, Damage::BadSignature);
}

#[test]
fn the_exact_byte_of_a_broken_frame_is_named() {
    let folder = tempfile::tempdir().expect("temporary folder");
    closed_log(folder.path(), &[10, 10]);
    let path = segments(folder.path()).remove(0);
    let mut bytes = fs::read(&path).expect("a segment");
    let wanted = entry(4).encode_canonical();
    let at = bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
        .expect("the entry");
    bytes[at + 7] ^= 4;
    fs::write(path, bytes).expect("own file");
    let found = finding(folder.path());
    assert_eq!(
        (found.damage, found.entries.clone(), found.offset),
        (Damage::Changed, 4..5, at as u64 - 8)
    );
    assert!(
        found
            .to_string()
            .starts_with("changed: journal/00000000000000000000.seg at byte "),
        "{found}"
    );
}

#[test]
fn a_missing_segment_is_named() {
    for (missing, entries) in [(0, 0..200), (1, 200..300)] {
        let folder = tempfile::tempdir().expect("temporary folder");
        closed_log(folder.path(), &[100, 100, 100, 100, 100, 100, 100]);
        let paths = segments(folder.path());
        assert!(paths.len() > 3, "{paths:?}");
        fs::remove_file(&paths[missing]).expect("own file");
        let found = finding(folder.path());
        assert_eq!((found.damage, found.entries), (Damage::Removed, entries));
    }
}

#[test]
fn a_history_that_was_signed_again_is_a_fork_for_whoever_knows_the_old_one() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    closed_log(&one, &[3, 2]);
    fs::copy(one.with_extension("key"), other.with_extension("key")).expect("a key");
    let (log, _) = open(&other);
    for number in [0, 1, 77, 3, 4, 5, 6] {
        log.append_blocking(&entry(number)).expect("durable");
    }
    log.close();
    let key = signer(&one).key().clone();
    verify(&other, &key, &VerifyOptions::default(), |_| {}).expect("good in itself");
    let known = open(&one).0.checkpoint().as_ref().clone();
    let error = verify(
        &other,
        &key,
        &VerifyOptions {
            known: vec![known],
            ..VerifyOptions::default()
        },
        |_| {},
    )
    .expect_err("a fork");
    assert_eq!(error.finding().expect("a finding").damage, Damage::Forked);
}

#[test]
fn a_torn_tail_is_reported_and_held_against_the_log_only_at_rest() {
    let folder = tempfile::tempdir().expect("temporary folder");
    closed_log(folder.path(), &[5]);
    let path = segments(folder.path()).remove(0);
    let mut bytes = fs::read(&path).expect("a segment");
    let end = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    bytes[end..end + 100].fill(0x77);
    fs::write(path, bytes).expect("own file");
    let key = signer(folder.path()).key().clone();
    let report = verify(folder.path(), &key, &VerifyOptions::default(), |_| {}).expect("intact");
    assert_eq!((report.entries, report.unfinished_bytes), (5, 100));
    assert!(
        verify(
            folder.path(),
            &key,
            &VerifyOptions {
                at_rest: true,
                known: vec![],
                ..VerifyOptions::default()
            },
            |_| {}
        )
        .is_err()
    );
}

#[test]
fn a_log_verifies_while_it_is_written() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (log, _) = open(folder.path());
    let key = signer(folder.path()).key().clone();
    log.append_blocking(&entry(0)).expect("durable");
    let writer = log.clone();
    let writing = std::thread::spawn(move || {
        for number in 1..2000 {
            let _ticket = writer.append(&entry(number)).expect("in line");
            if number % 20 == 0 {
                writer.append_blocking(&entry(number)).expect("durable");
            }
        }
    });
    let mut last = 0;
    while !writing.is_finished() {
        let report = verify(folder.path(), &key, &VerifyOptions::default(), |_| {}).expect("intact");
        assert!(report.entries >= last);
        last = report.entries;
    }
    writing.join().expect("no panic");
    log.close();
}
