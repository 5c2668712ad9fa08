//! The keys in use. They turn over with the clock, while the gateway runs.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::{KeyFolderError, Period, PeriodLength, SubjectKeyFolder};
use crate::pseudonym::PeriodKeys;

/// The next period's keys are made so long before it begins, in microseconds, or in the last quarter of a shorter
/// period: a folder that cannot be written is noticed while there is time.
const AHEAD_MICROS: i64 = 24 * 3600 * 1_000_000;

/// The subject keys of the period that is now.
pub struct SubjectKeys {
    folder: SubjectKeyFolder,
    length: PeriodLength,
    current: ArcSwap<Turn>,
    /// Those that come next, once they are made. The lock is held by whoever turns over.
    next: Mutex<Option<Arc<Turn>>>,
}

/// What a look at the clock and at the folder found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// The period whose keys are in use.
    pub period: String,
    /// All periods whose keys were destroyed.
    pub destroyed: Vec<String>,
}

struct Turn {
    period: Period,
    start: i64,
    end: i64,
    keys: Arc<PeriodKeys>,
}

impl SubjectKeys {
    /// Takes up the folder, and makes it and the keys of the period at `now` (microseconds since 1970 UTC) when they are
    /// missing.
    ///
    /// # Errors
    /// When the keys cannot be read or made, others get at them, or the clock stands in a period whose keys were
    /// destroyed.
    pub fn open(folder: SubjectKeyFolder, length: PeriodLength, now: i64) -> Result<Self, KeyFolderError> {
        folder.make()?;
        let turn = Turn::make(&folder, Period::of(now, length))?;
        Ok(Self {
            folder,
            length,
            current: ArcSwap::from_pointee(turn),
            next: Mutex::default(),
        })
    }

    /// The keys for a call at `now`. Where the period ended, the next one's, which are then made at the latest.
    ///
    /// A clock that goes back into the period before leaves the keys as they are; one that goes back further, or
    /// forth, is followed.
    ///
    /// # Errors
    /// When the keys of the period cannot be read or made. The call must not be answered then.
    pub fn at(&self, now: i64) -> Result<Arc<PeriodKeys>, KeyFolderError> {
        let current = self.current.load();
        if current.holds(now) {
            return Ok(current.keys.clone());
        }
        drop(current);
        self.turn(now)
    }

    /// Turns over if it is time, and makes the next period's keys when that begins soon. To be called every few seconds.
    ///
    /// # Errors
    /// When keys cannot be read or made, or the folder cannot be read.
    pub fn look(&self, now: i64) -> Result<Looked, KeyFolderError> {
        self.at(now)?;
        let current = self.current.load_full();
        let ahead = AHEAD_MICROS.min((current.end - current.start) / 4);
        if now >= current.end - ahead {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            if next.as_ref().is_none_or(|next| next.start != current.end) {
                *next = Some(Arc::new(Turn::make(&self.folder, current.period.next())?));
            }
        }
        Ok(Looked {
            period: current.keys.name().to_owned(),
            destroyed: self.folder.destroyed()?,
        })
    }

    /// The folder of all keys, for whoever looks for a subject in the whole log.
    #[must_use]
    pub fn folder(&self) -> &SubjectKeyFolder {
        &self.folder
    }

    #[cold]
    fn turn(&self, now: i64) -> Result<Arc<PeriodKeys>, KeyFolderError> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.current.load();
        if current.holds(now) {
            return Ok(current.keys.clone());
        }
        let period = Period::of(now, self.length);
        let turn = match next.take() {
            Some(made) if made.period == period => made,
            _ => Arc::new(Turn::make(&self.folder, period)?),
        };
        self.current.store(turn.clone());
        Ok(turn.keys.clone())
    }
}

impl Turn {
    fn make(folder: &SubjectKeyFolder, period: Period) -> Result<Self, KeyFolderError> {
        Ok(Self {
            start: period.start_unix_micros(),
            end: period.end_unix_micros(),
            keys: Arc::new(folder.read_or_make(&period)?),
            period,
        })
    }

    /// Whether these are the keys for a moment: one of their period, or of the one before it, to which a clock was set
    /// back.
    fn holds(&self, now: i64) -> bool {
        let length = self.end - self.start;
        now < self.end && now >= self.start - length
    }
}

