//! A filter from its message, and the kinds of what it names, for the entry of the reading.

use audit::{EntryKind, Filter, Order};
use proto::audit::v1 as wire;

use crate::status::{Reason, Refusal};

/// Bytes of a pseudonym.
const PSEUDONYM: usize = 32;

/// Pseudonyms of one filter: more periods than any log keeps.
const MOST_PSEUDONYMS: usize = 1000;

/// The filter that a message asks for.
pub(super) fn read(asked: Option<&wire::EntryFilter>) -> Result<Filter, Refusal> {
    let Some(asked) = asked else {
        return Ok(Filter::default());
    };
    let text = |text: &String| (!text.is_empty()).then(|| text.clone());
    let kind = match asked.kind {
        0 => None,
        kind => Some(EntryKind::try_from(kind).map_err(|_| malformed("filter.kind"))?),
    };
    let pseudonyms = &asked.subject_pseudonyms;
    if pseudonyms.len() > MOST_PSEUDONYMS || pseudonyms.iter().any(|one| one.len() != PSEUDONYM) {
        return Err(malformed("filter.subject_pseudonyms"));
    }
    Ok(Filter {
        from_unix_micros: micros(asked.from.as_ref(), "filter.from")?,
        until_unix_micros: micros(asked.until.as_ref(), "filter.until")?,
        kind,
        request_id: text(&asked.request_id),
        agency: text(&asked.agency),
        officer: text(&asked.officer),
        procedure: text(&asked.procedure),
        dossier: text(&asked.dossier),
        registry: text(&asked.registry),
        operation: text(&asked.operation),
        outcome: text(&asked.outcome),
        field_given: text(&asked.field),
        subject_pseudonyms: pseudonyms.iter().map(|one| one.to_vec()).collect(),
        ..Filter::default()
    })
}

/// The order that a message asks for.
pub(super) fn order(asked: i32) -> Result<Order, Refusal> {
    match wire::EntryOrder::try_from(asked) {
        Ok(wire::EntryOrder::OldestFirst) => Ok(Order::OldestFirst),
        Ok(wire::EntryOrder::NewestFirst | wire::EntryOrder::Unspecified) => Ok(Order::NewestFirst),
        Err(_) => Err(malformed("order")),
    }
}

/// A moment in microseconds since 1970.
pub(super) fn micros(asked: Option<&prost_types::Timestamp>, part: &str) -> Result<Option<i64>, Refusal> {
    let Some(asked) = asked else { return Ok(None) };
    let whole = asked.seconds.checked_mul(1_000_000);
    let micros = whole.and_then(|whole| whole.checked_add(i64::from(asked.nanos / 1000)));
    if !(0..1_000_000_000).contains(&asked.nanos) {
        return Err(malformed(part));
    }
    micros.map(Some).ok_or_else(|| malformed(part))
}

/// What is searched by, such as `agency,subject`.
pub(super) fn kinds(asked: Option<&wire::EntryFilter>) -> String {
    let Some(asked) = asked else {
        return String::new();
    };
    let all = [
        ("time", asked.from.is_some() || asked.until.is_some()),
        ("agency", !asked.agency.is_empty()),
        ("officer", !asked.officer.is_empty()),
        ("procedure", !asked.procedure.is_empty()),
        ("dossier", !asked.dossier.is_empty()),
        ("registry", !asked.registry.is_empty()),
        ("outcome", !asked.outcome.is_empty()),
        ("field", !asked.field.is_empty()),
        ("subject", !asked.subject_pseudonyms.is_empty()),
        ("kind", asked.kind != 0),
        ("request", !asked.request_id.is_empty()),
        ("operation", !asked.operation.is_empty()),
    ];
    let named: Vec<_> = all
        .into_iter()
        .filter_map(|(kind, is_named)| is_named.then_some(kind))
        .collect();
    named.join(",")
}

pub(super) fn malformed(part: &str) -> Refusal {
    Refusal::new(
        Reason::Malformed,
        format!("{part} has not the form it should have"),
    )
    .naming(part)
}
