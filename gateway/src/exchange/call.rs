//! What a registry that asks another one is told of the call, and what it says of its answer.

use std::sync::Arc;

use adapters::{Call, Fact, FactValue, Retrieved, Trace};
use prost::Message as _;
use proto::lookup::v1::{LookupContext, MatchRule};
use sha2::{Digest as _, Sha256};

use super::story::Story;
use crate::cache::{Exchanged, From};
use crate::clock::Moment;
use crate::directory::Source;
use crate::record::compare::date;
use crate::record::method::Method;
use crate::record::query::{Context, Query};
use crate::status::Refusal;

/// The call that a question is asked for, where the registry wants to know. `limit`: the oldest answer that
/// is of use.
pub(super) fn told_to(
    source: &Source,
    story: &Story<'_>,
    query: &Query<'_>,
    limit: Option<i64>,
) -> Option<Arc<Call>> {
    source.wants_call.then(|| Arc::new(told(story, query, limit)))
}

/// The exchange in which a registry answered, though with no record; none when it gave no answer.
pub(super) fn exchanged(trace: &Trace) -> Option<Arc<Exchanged>> {
    let route = trace.route()?;
    Some(Arc::new(Exchanged {
        route: Some(route),
        transaction: trace.transaction(),
    }))
}

/// The same refusal, with the exchange in which the registry gave no record that fits.
pub(super) fn refused_in(refusal: Refusal, exchanged: Option<&Arc<Exchanged>>) -> Refusal {
    Refusal {
        refused_in: exchanged.cloned(),
        ..refusal
    }
}

fn told(story: &Story<'_>, query: &Query<'_>, limit: Option<i64>) -> Call {
    let caller = story.caller.as_ref();
    Call {
        request_id: story.request_id.as_str().into(),
        at: story.received.0,
        agency: caller.map_or("", |caller| caller.agency()).into(),
        officer: caller.map_or("", |caller| caller.officer()).into(),
        role: caller.map_or("", |caller| caller.role()).into(),
        context: encoded(&story.context).into(),
        key: query.key.to_vec().into(),
        facts: facts(story.method, query),
        // What is never kept here is not to be kept there.
        max_age: if story.method.never_cached { Some(0) } else { limit },
    }
}

/// The second facts of a query. Their form was looked at when the query was read.
fn facts(method: &Method, query: &Query<'_>) -> Vec<Fact> {
    let told = query.facts.iter().filter_map(|(at, claimed)| {
        let fact = method.key.facts.get(*at)?;
        let value = match fact.rule {
            MatchRule::Date => FactValue::Date(date(*claimed).ok()?),
            _ => FactValue::Text(claimed.text().ok()?.into()),
        };
        let name = Arc::clone(&fact.name);
        Some(Fact { name, value })
    });
    told.collect()
}

/// Who asks, for what and by which facts, as one word: whoever differs in any of it gets an answer of
/// their own.
pub(super) fn case(story: &Story<'_>, query: &Query<'_>) -> String {
    let caller = story.caller.as_ref();
    let of_caller = caller.map(|caller| [caller.agency(), caller.system(), caller.officer(), caller.role()]);
    let context = encoded(&story.context);
    let mut hash = Sha256::new();
    let texts = of_caller.iter().flatten().map(|text| text.as_bytes());
    for part in texts.chain([context.as_slice(), query.key]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// When the record was got from its source and how, not later than now.
pub(super) fn retrieved(said: Option<Retrieved>, now: Moment) -> (Moment, From) {
    match said {
        None => (now, From::Registry),
        Some(Retrieved { at, kept }) => {
            let from = match kept {
                adapters::Kept::No => From::Registry,
                adapters::Kept::Fresh => From::Cache,
                adapters::Kept::Stale => From::Stale,
            };
            (Moment(at.min(now.0)), from)
        }
    }
}

fn encoded(context: &Context) -> Vec<u8> {
    let context = LookupContext {
        procedure_code: context.procedure.clone(),
        dossier_code: context.dossier.clone(),
        component: context.component.clone(),
        step: context.step.into(),
        receiving_agency: context.receiving_agency.clone(),
        competent_agency: context.competent_agency.clone(),
    };
    context.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_as_old_as_its_source_says_and_never_from_the_future() {
        let now = Moment(1_000);
        let said = |at, kept| retrieved(Some(Retrieved { at, kept }), now);
        assert_eq!(retrieved(None, now), (now, From::Registry));
        assert_eq!(said(400, adapters::Kept::Fresh), (Moment(400), From::Cache));
        assert_eq!(said(400, adapters::Kept::Stale), (Moment(400), From::Stale));
        assert_eq!(said(2_000, adapters::Kept::No), (now, From::Registry));
    }
}
