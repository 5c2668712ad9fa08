//! One lookup, from the request's bytes to the reply: authorise, answer from the cache or the
//! registry, log, reply. Read this file first.
//!
//! Routing takes a `Permit` and replying takes the log's proof that the entry is durable; neither can
//! be made anywhere else.

mod answer;
mod call;
mod entry;
mod facts;
mod law;
mod outcomes;
mod quota;
mod reply;
mod route;
mod story;
mod subject;

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use audit::{Appender, Waiters};

use crate::authorization::quota::Quotas;
use crate::clock::Moment;
use crate::directory::Directory;
use crate::identity::PeerCertificate;
use crate::record::method::Method;
use crate::record::query::{Context, MAX_ITEMS, Parts, Query};
use crate::status::{Reason, Refusal};
use answer::Answer;
pub use outcomes::Outcomes;
pub use reply::Reply;
use story::Story;
pub use subject::Subjects;

/// Everything that lookups share.
pub struct Exchange {
    /// The configuration in force.
    pub directory: ArcSwap<Directory>,
    /// The access log.
    pub log: Appender,
    /// Names subjects in the log without telling who they are.
    pub subjects: Subjects,
    /// What has been used of every quota.
    pub quotas: Quotas,
    /// How calls ended.
    pub outcomes: Outcomes,
}

/// One call of a lookup method, as it came in.
pub struct Call<'a> {
    /// The configuration that the call is decided by; the method is one of it.
    pub directory: &'a Directory,
    /// The method.
    pub method: &'a Arc<Method>,
    /// The certificate of the connection.
    pub peer: &'a PeerCertificate,
    /// The request's headers.
    pub headers: &'a http::HeaderMap,
    /// The request message, or why there is none.
    pub message: Result<&'a [u8], Refusal>,
    /// When the caller stops waiting.
    pub deadline: Instant,
}

impl Exchange {
    /// Answers a unary lookup.
    pub async fn answer(&self, waiters: &Waiters, call: Call<'_>) -> Reply {
        let mut story = Story::begin(call.method, call.peer, call.directory);
        let parts = match self.receive(&mut story, &call) {
            Ok(message) => Parts::read(message).map_err(|_| not_a_message()),
            Err(refusal) => Err(refusal),
        };
        let with_receipt = parts.as_ref().is_ok_and(|parts| parts.with_receipt);
        let outcome = match parts {
            Ok(parts) => self.decide(&mut story, &parts, call.deadline).await,
            Err(refusal) => Err(refusal),
        };
        self.finish(waiters, &story, outcome, with_receipt).await
    }

    /// Answers a stream lookup: one reply an item, given to `send`, which says whether the caller is
    /// still there. `Err` when the call as a whole is refused.
    pub async fn answer_items<F>(
        &self,
        waiters: &Waiters,
        call: Call<'_>,
        mut send: impl FnMut(Reply) -> F,
    ) -> Result<(), Reply>
    where
        F: Future<Output = bool>,
    {
        let mut story = Story::begin(call.method, call.peer, call.directory);
        let items = self.receive(&mut story, &call).and_then(items_of);
        let items = match items {
            Ok(items) => items,
            Err(refusal) => return Err(self.finish(waiters, &story, Err(refusal), false).await),
        };
        for (at, parts) in (1_u32..).zip(&items) {
            let mut story = story.item(at);
            let outcome = self.decide(&mut story, parts, call.deadline).await;
            let reply = self.finish(waiters, &story, outcome, parts.with_receipt).await;
            if !send(reply).await {
                break;
            }
        }
        Ok(())
    }

    /// Who calls, and the message.
    fn receive<'a>(&self, story: &mut Story<'_>, call: &Call<'a>) -> Result<&'a [u8], Refusal> {
        match story
            .directory
            .identity
            .identify(call.peer, call.headers, story.received)
        {
            Ok(caller) => story.caller = Some(caller),
            Err(rejected) => {
                story.agency = rejected.agency;
                return Err(rejected.refusal);
            }
        }
        call.message.clone()
    }

    /// May it be answered, and with what?
    async fn decide(
        &self,
        story: &mut Story<'_>,
        parts: &Parts<'_>,
        deadline: Instant,
    ) -> Result<Answer, Refusal> {
        let method = story.method;
        story.context = Context::read(parts.context)?;
        let is_component = story.keep_known_component();
        let query = Query::read(method, parts)?;
        story.subject = Some(self.subjects.name(method, &query, story.received)?);
        story.fields_asked.clone_from(&query.fields_asked);
        let outcome = self.judge(story, &query, parts, is_component, deadline).await;
        if let Err(refused) = outcome {
            // Whatever came of it, its entry tells the auditors who was asked for.
            self.subjects.seal(story, &query)?;
            return Err(refused);
        }
        outcome
    }

