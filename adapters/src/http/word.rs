//! What a registry's code means, in the words that the gateway answers with.

#[cfg(any(feature = "rest", feature = "soap"))]
use ::http::StatusCode;
use serde::Deserialize;

use crate::error::Error;

/// Longest code of a registry that is passed on.
const LONGEST_CODE: usize = 32;

/// The meaning of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// The answer holds what was asked for.
    Ok,
    /// There is no such subject.
    NotFound,
    /// There are several.
    Several,
    /// The registry doesn't answer this question.
    Refused,
    /// It can't answer now.
    Unavailable,
    /// It can't say.
    CannotSay,
    /// What it says can't be used.
    Garbled,
}

impl Word {
    /// The error that it is, with the registry's code. `None` when the answer is to be read.
    pub(crate) fn error(self, code: &str) -> Option<Error> {
        Some(match self {
            Self::Ok => return None,
            Self::NotFound => Error::NotFound,
            Self::Several => Error::Several,
            Self::Refused => Error::Refused {
                code: presentable(code).to_owned(),
            },
            Self::Unavailable => Error::unavailable(format!("the registry says {}", presentable(code))),
            Self::CannotSay => Error::CannotSay {
                why: format!("the registry says {}", presentable(code)),
            },
            Self::Garbled => Error::garbled(format!("the registry says {}", presentable(code))),
        })
    }

    /// What a status of HTTP means where the file says nothing else. "Not found" is no status's
    /// meaning: a wrong path looks the same.
    #[cfg(any(feature = "rest", feature = "soap"))]
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            200..=299 => Self::Ok,
            400 | 403 | 405 | 406 | 409 | 413 | 414 | 415 | 422 => Self::Refused,
            _ => Self::Unavailable,
        }
    }
}

/// A code that may stand in a log: short and plain, and no identifier of anybody.
pub(crate) fn presentable(code: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b':' | b' ');
    let digits = code.bytes().filter(u8::is_ascii_digit).count();
    if code.is_empty() || code.len() > LONGEST_CODE || digits > 8 || !code.bytes().all(plain) {
        "unknown"
    } else {
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(any(feature = "rest", feature = "soap"))]
    #[test]
    fn a_status_never_means_that_there_is_nobody() {
        for status in 100..600 {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_ne!(Word::of_status(status), Word::NotFound);
        }
    }

    #[test]
    fn what_is_no_code_is_not_repeated() {
        assert_eq!(presentable("Server.ServerProxy"), "Server.ServerProxy");
        for code in ["", "079090123456", "a\nb", &"x".repeat(33), "số 4"] {
            assert_eq!(presentable(code), "unknown");
        }
    }
}
