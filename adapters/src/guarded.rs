//! The protections that every kind of registry stands behind.

pub(crate) mod places;
pub(crate) mod wire;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prost_reflect::MessageDescriptor;
use tokio::time::timeout_at;

use crate::check::Records;
use crate::error::Error;
use crate::mapping::{Key, fitting};
use crate::registry::{ChangeSink, Found, Question, Registry};
use crate::settings::Protection;
use places::Places;

/// Longest time for a health check.
const LONGEST_CHECK: Duration = Duration::from_secs(60);

/// Asks the registry inside only what it can know, only so many questions at once and only so
/// long, and lets nothing back but a record, of bounded size and depth, about the subject asked for.
pub(crate) struct Guarded<R> {
    name: Arc<str>,
    inner: R,
    limits: Limits,
    places: Arc<Places>,
    records: HashMap<Arc<str>, Guard>,
}

/// The limits of one registry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    timeout: Duration,
    concurrency: usize,
    queue: usize,
    max_record: usize,
    max_depth: usize,
}

/// What must hold for one record.
struct Guard {
    descriptor: MessageDescriptor,
    keys: Vec<Key>,
}

impl From<&Protection> for Limits {
    fn from(protection: &Protection) -> Self {
        Self {
            timeout: protection.timeout.0,
            concurrency: protection.concurrency,
            queue: protection.queue,
            max_record: usize::try_from(protection.max_record.0).unwrap_or(usize::MAX),
            max_depth: protection.max_depth,
        }
    }
}

impl<R: Registry> Guarded<R> {
    pub(crate) fn new(name: &str, inner: R, limits: Limits, records: &Records) -> Self {
        let guard = |record: &crate::check::Record| Guard {
            descriptor: record.descriptor.clone(),
            keys: record.plan.keys.clone(),
        };
        Self {
            name: Arc::from(name),
            inner,
            limits,
            places: Arc::new(Places::new(limits.concurrency, limits.queue)),
            records: records
                .iter()
                .map(|(name, record)| (Arc::clone(name), guard(record)))
                .collect(),
        }
    }

    /// The places at the registry. Whoever asks it twice at once takes a second one.
    pub(crate) fn sharing(self, places: Arc<Places>) -> Self {
        Self { places, ..self }
    }

    /// What comes back before the deadline. Being too slow is the registry's failure when its own
    /// time limit passed first, else the caller had too little time.
    async fn in_time<T>(
        &self,
        limit: Limit,
        answer: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        match timeout_at(limit.deadline.into(), answer).await {
            Ok(Err(Error::DeadlineExceeded)) | Err(_) => Err(limit.passed()),
            Ok(outcome) => outcome,
        }
    }

    fn inspect(&self, guard: &Guard, key: &Key, asked: &str, found: &Found) -> Result<(), Error> {
        if found.record.len() > self.limits.max_record {
            return Err(Error::garbled("the record is larger than max_record"));
        }
        wire::check(&found.record, &guard.descriptor, self.limits.max_depth)
            .map_err(|flaw| Error::garbled(flaw.to_string()))?;
        match wire::text(&found.record, key.number) {
            Some(given) if given == asked => Ok(()),
            Some(_) | None => {
                tracing::error!(
                    registry = %self.name,
                    record = guard.descriptor.full_name(),
                    "the registry answered about another subject than the one asked for"
                );
                Err(Error::garbled("the record is about another subject"))
            }
        }
    }
}

#[async_trait::async_trait]
impl<R: Registry> Registry for Guarded<R> {
    async fn look_up(&self, question: Question) -> Result<Found, Error> {
        let limit = Limit::earlier(question.deadline, self.limits.timeout);
        let Some(guard) = self.records.get(&question.record) else {
            return Err(Error::unavailable("the registry's file maps no such record"));
        };
        // It never reaches the registry, and so nobody says that there is no such subject.
        let Some((_, key)) = fitting(&guard.keys, &question.key) else {
            return Err(Error::not_asked());
        };
        if limit.deadline <= Instant::now() {
            return Err(Error::DeadlineExceeded);
        }
        let _place = self.places.take(limit.deadline).await?;
        let asked = Arc::clone(&question.key);
        let question = Question {
            deadline: limit.deadline,
            ..question
        };
        let found = self.in_time(limit, self.inner.look_up(question)).await?;
        self.inspect(guard, key, &asked, &found)?;
        Ok(found)
    }

    async fn check(&self) -> Result<(), Error> {
        // Nobody waits for a health check longer than this, whatever the registry may take.
        let limit = Limit::earlier(Instant::now() + LONGEST_CHECK, self.limits.timeout);
        self.in_time(limit, self.inner.check()).await
    }

    async fn tend(&self) -> Option<Duration> {
        self.inner.tend().await
    }

    fn follow_changes(&self, tell: ChangeSink) {
        self.inner.follow_changes(tell);
    }
}

/// The earlier of the caller's deadline and the registry's own time limit.
#[derive(Clone, Copy)]
struct Limit {
    deadline: Instant,
    of_registry: bool,
}

impl Limit {
    fn earlier(callers: Instant, timeout: Duration) -> Self {
        match Instant::now().checked_add(timeout) {
            Some(own) if own < callers => Self {
                deadline: own,
                of_registry: true,
            },
            _ => Self {
                deadline: callers,
                of_registry: false,
            },
        }
    }

    fn passed(self) -> Error {
        if self.of_registry {
            Error::unavailable("no answer within the registry's timeout")
        } else {
            Error::DeadlineExceeded
        }
    }
}
