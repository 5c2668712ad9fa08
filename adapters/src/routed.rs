//! The ways to one registry, in order of preference: each question goes the best way that is well,
//! and once more, on this way or another, when that may help.
//!
//! | what | when |
//! |---|---|
//! | the next way | a way can't be reached or keeps silent, or its breaker lets nothing through |
//! | a second try | every way failed, the failure can pass, the budget and the deadline allow it |
//! | a hedge | no answer after `hedge_after`: asked once more beside the first, the first answer counts |
//!
//! Between the questions each way is looked after: one that is ill is tried again by a check before a caller's
//! question has to, and one that says how it is, is asked.
//!
//! Every question is a read that changes nothing, so it may be asked twice. An answer that says no
//! (not found, refused, garbled) is an answer: it is neither asked again nor held against the way.

mod breaker;

#[cfg(test)]
mod tests;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::{Either, join_all, select};
use tokio::time::{sleep, timeout, timeout_at};
use tower::retry::budget::{Budget as _, TpsBudget};

use crate::error::Error;
use crate::guarded::places::Places;
use crate::measured::{Measures, RouteMeasures};
use crate::registry::{ChangeSink, Found, Question, Registry};
use crate::settings::Protection;
use breaker::{Admitted, Breaker, End, Turn};

/// Time between two looks after a way.
const LOOK: Duration = Duration::from_secs(1);

/// The shortest time between two looks.
const SOON: Duration = Duration::from_millis(50);

/// How long the trial of a way is left to who looks after it.
const GRACE: Duration = Duration::from_millis(500);

/// How far back the budget of second tries looks.
const BUDGET_WINDOW: Duration = Duration::from_secs(10);

/// A registry and the ways to it.
pub(crate) struct Routed<R> {
    name: Arc<str>,
    ways: Vec<Way<R>>,
    try_timeout: Duration,
    times: u8,
    pause: Duration,
    hedge_after: Option<Duration>,
    budget: TpsBudget,
    measures: Arc<Measures>,
    /// The places at the registry, of which a hedge takes one.
    places: Option<Arc<Places>>,
    health_every: Duration,
}

struct Way<R> {
    name: Arc<str>,
    inner: R,
    breaker: Breaker,
    measures: Arc<RouteMeasures>,
    /// When it is asked next how it is.
    health_due: Mutex<Instant>,
}

/// Why there is no answer.
enum Failure {
    /// It may be another time.
    Passing(Error),
    /// No way lets anything through for now.
    Closed,
}

impl Failure {
    /// Of two, the one that says more.
    fn or(self, other: Self) -> Self {
        match self {
            Self::Passing(_) => self,
            Self::Closed => other,
        }
    }
}

impl<R: Registry> Routed<R> {
    /// `ways` by name, the best first; there is at least one.
    pub(crate) fn new(name: &str, ways: Vec<(String, R)>, protection: &Protection) -> Self {
        let count = u32::try_from(ways.len()).unwrap_or(u32::MAX).max(1);
        let share = protection.timeout.0 / count;
        let retry = &protection.retry;
        let budget = f32::from(retry.budget) / 100.0;
        let ways: Vec<_> = ways
            .into_iter()
            .map(|(name, inner)| {
                let name: Arc<str> = Arc::from(name);
                Way {
                    measures: Arc::new(RouteMeasures::new(Arc::clone(&name))),
                    name,
                    inner,
                    breaker: Breaker::new(&protection.breaker),
                    health_due: Mutex::new(Instant::now()),
                }
            })
            .collect();
        let measures = Measures::of(ways.iter().map(|way| Arc::clone(&way.measures)));
        Self {
            name: Arc::from(name),
            ways,
            try_timeout: protection
                .try_timeout
                .map_or(share, |time| time.0.min(protection.timeout.0)),
            times: retry.times,
            pause: retry.pause.0,
            hedge_after: retry.hedge_after.map(|time| time.0),
            budget: TpsBudget::new(BUDGET_WINDOW, retry.reserve.into(), budget),
            measures: Arc::new(measures),
            places: None,
            health_every: protection.health_every.0.max(SOON),
        }
    }

    /// A hedge takes a place of these, and there is none while all are taken.
    pub(crate) fn hedging_in(self, places: Arc<Places>) -> Self {
        let places = Some(places);
        Self { places, ..self }
    }

    /// The running counts of the registry and of its ways.
    pub(crate) fn measures(&self) -> Arc<Measures> {
        Arc::clone(&self.measures)
    }

