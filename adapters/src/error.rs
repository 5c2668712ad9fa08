//! Why a registry gave no record.

/// What a lookup can end with instead of a record. No variant carries a value of a record or an
/// identifier: the texts are names of fields, codes and fixed phrases, fit for any log.
///
/// [`Error::NotFound`] is said only when the registry answered and has no such subject. Whatever
/// keeps the registry from answering is another variant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The registry answered: it has no such subject.
    #[error("the registry has no such subject")]
    NotFound,
    /// The registry has more than one record under this identifier; none of them is given.
    #[error("the registry has several records under this identifier")]
    Several,
    /// The record is there, but one of its fields holds something that can't be read as what it
    /// should be. The record is not given: the field left out would look like "not recorded".
    #[error("the registry's record can't be read in field {field}")]
    Incomplete {
        /// Path of the canonical field.
        field: String,
    },
    /// The registry wasn't asked: the call lacks what the question is put with, or has it in a form that can't be
    /// told.
    #[error("the question can't be put without {what}")]
    Wanting {
        /// What is lacking, a field of the request where it is one, such as `key.full_name`.
        what: String,
    },
    /// The registry refused the question.
    #[error("the registry refused the question with code {code}")]
    Refused {
        /// The registry's own code, such as "004".
        code: String,
    },
    /// The registry couldn't be asked, or didn't answer within its own time limit.
    #[error("the registry is unavailable: {what}")]
    Unavailable {
        /// What stood in the way.
        what: String,
    },
    /// The registry isn't as its file was checked against, such as a column that is gone. Who asks is
    /// told no more than that it can't be asked.
    #[error("the registry is not as its file says: {what}")]
    Drifted {
        /// What became of what.
        what: String,
    },
    /// The caller's deadline passed before the registry answered.
    #[error("the deadline passed before the registry answered")]
    DeadlineExceeded,
    /// The answer isn't what was asked for: another subject, too large, too deep, not a record.
    #[error("the registry's answer can't be used: {what}")]
    Garbled {
        /// What is wrong with it.
        what: String,
    },
    /// The registry answered that it can't say, or isn't asked by an identifier of this form.
    #[error("the registry can't say: {why}")]
    CannotSay {
        /// The reason, in a fixed phrase.
        why: String,
    },
}

impl Error {
    pub(crate) fn unavailable(what: impl Into<String>) -> Self {
        Self::Unavailable { what: what.into() }
    }

    /// Nobody was asked: no identifier of the file has this form, or a question can't hold it.
    pub(crate) fn not_asked() -> Self {
        Self::CannotSay {
            why: "it is not asked by a number of this form".into(),
        }
    }

    pub(crate) fn garbled(what: impl Into<String>) -> Self {
        Self::Garbled { what: what.into() }
    }

    /// Whether the registry couldn't be asked at all, and another way to it may do better.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Drifted { .. })
    }

    /// A short name without detail, for counters and logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Several => "several",
            Self::Incomplete { .. } => "incomplete",
            Self::Wanting { .. } => "wanting",
            Self::Refused { .. } => "refused",
            Self::Unavailable { .. } => "unavailable",
            Self::Drifted { .. } => "drifted",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Garbled { .. } => "garbled",
            Self::CannotSay { .. } => "cannot_say",
        }
    }
}
