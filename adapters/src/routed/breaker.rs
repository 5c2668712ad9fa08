//! When a route isn't asked any more, and when it is tried again.
//!
//! ```text
//!            `failures` in a row                pause over
//!   closed ----------------------> paused --------------------> on trial
//!     ^                              ^                              |
//!     |                              +------ a trial fails ---------+
//!     +------------------------- `trials` succeed ------------------+
//! ```
//!
//! "Closed" is said as of an electric circuit: current flows. On trial one question at a time goes
//! through; the others are refused. A trial that is given up counts for nothing. The whole state is
//! one word: who asks a route that is well reads it once and writes nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::settings;

/// One route's breaker.
pub(crate) struct Breaker {
    word: AtomicU64,
    rules: Rules,
    origin: Instant,
    /// How long after a pause the trial is left to who looks after the route, milliseconds.
    grace: AtomicU64,
}

/// Its settings, times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    failures: u16,
    pause: u64,
    longest: u64,
    trials: u8,
}

/// What the route is like. Moments are milliseconds since the breaker was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failures: u16 },
    Paused { until: u64, pauses: u8 },
    OnTrial { passed: u8, pauses: u8, busy: bool },
}

/// How a question goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    Ordinary,
    Trial,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The route answered, be it a refusal.
    Answered,
    /// The route can't be reached or keeps silent.
    Failed,
    /// Nobody knows: the asker went away first.
    GivenUp,
}

/// What the end of a question changed for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Paused(Duration),
    Opened,
}

/// A question on its way. When it goes without an end, it was given up.
pub(crate) struct Admitted<'a> {
    breaker: &'a Breaker,
    pass: Pass,
}

impl Breaker {
    pub(crate) fn new(settings: &settings::Breaker) -> Self {
        Self {
            word: AtomicU64::new(State::Closed { failures: 0 }.packed()),
            rules: Rules::from(settings),
            origin: Instant::now(),
            grace: AtomicU64::new(0),
        }
    }

    /// Lets a question through, or not.
    pub(crate) fn admit(&self) -> Option<Admitted<'_>> {
        self.admit_at(self.grace.load(Ordering::Relaxed))
    }

    /// Lets a check through, or not: it comes before the questions.
    pub(crate) fn admit_check(&self) -> Option<Admitted<'_>> {
        self.admit_at(0)
    }

    /// From now on somebody looks after the route: once a pause is over, questions leave the trial to them for this
    /// time, so that no caller pays for it.
    pub(crate) fn leave_trials(&self, grace: Duration) {
        let millis = u64::try_from(grace.as_millis()).unwrap_or(0);
        self.grace.store(millis, Ordering::Relaxed);
    }

    /// The time until a trial may be made; none when questions go through as usual.
    pub(crate) fn trial_in(&self) -> Option<Duration> {
        match State::unpacked(self.word.load(Ordering::Relaxed)) {
            State::Closed { .. } => None,
            State::Paused { until, .. } => Some(Duration::from_millis(until.saturating_sub(self.now()))),
            State::OnTrial { .. } => Some(Duration::ZERO),
        }
    }

    fn admit_at(&self, grace: u64) -> Option<Admitted<'_>> {
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let state = State::unpacked(word);
            if matches!(state, State::Closed { .. }) {
                let pass = Pass::Ordinary;
                return Some(Admitted { breaker: self, pass });
            }
            let (next, pass) = state.admit(self.now().saturating_sub(grace))?;
            match self.exchange(word, next) {
                Ok(()) => return Some(Admitted { breaker: self, pass }),
                Err(current) => word = current,
            }
        }
    }

    /// Whether questions go through as usual.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(
            State::unpacked(self.word.load(Ordering::Relaxed)),
            State::Closed { .. }
        )
    }

    fn settle(&self, pass: Pass, end: End) -> Option<Turn> {
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let state = State::unpacked(word);
            let next = state.settle(pass, end, self.now(), &self.rules);
            if next == state {
                return None;
            }
            match self.exchange(word, next) {
                Ok(()) => return state.turn(next, self.now()),
                Err(current) => word = current,
            }
        }
    }

    fn exchange(&self, from: u64, to: State) -> Result<(), u64> {
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        self.word
            .compare_exchange_weak(from, to.packed(), success, failure)
            .map(|_| ())
    }

    fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Admitted<'_> {
    /// Says how the question ended, and hears what that changed.
    pub(crate) fn ended(mut self, end: End) -> Option<Turn> {
        let turn = self.breaker.settle(self.pass, end);
        // Dropped, it changes nothing more.
        self.pass = Pass::Ordinary;
        turn
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if self.pass == Pass::Trial {
            self.breaker.settle(Pass::Trial, End::GivenUp);
        }
    }
}

