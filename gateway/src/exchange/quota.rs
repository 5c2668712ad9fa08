//! A permitted call against the quota of its agreement.

use audit::{Entry, EntryKind, Operation};

use super::Exchange;
use super::story::Story;
use crate::authorization::Permit;
use crate::authorization::agreement::Agreement;
use crate::authorization::quota::{Counted, Exceeded, Limit};
use crate::clock::Moment;
use crate::record::query::Query;
use crate::status::{Reason, Refusal};

impl Exchange {
    /// Counts the call. Before anything is looked up: that a subject is not there is counted too.
    pub(super) fn count(&self, story: &Story<'_>, permit: &Permit, query: &Query<'_>) -> Result<(), Refusal> {
        let agreement = &permit.grant().agreement;
        let (Some(caller), Some(subject)) = (&story.caller, &story.subject) else {
            return Err(Refusal::new(Reason::Internal, "no caller"));
        };
        let counted = self.quotas.count(&Counted {
            agreement,
            agency: caller.agency(),
            officer: caller.officer(),
            subject: &subject.pseudonym,
            facts: &query.facts,
            received: story.received,
            started: story.started,
        });
        counted.map_err(|exceeded| {
            if exceeded.alarm {
                self.alarm(story, agreement, exceeded);
            }
            exceeded.refusal(agreement)
        })
    }

    /// Tells the auditors who used a quota up. Not waited for: the entry of the refusal comes after it
    /// and is.
    fn alarm(&self, story: &Story<'_>, agreement: &Agreement, exceeded: Exceeded) {
        let Some(caller) = &story.caller else { return };
        let operation = match exceeded.limit {
            Limit::SubjectsPerOfficerPerHour => Operation::SubjectAlarm,
            Limit::CallsPerSecond | Limit::CallsPerDay | Limit::Memory => Operation::QuotaAlarm,
        };
        let (clause, most) = (exceeded.limit.clause(), exceeded.most);
        tracing::warn!(
            agreement = &*agreement.name,
            agency = caller.agency(),
            clause,
            most,
            "a quota is used up"
        );
        let mut entry = Entry::new(EntryKind::Operation, Moment::now().0);
        entry.request_id = story.request_id.as_str().to_owned();
        entry.agency = caller.agency().to_owned();
        entry.system = caller.system().to_owned();
        entry.officer = caller.officer().to_owned();
        entry.role = caller.role().to_owned();
        entry.unit = caller.unit().unwrap_or_default().to_owned();
        entry.legal_basis = agreement.legal_basis.to_string();
        entry.agreement = agreement.name.to_string();
        entry.agreement_version = agreement.version.to_string();
        entry.config_version = story.directory.version.to_string();
        entry.registry = story.method.registry.to_string();
        entry.operation = operation.word().to_owned();
        entry.outcome = Reason::QuotaExceeded.word().to_owned();
        entry.detail = format!("{clause} = {most}");
        // A log that can't take it takes no outcome either, and then nothing is answered.
        drop(self.log.append(&entry));
    }
}
