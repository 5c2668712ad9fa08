//! A log on a disk that is good but for one deed: the n-th write, sync, rename or open fails, once.

use std::path::Path;
use std::time::Duration;

use super::disk::{Deed, Fault, Once, Sabotage, SimulatedClock, SimulatedDisk};
use super::inspection::inspect;
use super::promises::Promises;
use super::random::Random;
use super::story::{FOLDER, Log, close};
use super::{Broken, Told};
use crate::appender::{After, Linger, Options, Stepped};
use crate::checkpoint::Signer;
use crate::clock::Clock as _;
use crate::entry::{Entry, EntryKind};

/// Enough for 200 deeds of each kind.
const ROUNDS: u64 = 320;

/// Appends, publishes and seals on a disk that does `after` deeds of this kind and then refuses one. A refused write may have
/// written a part. The log must go on by itself, answer nobody whose entry is not in it, and verify.
///
/// # Errors
/// When a promise was broken.
pub fn fail_once(deed: Deed, fault: Fault, after: u64) -> Result<Told, Broken> {
    run(deed, fault, after).map_err(|what| Broken {
        seed: after,
        what: format!("{deed:?} number {} fails with {fault:?}: {what}", after + 1),
    })
}

fn run(deed: Deed, fault: Fault, after: u64) -> Result<Told, String> {
    let disk = SimulatedDisk::new(Random::new(after), Sabotage::None);
    let clock = SimulatedClock::default();
    disk.world().once = Some(Once { deed, after, fault });
    let key = signer()?.key().clone();
    let mut promises = Promises::default();
    // Opening may meet the fault; the next attempt meets a good disk.
    let mut log = match open(&disk, &clock) {
        Err(_) if disk.world().faults > 0 => open(&disk, &clock),
        other => other,
    }?;
    let mut refused_for = Duration::ZERO;
    for round in 0..ROUNDS {
        let entry = Entry {
            request_id: format!("request-{round}"),
            detail: "d".repeat(100),
            ..Entry::new(EntryKind::Outcome, round as i64 + 1)
        };
        promises.append(&log, &entry);
        let before = clock.now();
        settle(&mut log, &clock, &mut promises)?;
        refused_for += clock.now() - before;
        if round % 3 == 0 {
            log.publish();
        }
        if round % 20 == 0 {
            // May meet the fault; it tries again later.
            log.keep();
        }
    }
    if refused_for > Duration::from_secs(1) {
        return Err(format!("refused for {refused_for:?}"));
    }
    let acknowledged = promises.entries.len() as u64;
    // The entry in the failed batch, and one that met the refusal.
    if acknowledged + 2 < ROUNDS {
        return Err(format!("only {acknowledged} of {ROUNDS} were taken"));
    }
    let log = close(log, &clock)?;
    promises.check(&log, &key, false)?;
    drop(log);
    let log = open(&disk, &clock)?;
    promises.check(&log, &key, false)?;
    let log = close(log, &clock)?;
    drop(log);
    let left = inspect(&disk, &promises, &key, after)?;
    let faults = disk.world().faults;
    Ok(Told {
        faults,
        acknowledged,
        sealed: left.sealed,
        fingerprint: left.fingerprint,
        ..Told::default()
    })
}

/// Steps the writer until it sleeps for callers.
fn settle(log: &mut Log, clock: &SimulatedClock, promises: &mut Promises) -> Result<(), String> {
    loop {
        let after = log.write();
        promises.hear(log)?;
        match after {
            After::GoesOn => {}
            After::SleepsUntil(moment) => clock.go_on_until(moment),
            After::Sleeps | After::Ended => return Ok(()),
        }
    }
}

fn open(disk: &SimulatedDisk, clock: &SimulatedClock) -> Result<Log, String> {
    let options = Options {
        segment_bytes: 16 << 10,
        write_ahead_bytes: 1 << 10,
        linger: Linger {
            longest: Duration::ZERO,
            quiet: Duration::ZERO,
            from: u32::MAX,
        },
        ..Options::default()
    };
    Stepped::open(disk.clone(), clock.clone(), Path::new(FOLDER), signer()?, options)
        .map_err(|error| format!("the log does not open: {error}"))
}

fn signer() -> Result<Signer, String> {
    Signer::from_seed("log.example/once", &[5; 32]).map_err(|error| error.to_string())
}