    /// One round: every way that lets something through, once; with a hedge beside it when it is slow.
    async fn round(&self, question: &Question) -> Result<Result<Found, Error>, Failure> {
        let at = AtomicUsize::new(usize::MAX);
        let Some(after) = self.hedge_after else {
            return self.attempt(question, None, &at).await;
        };
        let mut first = std::pin::pin!(self.attempt(question, None, &at));
        if let Ok(outcome) = timeout(after, &mut first).await {
            return outcome;
        }
        let place = self.places.as_ref().map(|places| places.take_free());
        if matches!(place, Some(None)) || !self.budget.withdraw() {
            return first.await;
        }
        self.measures.hedged();
        let busy = at.load(Ordering::Relaxed);
        let unseen = AtomicUsize::new(usize::MAX);
        let second = std::pin::pin!(self.attempt(question, Some(busy), &unseen));
        match select(first, second).await {
            Either::Left((Err(failure), second)) => second.await.map_err(|other| failure.or(other)),
            Either::Right((Err(failure), first)) => first.await.map_err(|other| failure.or(other)),
            Either::Left((outcome, _)) | Either::Right((outcome, _)) => outcome,
        }
    }

    /// Asks one way after the other until one answers. The way in `last` comes last.
    async fn attempt(
        &self,
        question: &Question,
        last: Option<usize>,
        at: &AtomicUsize,
    ) -> Result<Result<Found, Error>, Failure> {
        let mut failure = Failure::Closed;
        let places = (0..self.ways.len()).filter(|place| Some(*place) != last);
        let mut before = false;
        for place in places.chain(last.filter(|last| *last < self.ways.len())) {
            let Some(way) = self.ways.get(place) else { continue };
            let Some(admitted) = way.breaker.admit() else {
                continue;
            };
            if before {
                self.measures.failed_over();
            }
            before = true;
            at.store(place, Ordering::Relaxed);
            match self.ask(way, admitted, question).await {
                Ok(outcome) => return Ok(outcome),
                Err(error @ Error::DeadlineExceeded) => return Ok(Err(error)),
                Err(error) => failure = Failure::Passing(error),
            }
        }
        Err(failure)
    }

    /// Asks one way. The outer error is the way's failure, or the end of the asker's time.
    async fn ask(
        &self,
        way: &Way<R>,
        admitted: Admitted<'_>,
        question: &Question,
    ) -> Result<Result<Found, Error>, Error> {
        let start = Instant::now();
        let own = start.checked_add(self.try_timeout);
        let deadline = own.map_or(question.deadline, |own| own.min(question.deadline));
        let of_try = question.trace.of_try();
        let asked = Question {
            deadline,
            trace: of_try.clone(),
            ..question.clone()
        };
        question.trace.begin();
        way.measures.asked();
        let outcome = timeout_at(deadline.into(), way.inner.look_up(asked)).await;
        let (end, outcome) = match outcome {
            Ok(Err(Error::DeadlineExceeded)) | Err(_) => {
                // Who had little time gets no answer; that says nothing about the way.
                let end = if start.elapsed() >= self.try_timeout / 4 * 3 {
                    End::Failed
                } else {
                    End::GivenUp
                };
                let error = if question.deadline <= Instant::now() {
                    Error::DeadlineExceeded
                } else {
                    Error::unavailable("no answer within the time for one try")
                };
                (end, Err(error))
            }
            Ok(Err(error)) if error.is_outage() => {
                question.trace.declined_by(&way.name, &of_try);
                (End::Failed, Err(error))
            }
            Ok(outcome) => {
                question.trace.answered_by(&way.name, of_try.id());
                let named = outcome.map(|found| Found {
                    route: Some(Arc::clone(&way.name)),
                    transaction: found.transaction.or_else(|| of_try.id()),
                    ..found
                });
                (End::Answered, Ok(named))
            }
        };
        if end == End::Failed {
            way.measures.failed();
        }
        self.tell(way, admitted.ended(end));
        outcome
    }

