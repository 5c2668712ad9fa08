//! Another gateway of this product: the lookup of the same canonical record, made for the same officer and
//! the same reason, and its answer taken as it is.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ::http::HeaderMap;
use ::http::header::{AUTHORIZATION, HeaderValue};
use bytes::Bytes;
use prost::Message as _;
use prost::bytes::Buf as _;
use prost::encoding::{WireType, decode_key, encode_key, encode_varint};
use prost_reflect::DescriptorPool;
use proto::lookup::v1::{Operation, Provenance, Source};
use toml::Spanned;

use super::connection::Connections;
use super::exchange::{Reply, call};
use super::settings::{Lienthong, Settings};
use super::status::{Code, ErrorInfo};
use super::vouching::Vouching;
use crate::check::{Problem, Records};
use crate::error::Error;
use crate::guarded::wire::content;
use crate::http::{Word, presentable_id};
use crate::registry::{Call, Found, Kept, Question, Retrieved};
use crate::tree::AnswerLimits;

/// The longest lifetime of a token that the other gateway takes by itself.
const LONGEST_TOKEN: std::time::Duration = std::time::Duration::from_secs(600);
/// Domain of the reasons of this product.
const DOMAIN: &str = "lienthong";

/// The other gateway, and how it is asked.
pub(super) struct Peer {
    vouching: Vouching,
    /// The path of the lookup of each record.
    methods: HashMap<Arc<str>, String>,
}

/// What is wrong with the settings of another gateway.
pub(super) fn check(
    settings: &Settings,
    own: &Spanned<Lienthong>,
    pool: &DescriptorPool,
    records: &Records,
    problems: &mut Vec<Problem>,
) {
    let mut tell = |message: String| problems.push(Problem::at(own.span(), message));
    if settings.server.certificate.is_none() {
        tell(
            "found no certificate in server, wanted the one that the other gateway knows this one by"
                .to_owned(),
        );
    }
    if !settings.requests.is_empty() || !settings.descriptors.is_empty() {
        tell(
            "found requests or descriptors beside lienthong, wanted neither: the schemas are the same"
                .to_owned(),
        );
    }
    let sign_in = &settings.sign_in;
    if sign_in.oauth2.is_some() || sign_in.api_key.is_some() || sign_in.json_header.is_some() {
        tell("found sign_in beside lienthong, wanted one of them".to_owned());
    }
    let lifetime = own.get_ref().lifetime.0;
    if lifetime.as_secs() < 10 || lifetime > LONGEST_TOKEN {
        tell("found another lifetime, wanted 10s to 10m".to_owned());
    }
    for name in records.keys() {
        if method(pool, name).is_none() {
            tell(format!(
                "no method gives {name} itself: the other gateway only compares it with claims"
            ));
        }
    }
}

/// The path of the method that gives a record.
fn method(pool: &DescriptorPool, record: &str) -> Option<String> {
    pool.services().find_map(|service| {
        let method = service.methods().find(|method| {
            let lookup = proto::rules::lookup_method(method);
            let gives =
                lookup.is_some_and(|lookup| lookup.record == record && lookup.operation() == Operation::Get);
            gives && !method.is_server_streaming() && !method.is_client_streaming()
        })?;
        Some(format!("/{}/{}", service.full_name(), method.name()))
    })
}

impl Peer {
    pub(super) fn new(
        settings: &Settings,
        own: &Lienthong,
        base: &Path,
        pool: &DescriptorPool,
        records: &Records,
    ) -> Result<Self, String> {
        let certificate = settings.server.certificate.as_ref().ok_or("no certificate")?;
        let methods = records
            .keys()
            .filter_map(|name| Some((Arc::clone(name), method(pool, name)?)))
            .collect();
        Ok(Self {
            vouching: Vouching::new(own, certificate.get_ref(), base)?,
            methods,
        })
    }

    /// Asks for a record as the caller of the question did.
    pub(super) async fn look_up(
        &self,
        connections: &Connections,
        question: &Question,
        limits: AnswerLimits,
    ) -> Result<Found, Error> {
        let path = self.methods.get(&question.record);
        let path = path.ok_or_else(|| Error::unavailable("the other gateway doesn't give this record"))?;
        let own = question.call.as_ref();
        let own = own.ok_or_else(|| {
            Error::unavailable("another gateway is asked for an officer and a dossier alone")
        })?;
        let message = request(own);
        let mut again = true;
        loop {
            let mut metadata = HeaderMap::new();
            metadata.insert(AUTHORIZATION, self.vouching.token(own)?);
            if let Ok(id) = HeaderValue::from_str(&own.request_id) {
                metadata.insert("x-request-id", id);
            }
            let began = Instant::now();
            let reply = call(
                connections,
                path,
                metadata,
                &message,
                question.deadline,
                limits.bytes,
            )
            .await?;
            question.trace.answered(began, || reply.raw(None));
            match reply.code {
                Code::Ok => return found(&reply, &question.key),
                Code::Unauthenticated if again => self.vouching.forget(own),
                code => return Err(refusal(code, &reply.metadata, question)),
            }
            again = false;
        }
    }
}

