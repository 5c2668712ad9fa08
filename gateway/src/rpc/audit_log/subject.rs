//! Who looked at a person or an enterprise. The identifier becomes pseudonyms at once and goes nowhere else.

use std::collections::BTreeMap;
use std::sync::Arc;

use audit::{Entry, Filter, Question, Scope};
use prost::Message as _;
use proto::audit::v1 as wire;
use proto::lookup::v1::MatchRule;

use super::AuditLog;
use super::filter::{malformed, micros, order};
use super::page::Page;
use super::read::Placed;
use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::identity::Caller;
use crate::record::method::Method;
use crate::record::schema::canonical_identifier;
use crate::status::{Reason, Refusal};

/// The sorts of numbers that subjects are known by, each with the rule of its form.
pub(crate) struct Kinds(BTreeMap<Arc<str>, MatchRule>);

impl Kinds {
    /// Those that the lookup methods take.
    pub(crate) fn of<'a>(methods: impl IntoIterator<Item = &'a Arc<Method>>) -> Self {
        let keys = methods.into_iter().map(|method| &method.key);
        Self(keys.map(|key| (Arc::clone(&key.identifier), key.rule)).collect())
    }

    /// Whether there is such a sort.
    pub(crate) fn knows(&self, kind: &str) -> bool {
        self.0.contains_key(kind)
    }

    /// The identifier as lookups know it.
    pub(crate) fn canonical(&self, kind: &str, identifier: &str) -> Result<String, Refusal> {
        let Some(rule) = self.0.get(kind) else {
            let known = self.0.keys().map(|kind| &**kind).collect::<Vec<_>>().join(", ");
            let message = format!("kind is none of these: {known}");
            return Err(Refusal::new(Reason::Malformed, message).naming("kind"));
        };
        canonical_identifier(*rule, identifier).map_err(|_| malformed("identifier"))
    }
}

impl AuditLog {
    pub(super) async fn subject_accesses(
        &self,
        caller: &Caller,
        scope: Arc<Scope>,
        mut asked: wire::ListSubjectAccessesRequest,
    ) -> Result<wire::ListSubjectAccessesResponse, Refusal> {
        let kinds = Kinds::of(self.exchange.directory.load().methods.values());
        let identifier = kinds.canonical(&asked.kind, &asked.identifier)?;
        let (exchange, kind) = (Arc::clone(&self.exchange), asked.kind.clone());
        let pseudonyms = self
            .searches
            .aside(move || pseudonyms(&exchange, &kind, &identifier))
            .await?;
        // A token of the page is bound to pseudonyms: a hash of the identifier would tell it to who tries them all.
        let size = std::mem::take(&mut asked.page_size);
        let token = std::mem::take(&mut asked.page_token);
        asked.identifier.clear();
        let periods = u32::try_from(pseudonyms.len()).unwrap_or(u32::MAX);
        let question = Question {
            filter: Filter {
                from_unix_micros: micros(asked.from.as_ref(), "from")?,
                until_unix_micros: micros(asked.until.as_ref(), "until")?,
                subject_pseudonyms: pseudonyms,
                ..Filter::default()
            },
            scope: (*scope).clone(),
            order: order(asked.order)?,
            from: None,
        };
        let seen = scope.agencies().join(" ");
        let bound = [
            b"subject",
            caller.agency().as_bytes(),
            seen.as_bytes(),
            &asked.encode_to_vec(),
            &question.filter.subject_pseudonyms.concat(),
        ];
        let page = Page::read(size, &token, &bound)?;
        let found = self.find(question, &page).await?;
        Ok(wire::ListSubjectAccessesResponse {
            accesses: found.entries.into_iter().map(access).collect(),
            next_page_token: page.next(found.next),
            searched_size: found.size,
            searched_periods: periods,
        })
    }
}

/// The subject's pseudonyms under the keys that are kept. Never none: that would ask for every entry.
fn pseudonyms(exchange: &Exchange, kind: &str, identifier: &str) -> Result<Vec<Vec<u8>>, Refusal> {
    let keys = exchange.subjects.keys.folder().every().map_err(|error| {
        tracing::error!(%error, "nobody can be looked for in the log");
        keys_are_away()
    })?;
    if keys.is_empty() {
        return Err(keys_are_away());
    }
    let pseudonym = |keys: &audit::PeriodKeys| keys.subject(kind, identifier).to_vec();
    Ok(keys.iter().map(pseudonym).collect())
}

fn keys_are_away() -> Refusal {
    Refusal::new(
        Reason::LogUnavailable,
        "the keys that name subjects can't be read",
    )
}

fn access(placed: Placed) -> wire::SubjectAccess {
    let kind = placed.entry.kind;
    let Placed { index, entry, .. } = placed;
    let Entry { time_unix_micros, .. } = entry;
    wire::SubjectAccess {
        index,
        time: Some(Moment(time_unix_micros).timestamp()),
        agency: entry.agency,
        system: entry.system,
        officer: entry.officer,
        role: entry.role,
        unit: entry.unit,
        receiving_agency: entry.receiving_agency,
        competent_agency: entry.competent_agency,
        procedure: entry.procedure,
        step: entry.step,
        component: entry.component,
        dossier: entry.dossier,
        legal_basis: entry.legal_basis,
        agreement: entry.agreement,
        agreement_version: entry.agreement_version,
        registry: entry.registry,
        operation: entry.operation,
        kind,
        fields_asked: entry.fields_asked,
        fields_given: entry.fields_given,
        outcome: entry.outcome,
        source: entry.source,
        request_id: entry.request_id,
    }
}

/// What is searched by: a subject, and perhaps a time.
pub(super) fn kinds(asked: &wire::ListSubjectAccessesRequest) -> String {
    match asked.from.is_some() || asked.until.is_some() {
        true => "time,subject".to_owned(),
        false => "subject".to_owned(),
    }
}
