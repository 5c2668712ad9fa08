use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rusqlite::Connection;

use super::{Follower, Index, IndexError, Order, Question, Scope, rebuild};
use crate::trial::{closed_log, open};
use crate::{Appender, Entry, EntryKind, Filter, entries};

mod narrowing;

fn index_of(folder: &Path) -> PathBuf {
    Index::usual_file(folder)
}

/// A folder for a log with room for the index beside it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let log = folder.path().join("audit");
    (folder, log)
}

/// How long it took until the index knew `size` entries.
fn wait_for(index: &Index, size: u64) -> Duration {
    let begun = Instant::now();
    while index
        .size()
        .is_ok_and(|known| known == size)
        .then_some(())
        .is_none()
    {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "the index knows {:?} of {size}",
            index.size()
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    begun.elapsed()
}

fn places(index: &Index, question: &Question) -> Vec<u64> {
    index
        .narrow(question, usize::MAX >> 1, 0)
        .expect("an answer")
        .places
}

fn by_agency(agency: &str) -> Question {
    Question {
        filter: Filter {
            agency: Some(agency.to_owned()),
            ..Filter::default()
        },
        ..Question::default()
    }
}

#[test]
fn the_index_follows_the_log_within_a_second() {
    let (_keep, folder) = place();
    let (log, _) = open(&folder);
    let follower = Follower::start(log.clone(), &folder, index_of(&folder)).expect("a thread");
    let index = follower.index();
    wait_for(&index, 0);
    for number in 0..5 {
        log.append_blocking(&crate::trial::entry(number))
            .expect("durable");
        let late = wait_for(&index, number + 1);
        assert!(late < Duration::from_secs(1), "{late:?}");
    }
    assert_eq!(places(&index, &by_agency("H0.12")), [3, 0]);
    drop(follower);
    log.close();
}

#[test]
fn a_follower_that_comes_back_goes_on_and_does_not_begin_anew() {
    let (_keep, folder) = place();
    closed_log(&folder, &[50]);
    let (log, _) = open(&folder);
    let follower = Follower::start(log.clone(), &folder, index_of(&folder)).expect("a thread");
    wait_for(&follower.index(), 50);
    drop(follower);
    // What only the old file holds shows that it is still the same file.
    Connection::open(index_of(&folder))
        .and_then(|file| file.execute("INSERT INTO words (word) VALUES ('a mark')", []))
        .expect("a mark");
    for number in 50..60 {
        log.append_blocking(&crate::trial::entry(number))
            .expect("durable");
    }
    let follower = Follower::start(log.clone(), &folder, index_of(&folder)).expect("a thread");
    wait_for(&follower.index(), 60);
    let marks = mark(&folder);
    assert_eq!(marks, 1);
    drop(follower);
    log.close();
}

#[test]
fn an_index_of_another_log_ahead_damaged_or_gone_is_built_anew() {
    let (_keep, folder) = place();
    let (_other, elsewhere) = place();
    closed_log(&folder, &[40]);
    let (log, _) = open(&elsewhere);
    for number in 100..150 {
        log.append_blocking(&crate::trial::entry(number))
            .expect("durable");
    }
    log.close();
    let file = index_of(&folder);
    let spoil: [(&str, &dyn Fn()); 4] = [
        ("of another log", &|| {
            rebuild(&elsewhere, &file, |_| {}).expect("an index");
            Connection::open(&file)
                .and_then(|file| file.execute("DELETE FROM entries WHERE place >= 40", []))
                .expect("fewer");
        }),
        ("ahead", &|| {
            rebuild(&elsewhere, &file, |_| {}).expect("an index");
        }),
        ("damaged", &|| std::fs::write(&file, [7; 4096]).expect("a file")),
        ("gone", &|| std::fs::remove_file(&file).expect("gone")),
    ];
    for (what, spoil) in spoil {
        spoil();
        let (log, _) = open(&folder);
        let follower = Follower::start(log.clone(), &folder, file.clone()).expect("a thread");
        wait_for(&follower.index(), 40);
        let expected: Vec<_> = (0..40).rev().filter(|number| number % 3 == 1).collect();
        assert_eq!(places(&follower.index(), &by_agency("H1.12")), expected, "{what}");
        drop(follower);
        log.close();
    }
}

#[test]
fn an_index_that_a_follower_writes_is_not_rebuilt_beneath_it() {
    let (_keep, folder) = place();
    let (log, _) = open(&folder);
    let follower = Follower::start(log.clone(), &folder, index_of(&folder)).expect("a thread");
    wait_for(&follower.index(), 0);
    let refused = rebuild(&folder, &index_of(&folder), |_| {});
    assert!(matches!(refused, Err(IndexError::Locked)), "{refused:?}");
    drop(follower);
    log.close();
    assert!(rebuild(&folder, &index_of(&folder), |_| {}).is_ok());
}

fn mark(folder: &Path) -> i64 {
    Connection::open(index_of(folder))
        .and_then(|file| {
            file.query_row("SELECT count(*) FROM words WHERE word = 'a mark'", [], |row| {
                row.get(0)
            })
        })
        .expect("a count")
}
