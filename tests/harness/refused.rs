//! A refusal, as a caller sees it.

use std::collections::HashMap;
use std::error::Error;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// A gRPC status with what its `google.rpc.ErrorInfo` says.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The canonical code.
    pub code: Code,
    /// The answer word; empty when there is no `ErrorInfo` of this gateway.
    pub word: String,
    /// The text for people; of what the client itself met, with what was behind it.
    pub message: String,
    /// The metadata of the `ErrorInfo`.
    pub metadata: HashMap<String, String>,
    /// The details as they came.
    pub details: Box<[u8]>,
}

impl Refused {
    /// The entry of the refusal in the access log.
    #[must_use]
    pub fn audit_index(&self) -> Option<u64> {
        self.metadata.get("audit_index")?.parse().ok()
    }

    /// The request's identifier.
    #[must_use]
    pub fn request_id(&self) -> &str {
        self.metadata.get("request_id").map_or("", String::as_str)
    }
}

impl From<Status> for Refused {
    fn from(status: Status) -> Self {
        let info = status
            .get_details_error_info()
            .filter(|info| info.domain == "lienthong");
        let (word, metadata) = info.map(|info| (info.reason, info.metadata)).unwrap_or_default();
        Self {
            code: status.code(),
            word,
            message: with_causes(&status),
            metadata,
            details: status.details().into(),
        }
    }
}

fn with_causes(status: &Status) -> String {
    let causes = std::iter::successors(status.source(), |cause| (*cause).source());
    let mut message = status.message().to_owned();
    causes.for_each(|cause| message += &format!(": {cause}"));
    message
}