    /// Looks after one way. Gives the time until it wants to be looked after next.
    async fn look_after(&self, way: &Way<R>) -> Duration {
        let Some(left) = way.breaker.trial_in() else {
            let due = way.inner.has_health() && way.is_due(self.health_every);
            // That it is well says nothing about its answers; that it isn't counts as one of them.
            if due
                && let Some(admitted) = way.breaker.admit_check()
                && self.checked(way).await.is_err()
            {
                self.tell(way, admitted.ended(End::Failed));
            }
            return LOOK;
        };
        if !left.is_zero() {
            return left.min(LOOK);
        }
        if way.inner.check_asks() {
            let Some(trial) = way.breaker.admit_check() else {
                return LOOK;
            };
            let well = self.checked(way).await.is_ok();
            let end = if well { End::Answered } else { End::Failed };
            self.tell(way, trial.ended(end));
            return SOON;
        }
        // A connection that stands is no answer, but without one nobody need try.
        if self.checked(way).await.is_err()
            && let Some(trial) = way.breaker.admit_check()
        {
            self.tell(way, trial.ended(End::Failed));
        }
        LOOK
    }

    /// One silent way must not speak for the others.
    async fn checked(&self, way: &Way<R>) -> Result<(), Error> {
        let outcome = timeout(self.try_timeout / 2, way.inner.check()).await;
        outcome.unwrap_or_else(|_| Err(Error::unavailable("no answer in time")))
    }

    fn tell(&self, way: &Way<R>, turn: Option<Turn>) {
        match turn {
            Some(Turn::Paused(pause)) => {
                self.measures.paused();
                way.measures.paused();
                tracing::warn!(
                    registry = %self.name, route = %way.name, pause_ms = pause.as_millis(),
                    "a route to a registry fails and is not asked for a while"
                );
            }
            Some(Turn::Opened) => {
                way.measures.opened();
                tracing::info!(registry = %self.name, route = %way.name, "a route to a registry is well again");
            }
            None => {}
        }
    }

    /// Whether there may be another try after this pause.
    fn may_retry(&self, round: u8, pause: Duration, deadline: Instant) -> bool {
        let in_time = Instant::now()
            .checked_add(pause)
            .is_some_and(|then| then < deadline);
        round < self.times && in_time && self.budget.withdraw()
    }
}

#[async_trait::async_trait]
impl<R: Registry> Registry for Routed<R> {
    async fn look_up(&self, question: Question) -> Result<Found, Error> {
        self.budget.deposit();
        let mut round = 0;
        loop {
            let error = match self.round(&question).await {
                Ok(outcome) => return outcome,
                Err(Failure::Closed) => {
                    self.measures.refused();
                    return Err(Error::unavailable(
                        "the registry failed lately and is not asked for now",
                    ));
                }
                Err(Failure::Passing(error)) => error,
            };
            let pause = spread(self.pause.saturating_mul(1 << round));
            if !self.may_retry(round, pause, question.deadline) {
                return Err(error);
            }
            self.measures.retried();
            sleep(pause).await;
            round += 1;
        }
    }

    /// Healthy when one way is. A check that is answered may serve as the trial of a way.
    async fn check(&self) -> Result<(), Error> {
        let checks = self.ways.iter().map(|way| async move {
            let may_try = way.inner.check_asks() && !way.breaker.is_closed();
            let trial = may_try.then(|| way.breaker.admit_check()).flatten();
            let outcome = self.checked(way).await;
            if let Some(trial) = trial {
                let end = if outcome.is_ok() {
                    End::Answered
                } else {
                    End::Failed
                };
                self.tell(way, trial.ended(end));
            }
            outcome
        });
        let outcomes = join_all(checks).await;
        let well = outcomes.iter().position(Result::is_ok).unwrap_or(0);
        outcomes.into_iter().nth(well).unwrap_or(Ok(()))
    }

    /// Every way at once, each within its time.
    async fn tend(&self) -> Option<Duration> {
        for way in &self.ways {
            if way.inner.check_asks() {
                way.breaker.leave_trials(GRACE);
            }
        }
        let looks = self.ways.iter().map(|way| self.look_after(way));
        let next = join_all(looks).await.into_iter().min()?;
        Some(next.max(SOON) + spread(SOON))
    }

    /// A change counts by whichever way it is told.
    fn follow_changes(&self, tell: ChangeSink) {
        for way in &self.ways {
            way.inner.follow_changes(Arc::clone(&tell));
        }
    }
}

impl<R> Way<R> {
    /// Whether it is to be asked how it is, which it then isn't again before its time, a little sooner or later.
    fn is_due(&self, every: Duration) -> bool {
        let mut due = self.health_due.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if *due > now {
            return false;
        }
        *due = now + spread(every);
        true
    }
}

/// Between half of the pause and one and a half, so that those who failed together don't come back
/// together.
fn spread(pause: Duration) -> Duration {
    let chance = u32::try_from(RandomState::new().hash_one(0_u8) % 1_024).unwrap_or(0);
    pause / 2 + pause / 1_024 * chance
}
