use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::layout::{Layout, first_index_of, is_sealed};
use crate::trial::{entry, open, signer, small};
use crate::{
    Appender, Damage, Entry, EntryKind, Log, Options, Report, VerifyError, VerifyOptions, entries, verify,
};

fn at_work(folder: &Path) -> Appender {
    let options = Options {
        checkpoint_interval: Duration::from_millis(5),
        ..small()
    };
    Log::open(folder, signer(folder), options).expect("opens").0
}

fn names(folder: &Path) -> Vec<String> {
    let items = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = items
        .map(|item| item.expect("a file").file_name().into_string().expect("text"))
        .collect();
    names.retain(|name| first_index_of(name).is_some());
    names.sort();
    names
}

/// Appends this many entries and waits until all segments are sealed whose entries are all in full tiles.
fn sealed(log: &Appender, folder: &Path, count: u64) {
    let from = log.durable().size;
    for begin in (from..from + count).step_by(25) {
        let together: Vec<_> = (begin..(begin + 25).min(from + count)).map(entry).collect();
        let _tickets = log.append_together(&together).expect("in line");
        wait_until(|| log.durable().size == begin + together.len() as u64);
    }
    let full = log.durable().size / 256 * 256;
    wait_until(|| {
        let names = names(&folder.join("journal"));
        let due = names
            .windows(2)
            .filter(|pair| first_index_of(&pair[1]).expect("a segment").next_multiple_of(256) <= full);
        due.map(|pair| &pair[0]).all(|name| is_sealed(name))
    });
}

fn wait_until(mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(60), "too long");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn checked(folder: &Path, options: &VerifyOptions) -> Result<Report, VerifyError> {
    verify(folder, signer(folder).key(), options, |_| {})
}

fn at_rest() -> VerifyOptions {
    VerifyOptions {
        at_rest: true,
        ..VerifyOptions::default()
    }
}

fn copies() -> VerifyOptions {
    VerifyOptions {
        copy: true,
        ..VerifyOptions::default()
    }
}

#[test]
fn older_segments_are_sealed_and_read_as_before() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let log = at_work(folder.path());
    sealed(&log, folder.path(), 1500);
    for index in (0..1500).step_by(11) {
        assert_eq!(log.entry(index).expect("an entry"), entry(index));
        log.receipt(index).expect("a receipt");
    }
    log.close();
    let found: Vec<_> = entries(folder.path())
        .map(|item| item.expect("readable"))
        .collect();
    assert_eq!(
        found,
        (0..1500).map(|index| (index, entry(index))).collect::<Vec<_>>()
    );
    assert_eq!(checked(folder.path(), &at_rest()).expect("intact").entries, 1500);
    let (log, recovery) = open(folder.path());
    assert_eq!((recovery.entries, recovery.rebuilt_tiles), (1500, false));
    log.close();
    fs::remove_dir_all(folder.path().join("tile")).expect("own folder");
    let (log, recovery) = open(folder.path());
    assert!(recovery.rebuilt_tiles, "from sealed segments");
    log.close();
    assert_eq!(checked(folder.path(), &at_rest()).expect("intact").entries, 1500);
}

#[test]
fn the_tool_of_zstd_makes_the_segment_again() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let log = at_work(folder.path());
    sealed(&log, folder.path(), 600);
    log.close();
    let journal = folder.path().join("journal");
    let first = names(&journal)
        .into_iter()
        .find(|name| is_sealed(name))
        .expect("a sealed segment");
    let bytes =
        zstd::stream::decode_all(fs::File::open(journal.join(&first)).expect("a file")).expect("a zstd file");
    fs::write(journal.join(first.trim_end_matches(".zst")), &bytes).expect("own folder");
    fs::remove_file(journal.join(first)).expect("own file");
    assert_eq!(
        checked(folder.path(), &VerifyOptions::default())
            .expect("intact")
            .entries,
        600
    );
}

#[test]
fn a_crash_that_leaves_both_forms_is_no_harm() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let log = at_work(folder.path());
    sealed(&log, folder.path(), 600);
    log.close();
    let layout = Layout::new(folder.path());
    let packed = layout.sealed_segment(0);
    let bytes = zstd::stream::decode_all(fs::File::open(&packed).expect("a file")).expect("a zstd file");
    fs::write(layout.segment(0), bytes).expect("own folder");
    // Half of it, as if the crash had come while it was written.
    let half = fs::read(&packed).expect("a file");
    fs::write(&packed, &half[..half.len() / 2]).expect("own file");
    assert_eq!(
        checked(folder.path(), &VerifyOptions::default())
            .expect("intact")
            .entries,
        600
    );
    let log = at_work(folder.path());
    wait_until(|| !layout.segment(0).exists());
    log.close();
    assert_eq!(checked(folder.path(), &at_rest()).expect("intact").entries, 600);
}

