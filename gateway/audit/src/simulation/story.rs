//! One seed's story.

use std::path::Path;
use std::time::Duration;

use super::Told;
use super::disk::{Sabotage, SimulatedClock, SimulatedDisk};
use super::inspection::inspect;
use super::promises::Promises;
use super::random::Random;
use crate::appender::{After, Linger, Options, Stepped};
use crate::checkpoint::{SignedCheckpoint, Signer, VerifyingKey};
use crate::clock::Clock as _;
use crate::entry::{Entry, EntryKind};

pub(super) type Log = Stepped<SimulatedDisk, SimulatedClock>;

/// Where the log lies on the simulated disk.
pub(super) const FOLDER: &str = "/log";
/// Attempts to open a log on a disk that fails now and then; the last one finds a good disk.
const ATTEMPTS: u32 = 4;

/// A story while it is told.
pub(super) struct Story {
    seed: u64,
    random: Random,
    disk: SimulatedDisk,
    clock: SimulatedClock,
    options: Options,
    /// The most entries put in line at once.
    crowd: u64,
    promises: Promises,
    /// Whether the disk refused anything while the log was last opened.
    refused: bool,
    told: Told,
    next_entry: u64,
}

impl Story {
    pub(super) fn new(seed: u64, sabotage: Sabotage) -> Self {
        let mut random = Random::new(seed);
        let disk = SimulatedDisk::new(Random::new(random.next()), sabotage);
        let longest = if random.one_in(3) { 300 } else { 0 };
        let options = Options {
            segment_bytes: 1 << (10 + random.below(5)),
            write_ahead_bytes: 1 << (8 + random.below(5)),
            linger: Linger {
                longest: Duration::from_micros(longest),
                quiet: Duration::from_micros(longest / 3),
                from: 2,
            },
            ..Options::default()
        };
        let crowd = if random.one_in(12) {
            90
        } else {
            1 + random.below(6)
        };
        Self {
            seed,
            disk,
            clock: SimulatedClock::default(),
            options,
            crowd,
            promises: Promises::default(),
            refused: false,
            told: Told::default(),
            next_entry: 0,
            random,
        }
    }

    pub(super) fn tell(mut self) -> Result<Told, String> {
        let cuts = 1 + self.random.below(5);
        let failing = if self.random.one_in(3) {
            20 + self.random.below(100)
        } else {
            0
        };
        let key = self.signer()?.key().clone();
        for _ in 0..cuts {
            self.disk.world().failing = failing;
            let most = if self.random.one_in(3) { 40 } else { 300 };
            let deeds = self.random.below(most);
            self.disk.world().cut_after(Some(deeds));
            if let Some(mut log) = self.open()? {
                self.check(&log, &key)?;
                self.work(&mut log)?;
            } else {
                self.told.cuts_in_recovery += 1;
            }
            self.promises.forget_waiting();
            // A good disk may also lose the program alone; what it wrote and did not sync is then there, and may go later.
            if failing == 0 && self.random.one_in(3) {
                self.disk.world().kill();
                self.told.kills += 1;
            } else {
                self.disk.world().restart();
                self.told.cuts += 1;
            }
        }
        self.disk.world().failing = 0;
        let mut log = self.open()?.ok_or("power failed without a cut")?;
        self.promises.check(&log, &key, false)?;
        for _ in 0..3 {
            self.append(&log);
            self.write(&mut log)?;
        }
        self.close(log, &key)?;
        self.told.faults = self.disk.world().faults;
        self.told.acknowledged = self.promises.entries.len() as u64;
        let left = inspect(&self.disk, &self.promises, &key, self.seed)?;
        self.told.sealed = left.sealed;
        self.told.fingerprint = left.fingerprint;
        Ok(self.told)
    }

    /// Compares with what was promised; reading meets a good disk.
    fn check(&self, log: &Log, key: &VerifyingKey) -> Result<(), String> {
        let failing = std::mem::take(&mut self.disk.world().failing);
        let outcome = if self.disk.world().powered() {
            self.promises.check(log, key, self.refused)
        } else {
            Ok(())
        };
        self.disk.world().failing = failing;
        outcome
    }

    fn signer(&self) -> Result<Signer, String> {
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        Signer::from_seed("log.example/story", &seed).map_err(|error| error.to_string())
    }