    /// May this be answered, now that it is known who is asked for?
    async fn judge(
        &self,
        story: &mut Story<'_>,
        query: &Query<'_>,
        parts: &Parts<'_>,
        is_component: bool,
        deadline: Instant,
    ) -> Result<Answer, Refusal> {
        let (directory, method) = (story.directory, story.method);
        law::check_claims(method, query.claims)?;
        if !directory.procedures.contains_key(&story.context.procedure) {
            return Err(Refusal::new(
                Reason::ProcedureNotAgreed,
                format!("procedure {} is not published", story.context.procedure),
            )
            .naming("procedure"));
        }
        if !is_component {
            return Err(Refusal::new(
                Reason::Malformed,
                "context.component is none of the procedure's components",
            )
            .naming("context.component"));
        }
        let caller = story
            .caller
            .as_ref()
            .ok_or_else(|| Refusal::new(Reason::Internal, "no caller"))?;
        let permit = directory.agreements.authorize(
            caller,
            method,
            &story.context,
            query.asked.as_ref(),
            story.received.viet_nam_day(),
        )?;
        story.permit = Some(permit.clone());
        if permit.grant().second_fact && !method.key.facts.is_empty() && query.facts.is_empty() {
            let wanted = method
                .key
                .facts
                .iter()
                .map(|fact| &*fact.name)
                .collect::<Vec<_>>()
                .join(" or ");
            return Err(Refusal::new(
                Reason::Incomplete,
                format!("the key needs a second fact beside the identifier: {wanted}"),
            )
            .naming("key"));
        }
        self.count(story, &permit, query)?;
        let source = directory
            .registries
            .get(&method.registry)
            .ok_or_else(|| Refusal::new(Reason::UpstreamUnavailable, "the registry is not configured"))?;
        let served = self
            .route(source, story, &permit, query, parts.max_age_micros, deadline)
            .await?;
        source.given.count(served.served.from);
        let keys = self.subjects.seal_kept(story, query, &served.served.kept)?;
        Answer::make(method, &permit, query, served, keys)
    }

    /// Logs the outcome, waits until the entry is durable, and only then makes the reply.
    async fn finish(
        &self,
        waiters: &Waiters,
        story: &Story<'_>,
        outcome: Result<Answer, Refusal>,
        with_receipt: bool,
    ) -> Reply {
        let appended = self
            .log
            .append_with(|_, out| entry::outcome(story, &outcome, Moment::now(), out));
        let logged = match appended {
            Ok(ticket) => waiters.durable(ticket).await,
            Err(unavailable) => Err(unavailable),
        };
        self.outcomes.count(match (&logged, &outcome) {
            (Ok(_), outcome) => outcome.as_ref().err().map(|refusal| refusal.reason),
            (Err(_), _) => Some(Reason::LogUnavailable),
        });
        match logged {
            Ok(logged) => {
                let receipt = match with_receipt && outcome.is_ok() {
                    true => Box::pin(self.receipt(logged.index())).await,
                    false => None,
                };
                Reply::new(story, outcome, receipt, logged)
            }
            Err(unavailable) => {
                tracing::error!(reason = %unavailable, "a call is refused because its entry can't be made durable");
                Reply::unlogged(story)
            }
        }
    }

    /// Says in the log that a registry is about to be asked. Not waited for.
    fn intend(&self, story: &Story<'_>) -> Result<(), Refusal> {
        self.log
            .append_with(|_, out| entry::intent(story, Moment::now(), out))
            .map(drop)
            .map_err(|_| Refusal::new(Reason::LogUnavailable, "the access log can't take an entry now"))
    }

    async fn receipt(&self, index: u64) -> Option<reply::ReceiptParts> {
        let log = self.log.clone();
        let read = move || {
            let entry = log.entry_bytes(index).ok()?;
            let proof = log.receipt(index).ok()?.to_string();
            Some(reply::ReceiptParts { entry, proof })
        };
        tokio::task::spawn_blocking(read).await.ok().flatten()
    }
}

fn items_of(message: &[u8]) -> Result<Vec<Parts<'_>>, Refusal> {
    let items = Parts::read_items(message).map_err(|_| not_a_message())?;
    if items.is_empty() {
        return Err(Refusal::new(Reason::Incomplete, "items is empty").naming("items"));
    }
    if items.len() > MAX_ITEMS {
        return Err(
            Refusal::new(Reason::Malformed, format!("items holds more than {MAX_ITEMS}")).naming("items"),
        );
    }
    Ok(items)
}

fn not_a_message() -> Refusal {
    Refusal::new(Reason::Malformed, "the request is not an encoded message")
}

#[cfg(test)]
mod tests;