impl std::fmt::Debug for SubjectKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SubjectKeys")
            .field("period", &self.current.load().period)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const HOUR: i64 = 3600 * 1_000_000;

    fn end_of_november() -> i64 {
        "2026-12".parse::<Period>().expect("a period").start_unix_micros()
    }

    fn keys(now: i64) -> (tempfile::TempDir, SubjectKeys) {
        let root = tempfile::tempdir().expect("temporary folder");
        let folder = SubjectKeyFolder::new(root.path().join("subject-keys"));
        let keys = SubjectKeys::open(folder, PeriodLength::Month, now).expect("opens");
        (root, keys)
    }

    fn name(keys: &SubjectKeys, now: i64) -> String {
        keys.at(now).expect("keys").name().to_owned()
    }

    #[test]
    fn the_period_turns_over_at_its_moment_for_all_who_ask_at_once() {
        let end = end_of_november();
        let (_root, keys) = &keys(end - HOUR);
        let made = std::thread::scope(|scope| {
            let ask = |now| scope.spawn(move || keys.at(now).expect("keys"));
            let asked: Vec<_> = (0..8).map(|_| ask(end)).collect();
            asked
                .into_iter()
                .map(|one| one.join().expect("no panic"))
                .collect::<Vec<_>>()
        });
        let subject = made[0].subject("citizen", "1");
        assert!(
            made.iter()
                .all(|one| one.name() == "2026-12" && one.subject("citizen", "1") == subject)
        );
        let before = keys.folder().read("2026-11").expect("there");
        assert_ne!(before.subject("citizen", "1"), subject);
    }

    #[test]
    fn the_next_keys_are_there_before_they_are_needed() {
        let end = end_of_november();
        let (_root, keys) = keys(end - 48 * HOUR);
        let next = keys.folder().path().join("2026-12.key");
        assert_eq!(keys.look(end - 48 * HOUR).expect("looked").period, "2026-11");
        assert!(!next.exists());
        keys.look(end - 23 * HOUR).expect("looked");
        assert!(next.exists());
        assert_eq!(name(&keys, end - 1), "2026-11");
        // Nothing has to be made in the middle of a call.
        fs::remove_file(next).expect("removed");
        assert_eq!(name(&keys, end), "2026-12");
    }

    #[test]
    fn a_look_turns_over_when_nobody_calls_and_says_what_was_destroyed() {
        let end = end_of_november();
        let (_root, keys) = keys(end - HOUR);
        assert_eq!(keys.look(end).expect("looked").period, "2026-12");
        keys.folder().destroy("2026-11").expect("destroyed");
        assert_eq!(keys.look(end).expect("looked").destroyed, ["2026-11"]);
    }

    #[test]
    fn a_clock_set_back_a_little_changes_nothing_and_one_set_right_is_followed() {
        let end = end_of_november();
        let (_root, keys) = keys(end - HOUR);
        assert_eq!(name(&keys, end), "2026-12");
        assert_eq!(name(&keys, end - 1), "2026-12");
        // Ten years ahead, and back again.
        assert_eq!(name(&keys, end + 87_600 * HOUR), "2036-11");
        assert_eq!(name(&keys, end), "2026-12");
    }

    #[test]
    fn in_a_period_whose_keys_were_destroyed_nothing_is_answered() {
        let end = end_of_november();
        let (root, first) = keys(end - HOUR);
        assert_eq!(name(&first, end), "2026-12");
        first.folder().destroy("2026-11").expect("destroyed");
        let folder = SubjectKeyFolder::new(root.path().join("subject-keys"));
        let again = SubjectKeys::open(folder, PeriodLength::Month, end - HOUR);
        assert!(matches!(again, Err(KeyFolderError::Destroyed(name)) if name == "2026-11"));
    }

    #[test]
    fn keys_that_cannot_be_made_fail_the_call_and_not_the_gateway() {
        let end = end_of_november();
        let (root, keys) = keys(end - HOUR);
        let (there, away) = (root.path().join("subject-keys"), root.path().join("away"));
        fs::rename(&there, &away).expect("moved");
        assert!(keys.at(end).is_err());
        assert_eq!(name(&keys, end - 1), "2026-11");
        fs::rename(away, there).expect("moved back");
        assert_eq!(name(&keys, end), "2026-12");
    }
}
