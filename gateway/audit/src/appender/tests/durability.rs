use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use crate::storage::faulty::Faulty;
use crate::trial::{entry, open, signer, small};
use crate::{Entry, Linger, Log, Options, Unavailable, Waiters};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
}

#[test]
fn many_waiters_share_one_write_and_one_sync() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let disk = Faulty::default();
    let options = Options {
        write_ahead_bytes: 1 << 20,
        segment_bytes: 1 << 20,
        ..small()
    };
    let (log, _) = Log::open_on(disk.clone(), folder.path(), signer(folder.path()), options).expect("opens");
    disk.0.hold();
    let first = log.append(&entry(0)).expect("in line");
    disk.0.wait_for_held_sync();
    let (syncs, writes) = (
        disk.0.syncs.load(Ordering::SeqCst),
        disk.0.writes.load(Ordering::SeqCst),
    );
    let others: Vec<_> = (1..=200)
        .map(|number| log.append(&entry(number)).expect("in line"))
        .collect();
    disk.0.release();
    runtime().block_on(async {
        let (waiters, driver) = Waiters::new(&log);
        tokio::spawn(driver);
        for ticket in std::iter::once(first).chain(others) {
            let index = ticket.index();
            assert_eq!(waiters.durable(ticket).await.expect("durable").index(), index);
        }
    });
    assert_eq!(
        disk.0.syncs.load(Ordering::SeqCst) - syncs,
        2,
        "the lone first one and all others together"
    );
    assert_eq!(disk.0.writes.load(Ordering::SeqCst) - writes, 1);
    log.close();
}

#[test]
fn nothing_is_durable_before_the_sync_returns() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let disk = Faulty::default();
    let (log, _) = Log::open_on(disk.clone(), folder.path(), signer(folder.path()), small()).expect("opens");
    disk.0.hold();
    runtime().block_on(async {
        let (waiters, driver) = Waiters::new(&log);
        tokio::spawn(driver);
        let mut waiting = Box::pin(waiters.durable(log.append(&entry(0)).expect("in line")));
        disk.0.wait_for_held_sync();
        for _ in 0..20 {
            tokio::task::yield_now().await;
            assert!(matches!(
                waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())),
                Poll::Pending
            ));
            assert_eq!(log.durable().size, 0);
            assert!(log.receipt(0).is_err());
        }
        disk.0.release();
        assert_eq!(waiting.await.expect("durable").index(), 0);
        assert!(log.receipt(0).is_ok());
    });
    log.close();
}

#[test]
fn indexes_are_those_of_the_tree_however_many_threads_append() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (log, _) = open(folder.path());
    let threads: Vec<_> = (0..4_u64)
        .map(|thread| {
            let log = log.clone();
            std::thread::spawn(move || {
                (0..100_u64)
                    .map(|number| {
                        (
                            log.append(&entry(thread * 1000 + number))
                                .expect("in line")
                                .index(),
                            thread * 1000 + number,
                        )
                    })
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    let given: Vec<_> = threads
        .into_iter()
        .flat_map(|thread| thread.join().expect("no panic"))
        .collect();
    log.append_blocking(&entry(9999)).expect("durable");
    for (index, number) in given {
        assert_eq!(log.entry(index).expect("an entry"), entry(number));
    }
    log.close();
}

#[test]
fn an_encoder_writes_straight_into_the_batch_and_knows_its_index() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (log, _) = open(folder.path());
    for number in 0..3 {
        let ticket = log
            .append_with(|index, buffer| buffer.extend(entry(index * 10).encode_canonical()))
            .expect("in line");
        assert_eq!(ticket.index(), number);
    }
    log.append_blocking(&entry(3)).expect("durable");
    assert_eq!(log.entry(2).expect("an entry"), entry(20));
    log.close();
}

#[test]
fn what_is_not_a_canonical_entry_or_too_long_is_refused_and_leaves_no_trace() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (log, _) = open(folder.path());
    assert_eq!(
        log.append_with(|_, buffer| buffer.extend([0x08, 0x00])),
        Err(Unavailable::NotCanonical)
    );
    assert_eq!(
        log.append(&Entry {
            detail: "x".repeat(70_000),
            ..Entry::default()
        }),
        Err(Unavailable::EntryTooLarge)
    );
    let panicking = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        log.append_with(|_, buffer| {
            buffer.extend([1, 2, 3]);
            panic!("an encoder's mistake");
        })
    }));
    assert!(panicking.is_err());
    assert_eq!(log.append_blocking(&entry(0)).expect("durable").index(), 0);
    let key = signer(folder.path()).key().clone();
    log.close();
    crate::verify(
        folder.path(),
        &key,
        &crate::VerifyOptions {
            at_rest: true,
            known: vec![],
            ..crate::VerifyOptions::default()
        },
        |_| {},
    )
    .expect("intact");
}