/// Context, key and age limit at the numbers that every lookup has.
fn request(call: &Call) -> Vec<u8> {
    let mut out = Vec::with_capacity(call.context.len() + call.key.len() + 32);
    let mut put = |number: u32, bytes: &[u8]| {
        encode_key(number, WireType::LengthDelimited, &mut out);
        encode_varint(bytes.len() as u64, &mut out);
        out.extend_from_slice(bytes);
    };
    put(1, &call.context);
    put(2, &call.key);
    if let Some(micros) = call.max_age {
        let age = prost_types::Duration {
            seconds: micros.div_euclid(1_000_000),
            nanos: i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or(0),
        };
        put(4, &age.encode_to_vec());
    }
    out
}

/// The record of an answer, and what the other gateway says of it.
fn found(reply: &Reply, key: &str) -> Result<Found, Error> {
    let garbled = || Error::garbled("the answer is no answer of a gateway");
    let (mut record, mut provenance) = (None, None);
    let mut rest = reply.message.as_slice();
    while rest.has_remaining() {
        let (number, wire) = decode_key(&mut rest).map_err(|_| garbled())?;
        let content = content(&mut rest, wire).map_err(|_| garbled())?;
        let part = match number {
            1 => &mut record,
            2 => &mut provenance,
            _ => continue,
        };
        if wire != WireType::LengthDelimited || part.replace(content).is_some() {
            return Err(garbled());
        }
    }
    let record = record.ok_or_else(garbled)?;
    let provenance = Provenance::decode(provenance.ok_or_else(garbled)?).map_err(|_| garbled())?;
    let kept = match provenance.source() {
        Source::Registry => Kept::No,
        Source::Cache => Kept::Fresh,
        Source::Stale => Kept::Stale,
        // Nobody says how old it is.
        Source::Unspecified => return Err(garbled()),
    };
    let at = provenance.retrieved_at.as_ref().map(micros).ok_or_else(garbled)?;
    Ok(Found {
        record: Bytes::copy_from_slice(record),
        as_of: provenance.as_of.as_ref().map(micros),
        transaction: Some(provenance.request_id).filter(|id| presentable_id(id, key)),
        route: None,
        retrieved: Some(Retrieved { at, kept }),
    })
}

fn micros(moment: &prost_types::Timestamp) -> i64 {
    let seconds = moment.seconds.saturating_mul(1_000_000);
    seconds.saturating_add(i64::from(moment.nanos) / 1_000)
}

/// What a refusal of the other gateway means here: by its reason. A status without one is none of its
/// own, and "not found" least of all.
fn refusal(code: Code, metadata: &HeaderMap, question: &Question) -> Error {
    let info = ErrorInfo::of(metadata).filter(|info| info.domain == DOMAIN);
    let Some(info) = info else {
        return match code {
            Code::DeadlineExceeded => Error::DeadlineExceeded,
            code => Error::unavailable(format!("no gateway answers, but {}", code.name())),
        };
    };
    let reason = info.reason.as_str();
    if let Some(theirs) = info
        .metadata
        .get("request_id")
        .filter(|id| presentable_id(id, &question.key))
    {
        question.trace.known_as(theirs.clone());
    }
    let word = match reason {
        "NOT_FOUND" => Word::NotFound,
        "SEVERAL" => Word::Several,
        "CANNOT_SAY" => Word::CannotSay,
        "UPSTREAM_GARBLED" => Word::Garbled,
        "DEADLINE_EXCEEDED" => return Error::DeadlineExceeded,
        // The officer, the dossier or the fields are not agreed with this gateway's agency.
        "INCOMPLETE"
        | "MALFORMED"
        | "UNKNOWN_FIELD"
        | "UPSTREAM_REFUSED"
        | "NO_AGREEMENT"
        | "PROCEDURE_NOT_AGREED"
        | "FIELD_NOT_AGREED"
        | "STEP_NOT_AGREED"
        | "ROLE_NOT_AGREED"
        | "AGREEMENT_EXPIRED"
        | "QUOTA_EXCEEDED"
        | "REFUSED_BY_LAW" => Word::Refused,
        // It can't say now, it doesn't know this gateway, or it is newer than this one.
        _ => Word::Unavailable,
    };
    word.error(reason)
        .unwrap_or_else(|| Error::unavailable("no answer"))
}
