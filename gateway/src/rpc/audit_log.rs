//! The audit service. Reading the log is itself logged, before anything is given.

use std::sync::Arc;

use audit::{Entry, EntryKind};
use prost::Message as _;
use proto::audit::v1::audit_service_server::AuditService;
use proto::audit::v1::{GetCheckpointRequest, GetCheckpointResponse, GetEntryRequest, GetEntryResponse};
use tonic::{Request, Response, Status};

use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::identity::Caller;
use crate::status::{Reason, Refusal};

pub(super) struct AuditLog {
    pub(super) exchange: Arc<Exchange>,
}

#[tonic::async_trait]
impl AuditService for AuditLog {
    async fn get_entry(
        &self,
        request: Request<GetEntryRequest>,
    ) -> Result<Response<GetEntryResponse>, Status> {
        let index = request.get_ref().index;
        self.admit(&request, "get-entry").await?;
        let log = self.exchange.log.clone();
        let read = move || Some((log.entry_bytes(index).ok()?, log.receipt(index).ok()?.to_string()));
        let (bytes, proof) = tokio::task::spawn_blocking(read)
            .await
            .ok()
            .flatten()
            .ok_or_else(|| Refusal::new(Reason::NotFound, "the log has no such entry").status("", None))?;
        let entry = proto::audit::v1::Entry::decode(bytes.as_slice())
            .map_err(|_| Refusal::new(Reason::Internal, "the entry can't be read").status("", None))?;
        Ok(Response::new(GetEntryResponse {
            entry: Some(entry),
            entry_bytes: bytes.into(),
            proof,
        }))
    }

    async fn get_checkpoint(
        &self,
        request: Request<GetCheckpointRequest>,
    ) -> Result<Response<GetCheckpointResponse>, Status> {
        self.admit(&request, "get-checkpoint").await?;
        let checkpoint = self.exchange.log.checkpoint().note().to_owned();
        Ok(Response::new(GetCheckpointResponse { checkpoint }))
    }
}

impl AuditLog {
    /// Auditors alone; the reading, or the refusal, is durable in the log before this returns.
    async fn admit<T>(&self, request: &Request<T>, operation: &str) -> Result<(), Status> {
        let caller = request
            .extensions()
            .get::<Arc<Caller>>()
            .cloned()
            .ok_or_else(|| Refusal::new(Reason::Internal, "no caller").status("", None))?;
        let outcome = if caller.is_auditor() {
            "OK"
        } else {
            Reason::RoleNotAgreed.word()
        };
        let mut entry = Entry::new(EntryKind::Operation, Moment::now().0);
        entry.agency = caller.agency().to_owned();
        entry.system = caller.system().to_owned();
        entry.officer = caller.officer().to_owned();
        entry.role = caller.role().to_owned();
        entry.certificate_sha256 = caller.certificate().to_vec();
        entry.token_id_hash = caller.token_id_hash().to_vec();
        entry.config_version = self.exchange.directory.load().version.to_string();
        entry.operation = operation.to_owned();
        entry.outcome = outcome.to_owned();
        self.exchange.log.append_durable(&entry).await.map_err(|_| {
            Refusal::new(Reason::LogUnavailable, "the access log can't take an entry now").status("", None)
        })?;
        if caller.is_auditor() {
            return Ok(());
        }
        Err(Refusal::new(Reason::RoleNotAgreed, "only an auditor agency reads the log").status("", None))
    }
}
