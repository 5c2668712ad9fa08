//! What a connection may spend: of calls given up, of frames that ask for nothing.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// What was spent comes back by itself within this time.
const RECOVERY: Duration = Duration::from_secs(5);
/// A part that is let be: whoever has spent more is looked at with the clock.
const CREDIT: u32 = 8;

/// What may be spent at once, and comes back with time and with what is earned.
pub(super) struct Budget {
    spent: AtomicU32,
    earned: AtomicU32,
    begun: Instant,
    /// Milliseconds after `begun`.
    recovered: AtomicU32,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            spent: AtomicU32::new(0),
            earned: AtomicU32::new(0),
            begun: Instant::now(),
            recovered: AtomicU32::new(0),
        }
    }
}

impl Budget {
    /// Whether more than a part of it has neither come back nor been earned, as far as has been looked.
    pub(super) fn is_drawn_on(&self, most: u32) -> bool {
        self.spent.load(Relaxed) > most / CREDIT
    }

    /// Spends some of `most`; `earned` is the sum until now. The clock is only asked when a part is spent.
    pub(super) fn spend(&self, price: u32, most: u32, earned: u32) -> bool {
        let spent = self.spent.load(Relaxed).saturating_add(price);
        if spent <= most / CREDIT {
            self.spent.store(spent, Relaxed);
            return true;
        }
        let now = u32::try_from(self.begun.elapsed().as_millis()).unwrap_or(u32::MAX);
        // Another thread may have looked later: calls that began before their connection was put aside.
        let recovered = self.recovered.load(Relaxed);
        let recovery = u64::try_from(RECOVERY.as_millis()).unwrap_or(u64::MAX);
        let by_time = u64::from(most) * u64::from(now.saturating_sub(recovered)) / recovery;
        let by_work = u64::from(earned.wrapping_sub(self.earned.load(Relaxed)));
        let owed = u64::from(self.spent.load(Relaxed)).saturating_sub(by_time + by_work);
        let left = u32::try_from(owed).unwrap_or(u32::MAX).saturating_add(price);
        if left > most {
            return false;
        }
        // Of the time only what brought something back has been used: looks may be shorter apart than that takes.
        let used = by_time * recovery / u64::from(most.max(1));
        let until = match owed {
            0 => now,
            _ => recovered.saturating_add(u32::try_from(used).unwrap_or(u32::MAX)),
        };
        self.recovered.store(until, Relaxed);
        self.earned.store(earned, Relaxed);
        self.spent.store(left, Relaxed);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_and_comes_back_with_work_and_with_time() {
        let budget = Budget::default();
        assert!((0..10).all(|_| budget.spend(1, 10, 0)));
        assert!(!budget.spend(1, 10, 0), "all is spent");
        assert!(budget.spend(3, 10, 3), "three were earned");
        assert!(!budget.spend(1, 10, 3), "and are spent");
        std::thread::sleep(RECOVERY / 5);
        assert!(budget.spend(2, 10, 3), "a fifth of the time brings back a fifth");
        assert!(!budget.spend(2, 10, 3));
    }

    #[test]
    fn work_never_saves_up_more_than_the_budget() {
        let budget = Budget::default();
        assert!(budget.spend(10, 10, 0));
        assert!(budget.spend(1, 10, 1_000_000));
        assert!(budget.spend(9, 10, 1_000_000));
        assert!(!budget.spend(1, 10, 1_000_000));
    }

    #[test]
    fn a_look_that_another_thread_overtook_brings_nothing_back_and_breaks_nothing() {
        let budget = Budget::default();
        assert!(budget.spend(10, 10, 0));
        budget.recovered.store(u32::MAX, Relaxed);
        assert!(!budget.spend(1, 10, 0));
    }

    #[test]
    fn what_comes_back_with_time_comes_back_also_to_whoever_spends_often() {
        let budget = Budget::default();
        assert!(budget.spend(1_000, 1_000, 0));
        let begun = Instant::now();
        let mut got = 0;
        while begun.elapsed() < RECOVERY / 10 {
            got += u32::from(budget.spend(1, 1_000, 0));
        }
        assert!((60..=140).contains(&got), "{got} of 100");
    }

    #[test]
    fn a_look_uses_up_no_time_that_brought_nothing_back() {
        let budget = Budget::default();
        assert!(budget.spend(500, 1_000, 0));
        let begun = Instant::now();
        while begun.elapsed() < RECOVERY / 10 {
            assert!(budget.spend(0, 1_000, 0));
        }
        assert!(budget.spend(560, 1_000, 0), "a tenth came back");
    }
}
