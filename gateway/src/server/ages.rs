//! How many of some things there are, and how many of them are old. Time is counted in ticks.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

/// Counts by age.
pub(super) struct Ages {
    /// By the tick of their beginning, modulo their number.
    young: [AtomicU32; 2 * Ages::YOUNG as usize],
    old: AtomicU32,
}

impl Default for Ages {
    fn default() -> Self {
        Self {
            young: [const { AtomicU32::new(0) }; 2 * Self::YOUNG as usize],
            old: AtomicU32::new(0),
        }
    }
}

impl Ages {
    /// Ticks until a thing is old: so finely is a time kept.
    pub(super) const YOUNG: u32 = 32;

    pub(super) fn enter(&self, epoch: u32) {
        change(self.slot(epoch), |count| count + 1);
    }

    /// One leaves that entered in that tick.
    pub(super) fn leave(&self, entered: u32, now: u32) {
        let place = if now - entered > Self::YOUNG {
            &self.old
        } else {
            self.slot(entered)
        };
        change(place, |count| count.saturating_sub(1));
    }

    /// The clock shows a new tick: who is too long here is old.
    pub(super) fn turn(&self, now: u32) {
        if let Some(entered) = now.checked_sub(Self::YOUNG + 1) {
            let aged = self.slot(entered).swap(0, Relaxed);
            change(&self.old, |count| count + aged);
        }
    }

    pub(super) fn old(&self) -> u32 {
        self.old.load(Relaxed)
    }

    fn slot(&self, epoch: u32) -> &AtomicU32 {
        &self.young[epoch as usize % self.young.len()]
    }
}

fn change(counter: &AtomicU32, change: impl Fn(u32) -> u32) {
    counter.update(Relaxed, Relaxed, change);
}

#[cfg(test)]
mod tests {
    use super::Ages;

    #[test]
    fn a_thing_is_old_when_its_ticks_have_passed_and_leaves_from_where_it_is() {
        let ages = Ages::default();
        ages.enter(0);
        ages.enter(1);
        for now in 1..=Ages::YOUNG {
            ages.turn(now);
            assert_eq!(ages.old(), 0);
        }
        ages.turn(Ages::YOUNG + 1);
        assert_eq!(ages.old(), 1, "the one that entered in tick 0");
        ages.leave(1, Ages::YOUNG + 1);
        ages.turn(Ages::YOUNG + 2);
        assert_eq!(ages.old(), 1, "the other left while it was young");
        ages.leave(0, Ages::YOUNG + 2);
        assert_eq!(ages.old(), 0);
        // Many rounds of the ring later.
        for now in Ages::YOUNG + 3..Ages::YOUNG * 10 {
            ages.enter(now - 1);
            ages.leave(now - 1, now - 1);
            ages.turn(now);
        }
        assert_eq!(ages.old(), 0);
    }
}
