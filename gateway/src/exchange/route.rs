//! From a permit to the record: the cache, else the registry.

use std::sync::Arc;
use std::time::Instant;

use adapters::Question;
use adapters::settings::Scope;

use super::Exchange;
use super::story::Story;
use crate::authorization::Permit;
use crate::cache::{self, From, Kept, Load, Served};
use crate::clock::Moment;
use crate::directory::Source;
use crate::record::method::Method;
use crate::record::query::Query;
use crate::status::{Reason, Refusal};

/// A record on its way to an answer.
pub(super) struct Routed {
    pub(super) served: Served,
    /// The age limit that was applied, microseconds.
    pub(super) age_limit: i64,
}

impl Exchange {
    /// Gets what the registry says of the subject, not older than the stricter of the caller's and the
    /// agreement's limit.
    pub(super) async fn route(
        &self,
        source: &Arc<Source>,
        story: &Story<'_>,
        permit: &Permit,
        query: &Query<'_>,
        max_age: Option<i64>,
        deadline: Instant,
    ) -> Result<Routed, Refusal> {
        let method = story.method;
        let limit = match (max_age, permit.grant().max_age_micros) {
            (Some(caller), Some(agreement)) => Some(caller.min(agreement)),
            (caller, agreement) => caller.or(agreement),
        };
        let age_limit = if method.never_cached {
            0
        } else {
            limit.unwrap_or(source.answers.fresh_micros())
        };
        let scope = match source.scope {
            Scope::Shared => None,
            Scope::PerAgency => story.caller.as_ref().map(|caller| caller.agency()),
        };
        let key = cache::key(scope, &method.record.name, &query.identifier);
        let kept = match method.never_cached {
            true => None,
            false => source.answers.find(&key, limit, story.received),
        };
        let served = match kept {
            Some(served) => {
                if served.from == From::Stale {
                    self.intend(story)?;
                    source
                        .answers
                        .refresh(&key, keep(method), ask(source, story, query));
                }
                served
            }
            // On the heap: the future of the common case stays small.
            None => Box::pin(self.fetch(source, story, query, &key, limit, deadline)).await?,
        };
        Ok(Routed { served, age_limit })
    }

    /// Asks the registry, or finds what may be served although it can't be reached.
    async fn fetch(
        &self,
        source: &Arc<Source>,
        story: &Story<'_>,
        query: &Query<'_>,
        key: &[u8],
        limit: Option<i64>,
        deadline: Instant,
    ) -> Result<Served, Refusal> {
        self.intend(story)?;
        let load = source
            .answers
            .load(key, keep(story.method), ask(source, story, query));
        let outcome = tokio::time::timeout_at(deadline.into(), load)
            .await
            .map_err(|_| {
                Refusal::new(
                    Reason::DeadlineExceeded,
                    "the registry did not answer before the caller's deadline",
                )
            })?;
        let error = match outcome {
            Ok(kept) => {
                return Ok(Served {
                    kept,
                    from: From::Registry,
                });
            }
            Err(error) => error,
        };
        let unreachable = matches!(
            error,
            adapters::Error::Unavailable { .. } | adapters::Error::DeadlineExceeded
        );
        if unreachable && !story.method.never_cached {
            if let Some(served) = source.answers.find_despite_error(key, limit, story.received) {
                return Ok(served);
            }
            if source.answers.holds(key) {
                return Err(too_stale(&source.name));
            }
        }
        Err(refusal(&source.name, &error))
    }
}

/// Whether an answer of this method may be kept.
fn keep(method: &Method) -> impl FnOnce(&Kept) -> bool + Send + use<> {
    let (schema, never_cached) = (method.record.clone(), method.never_cached);
    move |kept| match kept {
        Kept::NotFound { .. } => !never_cached,
        Kept::Record(record) => !never_cached && schema.cannot_say(record.whole()) == Ok(false),
    }
}

/// One question to the registry, under the registry's own time limit: it goes on when the caller goes.
fn ask(
    source: &Arc<Source>,
    story: &Story<'_>,
    query: &Query<'_>,
) -> impl Future<Output = Load> + Send + 'static {
    let source = source.clone();
    let question = Question {
        record: story.method.record.name.clone(),
        key: query.identifier.as_str().into(),
        deadline: Instant::now() + source.timeout,
    };
    async move {
        match source.registry.look_up(question).await {
            Ok(found) => Ok(Arc::new(Kept::record(
                found.record,
                found.as_of,
                found.transaction,
                Moment::now(),
            ))),
            Err(adapters::Error::NotFound) => Ok(Arc::new(Kept::NotFound {
                retrieved_at: Moment::now(),
            })),
            Err(error) => {
                tracing::warn!(registry = %source.name, outcome = error.name(), "a registry gave no answer: {error}");
                Err(error)
            }
        }
    }
}

fn too_stale(registry: &str) -> Refusal {
    Refusal::new(
        Reason::TooStale,
        format!("registry {registry} can't be reached, and the kept answer is older than the age limit"),
    )
}

/// Every error of an adapter and its answer word. The details stay in the log.
fn refusal(registry: &str, error: &adapters::Error) -> Refusal {
    use adapters::Error;
    match error {
        Error::NotFound => not_found(),
        Error::Several => Refusal::new(
            Reason::Several,
            format!("registry {registry} has several records under this key"),
        ),
        Error::Incomplete { field } => Refusal::new(
            Reason::UpstreamGarbled,
            format!("the record of registry {registry} can't be read in field {field}"),
        )
        .naming(field.clone()),
        Error::Refused { code } => Refusal::new(
            Reason::UpstreamRefused,
            format!("registry {registry} refused with code {code}"),
        ),
        Error::Unavailable { .. } | Error::DeadlineExceeded => Refusal::new(
            Reason::UpstreamUnavailable,
            format!("registry {registry} can't be reached now; the officer may ask for paper"),
        ),
        Error::Garbled { .. } => Refusal::new(
            Reason::UpstreamGarbled,
            format!("the answer of registry {registry} can't be used"),
        ),
        Error::CannotSay { .. } => Refusal::new(Reason::CannotSay, format!("registry {registry} can't say")),
    }
}

/// "No such person" and "the facts do not fit" are one refusal, to the byte: numbers can't be walked
/// through.
pub(super) fn not_found() -> Refusal {
    Refusal::new(Reason::NotFound, "the registry has no record that fits the key")
}
