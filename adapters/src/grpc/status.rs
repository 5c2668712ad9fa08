//! What the codes of gRPC mean in the words that the gateway answers with.

use std::collections::HashMap;

use ::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use prost::Message;

use crate::check::Problem;
use crate::error::Error;
use crate::http::{Answers, Verdict, Word, check_answers_by};

/// Metadata in base64, with or without padding (gRPC PROTOCOL-HTTP2).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The codes of gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Code {
    Ok,
    Cancelled,
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    OutOfRange,
    Unimplemented,
    Internal,
    Unavailable,
    DataLoss,
    Unauthenticated,
}

impl Code {
    pub(super) const ALL: [Self; 17] = [
        Self::Ok,
        Self::Cancelled,
        Self::Unknown,
        Self::InvalidArgument,
        Self::DeadlineExceeded,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::OutOfRange,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::DataLoss,
        Self::Unauthenticated,
    ];

    /// The code that `grpc-status` says; one that nobody knows is unknown.
    pub(super) fn read(text: &[u8]) -> Self {
        let number = std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse::<usize>().ok());
        let known = number.and_then(|number| Self::ALL.get(number).copied());
        known.unwrap_or(Self::Unknown)
    }

    /// The code of an answer without one (gRPC http-grpc-status-mapping). 404 is a path that leads
    /// nowhere and never "not found".
    pub(super) fn of_http(status: StatusCode) -> Self {
        match status.as_u16() {
            400 => Self::Internal,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::Unimplemented,
            429 | 502 | 503 | 504 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    /// The error that a code is where the file says nothing else. `NOT_FOUND` is not "not found" until
    /// the file says so: it may be about something else that the server looked for.
    fn error(self) -> Error {
        let word = match self {
            // The time that was passed on to the server is over.
            Self::DeadlineExceeded => return Error::DeadlineExceeded,
            Self::InvalidArgument
            | Self::NotFound
            | Self::AlreadyExists
            | Self::PermissionDenied
            | Self::FailedPrecondition
            | Self::OutOfRange => Word::Refused,
            // Neither a method that isn't there nor a gateway that isn't known says anything of a subject.
            Self::Cancelled
            | Self::Unknown
            | Self::ResourceExhausted
            | Self::Aborted
            | Self::Unimplemented
            | Self::Internal
            | Self::Unavailable
            | Self::Unauthenticated => Word::Unavailable,
            Self::Ok | Self::DataLoss => Word::Garbled,
        };
        word.error(self.name())
            .unwrap_or_else(|| Error::garbled(self.name()))
    }
}

/// Reads the settings of answers, whose statuses are codes by name.
pub(super) fn check_answers(settings: &Answers, problems: &mut Vec<Problem>) -> Verdict {
    let number = |name: &str| {
        let code = Code::ALL
            .into_iter()
            .find(|code| code.name() == name && *code != Code::Ok)?;
        Some(u16::from(code as u8))
    };
    check_answers_by(settings, number, "a code of gRPC such as NOT_FOUND", problems)
}

/// The error of an answer that is not well: by the reason in it, then by its code.
pub(super) fn error(code: Code, metadata: &HeaderMap, verdict: &Verdict) -> Error {
    if let Some(info) = ErrorInfo::of(metadata)
        && let Some(error) = verdict
            .of_code(&info.reason)
            .and_then(|word| word.error(&info.reason))
    {
        return error;
    }
    let said = verdict.said_of(u16::from(code as u8));
    said.and_then(|word| word.error(code.name()))
        .unwrap_or_else(|| code.error())
}

/// `google.rpc.ErrorInfo`: why an error is one.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ErrorInfo {
    #[prost(string, tag = "1")]
    pub(super) reason: String,
    #[prost(string, tag = "2")]
    pub(super) domain: String,
    #[prost(map = "string, string", tag = "3")]
    pub(super) metadata: HashMap<String, String>,
}

/// `google.rpc.Status`, as far as it is read.
#[derive(Clone, PartialEq, Message)]
struct Details {
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

impl ErrorInfo {
    /// What stands in `grpc-status-details-bin`, if it does.
    pub(super) fn of(metadata: &HeaderMap) -> Option<Self> {
        let text = metadata.get("grpc-status-details-bin")?;
        let bytes = BASE64.decode(text.as_bytes()).ok()?;
        let details = Details::decode(bytes.as_slice()).ok()?.details;
        let info = details
            .iter()
            .find(|any| any.type_url.ends_with("/google.rpc.ErrorInfo"))?;
        Self::decode(info.value.as_slice()).ok()
    }
}
