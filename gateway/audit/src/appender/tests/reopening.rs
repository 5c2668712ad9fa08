use std::fs;
use std::path::{Path, PathBuf};

use crate::trial::{closed_log, entry, open, signer, small};
use crate::{Log, OpenError, Signer, VerifyOptions};

/// The last segment of a log.
fn last_segment(folder: &Path) -> PathBuf {
    let mut paths: Vec<_> = fs::read_dir(folder.join("journal"))
        .expect("a journal")
        .map(|item| item.expect("a file").path())
        .collect();
    paths.sort();
    paths.pop().expect("a segment")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for item in fs::read_dir(from).expect("a folder") {
        let item = item.expect("a file");
        if item.file_type().expect("a type").is_dir() {
            copy(&item.path(), &to.join(item.file_name()));
        } else {
            fs::copy(item.path(), to.join(item.file_name())).expect("a copy");
        }
    }
}

/// A log of two batches in `folder/log`, whose published checkpoint knows only the first: as a crash may leave it.
fn crashed(folder: &Path) -> (PathBuf, usize, usize) {
    let log = folder.join("log");
    closed_log(&log, &[3]);
    let published = fs::read(log.join("checkpoint")).expect("published");
    let end = written(&last_segment(&log));
    closed_log(&log, &[4]);
    fs::write(log.join("checkpoint"), published).expect("own file");
    let last_end = written(&last_segment(&log));
    (log, end, last_end)
}

fn written(path: &Path) -> usize {
    let bytes = fs::read(path).expect("a segment");
    bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1)
}

fn goes_on_after_three(log: &Path, what: &str) {
    let key = signer(log).key().clone();
    let (appender, recovery) = open(log);
    assert_eq!(recovery.entries, 3, "{what}");
    assert_eq!(appender.append_blocking(&entry(3)).expect("durable").index(), 3);
    appender.close();
    let report = crate::verify(
        log,
        &key,
        &VerifyOptions {
            at_rest: true,
            known: vec![],
            ..VerifyOptions::default()
        },
        |_| {},
    );
    assert_eq!(
        report.unwrap_or_else(|error| panic!("{what}: {error}")).entries,
        4
    );
}

#[test]
fn a_batch_torn_at_any_byte_is_cut_away_and_nothing_else() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (log, end, last_end) = crashed(folder.path());
    let whole = fs::read(last_segment(&log)).expect("a segment");
    let key_file = log.with_extension("key");
    for cut in end..last_end {
        let torn = folder.path().join("torn");
        copy(&log, &torn);
        fs::copy(&key_file, torn.with_extension("key")).expect("a key");
        let mut bytes = whole.clone();
        // The rest of the batch did not reach the disk: in turn zeros, the end of the file, or something else.
        match cut % 3 {
            0 => bytes[cut..].fill(0),
            1 => bytes.truncate(cut),
            _ => bytes[cut..last_end].fill(0xa5),
        }
        fs::write(last_segment(&torn), bytes).expect("own file");
        goes_on_after_three(&torn, &format!("cut at {cut}"));
        fs::remove_dir_all(&torn).expect("own folder");
    }
}

#[test]
fn a_batch_with_a_hole_at_any_byte_is_cut_away() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (log, end, last_end) = crashed(folder.path());
    let whole = fs::read(last_segment(&log)).expect("a segment");
    for hole in (end..last_end).step_by(5) {
        let torn = folder.path().join("torn");
        copy(&log, &torn);
        fs::copy(log.with_extension("key"), torn.with_extension("key")).expect("a key");
        let mut bytes = whole.clone();
        bytes[hole] ^= 0xff;
        fs::write(last_segment(&torn), bytes).expect("own file");
        goes_on_after_three(&torn, &format!("hole at {hole}"));
        fs::remove_dir_all(&torn).expect("own folder");
    }
}

