//! The audit service. Reading the log is itself logged, before anything is given.

use std::sync::Arc;

use prost::Message as _;
use proto::audit::v1::audit_service_server::AuditService;
use proto::audit::v1::{GetCheckpointRequest, GetCheckpointResponse, GetEntryRequest, GetEntryResponse};
use tonic::{Request, Response, Status};

use super::caller::caller;
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
        let caller = caller(&request)?;
        let read = match auditor(&caller) {
            Ok(()) => self.read(request.get_ref().index).await,
            Err(refusal) => Err(refusal),
        };
        let read = self.exchange.logged(&caller, "get-entry", read).await;
        read.map(Response::new)
    }

    async fn get_checkpoint(
        &self,
        request: Request<GetCheckpointRequest>,
    ) -> Result<Response<GetCheckpointResponse>, Status> {
        let caller = caller(&request)?;
        let admitted = auditor(&caller);
        self.exchange.logged(&caller, "get-checkpoint", admitted).await?;
        let checkpoint = self.exchange.log.checkpoint().note().to_owned();
        Ok(Response::new(GetCheckpointResponse { checkpoint }))
    }
}

impl AuditLog {
    async fn read(&self, index: u64) -> Result<GetEntryResponse, Refusal> {
        let log = self.exchange.log.clone();
        let read = move || Some((log.entry_bytes(index).ok()?, log.receipt(index).ok()?.to_string()));
        let (bytes, proof) = tokio::task::spawn_blocking(read)
            .await
            .ok()
            .flatten()
            .ok_or_else(|| Refusal::new(Reason::NotFound, "the log has no such entry"))?;
        let entry = proto::audit::v1::Entry::decode(bytes.as_slice())
            .map_err(|_| Refusal::new(Reason::Internal, "the entry can't be read"))?;
        Ok(GetEntryResponse {
            entry: Some(entry),
            entry_bytes: bytes.into(),
            proof,
        })
    }
}

fn auditor(caller: &Caller) -> Result<(), Refusal> {
    if caller.is_auditor() {
        return Ok(());
    }
    Err(Refusal::new(
        Reason::RoleNotAgreed,
        "only an auditor agency reads the log",
    ))
}
