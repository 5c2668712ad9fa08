//! From the record to what may leave: a view, or verdicts.

use std::sync::Arc;

use audit::PeriodKeys;
use bytes::Bytes;
use prost::Message as _;
use proto::lookup::v1::Operation;

use super::law;
use super::route::{Routed, not_found};
use crate::authorization::Permit;
use crate::cache::{Exchanged, From, Kept, KeptRecord};
use crate::clock::Moment;
use crate::record::claims;
use crate::record::method::Method;
use crate::record::query::Query;
use crate::record::view::Names;
use crate::record::wire;
use crate::status::{Reason, Refusal};

/// What leaves when the entry is durable.
pub(super) struct Answer {
    /// Field 1 of the response, encoded: the view, or the verdicts.
    pub(super) payload: Bytes,
    /// Its keyed hash.
    pub(super) hmac: [u8; 32],
    /// Names of the fields that it tells of.
    pub(super) given: Names,
    pub(super) from: From,
    pub(super) as_of: Option<i64>,
    pub(super) retrieved_at: Moment,
    pub(super) exchanged: Arc<Exchanged>,
    pub(super) age_limit: i64,
}

impl Answer {
    /// Makes of a record whose facts fit what the permit lets out.
    pub(super) fn make(
        method: &Method,
        permit: &Permit,
        query: &Query<'_>,
        routed: Routed,
        keys: &PeriodKeys,
    ) -> Result<Self, Refusal> {
        let Kept::Record(record) = &*routed.served.kept else {
            return Err(not_found());
        };
        law::check_record(method, record.whole())?;
        let (payload, given, hmac) = match method.operation {
            Operation::Get => {
                let kept = record
                    .cut(&method.record, permit.view(), keys)
                    .map_err(|_| garbled())?;
                (kept.cut.bytes, kept.cut.given, kept.hmac)
            }
            _ => {
                let (payload, given) = verdicts(method, query, record)?;
                let hmac = keys.answer(&payload);
                (payload, given, hmac)
            }
        };
        Ok(Self {
            payload,
            hmac,
            given,
            from: routed.served.from,
            as_of: record.as_of,
            retrieved_at: record.retrieved_at,
            exchanged: record.exchanged.clone(),
            age_limit: routed.age_limit,
        })
    }
}

fn verdicts(method: &Method, query: &Query<'_>, record: &KeptRecord) -> Result<(Bytes, Names), Refusal> {
    let assume = method.operation == Operation::Check;
    let verdicts =
        claims::verdicts(&method.record, record.whole(), query.claims, assume).map_err(|_| garbled())?;
    let mut payload = Vec::with_capacity(verdicts.len() * 24);
    for verdict in &verdicts {
        wire::put_bytes(&mut payload, 1, &verdict.encode_to_vec());
    }
    Ok((payload.into(), query.fields_asked.clone().unwrap_or_default()))
}

pub(super) fn garbled() -> Refusal {
    Refusal::new(Reason::UpstreamGarbled, "the registry's record can't be read")
}
