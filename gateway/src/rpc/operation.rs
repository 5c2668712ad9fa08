//! Entries about what is not a lookup: reading the log, asking for the descriptors.

use audit::{Entry, EntryKind, Operation};
use tonic::Status;
use uuid::Uuid;

use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::identity::Caller;
use crate::status::{Reason, Refusal};

impl Exchange {
    /// Gives the outcome of an operation once its entry is durable: no log, no answer.
    ///
    /// # Errors
    /// The refusal itself, with the index of its entry; or that the log can't take one.
    pub(crate) async fn logged<T>(
        &self,
        caller: &Caller,
        operation: Operation,
        outcome: Result<T, Refusal>,
    ) -> Result<T, Status> {
        self.logged_with(caller, operation, "", outcome).await
    }

    /// The same, with a detail of what was done; it holds names of kinds and never a value.
    ///
    /// # Errors
    /// As [`Self::logged`].
    pub(crate) async fn logged_with<T>(
        &self,
        caller: &Caller,
        operation: Operation,
        detail: &str,
        outcome: Result<T, Refusal>,
    ) -> Result<T, Status> {
        let mut entry = Entry::new(EntryKind::Operation, Moment::now().0);
        entry.request_id = Uuid::now_v7().to_string();
        entry.agency = caller.agency().to_owned();
        entry.system = caller.system().to_owned();
        entry.officer = caller.officer().to_owned();
        entry.role = caller.role().to_owned();
        entry.unit = caller.unit().unwrap_or_default().to_owned();
        entry.certificate_sha256 = caller.certificate().to_vec();
        entry.token_id_hash = caller.token_id_hash().to_vec();
        entry.config_version = self.directory.load().version.to_string();
        entry.operation = operation.word().to_owned();
        entry.detail = detail.to_owned();
        entry.outcome = outcome
            .as_ref()
            .map_or_else(|refusal| refusal.reason.word(), |_| "OK")
            .to_owned();
        let logged = self.log.append_durable(&entry).await;
        self.outcomes.count(match (&logged, &outcome) {
            (Ok(_), outcome) => outcome.as_ref().err().map(|refusal| refusal.reason),
            (Err(_), _) => Some(Reason::LogUnavailable),
        });
        match logged {
            Ok(logged) => outcome.map_err(|refusal| refusal.status(&entry.request_id, Some(logged.index()))),
            Err(_) => {
                let refusal = Refusal::new(Reason::LogUnavailable, "the access log can't take an entry now");
                Err(refusal.status(&entry.request_id, None))
            }
        }
    }
}