#[test]
fn damage_before_acknowledged_batches_is_not_taken_for_a_torn_tail() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let log = folder.path().join("log");
    closed_log(&log, &[2]);
    let published = fs::read(log.join("checkpoint")).expect("published");
    let end = written(&last_segment(&log));
    closed_log(&log, &[2, 2, 2]);
    fs::write(log.join("checkpoint"), published).expect("own file");
    let path = last_segment(&log);
    let mut bytes = fs::read(&path).expect("a segment");
    bytes[end + 12] ^= 1;
    fs::write(&path, &bytes).expect("own file");
    let error = Log::open(&log, signer(&log), small()).err().expect("refused");
    assert!(
        matches!(error, OpenError::Damaged { offset, .. } if offset == end as u64),
        "{error}"
    );
    assert_eq!(fs::read(&path).expect("a segment"), bytes, "nothing was changed");
}

#[test]
fn a_journal_behind_its_published_checkpoint_does_not_open() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let log = folder.path().join("log");
    closed_log(&log, &[3]);
    let path = last_segment(&log);
    let before = fs::read(&path).expect("a segment");
    closed_log(&log, &[4]);
    fs::write(&path, before).expect("own file");
    let error = Log::open(&log, signer(&log), small()).err().expect("refused");
    assert!(
        matches!(
            error,
            OpenError::Behind {
                journal: 3,
                published: 7
            }
        ),
        "{error}"
    );
    fs::remove_dir_all(log.join("journal")).expect("own folder");
    let error = Log::open(&log, signer(&log), small()).err().expect("refused");
    assert!(
        matches!(
            error,
            OpenError::Behind {
                journal: 0,
                published: 7
            }
        ),
        "{error}"
    );
}

#[test]
fn a_log_whose_published_checkpoint_was_removed_does_not_open() {
    let folder = tempfile::tempdir().expect("temporary folder");
    closed_log(folder.path(), &[3]);
    fs::remove_file(folder.path().join("checkpoint")).expect("own file");
    let error = Log::open(folder.path(), signer(folder.path()), small())
        .err()
        .expect("refused");
    assert!(matches!(error, OpenError::Unpublished(3)), "{error}");
}

#[test]
fn a_published_checkpoint_of_another_past_does_not_open() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    closed_log(&one, &[3, 2]);
    fs::copy(one.with_extension("key"), other.with_extension("key")).expect("a key");
    closed_log(&other, &[1]);
    let (log, _) = open(&other);
    log.append_blocking(&entry(77)).expect("durable");
    log.close();
    fs::copy(other.join("checkpoint"), one.join("checkpoint")).expect("a copy");
    let error = Log::open(&one, signer(&one), small()).err().expect("refused");
    assert!(matches!(error, OpenError::Forked(2)), "{error}");
}

#[test]
fn another_key_does_not_open_the_log() {
    let folder = tempfile::tempdir().expect("temporary folder");
    closed_log(folder.path(), &[3]);
    let other = Signer::ephemeral("log.example/trial").expect("a good name");
    assert!(matches!(
        Log::open(folder.path(), other, small()).err(),
        Some(OpenError::Note { .. })
    ));
}

#[test]
fn a_second_writer_is_kept_out_until_the_first_closes() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (log, _) = open(folder.path());
    assert!(matches!(
        Log::open(folder.path(), signer(folder.path()), small()).err(),
        Some(OpenError::Locked(_))
    ));
    log.close();
    open(folder.path()).0.close();
    drop(open(folder.path()).0);
    open(folder.path()).0.close();
}

#[test]
fn missing_tiles_are_made_again() {
    let folder = tempfile::tempdir().expect("temporary folder");
    closed_log(folder.path(), &[300, 300, 100]);
    let before = folder.path().with_extension("before");
    let made_again = || {
        fs::remove_dir_all(folder.path().join("tile")).expect("own folder");
        let (log, _) = open(folder.path());
        log.receipt(5).expect("a receipt");
        log.close();
    };
    // Without the partial tiles of what was published on the way.
    made_again();
    copy(&folder.path().join("tile"), &before);
    made_again();
    same_files(&before, &folder.path().join("tile"));
    fs::remove_dir_all(before).expect("own folder");
}

/// Whether every file of the one folder is in the other.
fn same_files(one: &Path, other: &Path) {
    for item in fs::read_dir(one).expect("a folder") {
        let item = item.expect("a file");
        let other = other.join(item.file_name());
        if item.file_type().expect("a type").is_dir() {
            same_files(&item.path(), &other);
        } else {
            assert_eq!(
                fs::read(item.path()).expect("a file"),
                fs::read(&other).expect("a file"),
                "{other:?}"
            );
        }
    }
}
