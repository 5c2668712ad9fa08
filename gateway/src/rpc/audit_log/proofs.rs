//! One entry with its proof, and proofs about the tree.

use std::sync::Arc;

use audit::{Appender, ReadError, Scope};
use prost::Message as _;
use proto::audit::v1 as wire;

use super::AuditLog;
use super::auditor::no_such_entry;
use super::filter::malformed;
use super::read::read;
use crate::status::{Reason, Refusal};

impl AuditLog {
    pub(super) async fn entry(
        &self,
        scope: Arc<Scope>,
        index: u64,
    ) -> Result<wire::GetEntryResponse, Refusal> {
        let log = self.exchange.log.clone();
        self.searches
            .aside(move || {
                let bytes = seen(&log, &scope, index)?;
                let proof = log.receipt(index).map_err(|error| failed(&error))?.to_string();
                let entry = wire::Entry::decode(bytes.as_slice());
                Ok(wire::GetEntryResponse {
                    entry: Some(entry.map_err(|error| failed(&error))?),
                    entry_bytes: bytes.into(),
                    proof,
                })
            })
            .await
    }

    pub(super) async fn inclusion(
        &self,
        scope: Arc<Scope>,
        asked: wire::ProveInclusionRequest,
    ) -> Result<wire::ProveInclusionResponse, Refusal> {
        let log = self.exchange.log.clone();
        self.searches
            .aside(move || {
                let index = asked.index;
                seen(&log, &scope, index)?;
                let signed = log.checkpoint();
                let tree_size = size(asked.tree_size, signed.checkpoint().size, "tree_size")?;
                if index >= tree_size {
                    return Err(malformed("tree_size"));
                }
                let path = log.prove_inclusion(index, tree_size);
                let path = path.map_err(|error| failed(&error))?;
                let leaf = log.leaf(index).map_err(|error| failed(&error))?;
                let root = log.root(tree_size).map_err(|error| failed(&error))?;
                if !audit::proof::verify_inclusion(&leaf, index, tree_size, &path, &root) {
                    return Err(failed(&ReadError::Inconsistent));
                }
                Ok(wire::ProveInclusionResponse {
                    index,
                    tree_size,
                    leaf_hash: leaf.to_vec().into(),
                    path: path.iter().map(|hash| hash.to_vec().into()).collect(),
                    root: root.to_vec().into(),
                    checkpoint: signed.note().to_owned(),
                })
            })
            .await
    }

    pub(super) async fn consistency(
        &self,
        asked: wire::ProveConsistencyRequest,
    ) -> Result<wire::ProveConsistencyResponse, Refusal> {
        let log = self.exchange.log.clone();
        self.searches
            .aside(move || {
                let signed = log.checkpoint();
                let new_size = size(asked.new_size, signed.checkpoint().size, "new_size")?;
                let old_size = asked.old_size;
                if old_size > new_size {
                    return Err(malformed("old_size"));
                }
                let path = log.prove_consistency(old_size, new_size);
                let path = path.map_err(|error| failed(&error))?;
                let root = |size| log.root(size).map_err(|error| failed(&error));
                Ok(wire::ProveConsistencyResponse {
                    old_size,
                    new_size,
                    path: path.iter().map(|hash| hash.to_vec().into()).collect(),
                    old_root: root(old_size)?.to_vec().into(),
                    new_root: root(new_size)?.to_vec().into(),
                    checkpoint: signed.note().to_owned(),
                })
            })
            .await
    }
}

/// The bytes of an entry that is in sight.
fn seen(log: &Appender, scope: &Scope, index: u64) -> Result<Vec<u8>, Refusal> {
    if index >= log.durable().size {
        return Err(no_such_entry());
    }
    let placed = read(log, index)?.ok_or_else(no_such_entry)?;
    if !scope.covers(&placed.entry) {
        return Err(no_such_entry());
    }
    Ok(placed.bytes)
}

/// The size asked for, that of the newest checkpoint for 0. A larger one is no size of this log.
fn size(asked: u64, newest: u64, part: &str) -> Result<u64, Refusal> {
    match asked {
        0 => Ok(newest),
        asked if asked <= newest => Ok(asked),
        _ => Err(malformed(part)),
    }
}

fn failed(error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(%error, "the access log gives no proof: verify the log");
    Refusal::new(
        Reason::Internal,
        "the proof can't be made; the log is to be verified",
    )
}
