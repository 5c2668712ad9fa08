//! A refusal as a caller reads it: the answer word, the missing clause, where to find the entry.

use std::fmt;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Why a call was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: Code,
    /// The answer word; the status code's name when the gateway gave none.
    pub(crate) word: String,
    pub(crate) message: String,
    /// The clause or field that is missing.
    pub(crate) missing: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) audit_index: Option<String>,
}

impl Refused {
    /// Whether nobody decided anything: the gateway, its log or the registry could not be reached.
    pub(crate) fn is_unavailable(&self) -> bool {
        matches!(
            self.code,
            Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted
        )
    }
}

impl From<Status> for Refused {
    fn from(status: Status) -> Self {
        let info = status.get_details_error_info();
        let (word, metadata) = match info {
            Some(info) => (info.reason, info.metadata),
            None => (format!("{:?}", status.code()), Default::default()),
        };
        let part = |name: &str| metadata.get(name).cloned();
        Self {
            code: status.code(),
            word,
            message: status.message().to_owned(),
            missing: part("missing"),
            request_id: part("request_id"),
            audit_index: part("audit_index"),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word, self.message)
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{Reason, Refusal};

    #[test]
    fn a_refusal_keeps_its_word_clause_request_id_and_audit_index() {
        let status = Refusal::new(Reason::FieldNotAgreed, "not agreed")
            .naming("religion")
            .status("r-1", Some(7));
        let refused = Refused::from(status);
        assert_eq!(refused.word, "FIELD_NOT_AGREED");
        assert_eq!(refused.missing.as_deref(), Some("religion"));
        assert_eq!(refused.request_id.as_deref(), Some("r-1"));
        assert_eq!(refused.audit_index.as_deref(), Some("7"));
        assert!(!refused.is_unavailable());
        assert!(Refused::from(Status::unavailable("gone")).is_unavailable());
    }
}
