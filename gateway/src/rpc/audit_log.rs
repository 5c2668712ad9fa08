//! The audit service. Reading the log is itself logged, before anything is given.
//!
//! | file | idea |
//! |---|---|
//! | `auditor` | who may read, and what of it |
//! | `filter` | a filter from its message; the kinds of what it names |
//! | `page` | size and token of a page |
//! | `read` | entries from the log, compared with its tree |
//! | `search` | a page of what the index finds |
//! | `searches` | work that reads files, a few at a time |
//! | `subject` | who looked at a person or an enterprise |
//! | `proofs` | one entry, and proofs about the tree |
//! | `tail` | entries as they come |

mod auditor;
mod filter;
mod page;
mod proofs;
mod read;
mod search;
mod searches;
mod subject;
mod tail;

use std::sync::Arc;

use audit::{Index, Operation};
use proto::audit::v1 as wire;
use proto::audit::v1::audit_service_server::AuditService;
use tonic::{Request, Response, Status};

use super::caller::caller;
use crate::exchange::Exchange;
use crate::identity::Caller;
use crate::status::Refusal;
use auditor::sight;
use searches::Searches;
pub(crate) use subject::Kinds;
use tail::Tail;

pub(super) struct AuditLog {
    exchange: Arc<Exchange>,
    index: Arc<Index>,
    searches: Searches,
}

impl AuditLog {
    pub(super) fn new(exchange: Arc<Exchange>, index: Arc<Index>) -> Self {
        Self {
            exchange,
            index,
            searches: Searches::new(),
        }
    }

    /// Gives an outcome once the entry of the reading is durable. `detail` names kinds of filters, never a value.
    async fn answer<T>(
        &self,
        caller: &Caller,
        operation: Operation,
        detail: &str,
        outcome: Result<T, Refusal>,
    ) -> Result<Response<T>, Status> {
        let logged = self
            .exchange
            .logged_with(caller, operation, detail, outcome)
            .await;
        logged.map(Response::new)
    }
}

#[tonic::async_trait]
impl AuditService for AuditLog {
    async fn search_entries(
        &self,
        request: Request<wire::SearchEntriesRequest>,
    ) -> Result<Response<wire::SearchEntriesResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let detail = filter::kinds(asked.filter.as_ref());
        let found = match sight(&caller) {
            Ok(scope) => self.search(&caller, scope, asked).await,
            Err(refusal) => Err(refusal),
        };
        self.answer(&caller, Operation::SearchEntries, &detail, found)
            .await
    }

    type TailEntriesStream = Tail;

    async fn tail_entries(
        &self,
        request: Request<wire::TailEntriesRequest>,
    ) -> Result<Response<Tail>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let detail = filter::kinds(asked.filter.as_ref());
        let tail = sight(&caller).and_then(|scope| tail::Asked::read(&self.exchange, scope, &asked));
        let asked = self
            .answer(&caller, Operation::TailEntries, &detail, tail)
            .await?
            .into_inner();
        Ok(Response::new(tail::start(
            Arc::clone(&self.exchange),
            self.searches.clone(),
            asked,
        )))
    }

    async fn get_entry(
        &self,
        request: Request<wire::GetEntryRequest>,
    ) -> Result<Response<wire::GetEntryResponse>, Status> {
        let caller = caller(&request)?;
        let index = request.get_ref().index;
        let read = match sight(&caller) {
            Ok(scope) => self.entry(scope, index).await,
            Err(refusal) => Err(refusal),
        };
        self.answer(&caller, Operation::GetEntry, "", read).await
    }

    async fn get_checkpoint(
        &self,
        request: Request<wire::GetCheckpointRequest>,
    ) -> Result<Response<wire::GetCheckpointResponse>, Status> {
        let caller = caller(&request)?;
        let admitted = sight(&caller).map(drop);
        self.answer(&caller, Operation::GetCheckpoint, "", admitted)
            .await?;
        let checkpoint = self.exchange.log.checkpoint().note().to_owned();
        Ok(Response::new(wire::GetCheckpointResponse { checkpoint }))
    }

    async fn prove_inclusion(
        &self,
        request: Request<wire::ProveInclusionRequest>,
    ) -> Result<Response<wire::ProveInclusionResponse>, Status> {
        let caller = caller(&request)?;
        let asked = *request.get_ref();
        let proved = match sight(&caller) {
            Ok(scope) => self.inclusion(scope, asked).await,
            Err(refusal) => Err(refusal),
        };
        self.answer(&caller, Operation::ProveInclusion, "", proved).await
    }

    async fn prove_consistency(
        &self,
        request: Request<wire::ProveConsistencyRequest>,
    ) -> Result<Response<wire::ProveConsistencyResponse>, Status> {
        let caller = caller(&request)?;
        let asked = *request.get_ref();
        let proved = match sight(&caller) {
            Ok(_) => self.consistency(asked).await,
            Err(refusal) => Err(refusal),
        };
        self.answer(&caller, Operation::ProveConsistency, "", proved)
            .await
    }

    async fn list_subject_accesses(
        &self,
        request: Request<wire::ListSubjectAccessesRequest>,
    ) -> Result<Response<wire::ListSubjectAccessesResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let detail = subject::kinds(&asked);
        let found = match sight(&caller) {
            Ok(scope) => self.subject_accesses(&caller, scope, asked).await,
            Err(refusal) => Err(refusal),
        };
        self.answer(&caller, Operation::ListSubjectAccesses, &detail, found)
            .await
    }
}
