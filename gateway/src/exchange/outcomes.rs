//! How calls ended, counted by the word of their outcome.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use crate::status::Reason;

/// The word of an answer.
const OK: &str = "OK";

/// A count for each word. An item of a stream counts as a call does: each has its entry in the access log.
#[derive(Debug)]
pub struct Outcomes {
    answered: AtomicU64,
    refused: [AtomicU64; Reason::ALL.len()],
}

impl Default for Outcomes {
    fn default() -> Self {
        Self {
            answered: AtomicU64::new(0),
            refused: [const { AtomicU64::new(0) }; Reason::ALL.len()],
        }
    }
}

impl Outcomes {
    /// One more that ended so; none: it was answered.
    pub(crate) fn count(&self, refused: Option<Reason>) {
        let counter = match refused {
            None => Some(&self.answered),
            Some(reason) => self.refused.get(reason as usize),
        };
        if let Some(counter) = counter {
            counter.fetch_add(1, Relaxed);
        }
    }

    /// Every word with how often it was said.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let refused = Reason::ALL.iter().zip(&self.refused);
        let refused = refused.map(|(reason, count)| (reason.word(), count.load(Relaxed)));
        std::iter::once((OK, self.answered.load(Relaxed))).chain(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_is_counted_under_its_own_word() {
        let outcomes = Outcomes::default();
        outcomes.count(None);
        for (number, reason) in Reason::ALL.into_iter().enumerate() {
            (0..number).for_each(|_| outcomes.count(Some(reason)));
        }
        let counts: Vec<_> = outcomes.counts().collect();
        assert_eq!(counts[0], (OK, 1));
        for (number, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(counts[number + 1], (reason.word(), number as u64));
        }
    }
}