fn all_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for item in fs::read_dir(folder).expect("a folder") {
        let path = item.expect("a file").path();
        if path.is_dir() {
            files.extend(all_files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Every so many-th byte of some files is changed once.
fn every_change_is_seen(folder: &Path, options: &VerifyOptions, wanted: impl Fn(&Path) -> bool, step: usize) {
    checked(folder, options).expect("intact");
    for path in all_files(folder).into_iter().filter(|path| wanted(path)) {
        let before = fs::read(&path).expect("a file");
        for at in (0..before.len()).step_by(step) {
            let mut bytes = before.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(&path, bytes).expect("own file");
            let found = checked(folder, options);
            assert!(
                matches!(found, Err(VerifyError::Damaged(_))),
                "byte {at} of {path:?}: {found:?}"
            );
        }
        fs::write(&path, before).expect("own file");
    }
}

#[test]
fn every_change_of_a_sealed_segment_is_seen() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let log = at_work(folder.path());
    sealed(&log, folder.path(), 500);
    log.close();
    let sealed = |path: &Path| path.ends_with("journal/00000000000000000000.seg.zst");
    every_change_is_seen(folder.path(), &VerifyOptions::default(), sealed, 41);
}

#[test]
fn a_copy_of_the_tiles_alone_verifies_and_so_does_one_of_the_journal_alone() {
    let folder = tempfile::tempdir().expect("temporary folder");
    crate::trial::closed_log(folder.path(), &[300, 300]);
    let known = open(folder.path()).0.checkpoint().as_ref().clone();
    crate::trial::closed_log(folder.path(), &[100]);
    let journal = folder.path().join("journal");
    let aside = tempfile::tempdir().expect("temporary folder");
    fs::rename(&journal, aside.path().join("journal")).expect("own folder");
    assert!(
        checked(folder.path(), &at_rest()).is_err(),
        "it is not said to be a copy"
    );
    let options = VerifyOptions {
        known: vec![known],
        ..copies()
    };
    let report = checked(folder.path(), &options).expect("intact");
    assert_eq!((report.entries, report.journal), (700, false));
    every_change_is_seen(
        folder.path(),
        &options,
        |path| path.starts_with(folder.path().join("tile")) || path.ends_with("checkpoint"),
        487,
    );

    let key = signer(folder.path()).key().clone();
    let report = verify(aside.path(), &key, &options, |_| {}).expect("intact");
    assert_eq!((report.entries, report.journal), (700, true));
    assert!(verify(aside.path(), &key, &at_rest(), |_| {}).is_err());
}

#[test]
fn in_a_copy_of_the_tiles_a_changed_entry_and_a_changed_hash_are_told_apart() {
    let folder = tempfile::tempdir().expect("temporary folder");
    crate::trial::closed_log(folder.path(), &[300]);
    fs::remove_dir_all(folder.path().join("journal")).expect("own folder");
    let damage = |name: &str, at: usize| {
        let path = folder.path().join(name);
        let before = fs::read(&path).expect("a file");
        let mut bytes = before.clone();
        bytes[at] ^= 1;
        fs::write(&path, bytes).expect("own file");
        let finding = checked(folder.path(), &copies())
            .expect_err("damaged")
            .finding()
            .expect("a finding")
            .clone();
        fs::write(&path, before).expect("own file");
        finding
    };
    let found = damage("tile/entries/000", 12);
    assert_eq!((found.damage, found.entries), (Damage::Changed, 0..1));
    let found = damage("tile/0/000", 32 * 7 + 3);
    assert_eq!((found.damage, found.entries), (Damage::Tile, 7..8));
    let found = damage("tile/entries/001.p/44", 12);
    assert_eq!((found.damage, found.entries), (Damage::Changed, 256..257));
}

/// Removes what is older than the time of this entry, as a gateway does.
fn remove_before(log: &Appender, number: u64) -> Option<u64> {
    let removal = log.removable(entry(number).time_unix_micros).expect("readable")?;
    let told = Entry {
        operation: crate::Operation::Retention.word().to_owned(),
        detail: removal.to_string(),
        ..Entry::new(EntryKind::Operation, 1_000_000)
    };
    let logged = log.append_blocking(&told).expect("durable");
    log.remove(&removal, &logged).expect("removed");
    Some(removal.until)
}

#[test]
fn after_retention_the_rest_verifies_and_the_tree_is_provable() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let log = at_work(folder.path());
    sealed(&log, folder.path(), 1200);
    let old = log.checkpoint();
    let until = remove_before(&log, 700).expect("something is old");
    assert!((300..=700).contains(&until), "{until}");
    assert_eq!(log.removable(0).expect("readable"), None);
    sealed(&log, folder.path(), 600);
    let size = log.durable().size;
    assert!(log.entry(until - 1).is_err());
    for index in (until..size).step_by(37) {
        log.receipt(index).expect("a receipt");
    }
    for old in [1, 100, until - 1, until, 1200] {
        log.prove_consistency(old, size).expect("a proof");
    }
    log.close();

    let options = VerifyOptions {
        known: vec![old.as_ref().clone()],
        ..at_rest()
    };
    let report = checked(folder.path(), &options).expect("intact");
    assert_eq!((report.entries, report.removed), (size, until));
    let first = entries(folder.path())
        .next()
        .expect("an entry")
        .expect("readable");
    assert_eq!(first, (until, entry(until)));
    let (log, recovery) = open(folder.path());
    assert_eq!(recovery.entries, size);
    log.close();
    every_change_is_seen(
        folder.path(),
        &options,
        |path| path.starts_with(folder.path().join("tile/0")),
        1009,
    );

    let tiles = tempfile::tempdir().expect("temporary folder");
    fs::rename(folder.path().join("journal"), tiles.path().join("journal")).expect("own folder");
    let report = checked(folder.path(), &copies()).expect("intact");
    assert_eq!((report.entries, report.removed), (size, until / 256 * 256));
    let key = signer(folder.path()).key().clone();
    let report = verify(tiles.path(), &key, &copies(), |_| {}).expect("intact");
    assert_eq!((report.entries, report.removed), (size, until));
}

#[test]
fn who_reads_beside_a_removal_takes_it_for_no_damage() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let log = at_work(folder.path());
    // Verifying tells of every 4 MiB how far it is.
    for number in 0..80 {
        let long = Entry {
            detail: "x".repeat(60_000),
            ..entry(number)
        };
        log.append_blocking(&long).expect("durable");
    }
    sealed(&log, folder.path(), 600);
    let size = log.durable().size;
    wait_until(|| log.published().borrow().checkpoint().size == size);
    let key = signer(folder.path()).key().clone();

    let mut first = None;
    let report = verify(folder.path(), &key, &VerifyOptions::default(), |_| {
        if first.is_none() {
            first = remove_before(&log, 80);
        }
    })
    .expect("no damage");
    assert_eq!(first, Some(report.removed), "removed while it was read");

    let mut first = None;
    let (bytes, receipt) = crate::prove(folder.path(), &key, size - 1, |count| {
        if count == 100 {
            first = remove_before(&log, 400);
        }
    })
    .expect("a proof");
    assert!(receipt.verify(&bytes, &key).is_ok());
    let gone = first.expect("removed while it was read") - 1;
    let proved = crate::prove(folder.path(), &key, gone, |_| {});
    assert!(matches!(proved, Err(crate::prove::ProveError::Removed(index)) if index == gone));
    log.close();
}