    /// Opens the log and compares it with what was promised; none when the power failed meanwhile.
    fn open(&mut self) -> Result<Option<Log>, String> {
        for attempt in 1..=ATTEMPTS {
            if attempt == ATTEMPTS {
                self.disk.world().failing = 0;
            }
            let faults = self.disk.world().faults;
            let opened = Stepped::open(
                self.disk.clone(),
                self.clock.clone(),
                Path::new(FOLDER),
                self.signer()?,
                self.options.clone(),
            );
            let refused = self.disk.world().faults > faults;
            match opened {
                Ok(log) => {
                    self.refused = refused;
                    self.told.torn_bytes += log.recovery.cut_bytes;
                    // Beyond what was acknowledged there may be more: written, and nobody was told in time.
                    return Ok(Some(log));
                }
                Err(_) if !self.disk.world().powered() => return Ok(None),
                Err(_) if refused => {}
                Err(error) => return Err(format!("the log does not open: {error}")),
            }
        }
        Err("the log does not open on a good disk".to_owned())
    }

    /// Appends, commits, publishes and seals until the power fails or enough was done.
    fn work(&mut self, log: &mut Log) -> Result<(), String> {
        let steps = 5 + self.random.below(40);
        for _ in 0..steps {
            match self.random.below(10) {
                0..=4 => self.append(log),
                5 => log.publish(),
                6 => {
                    log.keep();
                }
                7 => {
                    let later = self.clock.now() + Duration::from_micros(self.random.below(1000));
                    self.clock.go_on_until(later);
                }
                _ => {}
            }
            self.write(log)?;
            self.look(log)?;
            if !self.disk.world().powered() {
                break;
            }
        }
        Ok(())
    }

    fn append(&mut self, log: &Log) {
        for _ in 0..1 + self.random.below(self.crowd) {
            let length = match self.random.below(20) {
                0 => 2_000 + self.random.below(3_000),
                _ => self.random.below(120),
            };
            let entry = Entry {
                request_id: format!("request-{}", self.next_entry),
                detail: "d".repeat(length as usize),
                ..Entry::new(EntryKind::Outcome, self.next_entry as i64 + 1)
            };
            self.next_entry += 1;
            self.promises.append(log, &entry);
        }
    }

    /// Steps the writer until it sleeps, or now and then not so far.
    fn write(&mut self, log: &mut Log) -> Result<(), String> {
        for _ in 0..8 {
            let after = log.write();
            self.promises.hear(log)?;
            match after {
                After::SleepsUntil(moment) => {
                    if self.random.one_in(2) {
                        return Ok(());
                    }
                    self.clock.go_on_until(moment);
                }
                After::GoesOn if self.disk.world().powered() && !self.random.one_in(6) => {}
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    /// Somebody reads what is published, and asks for a receipt.
    fn look(&mut self, log: &Log) -> Result<(), String> {
        let key = self.signer()?.key().clone();
        let published = {
            let world = self.disk.world();
            let path = Path::new(FOLDER).join("checkpoint");
            world
                .files()
                .find(|(name, _)| **name == path)
                .map(|(_, bytes)| bytes.to_vec())
        };
        if self.random.one_in(4)
            && let Some(note) = published
        {
            let note = String::from_utf8(note).map_err(|_| "the published checkpoint is not text")?;
            let seen = SignedCheckpoint::verify(&note, &key)
                .map_err(|error| format!("the published checkpoint: {error}"))?;
            if seen.checkpoint().size > log.log.durable().size {
                return Err("a checkpoint was published that is not durable".to_owned());
            }
            self.promises.see(&seen)?;
        }
        let acknowledged = self.promises.entries.len() as u64;
        if self.random.one_in(8)
            && let Some((index, entry)) = self
                .promises
                .entries
                .iter()
                .nth(self.random.below(acknowledged) as usize)
            && let Ok(receipt) = log.log.receipt(*index)
        {
            receipt
                .verify(entry, &key)
                .map_err(|error| format!("receipt for {index}: {error}"))?;
        }
        Ok(())
    }

    /// Ends the log in good order.
    fn close(&mut self, log: Log, key: &VerifyingKey) -> Result<(), String> {
        let log = close(log, &self.clock)?;
        self.promises.hear(&log)?;
        self.promises.check(&log, key, false)
    }
}

/// Publishes, seals, commits what is in line, and publishes that.
pub(super) fn close(mut log: Log, clock: &SimulatedClock) -> Result<Log, String> {
    log.publish();
    if !log.keep() {
        return Err("older segments cannot be sealed".to_owned());
    }
    log.close();
    loop {
        match log.write() {
            After::Ended => break,
            After::SleepsUntil(moment) => clock.go_on_until(moment),
            After::GoesOn | After::Sleeps => {}
        }
    }
    log.publish();
    Ok(log)
}
