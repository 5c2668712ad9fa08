//! Every refusal and its words on the wire, in one place.
//!
//! A refusal says which rule or clause was missing, never a value of a record, a key or a token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::cache::Exchanged;

/// Domain of `google.rpc.ErrorInfo` in every refusal.
pub const DOMAIN: &str = "lienthong";

/// The answer words: the `reason` of `google.rpc.ErrorInfo`, and the outcome of an audit entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "the words say what they mean; `Reason::code` gives each its status"
)]
pub enum Reason {
    // The lookup.
    NotFound,
    Several,
    Incomplete,
    Malformed,
    UnknownField,
    UpstreamRefused,
    UpstreamUnavailable,
    UpstreamGarbled,
    TooStale,
    CannotSay,
    DeadlineExceeded,
    // The agreement.
    NoAgreement,
    ProcedureNotAgreed,
    FieldNotAgreed,
    StepNotAgreed,
    RoleNotAgreed,
    AgreementExpired,
    QuotaExceeded,
    RefusedByLaw,
    // The token and the certificate.
    TokenMissing,
    TokenMalformed,
    TokenSignature,
    TokenExpired,
    TokenNotYetValid,
    TokenAudience,
    TokenIssuer,
    TokenType,
    TokenBinding,
    TokenLifetime,
    ClientUnknown,
    CertificateUnknown,
    CertificateExpired,
    CertificateRevoked,
    RevocationUnknown,
    // The gateway itself.
    LogUnavailable,
    IndexUnavailable,
    Overloaded,
    UnknownMethod,
    /// Stays the last: [`Reason::ALL`] ends with it.
    Internal,
}

impl Reason {
    /// Every word, each at its own number.
    pub const ALL: [Self; Self::Internal as usize + 1] = [
        Self::NotFound,
        Self::Several,
        Self::Incomplete,
        Self::Malformed,
        Self::UnknownField,
        Self::UpstreamRefused,
        Self::UpstreamUnavailable,
        Self::UpstreamGarbled,
        Self::TooStale,
        Self::CannotSay,
        Self::DeadlineExceeded,
        Self::NoAgreement,
        Self::ProcedureNotAgreed,
        Self::FieldNotAgreed,
        Self::StepNotAgreed,
        Self::RoleNotAgreed,
        Self::AgreementExpired,
        Self::QuotaExceeded,
        Self::RefusedByLaw,
        Self::TokenMissing,
        Self::TokenMalformed,
        Self::TokenSignature,
        Self::TokenExpired,
        Self::TokenNotYetValid,
        Self::TokenAudience,
        Self::TokenIssuer,
        Self::TokenType,
        Self::TokenBinding,
        Self::TokenLifetime,
        Self::ClientUnknown,
        Self::CertificateUnknown,
        Self::CertificateExpired,
        Self::CertificateRevoked,
        Self::RevocationUnknown,
        Self::LogUnavailable,
        Self::IndexUnavailable,
        Self::Overloaded,
        Self::UnknownMethod,
        Self::Internal,
    ];

