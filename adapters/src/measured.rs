//! Counts and times of a registry's answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tracing::Instrument as _;

use crate::error::Error;
use crate::registry::{ChangeSink, Found, Question, Registry};

/// Counts and times what the registry inside answers.
pub struct Measured<R> {
    name: Arc<str>,
    inner: R,
    measures: Arc<Measures>,
}

/// The running counts of one registry.
#[derive(Debug, Default)]
pub struct Measures {
    found: AtomicU64,
    not_found: AtomicU64,
    failed: AtomicU64,
    given_up: AtomicU64,
    micros: AtomicU64,
    longest_micros: AtomicU64,
    retried: AtomicU64,
    hedged: AtomicU64,
    failed_over: AtomicU64,
    paused: AtomicU64,
    refused: AtomicU64,
    routes: Box<[Arc<RouteMeasures>]>,
}

/// The running counts of one route of a registry.
#[derive(Debug)]
pub struct RouteMeasures {
    /// The route's name.
    pub name: Arc<str>,
    asked: AtomicU64,
    failed: AtomicU64,
    paused: AtomicU64,
    is_paused: AtomicBool,
}

/// The counts at one moment. They are read one after the other: under load they may differ by the
/// questions of a few microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Answers with a record.
    pub found: u64,
    /// Answers that there is no such subject.
    pub not_found: u64,
    /// Every other end.
    pub failed: u64,
    /// Questions whose asker went away.
    pub given_up: u64,
    /// Time of all answers together.
    pub time: Duration,
    /// Time of the longest answer.
    pub longest: Duration,
    /// Second tries.
    pub retried: u64,
    /// Questions asked once more beside the first, which was slow.
    pub hedged: u64,
    /// Questions that went on to another route.
    pub failed_over: u64,
    /// How often a route was no longer asked.
    pub paused: u64,
    /// Questions refused because no route was asked.
    pub refused: u64,
}

/// The counts of one route at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteSnapshot {
    /// Questions that went this way, second tries and hedges included.
    pub asked: u64,
    /// Those that failed: not reached, unavailable, silent for too long.
    pub failed: u64,
    /// How often it was no longer asked.
    pub paused: u64,
    /// Whether it is paused, or on trial after a pause.
    pub is_paused: bool,
}

impl<R> Measured<R> {
    /// Measures `inner`, the registry called `name`.
    pub fn new(name: &str, inner: R) -> Self {
        Self::counting_in(name, inner, Arc::default())
    }

    /// As [`Measured::new`], with counts that the protections inside add to.
    pub(crate) fn counting_in(name: &str, inner: R, measures: Arc<Measures>) -> Self {
        let name = Arc::from(name);
        Self {
            name,
            inner,
            measures,
        }
    }

    /// The running counts.
    #[must_use]
    pub fn measures(&self) -> Arc<Measures> {
        Arc::clone(&self.measures)
    }
}

impl Measures {
    /// For a registry with these routes, the best first.
    pub(crate) fn of(routes: impl IntoIterator<Item = Arc<RouteMeasures>>) -> Self {
        Self {
            routes: routes.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Those of each route, the best first.
    #[must_use]
    pub fn routes(&self) -> &[Arc<RouteMeasures>] {
        &self.routes
    }

    /// The counts now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            found: self.found.load(Ordering::Relaxed),
            not_found: self.not_found.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            given_up: self.given_up.load(Ordering::Relaxed),
            time: Duration::from_micros(self.micros.load(Ordering::Relaxed)),
            longest: Duration::from_micros(self.longest_micros.load(Ordering::Relaxed)),
            retried: self.retried.load(Ordering::Relaxed),
            hedged: self.hedged.load(Ordering::Relaxed),
            failed_over: self.failed_over.load(Ordering::Relaxed),
            paused: self.paused.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn retried(&self) {
        self.retried.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn hedged(&self) {
        self.hedged.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failed_over(&self) {
        self.failed_over.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn paused(&self) {
        self.paused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }
}

impl RouteMeasures {
    pub(crate) fn new(name: Arc<str>) -> Self {
        Self {
            name,
            asked: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            paused: AtomicU64::new(0),
            is_paused: AtomicBool::new(false),
        }
    }

    /// The counts now.
    #[must_use]
    pub fn snapshot(&self) -> RouteSnapshot {
        RouteSnapshot {
            asked: self.asked.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            paused: self.paused.load(Ordering::Relaxed),
            is_paused: self.is_paused.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn asked(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn paused(&self) {
        self.paused.fetch_add(1, Ordering::Relaxed);
        self.is_paused.store(true, Ordering::Relaxed);
    }

    pub(crate) fn opened(&self) {
        self.is_paused.store(false, Ordering::Relaxed);
    }
}

#[async_trait::async_trait]
impl<R: Registry> Registry for Measured<R> {
    async fn look_up(&self, question: Question) -> Result<Found, Error> {
        let span = tracing::debug_span!("registry", registry = %self.name, record = %question.record);
        let mut watch = Watch {
            measures: &self.measures,
            start: Instant::now(),
            counter: &self.measures.given_up,
        };
        let outcome = self.inner.look_up(question).instrument(span).await;
        watch.counter = match &outcome {
            Ok(_) => &self.measures.found,
            Err(Error::NotFound) => &self.measures.not_found,
            Err(_) => &self.measures.failed,
        };
        outcome
    }

    async fn check(&self) -> Result<(), Error> {
        self.inner.check().await
    }

    async fn tend(&self) -> Option<Duration> {
        self.inner.tend().await
    }

    fn follow_changes(&self, tell: ChangeSink) {
        self.inner.follow_changes(tell);
    }
}

/// Counts when it goes, so that a question that was given up is counted too.
struct Watch<'a> {
    measures: &'a Measures,
    start: Instant,
    counter: &'a AtomicU64,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let micros = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.counter.fetch_add(1, Ordering::Relaxed);
        self.measures.micros.fetch_add(micros, Ordering::Relaxed);
        self.measures.longest_micros.fetch_max(micros, Ordering::Relaxed);
    }
}
