//! One entry of the log: who asked for what, on which ground, and what came of it.
//!
//! The message is the public wire form `lienthong.audit.v1.Entry`; field numbers are a contract and never reused.
//! It holds names of fields, never their values, and a subject only as a pseudonym or sealed.

mod canonical;
mod operation;

use prost::Message;

pub use canonical::{NotCanonical, check_canonical};
pub use operation::Operation;

/// The longest encoded entry, in bytes: what a bundle of c2sp.org/tlog-tiles can hold.
pub const MAX_ENTRY_BYTES: usize = 64 * 1024 - 1;

/// The schema version that [`Entry::new`] writes.
pub const ENTRY_VERSION: u32 = 1;

/// An audit entry. Times are microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, PartialEq, Message)]
pub struct Entry {
    /// Schema version, [`ENTRY_VERSION`].
    #[prost(uint32, tag = "1")]
    pub version: u32,
    /// When the entry was made.
    #[prost(int64, tag = "2")]
    pub time_unix_micros: i64,
    /// The request's identifier, the same in its intent and its outcome.
    #[prost(string, tag = "3")]
    pub request_id: String,
    /// Intent, outcome or operation.
    #[prost(enumeration = "EntryKind", tag = "4")]
    pub kind: i32,
    /// The calling agency.
    #[prost(string, tag = "5")]
    pub agency: String,
    /// The calling system of that agency.
    #[prost(string, tag = "6")]
    pub system: String,
    /// The officer on whose behalf the system calls.
    #[prost(string, tag = "7")]
    pub officer: String,
    /// The officer's role.
    #[prost(string, tag = "8")]
    pub role: String,
    /// SHA-256 of the client certificate.
    #[prost(bytes = "vec", tag = "9")]
    pub certificate_sha256: Vec<u8>,
    /// Hash of the token's identifier.
    #[prost(bytes = "vec", tag = "10")]
    pub token_id_hash: Vec<u8>,
    /// The agency that received the dossier.
    #[prost(string, tag = "11")]
    pub receiving_agency: String,
    /// The agency that decides the dossier.
    #[prost(string, tag = "12")]
    pub competent_agency: String,
    /// The administrative procedure's code.
    #[prost(string, tag = "13")]
    pub procedure: String,
    /// Receiving or deciding.
    #[prost(string, tag = "14")]
    pub step: String,
    /// The component of the dossier that the answer replaces.
    #[prost(string, tag = "15")]
    pub component: String,
    /// The dossier's code.
    #[prost(string, tag = "16")]
    pub dossier: String,
    /// The legal basis that the agreement names.
    #[prost(string, tag = "17")]
    pub legal_basis: String,
    /// The agreement that permitted or refused the call.
    #[prost(string, tag = "18")]
    pub agreement: String,
    /// The version of that agreement.
    #[prost(string, tag = "19")]
    pub agreement_version: String,
    /// The version of the configuration in force.
    #[prost(string, tag = "20")]
    pub config_version: String,
    /// The registry asked.
    #[prost(string, tag = "21")]
    pub registry: String,
    /// The operation asked for.
    #[prost(string, tag = "22")]
    pub operation: String,
    /// Names of the fields asked for.
    #[prost(string, repeated, tag = "23")]
    pub fields_asked: Vec<String>,
    /// Names of the fields given.
    #[prost(string, repeated, tag = "24")]
    pub fields_given: Vec<String>,
    /// The answer word, or `OK`.
    #[prost(string, tag = "25")]
    pub outcome: String,
    /// Where the answer came from: `registry`, `cache` or `stale`.
    #[prost(string, tag = "26")]
    pub source: String,
    /// The registry's own moment of the answer.
    #[prost(int64, tag = "27")]
    pub as_of_unix_micros: i64,
    /// Keyed hash of the answer's bytes.
    #[prost(bytes = "vec", tag = "28")]
    pub answer_hmac: Vec<u8>,
    /// The transaction identifier that the registry gave.
    #[prost(string, tag = "29")]
    pub upstream_transaction: String,
    /// Time from the request's arrival to this entry, in microseconds.
    #[prost(uint64, tag = "30")]
    pub latency_micros: u64,
    /// The subject's pseudonym, see [`crate::PeriodKeys`].
    #[prost(bytes = "vec", tag = "31")]
    pub subject_pseudonym: Vec<u8>,
    /// The subject's identifier, readable only with the auditors' private key and the keys of the period together, see
    /// [`crate::sealing`].
    #[prost(bytes = "vec", tag = "32")]
    pub sealed_subject: Vec<u8>,
    /// The full name of the record's message type.
    #[prost(string, tag = "33")]
    pub record_type: String,
    /// For an operation: what happened.
    #[prost(string, tag = "34")]
    pub detail: String,
    /// The number of the item in a stream, from 1; 0 when there is no stream.
    #[prost(uint32, tag = "35")]
    pub item: u32,
    /// The period whose keys made pseudonym, sealed subject and answer hash, such as `2026-11`; empty in entries older
    /// than periods, and in those that name no subject.
    #[prost(string, tag = "36")]
    pub subject_period: String,
    /// The route to the registry, such as `ndop`, of the exchange that the outcome rests on: for a kept answer the one
    /// that it came by when it was got, with its [`Entry::upstream_transaction`]. Empty when no registry answered.
    #[prost(string, tag = "37")]
    pub route: String,
    /// The officer's unit, where the agency's tokens say it. Its number came late; it belongs beside [`Entry::role`].
    #[prost(string, tag = "38")]
    pub unit: String,
}

/// What an entry tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum EntryKind {
    /// Not said; no writer leaves it so.
    Unspecified = 0,
    /// A registry is about to be asked.
    Intent = 1,
    /// What came of a request; the answer waits for this entry.
    Outcome = 2,
    /// Something an operator or the gateway itself did.
    Operation = 3,
}

/// Why bytes are not an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Longer than [`MAX_ENTRY_BYTES`].
    #[error("entry of {0} bytes is longer than {MAX_ENTRY_BYTES}")]
    TooLarge(usize),
    /// Not the one canonical form of its content.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// Not a protobuf message of this type.
    #[error("entry does not decode: {0}")]
    Decode(#[from] prost::DecodeError),
}

impl Entry {
    /// An entry of the current version, everything else empty.
    #[must_use]
    pub fn new(kind: EntryKind, time_unix_micros: i64) -> Self {
        Self {
            version: ENTRY_VERSION,
            time_unix_micros,
            kind: kind.into(),
            ..Self::default()
        }
    }

    /// The canonical bytes: protobuf fields in ascending order, defaults left out.
    #[must_use]
    pub fn encode_canonical(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    /// The entry that `bytes` are the canonical form of.
    ///
    /// # Errors
    /// When the bytes are too long, malformed, hold an unknown field, or would be written otherwise.
    pub fn decode_canonical(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryError::TooLarge(bytes.len()));
        }
        check_canonical(bytes)?;
        Ok(Self::decode(bytes)?)
    }
}

#[cfg(test)]
mod tests;