    /// The word, as it stands on the wire and in the log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::Several => "SEVERAL",
            Self::Incomplete => "INCOMPLETE",
            Self::Malformed => "MALFORMED",
            Self::UnknownField => "UNKNOWN_FIELD",
            Self::UpstreamRefused => "UPSTREAM_REFUSED",
            Self::UpstreamUnavailable => "UPSTREAM_UNAVAILABLE",
            Self::UpstreamGarbled => "UPSTREAM_GARBLED",
            Self::TooStale => "TOO_STALE",
            Self::CannotSay => "CANNOT_SAY",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NoAgreement => "NO_AGREEMENT",
            Self::ProcedureNotAgreed => "PROCEDURE_NOT_AGREED",
            Self::FieldNotAgreed => "FIELD_NOT_AGREED",
            Self::StepNotAgreed => "STEP_NOT_AGREED",
            Self::RoleNotAgreed => "ROLE_NOT_AGREED",
            Self::AgreementExpired => "AGREEMENT_EXPIRED",
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::RefusedByLaw => "REFUSED_BY_LAW",
            Self::TokenMissing => "TOKEN_MISSING",
            Self::TokenMalformed => "TOKEN_MALFORMED",
            Self::TokenSignature => "TOKEN_SIGNATURE",
            Self::TokenExpired => "TOKEN_EXPIRED",
            Self::TokenNotYetValid => "TOKEN_NOT_YET_VALID",
            Self::TokenAudience => "TOKEN_AUDIENCE",
            Self::TokenIssuer => "TOKEN_ISSUER",
            Self::TokenType => "TOKEN_TYPE",
            Self::TokenBinding => "TOKEN_BINDING",
            Self::TokenLifetime => "TOKEN_LIFETIME",
            Self::ClientUnknown => "CLIENT_UNKNOWN",
            Self::CertificateUnknown => "CERTIFICATE_UNKNOWN",
            Self::CertificateExpired => "CERTIFICATE_EXPIRED",
            Self::CertificateRevoked => "CERTIFICATE_REVOKED",
            Self::RevocationUnknown => "REVOCATION_UNKNOWN",
            Self::LogUnavailable => "LOG_UNAVAILABLE",
            Self::IndexUnavailable => "INDEX_UNAVAILABLE",
            Self::Overloaded => "OVERLOADED",
            Self::UnknownMethod => "UNKNOWN_METHOD",
            Self::Internal => "INTERNAL",
        }
    }

    /// The gRPC status code that goes with the word.
    pub const fn code(self) -> Code {
        match self {
            Self::NotFound => Code::NotFound,
            Self::Several | Self::CannotSay | Self::TooStale | Self::UpstreamRefused => {
                Code::FailedPrecondition
            }
            Self::Incomplete | Self::Malformed | Self::UnknownField => Code::InvalidArgument,
            Self::UpstreamUnavailable | Self::LogUnavailable | Self::IndexUnavailable => Code::Unavailable,
            Self::UpstreamGarbled | Self::Internal => Code::Internal,
            Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::NoAgreement
            | Self::ProcedureNotAgreed
            | Self::FieldNotAgreed
            | Self::StepNotAgreed
            | Self::RoleNotAgreed
            | Self::AgreementExpired
            | Self::RefusedByLaw => Code::PermissionDenied,
            Self::QuotaExceeded | Self::Overloaded => Code::ResourceExhausted,
            Self::TokenMissing
            | Self::TokenMalformed
            | Self::TokenSignature
            | Self::TokenExpired
            | Self::TokenNotYetValid
            | Self::TokenAudience
            | Self::TokenIssuer
            | Self::TokenType
            | Self::TokenBinding
            | Self::TokenLifetime
            | Self::ClientUnknown
            | Self::CertificateUnknown
            | Self::CertificateExpired
            | Self::CertificateRevoked
            | Self::RevocationUnknown => Code::Unauthenticated,
            Self::UnknownMethod => Code::Unimplemented,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Why a call is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The answer word.
    pub reason: Reason,
    /// What happened and what was expected, for people. Built from names of fields, clauses and
    /// agreements alone.
    pub message: String,
    /// The clause of the agreement, or the field of the request, that is missing or wrong.
    pub clause: Option<String>,
    /// After how long another try may have another outcome, where that is known.
    pub retry_after: Option<Duration>,
    /// The exchange in which the registry gave no record. For the log alone.
    pub refused_in: Option<Arc<Exchanged>>,
}

impl Refusal {
    /// A refusal that names no clause.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            clause: None,
            retry_after: None,
            refused_in: None,
        }
    }

    /// The same refusal, naming the clause or field that is missing.
    #[must_use]
    pub fn naming(mut self, clause: impl Into<String>) -> Self {
        self.clause = Some(clause.into());
        self
    }

    /// The same refusal, saying after how long another try makes sense.
    #[must_use]
    pub fn retry_after(mut self, time: Duration) -> Self {
        self.retry_after = Some(time);
        self
    }

    /// The gRPC status with `google.rpc.ErrorInfo`; `request_id` and `audit_index` let an operator
    /// find the entry.
    pub fn status(&self, request_id: &str, audit_index: Option<u64>) -> Status {
        let mut metadata = std::collections::HashMap::new();
        if !request_id.is_empty() {
            metadata.insert("request_id".to_owned(), request_id.to_owned());
        }
        if let Some(index) = audit_index {
            metadata.insert("audit_index".to_owned(), index.to_string());
        }
        if let Some(clause) = &self.clause {
            metadata.insert("missing".to_owned(), clause.clone());
        }
        let mut details = ErrorDetails::with_error_info(self.reason.word(), DOMAIN, metadata);
        if self.reason == Reason::QuotaExceeded {
            let clause = self.clause.as_deref().unwrap_or_default();
            details.add_quota_failure_violation(clause, &self.message);
        }
        if self.retry_after.is_some() {
            details.set_retry_info(self.retry_after);
        }
        Status::with_error_details(self.reason.code(), self.message.clone(), details)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_word_stands_at_its_number_and_is_no_other_one() {
        for (number, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, number, "{reason}");
        }
        let words: HashSet<_> = Reason::ALL.iter().map(|reason| reason.word()).collect();
        assert_eq!(words.len(), Reason::ALL.len());
    }
}
