use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::storage::faulty::Faulty;
use crate::trial::{entry, signer, small};
use crate::{Appender, Entry, Failure, Log, State, Unavailable, VerifyOptions, Waiters};

/// The next entry that the log takes, within five seconds.
fn append_when_it_goes_on(log: &Appender<Faulty>, entry: &Entry) -> u64 {
    let begun = Instant::now();
    loop {
        match log.append_blocking(entry) {
            Ok(logged) => return logged.index(),
            Err(_) if begun.elapsed() < Duration::from_secs(5) => {}
            Err(error) => panic!("still refused: {error}"),
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn verify_at_rest(folder: &std::path::Path) -> crate::Report {
    let key = signer(folder).key().clone();
    crate::verify(
        folder,
        &key,
        &VerifyOptions {
            at_rest: true,
            known: vec![],
            ..VerifyOptions::default()
        },
        |_| {},
    )
    .expect("intact")
}

#[test]
fn a_failed_sync_tells_all_who_wait_and_the_log_goes_on_without_their_entries() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let disk = Faulty::default();
    let (log, _) = Log::open_on(disk.clone(), folder.path(), signer(folder.path()), small()).expect("opens");
    for number in 0..5 {
        log.append_blocking(&entry(number)).expect("durable");
    }
    disk.0.hold();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (waiters, driver) = Waiters::new(&log);
        tokio::spawn(driver);
        let lost = log.append(&entry(100)).expect("in line");
        disk.0.wait_for_held_sync();
        let behind = log.append(&entry(101)).expect("in line");
        disk.0.failing_syncs.store(1, Ordering::SeqCst);
        disk.0.release();
        assert_eq!(waiters.durable(lost).await, Err(Unavailable::NotDurable));
        assert_eq!(waiters.durable(behind).await, Err(Unavailable::NotDurable));
    });
    assert_eq!(
        append_when_it_goes_on(&log, &entry(5)),
        5,
        "the index of what was lost is given again"
    );
    for number in 0..=5 {
        assert_eq!(log.entry(number).expect("an entry"), entry(number));
        log.receipt(number).expect("a receipt");
    }
    log.close();
    assert_eq!(verify_at_rest(folder.path()).entries, 6);
}

#[test]
fn while_a_disk_keeps_failing_callers_are_refused_at_once() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let disk = Faulty::default();
    let (log, _) = Log::open_on(disk.clone(), folder.path(), signer(folder.path()), small()).expect("opens");
    log.append_blocking(&entry(0)).expect("durable");
    disk.0.failing_syncs.store(usize::MAX, Ordering::SeqCst);
    assert_eq!(log.append_blocking(&entry(1)), Err(Unavailable::NotDurable));
    std::thread::sleep(Duration::from_millis(50));
    let begun = Instant::now();
    assert_eq!(log.append(&entry(1)), Err(Unavailable::Storage));
    assert!(begun.elapsed() < Duration::from_millis(100));
    assert_eq!(log.durable().state, State::Failed(Failure::Storage));
    assert_eq!(log.entry(0).expect("reading goes on"), entry(0));
    disk.0.failing_syncs.store(0, Ordering::SeqCst);
    assert_eq!(append_when_it_goes_on(&log, &entry(1)), 1);
    log.close();
    assert_eq!(verify_at_rest(folder.path()).entries, 2);
}

#[test]
fn a_full_disk_refuses_and_the_log_goes_on_when_there_is_space() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let disk = Faulty::default();
    let (log, _) = Log::open_on(disk.clone(), folder.path(), signer(folder.path()), small()).expect("opens");
    disk.0.full.store(true, Ordering::SeqCst);
    let mut taken = 0;
    let refusal = loop {
        match log.append_blocking(&entry(taken)) {
            Ok(logged) => assert_eq!(logged.index(), taken),
            Err(error) => break error,
        }
        taken += 1;
        assert!(taken < 1000, "space must end");
    };
    assert_eq!(refusal, Unavailable::NotDurable);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(log.append(&entry(taken)), Err(Unavailable::DiskFull));
    assert_eq!(log.durable().state, State::Failed(Failure::DiskFull));
    disk.0.full.store(false, Ordering::SeqCst);
    assert_eq!(append_when_it_goes_on(&log, &entry(taken)), taken);
    log.close();
    assert_eq!(verify_at_rest(folder.path()).entries, taken + 1);
}

#[test]
fn failures_at_any_sync_lose_nothing_that_was_acknowledged() {
    for healthy in 0..12 {
        let folder = tempfile::tempdir().expect("temporary folder");
        let disk = Faulty::default();
        let (log, _) =
            Log::open_on(disk.clone(), folder.path(), signer(folder.path()), small()).expect("opens");
        let mut acknowledged = 0;
        for round in 0..60 {
            if round % 13 == healthy {
                disk.0
                    .failing_syncs
                    .store(1 + round as usize % 3, Ordering::SeqCst);
            }
            acknowledged = append_when_it_goes_on(&log, &entry(acknowledged)) + 1;
        }
        log.close();
        let entries: Vec<_> = crate::entries(folder.path())
            .map(|item| item.expect("readable").1)
            .collect();
        assert_eq!(entries, (0..acknowledged).map(entry).collect::<Vec<_>>());
        assert_eq!(verify_at_rest(folder.path()).entries, acknowledged);
    }
}

#[test]
fn closing_while_the_disk_fails_ends_and_answers_everybody() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let disk = Faulty::default();
    let (log, _) = Log::open_on(disk.clone(), folder.path(), signer(folder.path()), small()).expect("opens");
    disk.0.failing_syncs.store(usize::MAX, Ordering::SeqCst);
    assert!(log.append_blocking(&entry(0)).is_err());
    let other = log.clone();
    log.close();
    assert_eq!(other.durable().state, State::Closed);
}

#[test]
fn a_tree_that_does_not_continue_the_last_signed_one_is_never_signed() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (log, _) = crate::trial::open(folder.path());
    for number in 0..3 {
        log.append_blocking(&entry(number)).expect("durable");
    }
    // As a fault of the memory would.
    log.shared().tree.lock().expect("no panic").push([7; 32]);
    assert_eq!(log.append_blocking(&entry(3)), Err(Unavailable::NotDurable));
    let begun = Instant::now();
    while log.append_blocking(&entry(3)).is_err() {
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "it goes on from the journal"
        );
    }
    log.close();
    assert_eq!(verify_at_rest(folder.path()).entries, 4);
}