impl From<&settings::Breaker> for Rules {
    fn from(settings: &settings::Breaker) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(MOST).clamp(1, MOST);
        let pause = millis(settings.pause.0);
        Self {
            failures: settings.failures,
            pause,
            longest: millis(settings.longest.0).max(pause),
            trials: settings.trials.clamp(1, 30),
        }
    }
}

/// The longest pause: a week, in milliseconds.
const MOST: u64 = 7 * 24 * 60 * 60 * 1000;

impl Rules {
    fn pause(&self, pauses: u8) -> u64 {
        self.pause.saturating_mul(1 << pauses.min(30)).min(self.longest)
    }
}

impl State {
    fn admit(self, now: u64) -> Option<(Self, Pass)> {
        match self {
            Self::Closed { .. } => Some((self, Pass::Ordinary)),
            Self::Paused { until, pauses } if until <= now => {
                let (passed, busy) = (0, true);
                Some((Self::OnTrial { passed, pauses, busy }, Pass::Trial))
            }
            Self::OnTrial {
                passed,
                pauses,
                busy: false,
            } => {
                let busy = true;
                Some((Self::OnTrial { passed, pauses, busy }, Pass::Trial))
            }
            Self::Paused { .. } | Self::OnTrial { busy: true, .. } => None,
        }
    }

    fn settle(self, pass: Pass, end: End, now: u64, rules: &Rules) -> Self {
        match (self, pass, end) {
            (Self::Closed { .. }, Pass::Ordinary, End::Answered) => Self::Closed { failures: 0 },
            (Self::Closed { failures }, Pass::Ordinary, End::Failed) if rules.failures > 0 => {
                let failures = failures.saturating_add(1);
                if failures < rules.failures {
                    return Self::Closed { failures };
                }
                let until = now.saturating_add(rules.pause(0));
                Self::Paused { until, pauses: 0 }
            }
            (
                Self::OnTrial {
                    passed,
                    pauses,
                    busy: true,
                },
                Pass::Trial,
                end,
            ) => match end {
                End::Answered if passed + 1 >= rules.trials => Self::Closed { failures: 0 },
                End::Answered => {
                    let (passed, busy) = (passed + 1, false);
                    Self::OnTrial { passed, pauses, busy }
                }
                End::Failed => {
                    let pauses = pauses.saturating_add(1).min(30);
                    let until = now.saturating_add(rules.pause(pauses));
                    Self::Paused { until, pauses }
                }
                End::GivenUp => {
                    let busy = false;
                    Self::OnTrial { passed, pauses, busy }
                }
            },
            // Who went through before the state changed says nothing about it any more.
            _ => self,
        }
    }

    fn turn(self, next: Self, now: u64) -> Option<Turn> {
        match (self, next) {
            (_, Self::Paused { until, .. }) => {
                Some(Turn::Paused(Duration::from_millis(until.saturating_sub(now))))
            }
            (Self::OnTrial { .. }, Self::Closed { .. }) => Some(Turn::Opened),
            _ => None,
        }
    }

    /// The two lowest bits tell the states apart.
    fn packed(self) -> u64 {
        match self {
            Self::Closed { failures } => u64::from(failures) << 2,
            Self::Paused { until, pauses } => (until & ((1 << 54) - 1)) << 10 | u64::from(pauses) << 2 | 1,
            Self::OnTrial { passed, pauses, busy } => {
                u64::from(busy) << 18 | u64::from(passed) << 10 | u64::from(pauses) << 2 | 2
            }
        }
    }

