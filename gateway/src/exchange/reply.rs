//! The reply, made only with the log's proof that its entry is durable.

use audit::Logged;
use bytes::Bytes;
use prost::Message as _;
use proto::lookup::v1::{Receipt, Source};
use tonic::Status;

use super::answer::Answer;
use super::story::{RequestId, Story};
use crate::cache::From;
use crate::clock::Moment;
use crate::record::wire::{put_bytes, put_varint};
use crate::status::{Reason, Refusal};

/// What goes back to the caller.
pub struct Reply {
    outcome: Result<Bytes, Refusal>,
    request_id: RequestId,
    /// Index of the durable entry; none when the log could not take it.
    audit_index: Option<u64>,
    item: u32,
}

/// Proof that an entry is in the log.
pub(super) struct ReceiptParts {
    pub(super) entry: Vec<u8>,
    pub(super) proof: String,
}

impl Reply {
    pub(super) fn new(
        story: &Story<'_>,
        outcome: Result<Answer, Refusal>,
        receipt: Option<ReceiptParts>,
        logged: Logged,
    ) -> Self {
        let index = logged.index();
        Self {
            outcome: outcome.map(|answer| encode(story, &answer, receipt, index)),
            request_id: story.request_id,
            audit_index: Some(index),
            item: story.item,
        }
    }

    /// No log, no data.
    pub(super) fn unlogged(story: &Story<'_>) -> Self {
        Self {
            outcome: Err(Refusal::new(
                Reason::LogUnavailable,
                "the access log can't promise durability now, so nothing is answered",
            )),
            request_id: story.request_id,
            audit_index: None,
            item: story.item,
        }
    }

    /// The response message of a unary call, or its status.
    pub fn into_message(self) -> Result<Bytes, Status> {
        self.outcome
            .map_err(|refusal| refusal.status(self.request_id.as_str(), self.audit_index))
    }

    /// The message of one item of a stream: a refusal stands inside it, and the stream goes on.
    pub fn into_item(self) -> Bytes {
        match self.outcome {
            Ok(message) => message,
            Err(refusal) => {
                let mut out = Vec::new();
                put_bytes(
                    &mut out,
                    2,
                    &provenance_of_refusal(self.request_id.as_str(), self.audit_index),
                );
                put_varint(&mut out, 4, u64::from(self.item));
                let refusal = proto::lookup::v1::Refusal {
                    code: refusal.reason.code().into(),
                    reason: refusal.reason.word().to_owned(),
                    message: refusal.message,
                    missing_clause: refusal.clause.unwrap_or_default(),
                    retry_after: refusal.retry_after.and_then(|time| time.try_into().ok()),
                };
                put_bytes(&mut out, 5, &refusal.encode_to_vec());
                out.into()
            }
        }
    }
}

/// Record bytes and provenance bytes, simply put together: a message field and bytes share a wire type.
fn encode(story: &Story<'_>, answer: &Answer, receipt: Option<ReceiptParts>, index: u64) -> Bytes {
    use proto::lookup::v1::Operation;
    let mut out = Vec::with_capacity(answer.payload.len() + 192);
    match story.method.operation {
        Operation::Get => put_bytes(&mut out, 1, &answer.payload),
        _ => out.extend_from_slice(&answer.payload),
    }
    let mut provenance = Vec::with_capacity(160);
    put_provenance(&mut provenance, story, answer, index);
    put_bytes(&mut out, 2, &provenance);
    if let Some(receipt) = receipt {
        let receipt = Receipt {
            audit_index: index,
            entry: receipt.entry.into(),
            proof: receipt.proof,
        };
        put_bytes(&mut out, 3, &receipt.encode_to_vec());
    }
    if story.item != 0 {
        put_varint(&mut out, 4, u64::from(story.item));
    }
    out.into()
}

fn put_provenance(out: &mut Vec<u8>, story: &Story<'_>, answer: &Answer, index: u64) {
    put_bytes(out, 1, story.method.registry.as_bytes());
    if let Some(as_of) = answer.as_of {
        put_seconds(out, 2, as_of);
    }
    put_seconds(out, 3, answer.retrieved_at.0);
    let source = match answer.from {
        From::Registry => Source::Registry,
        From::Cache => Source::Cache,
        From::Stale => Source::Stale,
    };
    put_varint(out, 4, source as u64);
    put_seconds(out, 5, answer.age_limit);
    put_bytes(out, 6, story.directory.version.as_bytes());
    put_bytes(out, 7, story.request_id.as_str().as_bytes());
    if index != 0 {
        put_varint(out, 8, index);
    }
}

/// A Timestamp or Duration: both are seconds at 1 and nanoseconds at 2.
fn put_seconds(out: &mut Vec<u8>, number: u32, micros: i64) {
    let moment = Moment(micros);
    let mut inside = Vec::with_capacity(16);
    if moment.unix_seconds() != 0 {
        put_varint(&mut inside, 1, moment.unix_seconds().cast_unsigned());
    }
    let nanos = micros.rem_euclid(1_000_000) * 1_000;
    if nanos != 0 {
        put_varint(&mut inside, 2, nanos.cast_unsigned());
    }
    put_bytes(out, number, &inside);
}

fn provenance_of_refusal(request_id: &str, index: Option<u64>) -> Vec<u8> {
    proto::lookup::v1::Provenance {
        request_id: request_id.to_owned(),
        audit_index: index.unwrap_or(0),
        ..Default::default()
    }
    .encode_to_vec()
}
