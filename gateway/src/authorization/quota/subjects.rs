//! Different subjects for one officer in any hour.
//!
//! What is kept are 64 bits of a keyed hash and a second, for an hour after the subject was last asked
//! for. Memory is bounded; when it is full, who would need more of it is refused.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Exceeded, Limit};

/// Seconds for which a subject counts.
const HOUR: u32 = 3_600;

/// Locks, so that officers do not wait for one another.
const SHARDS: usize = 64;

/// The most that one shard holds, in subjects: about 40 MB for all of them together. Against a caller
/// with ever new officers' names.
const MOST_HELD: usize = 16_384;

/// What one officer takes beside the subjects, in subjects.
const OFFICER: usize = 8;

/// Seconds between two searches of a full shard for what can be forgotten, so that being full is cheap.
const BETWEEN_SEARCHES: u32 = 10;

/// The subjects of all officers.
pub(super) struct Subjects {
    shards: Vec<Mutex<Shard>>,
}

#[derive(Default)]
struct Shard {
    officers: HashMap<u64, Officer>,
    held: usize,
    searched: Option<u32>,
}

#[derive(Default)]
struct Officer {
    /// When each subject was last asked for.
    seen: HashMap<u64, u32>,
    /// Nothing can be forgotten before.
    full_until: u32,
    alarmed: Option<u32>,
}

impl Default for Subjects {
    fn default() -> Self {
        Self {
            shards: std::iter::repeat_with(Mutex::default).take(SHARDS).collect(),
        }
    }
}

impl Subjects {
    /// Counts a subject for an officer.
    pub(super) fn count(
        &self,
        officer: u64,
        subject: u64,
        most: u64,
        since: Duration,
    ) -> Result<(), Exceeded> {
        let now = u32::try_from(since.as_secs()).unwrap_or(u32::MAX);
        let refused = |limit, seconds, alarm| Exceeded {
            limit,
            most,
            retry_after: Duration::from_secs(u64::from(seconds)),
            alarm,
        };
        let at = usize::try_from(officer % SHARDS as u64).unwrap_or(0);
        let Some(shard) = self.shards.get(at) else {
            // Who can't be counted is not let through.
            return Err(refused(Limit::Memory, BETWEEN_SEARCHES, false));
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        match shard.make_room(officer, subject, most, now) {
            Room::Known => Ok(()),
            Room::Full { until, alarm } => {
                let seconds = until.saturating_sub(now).max(1);
                Err(refused(Limit::SubjectsPerOfficerPerHour, seconds, alarm))
            }
            Room::NoMemory { alarm } => Err(refused(Limit::Memory, BETWEEN_SEARCHES, alarm)),
            Room::Free => {
                shard.put(officer, subject, now);
                Ok(())
            }
        }
    }
}

enum Room {
    /// The subject counts already.
    Known,
    Free,
    Full {
        until: u32,
        alarm: bool,
    },
    NoMemory {
        alarm: bool,
    },
}

impl Shard {
    fn make_room(&mut self, officer: u64, subject: u64, most: u64, now: u32) -> Room {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if let Some(officer) = self.officers.get_mut(&officer) {
            if let Some(asked) = officer.seen.get_mut(&subject) {
                *asked = now;
                return Room::Known;
            }
            if officer.seen.len() >= most && now >= officer.full_until {
                self.held -= officer.forget(now);
            }
            if officer.seen.len() >= most {
                return officer.full(now);
            }
        }
        if self.has_memory() {
            return Room::Free;
        }
        let search = self
            .searched
            .is_none_or(|last| now >= last.saturating_add(BETWEEN_SEARCHES));
        if search {
            self.searched = Some(now);
            self.forget(now);
        }
        match self.has_memory() {
            true => Room::Free,
            false => Room::NoMemory { alarm: search },
        }
    }

    fn has_memory(&self) -> bool {
        self.held + OFFICER < MOST_HELD
    }

    fn put(&mut self, officer: u64, subject: u64, now: u32) {
        let held = &mut self.held;
        let officer = self.officers.entry(officer).or_insert_with(|| {
            *held += OFFICER;
            Officer::default()
        });
        officer.seen.insert(subject, now);
        self.held += 1;
    }

    fn forget(&mut self, now: u32) {
        let held = &mut self.held;
        self.officers.retain(|_, officer| {
            *held -= officer.forget(now);
            let stays = !officer.seen.is_empty();
            if !stays {
                *held -= OFFICER;
            }
            stays
        });
    }
}

impl Officer {
    /// Forgets what was asked for more than an hour ago; says how many subjects that were.
    fn forget(&mut self, now: u32) -> usize {
        let before = self.seen.len();
        self.seen.retain(|_, asked| now < asked.saturating_add(HOUR));
        let oldest = self.seen.values().min().copied().unwrap_or(now);
        self.full_until = oldest.saturating_add(HOUR);
        before - self.seen.len()
    }

    fn full(&mut self, now: u32) -> Room {
        let alarm = self.alarmed.is_none_or(|last| now >= last.saturating_add(HOUR));
        if alarm {
            self.alarmed = Some(now);
        }
        Room::Full {
            until: self.full_until,
            alarm,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_that_can_not_be_counted_is_refused() {
        let nowhere = Subjects { shards: Vec::new() };
        let refused = nowhere.count(1, 2, 100, Duration::ZERO).expect_err("refused");
        assert_eq!(refused.limit, Limit::Memory);
        assert!(refused.retry_after > Duration::ZERO);
    }
}
