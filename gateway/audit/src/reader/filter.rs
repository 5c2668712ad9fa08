//! Which entries somebody looks for.

use crate::entry::{Entry, EntryKind};

/// What an entry must be to be found; what is not set matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Not before this time, in microseconds since 1970.
    pub from_unix_micros: Option<i64>,
    /// Before this time, in microseconds since 1970.
    pub until_unix_micros: Option<i64>,
    /// The kind of entry.
    pub kind: Option<EntryKind>,
    /// The request's identifier.
    pub request_id: Option<String>,
    /// The calling agency.
    pub agency: Option<String>,
    /// The calling system.
    pub system: Option<String>,
    /// The officer.
    pub officer: Option<String>,
    /// The procedure's code.
    pub procedure: Option<String>,
    /// The dossier's code.
    pub dossier: Option<String>,
    /// The agreement.
    pub agreement: Option<String>,
    /// The registry.
    pub registry: Option<String>,
    /// The operation.
    pub operation: Option<String>,
    /// The answer word.
    pub outcome: Option<String>,
    /// Pseudonyms of one subject, one a period; any of them.
    pub subject_pseudonyms: Vec<Vec<u8>>,
    /// A field that was given.
    pub field_given: Option<String>,
}

impl Filter {
    /// Whether the entry is one that is looked for.
    #[must_use]
    pub fn matches(&self, entry: &Entry) -> bool {
        let text =
            |wanted: &Option<String>, found: &String| wanted.as_ref().is_none_or(|wanted| wanted == found);
        self.from_unix_micros
            .is_none_or(|from| entry.time_unix_micros >= from)
            && self
                .until_unix_micros
                .is_none_or(|until| entry.time_unix_micros < until)
            && self.kind.is_none_or(|kind| i32::from(kind) == entry.kind)
            && text(&self.request_id, &entry.request_id)
            && text(&self.agency, &entry.agency)
            && text(&self.system, &entry.system)
            && text(&self.officer, &entry.officer)
            && text(&self.procedure, &entry.procedure)
            && text(&self.dossier, &entry.dossier)
            && text(&self.agreement, &entry.agreement)
            && text(&self.registry, &entry.registry)
            && text(&self.operation, &entry.operation)
            && text(&self.outcome, &entry.outcome)
            && (self.subject_pseudonyms.is_empty()
                || self.subject_pseudonyms.contains(&entry.subject_pseudonym))
            && self
                .field_given
                .as_ref()
                .is_none_or(|wanted| entry.fields_given.contains(wanted))
    }
}
