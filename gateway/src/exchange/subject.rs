//! Who a call is about, as the log tells it: a pseudonym under the period's keys, and the identifier sealed
//! to the auditors.
//!
//! Sealing is done once for a subject and period and kept beside the record; only what has no record, and what is asked from
//! a registry, pays for it.

use std::sync::{Arc, OnceLock};

use audit::{PeriodKeys, Sealer, SubjectKeys};
use bytes::Bytes;

use super::story::Story;
use crate::cache::Kept;
use crate::clock::Moment;
use crate::record::method::Method;
use crate::record::query::Query;
use crate::status::{Reason, Refusal};

/// What it takes to name subjects.
pub struct Subjects {
    /// The keys of the periods.
    pub keys: SubjectKeys,
    /// Seals identifiers to the auditors.
    pub sealer: Sealer,
}

/// The subject of one call.
#[derive(Clone)]
pub(super) struct Named {
    /// The keys of its period, which its whole entry is made under.
    pub(super) keys: Arc<PeriodKeys>,
    pub(super) pseudonym: [u8; 32],
    sealed: OnceLock<Bytes>,
}

impl Named {
    /// The sealed identifier, once it was sealed.
    pub(super) fn sealed(&self) -> Option<&Bytes> {
        self.sealed.get()
    }
}

impl Subjects {
    /// Names the subject of a query under the keys of the moment.
    pub(super) fn name(&self, method: &Method, query: &Query<'_>, now: Moment) -> Result<Named, Refusal> {
        let keys = self.keys.at(now.0).map_err(|error| {
            tracing::error!(%error, "a call is refused because its subject can't be named in the log");
            cannot_name()
        })?;
        Ok(Named {
            pseudonym: keys.subject(&method.key.identifier, &query.identifier),
            keys,
            sealed: OnceLock::new(),
        })
    }

    /// Seals the subject, if that is not done yet.
    pub(super) fn seal(&self, story: &Story<'_>, query: &Query<'_>) -> Result<(), Refusal> {
        let subject = story.subject.as_ref().ok_or_else(cannot_name)?;
        if subject.sealed.get().is_none() {
            drop(subject.sealed.set(self.sealed(subject, story.method, query)?));
        }
        Ok(())
    }

    /// Takes what was sealed before for this record, or keeps there what is sealed now. Gives the keys of the
    /// period.
    pub(super) fn seal_kept<'a>(
        &self,
        story: &'a Story<'_>,
        query: &Query<'_>,
        kept: &Kept,
    ) -> Result<&'a PeriodKeys, Refusal> {
        let subject = story.subject.as_ref().ok_or_else(cannot_name)?;
        let seal = || match subject.sealed.get() {
            Some(sealed) => Ok(sealed.clone()),
            None => self.sealed(subject, story.method, query),
        };
        let sealed = match kept {
            Kept::Record(record) => record.sealed(&subject.keys, seal)?,
            Kept::NotFound { .. } => seal()?,
        };
        // It is there already when the registry was asked.
        drop(subject.sealed.set(sealed));
        Ok(&subject.keys)
    }

    fn sealed(&self, subject: &Named, method: &Method, query: &Query<'_>) -> Result<Bytes, Refusal> {
        let (kind, identifier) = (&method.key.identifier, &query.identifier);
        self.sealer
            .seal(&subject.keys, &subject.pseudonym, kind, identifier)
            .map(Bytes::from)
            .map_err(|error| {
                tracing::error!(%error, "a call is refused because its subject can't be sealed");
                cannot_name()
            })
    }
}

/// An entry that could not tell the auditors who was asked for is as good as none.
fn cannot_name() -> Refusal {
    Refusal::new(
        Reason::LogUnavailable,
        "the access log can't name the subject now, so nothing is answered",
    )
}

#[cfg(test)]
impl Subjects {
    /// Keys of its own in a folder.
    pub(super) fn for_tests(folder: &std::path::Path) -> Self {
        let keys = audit::SubjectKeyFolder::new(folder);
        let keys = SubjectKeys::open(keys, audit::PeriodLength::Month, Moment::now().0).expect("keys");
        let auditor = folder.with_extension("auditor");
        let auditor = audit::AuditorPrivateKey::create_key_file(&auditor).expect("a key");
        Self {
            keys,
            sealer: Sealer::new(auditor.key().clone()),
        }
    }
}
