//! From a permit to the record: the cache, else the registry.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adapters::settings::Scope;
use adapters::{Call, Question, Trace};

use super::story::Story;
use super::{Exchange, call, facts};
use crate::authorization::Permit;
use crate::cache::{self, From, Kept, Load, Served, Unanswered};
use crate::clock::Moment;
use crate::directory::Source;
use crate::record::method::Method;
use crate::record::query::Query;
use crate::status::{Reason, Refusal};

/// How long an entry takes to be durable, and its answer to leave, on a busy machine.
const LOGGING: Duration = Duration::from_millis(100);

/// A record that fits the facts, on its way to an answer. Made here alone: who does not know the person
/// must not learn that there is a record.
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
        let case;
        let scope = match source.scope {
            Scope::Shared => None,
            Scope::PerAgency => story.caller.as_ref().map(|caller| caller.agency()),
            Scope::PerCase => {
                case = call::case(story, query);
                Some(case.as_str())
            }
        };
        let key = cache::key(scope, &method.record.name, &query.identifier);
        let asked = Asked {
            source,
            story,
            query,
            key: &key,
            limit,
            deadline,
        };
        let kept = match method.never_cached {
            true => None,
            false => source.answers.find(&key, limit, story.received),
        };
        let served = match kept {
            Some(served) if facts::fit(method, query, &served.kept)? => {
                if served.from == From::Stale {
                    self.subjects.seal_kept(story, query, &served.kept)?;
                    self.intend(story)?;
                    source.answers.refresh(
                        &key,
                        keep(method),
                        ask(source, story, query, call::told_to(source, story, query, limit)),
                    );
                }
                served
            }
            Some(served) if matches!(*served.kept, Kept::NotFound { .. }) => {
                return Err(call::refused_in(not_found(), served.kept.exchanged()));
            }
            // On the heap: the future of the common case stays small.
            Some(_) => Box::pin(self.fetch_unless_in_vain(&asked)).await?,
            None => Box::pin(self.fetch(&asked)).await?,
        };
        Ok(Routed { served, age_limit })
    }

    /// For facts that do not fit what is kept: the registry is asked as it would be for a number that
    /// nobody has, and for as long as that would be kept it is not asked again.
    async fn fetch_unless_in_vain(&self, asked: &Asked<'_>) -> Result<Served, Refusal> {
        let mark = facts::in_vain(asked.key);
        let answers = &asked.source.answers;
        match answers.find(&mark, asked.limit, asked.story.received) {
            Some(mark) => Err(call::refused_in(not_found(), mark.kept.exchanged())),
            None => self.fetch(asked).await,
        }
    }

    /// Asks the registry, or finds what may be served although it can't be reached. What it gives fits
    /// the facts.
    async fn fetch(&self, asked: &Asked<'_>) -> Result<Served, Refusal> {
        let Asked {
            source,
            story,
            query,
            key,
            limit,
            deadline,
        } = *asked;
        self.subjects.seal(story, query)?;
        self.intend(story)?;
        let question = ask(source, story, query, call::told_to(source, story, query, limit));
        let mut load = pin!(source.answers.load(key, keep(story.method), question));
        let patience = deadline - margin(deadline.saturating_duration_since(Instant::now()));
        let outcome = match tokio::time::timeout_at(patience.into(), &mut load).await {
            Ok(outcome) => outcome,
            Err(_) => {
                // Who has hardly more time takes what may be served although the registry can't be reached.
                if let Some(served) = self.fallen_back(asked)? {
                    return Ok(served);
                }
                // And who may not waits as long as for a number that nobody has.
                let outcome = tokio::time::timeout_at(deadline.into(), load).await;
                outcome.map_err(|_| {
                    Refusal::new(
                        Reason::DeadlineExceeded,
                        "the registry did not answer before the caller's deadline",
                    )
                })?
            }
        };
        let Unanswered { error, exchanged } = match outcome {
            Ok(kept) if facts::fit(story.method, query, &kept)? => {
                let from = kept.from();
                // Asked for this call it is as new as can be; kept by whom the registry asks, it may not be.
                let age = kept.age(Moment::now());
                if from != From::Registry && limit.is_some_and(|limit| age > limit) {
                    return Err(too_stale(&source.name));
                }
                return Ok(Served { kept, from });
            }
            Ok(kept) => {
                if !story.method.never_cached {
                    let exchanged = kept.exchanged().cloned();
                    source
                        .answers
                        .mark_not_found(facts::in_vain(key), Moment::now(), exchanged);
                }
                return Err(call::refused_in(not_found(), kept.exchanged()));
            }
            Err(unanswered) => unanswered,
        };
        let unreachable = error.is_outage() || error == adapters::Error::DeadlineExceeded;
        if unreachable
            && !story.method.never_cached
            && let Some(kept) = source.answers.kept(key)
            && facts::fit(story.method, query, &kept)?
        {
            let served = source.answers.find_despite_error(key, limit, story.received);
            return served.ok_or_else(|| too_stale(&source.name));
        }
        Err(call::refused_in(
            refusal(&source.name, &error),
            exchanged.as_ref(),
        ))
    }

    /// What may be served although there is no answer, if it fits the facts.
    fn fallen_back(&self, asked: &Asked<'_>) -> Result<Option<Served>, Refusal> {
        let Asked {
            source, story, query, ..
        } = *asked;
        if story.method.never_cached {
            return Ok(None);
        }
        let served = source
            .answers
            .find_despite_error(asked.key, asked.limit, story.received);
        match served {
            Some(served) if facts::fit(story.method, query, &served.kept)? => Ok(Some(served)),
            _ => Ok(None),
        }
    }
}

/// What of the time that is left is kept back for logging a kept answer: a tenth, and no more than it takes.
fn margin(left: Duration) -> Duration {
    (left / 10).min(LOGGING)
}

/// One question on its way to the registry.
struct Asked<'a> {
    source: &'a Arc<Source>,
    story: &'a Story<'a>,
    query: &'a Query<'a>,
    key: &'a [u8],
    limit: Option<i64>,
    deadline: Instant,
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
    call: Option<Arc<Call>>,
) -> impl Future<Output = Load> + Send + 'static {
    let source = source.clone();
    let trace = Trace::default();
    let question = Question {
        record: story.method.record.name.clone(),
        key: query.identifier.as_str().into(),
        deadline: Instant::now() + source.timeout,
        call,
        trace: trace.clone(),
    };
    async move {
        match source.registry.look_up(question).await {
            Ok(found) => {
                let (retrieved_at, from) = call::retrieved(found.retrieved, Moment::now());
                Ok(Arc::new(Kept::record(found, retrieved_at, from)))
            }
            Err(adapters::Error::NotFound) => Ok(Arc::new(Kept::NotFound {
                retrieved_at: Moment::now(),
                exchanged: call::exchanged(&trace),
            })),
            Err(error) => {
                tracing::warn!(registry = %source.name, outcome = error.name(), "a registry gave no answer: {error}");
                let exchanged = call::exchanged(&trace);
                Err(Unanswered { error, exchanged })
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
        // Told before anybody was asked, and of the call alone: nobody learns from it whether there is a record.
        Error::Wanting { what } => Refusal::new(
            Reason::Incomplete,
            format!("registry {registry} can't be asked without {what}, in the form that it wants"),
        )
        .naming(what.clone()),
        Error::Refused { code } => Refusal::new(
            Reason::UpstreamRefused,
            format!("registry {registry} refused with code {code}"),
        ),
        Error::Unavailable { .. } | Error::Drifted { .. } | Error::DeadlineExceeded => Refusal::new(
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
