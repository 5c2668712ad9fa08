//! What happens by itself and belongs in the access log: overload, subject keys that turn over or were destroyed.

use std::collections::BTreeSet;
use std::sync::Arc;

use audit::{Operation, SubjectKeys};

use crate::clock::Moment;
use crate::server::overload::Overload;

/// Overload has ended when nothing was refused for so long, in microseconds. One period makes two entries, so a flood,
/// however long it goes on and off, makes no more than two in this time.
const QUIET_MICROS: i64 = 30 * 1_000_000;

/// A folder of keys that cannot be read is told of so often, in microseconds.
const TELL_MICROS: i64 = 60 * 1_000_000;

/// What was told so far.
pub(super) struct Notices {
    overload: Arc<Overload>,
    /// The overload that is under way.
    under_way: Option<Period>,
    /// Refusals up to the last look.
    seen: u64,
    /// The period whose keys are in use.
    period: String,
    /// Periods whose keys are known to be destroyed.
    destroyed: BTreeSet<String>,
    told: Option<Moment>,
}

struct Period {
    began: Moment,
    last: Moment,
    before: u64,
}

impl Notices {
    /// The period that is, and what was destroyed before, are no news.
    pub(super) fn new(overload: Arc<Overload>, period: &str, destroyed: Vec<String>) -> Self {
        Self {
            overload,
            under_way: None,
            seen: 0,
            period: period.to_owned(),
            destroyed: destroyed.into_iter().collect(),
            told: None,
        }
    }

    /// What has happened since the last look, as operations with their details.
    pub(super) fn look(&mut self, keys: &SubjectKeys, now: Moment) -> Vec<(Operation, String)> {
        let mut found: Vec<_> = self.look_at_overload(now).into_iter().collect();
        match keys.look(now.0) {
            Ok(looked) => {
                if looked.period != self.period {
                    found.push((Operation::SubjectPeriod, format!("subjects {}", looked.period)));
                    self.period = looked.period;
                }
                let destroyed: BTreeSet<_> = looked.destroyed.into_iter().collect();
                let newly = destroyed.difference(&self.destroyed);
                found.extend(
                    newly.map(|period| (Operation::SubjectKeysDestroyed, format!("subjects {period}"))),
                );
                self.destroyed = destroyed;
            }
            Err(error) => {
                if self
                    .told
                    .is_none_or(|told| now.0.saturating_sub(told.0) >= TELL_MICROS)
                {
                    self.told = Some(now);
                    tracing::error!(%error, "the subject keys can't be looked after");
                }
            }
        }
        found
    }

    /// The overload that is under way when the gateway ends.
    pub(super) fn end(&mut self, now: Moment) -> Option<(Operation, String)> {
        let refused = self.overload.refused();
        self.under_way.take().map(|period| ended(&period, refused, now))
    }

    fn look_at_overload(&mut self, now: Moment) -> Option<(Operation, String)> {
        let refused = self.overload.refused();
        let before = std::mem::replace(&mut self.seen, refused);
        match &mut self.under_way {
            None if refused > before => {
                self.under_way = Some(Period {
                    began: now,
                    last: now,
                    before,
                });
                let detail = "calls or connections are refused before it is known whose they are".to_owned();
                Some((Operation::OverloadBegin, detail))
            }
            Some(period) if refused > before => {
                period.last = now;
                None
            }
            Some(period) if now.0.saturating_sub(period.last.0) >= QUIET_MICROS => {
                let told = ended(period, refused, period.last);
                self.under_way = None;
                Some(told)
            }
            _ => None,
        }
    }
}

fn ended(period: &Period, refused: u64, last: Moment) -> (Operation, String) {
    let refused = refused.saturating_sub(period.before);
    let seconds = last.0.saturating_sub(period.began.0).max(0) / 1_000_000;
    (
        Operation::OverloadEnd,
        format!("refused {refused}; seconds {seconds}"),
    )
}

#[cfg(test)]
mod tests {
    use audit::{PeriodLength, SubjectKeyFolder};

    use super::*;

    const SECOND: i64 = 1_000_000;

    fn keys(root: &tempfile::TempDir, now: i64) -> SubjectKeys {
        let folder = SubjectKeyFolder::new(root.path().join("subjects"));
        SubjectKeys::open(folder, PeriodLength::Day, now).unwrap()
    }

    #[test]
    fn a_flood_is_two_entries_however_much_is_refused() {
        let (root, overload) = (tempfile::tempdir().unwrap(), Arc::new(Overload::default()));
        let start = Moment::now().0;
        let keys = keys(&root, start);
        let mut notices = Notices::new(overload.clone(), keys.at(start).unwrap().name(), Vec::new());
        let mut told = Vec::new();
        for second in 0..200 {
            if second < 100 {
                (0..1_000).for_each(|_| overload.count());
            }
            told.extend(notices.look_at_overload(Moment(start + second * SECOND)));
        }
        let words: Vec<_> = told.iter().map(|(operation, _)| *operation).collect();
        assert_eq!(words, [Operation::OverloadBegin, Operation::OverloadEnd]);
        assert_eq!(told[1].1, "refused 100000; seconds 99");
        assert_eq!(notices.look(&keys, Moment(start)), []);
        overload.count();
        assert_eq!(notices.look(&keys, Moment(start))[0].0, Operation::OverloadBegin);
        assert_eq!(notices.end(Moment(start)).unwrap().1, "refused 1; seconds 0");
    }

    #[test]
    fn a_new_period_and_destroyed_keys_are_told_once() {
        let root = tempfile::tempdir().unwrap();
        let start = Moment::now().0;
        let keys = keys(&root, start);
        let day = keys.at(start).unwrap().name().to_owned();
        let mut notices = Notices::new(Arc::default(), &day, Vec::new());
        assert_eq!(notices.look(&keys, Moment(start)), []);
        let tomorrow = Moment(start + 86_400 * SECOND);
        let turned = notices.look(&keys, tomorrow);
        assert_eq!(turned[0].0, Operation::SubjectPeriod);
        assert_ne!(turned[0].1, format!("subjects {day}"));
        keys.folder().destroy(&day).unwrap();
        let destroyed = [(Operation::SubjectKeysDestroyed, format!("subjects {day}"))];
        assert_eq!(notices.look(&keys, tomorrow), destroyed);
        assert_eq!(notices.look(&keys, tomorrow), []);
    }
}