#[test]
fn a_full_line_refuses_and_a_closed_log_says_so() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let disk = Faulty::default();
    let options = Options {
        queue_bytes: 100,
        ..small()
    };
    let (log, _) = Log::open_on(disk.clone(), folder.path(), signer(folder.path()), options).expect("opens");
    disk.0.hold();
    let _first = log.append(&entry(0)).expect("in line");
    disk.0.wait_for_held_sync();
    let refused = (1..100)
        .map(|number| log.append(&entry(number)))
        .find_map(Result::err);
    assert_eq!(refused, Some(Unavailable::QueueFull));
    disk.0.release();
    let other = log.clone();
    log.close();
    assert_eq!(other.append(&entry(1)), Err(Unavailable::Closed));
    assert_eq!(other.append_blocking(&entry(1)), Err(Unavailable::Closed));
}

#[test]
fn a_caller_that_gives_up_leaves_the_others_waiting_in_peace() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let disk = Faulty::default();
    let (log, _) = Log::open_on(disk.clone(), folder.path(), signer(folder.path()), small()).expect("opens");
    disk.0.hold();
    runtime().block_on(async {
        let (waiters, driver) = Waiters::new(&log);
        tokio::spawn(driver);
        let mut gone = Box::pin(waiters.durable(log.append(&entry(0)).expect("in line")));
        let stays = waiters.durable(log.append(&entry(1)).expect("in line"));
        assert!(
            gone.as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        drop(gone);
        disk.0.release();
        assert_eq!(stays.await.expect("durable").index(), 1);
    });
    log.close();
}

#[test]
fn lingering_gathers_company_only_after_a_crowded_batch() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let linger = Linger {
        longest: std::time::Duration::from_secs(30),
        quiet: std::time::Duration::from_secs(30),
        from: 8,
    };
    let (log, _) = Log::open(
        folder.path(),
        signer(folder.path()),
        Options { linger, ..small() },
    )
    .expect("opens");
    for number in 0..3 {
        log.append_blocking(&entry(number))
            .expect("a lone caller is not kept waiting");
    }
    log.close();
}

#[test]
fn company_is_waited_for_until_a_few_more_came_than_before_or_nobody_comes_any_more() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let linger = Linger {
        longest: std::time::Duration::from_secs(60),
        quiet: std::time::Duration::from_secs(1),
        from: 4,
    };
    let (log, _) = Log::open(
        folder.path(),
        signer(folder.path()),
        Options { linger, ..small() },
    )
    .expect("opens");
    let crowd: Vec<_> = (0..4).map(entry).collect();
    let _tickets = log.append_together(&crowd).expect("in line");
    let until = |size: u64| {
        let began = std::time::Instant::now();
        while log.durable().size < size {
            assert!(began.elapsed().as_secs() < 20, "they wait for ever");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        began.elapsed()
    };
    until(4);
    for number in 4..9 {
        let _ticket = log.append(&entry(number)).expect("in line");
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_eq!(log.durable().size, 4, "two more than before are hoped for");
    }
    let _ticket = log.append(&entry(9)).expect("in line");
    assert!(until(10) < linger.quiet, "they are there");
    let _ticket = log.append(&entry(10)).expect("in line");
    assert!(until(11) >= linger.quiet / 2, "company is waited for");
    log.close();
}