#[test]
fn the_next_removal_takes_the_bundles_that_a_crash_left_of_the_one_before() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let log = at_work(folder.path());
    sealed(&log, folder.path(), 1200);
    let bundle = |number: u64| folder.path().join(format!("tile/entries/{number:03}"));
    let bundles = [0, 1].map(|number| fs::read(bundle(number)).expect("a bundle"));
    let until = remove_before(&log, 700).expect("something is old");
    let last = (until >> 8) - 1;
    assert!(!bundle(last).exists());
    fs::write(bundle(last), &bundles[usize::try_from(last).expect("small")]).expect("own file");
    sealed(&log, folder.path(), 600);
    remove_before(&log, 1100).expect("something is old");
    assert!(!bundle(last).exists());
}

#[test]
fn a_missing_beginning_that_no_entry_tells_of_is_a_removal() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let log = at_work(folder.path());
    sealed(&log, folder.path(), 1200);
    let until = remove_before(&log, 500).expect("something is old");
    sealed(&log, folder.path(), 300);
    log.close();
    let journal = folder.path().join("journal");
    // One segment more than the entry says.
    fs::remove_file(journal.join(&names(&journal)[0])).expect("own file");
    let finding = checked(folder.path(), &VerifyOptions::default())
        .expect_err("removed")
        .finding()
        .expect("a finding")
        .clone();
    assert_eq!((finding.damage, finding.entries.start), (Damage::Removed, until));
}

#[test]
fn nothing_is_removed_before_an_entry_tells_of_it() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let log = at_work(folder.path());
    sealed(&log, folder.path(), 900);
    let removal = log
        .removable(entry(500).time_unix_micros)
        .expect("readable")
        .expect("something is old");
    let other = log.append_blocking(&entry(900)).expect("durable");
    assert!(log.remove(&removal, &other).is_err());
    assert_eq!(log.entry(0).expect("still there"), entry(0));
    log.close();
}
