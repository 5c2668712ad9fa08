//! Calls in a second and on a day, counted without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Exceeded, Limit};
use crate::clock::Moment;

const SECOND: u64 = 1_000_000_000;

/// Bits of a day's count; the day's number stands above them.
const COUNT_BITS: u32 = 40;

const DAY_MICROS: i64 = 86_400_000_000;

/// Viet Nam is seven hours ahead of UTC the whole year.
const AHEAD_MICROS: i64 = 7 * 3_600_000_000;

/// The calls under one agreement.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// When the bucket of the second is full again, in nanoseconds of the gateway's own time.
    full_again: AtomicU64,
    /// The day and its count.
    day: AtomicU64,
    /// The day of the last alarm, counted from 1.
    alarmed: AtomicU64,
}

impl Calls {
    /// A bucket of `most` calls that refills evenly within a second (the generic cell rate algorithm,
    /// ITU-T I.371, with a burst of one second).
    pub(super) fn in_second(&self, most: u64, since: Duration) -> Result<(), Exceeded> {
        let now = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        let one = SECOND / most.max(1);
        let taken = |full_again: u64| full_again.max(now).saturating_add(one);
        let take = |full_again| (taken(full_again) - now <= SECOND).then(|| taken(full_again));
        let tried = self
            .full_again
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        tried.map(drop).map_err(|full_again| Exceeded {
            limit: Limit::CallsPerSecond,
            most,
            retry_after: Duration::from_nanos(taken(full_again) - now - SECOND),
            alarm: false,
        })
    }

    /// A calendar day in Viet Nam. A clock that is set back does not begin an old day again.
    pub(super) fn on_day(&self, most: u64, received: Moment) -> Result<(), Exceeded> {
        let local = received.0.saturating_add(AHEAD_MICROS);
        let today = u64::try_from(local.div_euclid(DAY_MICROS)).unwrap_or(0);
        let take = |packed: u64| {
            let (day, count) = (packed >> COUNT_BITS, packed & ((1 << COUNT_BITS) - 1));
            let count = if day < today { 0 } else { count };
            (count < most).then(|| day.max(today) << COUNT_BITS | (count + 1))
        };
        let tried = self.day.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        tried.map(drop).map_err(|_| {
            let left = DAY_MICROS - local.rem_euclid(DAY_MICROS);
            Exceeded {
                limit: Limit::CallsPerDay,
                most,
                retry_after: Duration::from_micros(left.unsigned_abs()),
                alarm: self.alarmed.swap(today + 1, Ordering::Relaxed) != today + 1,
            }
        })
    }
}