    fn unpacked(word: u64) -> Self {
        let byte = |shift: u32| u8::try_from(word >> shift & 0xff).unwrap_or(u8::MAX);
        match word & 3 {
            0 => Self::Closed {
                failures: u16::try_from(word >> 2 & 0xffff).unwrap_or(u16::MAX),
            },
            1 => Self::Paused {
                until: word >> 10,
                pauses: byte(2),
            },
            _ => Self::OnTrial {
                passed: byte(10),
                pauses: byte(2),
                busy: word >> 18 & 1 == 1,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: Rules = Rules {
        failures: 3,
        pause: 100,
        longest: 350,
        trials: 2,
    };

    /// A state machine with a clock that the test moves.
    struct Model {
        state: State,
        now: u64,
        under_way: Vec<Pass>,
    }

    impl Model {
        fn new() -> Self {
            Self {
                state: State::Closed { failures: 0 },
                now: 0,
                under_way: Vec::new(),
            }
        }

        fn admit(&mut self) -> bool {
            let Some((state, pass)) = self.state.admit(self.now) else {
                return false;
            };
            self.state = State::unpacked(state.packed());
            assert_eq!(self.state, state, "one word holds it all");
            self.under_way.push(pass);
            true
        }

        fn settle(&mut self, which: usize, end: End) {
            if self.under_way.is_empty() {
                return;
            }
            let pass = self.under_way.swap_remove(which % self.under_way.len());
            self.state = self.state.settle(pass, end, self.now, &RULES);
        }

        fn trials(&self) -> usize {
            self.under_way.iter().filter(|pass| **pass == Pass::Trial).count()
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Wait(u64),
        Ask,
        End(usize, End),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let end = prop_oneof![
            Just(End::Answered),
            Just(End::Failed),
            Just(End::Failed),
            Just(End::GivenUp)
        ];
        let step = prop_oneof![
            (0..200_u64).prop_map(Step::Wait),
            Just(Step::Ask),
            (any::<usize>(), end).prop_map(|(which, end)| Step::End(which, end)),
        ];
        proptest::collection::vec(step, 0..200)
    }

    proptest! {
        #[test]
        fn whatever_happens_the_promises_hold(steps in steps()) {
            let mut model = Model::new();
            for step in steps {
                match step {
                    Step::Wait(time) => model.now += time,
                    Step::Ask => {
                        let before = model.state;
                        let admitted = model.admit();
                        match before {
                            State::Closed { .. } => prop_assert!(admitted),
                            State::Paused { until, .. } => prop_assert_eq!(admitted, until <= model.now),
                            State::OnTrial { busy, .. } => prop_assert_eq!(admitted, !busy),
                        }
                    }
                    Step::End(which, end) => model.settle(which, end),
                }
                prop_assert!(model.trials() <= 1, "one trial at a time");
                if let State::Paused { until, .. } = model.state {
                    prop_assert!(until <= model.now + RULES.longest, "no pause is longer than the longest");
                }
                if let State::OnTrial { busy, .. } = model.state {
                    prop_assert_eq!(busy, model.trials() == 1, "a trial that ended leaves its place");
                }
            }
            // From wherever it is, a route that is well again is soon asked as usual.
            while !model.under_way.is_empty() {
                model.settle(0, End::GivenUp);
            }
            for _ in 0..RULES.trials {
                model.now += RULES.longest;
                prop_assert!(model.admit());
                model.settle(0, End::Answered);
            }
            prop_assert_eq!(model.state, State::Closed { failures: 0 });
        }
    }

    #[test]
    fn failures_in_a_row_pause_the_route_and_a_success_between_them_counts() {
        let mut model = Model::new();
        for end in [
            End::Failed,
            End::Failed,
            End::Answered,
            End::Failed,
            End::Failed,
            End::GivenUp,
            End::Failed,
        ] {
            assert!(model.admit(), "{:?}", model.state);
            model.settle(0, end);
        }
        assert_eq!(
            model.state,
            State::Paused {
                until: 100,
                pauses: 0
            }
        );
        assert!(!model.admit());
    }

    #[test]
    fn each_failed_trial_doubles_the_pause_up_to_the_longest() {
        let mut model = Model::new();
        for _ in 0..3 {
            model.admit();
            model.settle(0, End::Failed);
        }
        for pause in [100, 200, 350, 350] {
            model.now += pause - 1;
            assert!(!model.admit(), "{pause}");
            model.now += 1;
            assert!(model.admit(), "{pause}");
            assert!(!model.admit(), "one trial at a time");
            model.settle(0, End::Failed);
        }
    }

    #[test]
    fn a_late_end_of_an_ordinary_question_changes_nothing_on_trial() {
        let state = State::OnTrial {
            passed: 1,
            pauses: 0,
            busy: true,
        };
        for end in [End::Answered, End::Failed, End::GivenUp] {
            assert_eq!(state.settle(Pass::Ordinary, end, 9, &RULES), state);
        }
    }

    #[test]
    fn a_trial_that_is_dropped_leaves_its_place_to_the_next() {
        let settings = settings::Breaker {
            failures: 1,
            pause: settings::Interval(Duration::from_millis(1)),
            ..settings::Breaker::default()
        };
        let breaker = Breaker::new(&settings);
        let first = breaker.admit().expect("it is closed");
        assert!(matches!(first.ended(End::Failed), Some(Turn::Paused(_))));
        assert!(!breaker.is_closed());
        std::thread::sleep(Duration::from_millis(5));
        let trial = breaker.admit().expect("the pause is over");
        assert!(breaker.admit().is_none());
        drop(trial);
        for turn in [None, Some(Turn::Opened)] {
            assert_eq!(breaker.admit().expect("a place").ended(End::Answered), turn);
        }
        assert!(breaker.is_closed());
    }

    #[test]
    fn no_failure_pauses_a_route_when_that_is_switched_off() {
        let rules = Rules { failures: 0, ..RULES };
        let state = State::Closed { failures: 0 };
        assert_eq!(state.settle(Pass::Ordinary, End::Failed, 0, &rules), state);
    }
}
