//! What a simulated registry can do wrong.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use adapters::settings::{Interval, Size};
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as ValueError, StrDeserializer};

/// One way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers well, but so much later.
    Latency(Duration),
    /// Takes the question and never answers.
    Hang,
    /// Takes the connection and says nothing, not even in TLS.
    Mute,
    /// Resets the connection at once.
    Reset,
    /// Shows a certificate of an authority that nobody knows.
    WrongCertificate,
    /// Speaks no TLS where TLS is spoken.
    NoTls,
    /// Says what is no HTTP.
    Garbage,
    /// Sends headers without end.
    EndlessHead,
    /// Begins an answer and goes on with one byte a second.
    Drip,
    /// Breaks the connection off in the middle of an answer.
    Cut,
    /// Announces an answer of so many bytes and sends them.
    Oversize(u64),
    /// Answers without end.
    Endless,
    /// A small answer that unfolds to 64 MiB.
    GzipBomb,
    /// An answer in a content encoding that nobody asked for.
    Encoding,
    /// Bytes that are no text.
    Binary,
    /// Half of the answer's text, as if it were whole.
    Truncated,
    /// No text at all.
    Empty,
    /// A page for people, with status 200.
    Page,
    /// Another address.
    Redirect,
    /// Another status of HTTP, and no answer.
    Status(u16),
    /// Status 200, and in it an error.
    Fault,
    /// A well-formed answer to something else.
    OtherMessage,
    /// The record of another subject.
    WrongSubject,
    /// The same record twice.
    Several,
    /// Nested 100,000 deep.
    Deep,
    /// 60,000 values.
    Wide,
    /// Entities of entities of entities (XML).
    Entities,
    /// An entity that is a file of the asker's machine (XML).
    ExternalEntity,
}

/// What [`Fault::Oversize`] sends where nothing is said: 10 GiB.
const TEN_GIB: u64 = 10 << 30;

/// Every kind: its word, what may stand behind the colon, and what it does.
pub const KINDS: [(&str, &str, &str); 28] = [
    ("latency", "1s", "answers well, so much later"),
    ("hang", "", "takes the question and never answers"),
    ("mute", "", "takes the connection and says nothing"),
    ("reset", "", "resets the connection"),
    (
        "wrong-certificate",
        "",
        "has a certificate of an unknown authority",
    ),
    ("no-tls", "", "speaks no TLS where TLS is spoken"),
    ("garbage", "", "says what is no HTTP"),
    ("endless-head", "", "sends headers without end"),
    ("drip", "", "goes on with one byte a second"),
    ("cut", "", "breaks off in the middle"),
    ("oversize", "10 GiB", "announces and sends so many bytes"),
    ("endless", "", "answers without end"),
    ("gzip-bomb", "", "unfolds to 64 MiB"),
    ("encoding", "", "has a content encoding that nobody asked for"),
    ("binary", "", "bytes that are no text"),
    ("truncated", "", "half of the answer's text"),
    ("empty", "", "no text at all"),
    ("page", "", "a page for people"),
    ("redirect", "", "another address"),
    ("status", "503", "another status of HTTP"),
    ("fault", "", "status 200 with an error in it"),
    ("other-message", "", "a well-formed answer to something else"),
    ("wrong-subject", "", "the record of another subject"),
    ("several", "", "the same record twice"),
    ("deep", "", "nested 100,000 deep"),
    ("wide", "", "60,000 values"),
    ("entities", "", "entities of entities (XML)"),
    ("external-entity", "", "an entity that is a file (XML)"),
];

impl Fault {
    /// The word that names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Latency(_) => "latency",
            Self::Hang => "hang",
            Self::Mute => "mute",
            Self::Reset => "reset",
            Self::WrongCertificate => "wrong-certificate",
            Self::NoTls => "no-tls",
            Self::Garbage => "garbage",
            Self::EndlessHead => "endless-head",
            Self::Drip => "drip",
            Self::Cut => "cut",
            Self::Oversize(_) => "oversize",
            Self::Endless => "endless",
            Self::GzipBomb => "gzip-bomb",
            Self::Encoding => "encoding",
            Self::Binary => "binary",
            Self::Truncated => "truncated",
            Self::Empty => "empty",
            Self::Page => "page",
            Self::Redirect => "redirect",
            Self::Status(_) => "status",
            Self::Fault => "fault",
            Self::OtherMessage => "other-message",
            Self::WrongSubject => "wrong-subject",
            Self::Several => "several",
            Self::Deep => "deep",
            Self::Wide => "wide",
            Self::Entities => "entities",
            Self::ExternalEntity => "external-entity",
        }
    }

    /// Whether it is one of connections; all others are of questions.
    pub fn is_of_connections(self) -> bool {
        matches!(
            self,
            Self::Mute
                | Self::Reset
                | Self::WrongCertificate
                | Self::NoTls
                | Self::Garbage
                | Self::EndlessHead
        )
    }

    /// Whether it needs TLS to be one.
    pub fn needs_tls(self) -> bool {
        matches!(self, Self::WrongCertificate | Self::NoTls)
    }
}

/// Why a text names no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoFault(pub(super) String);

impl FromStr for Fault {
    type Err = NoFault;

    /// Reads `word` or `word:argument`.
    fn from_str(text: &str) -> Result<Self, NoFault> {
        let (word, argument) = match text.split_once(':') {
            Some((word, argument)) => (word, Some(argument)),
            None => (text, None),
        };
        let wanted = |what: &str| NoFault(format!("found {text:?}, wanted {word}:{what}"));
        let fault = match (word, argument) {
            ("latency", argument) => {
                let interval: Interval = unit(argument.unwrap_or("1s")).ok_or_else(|| wanted("250ms"))?;
                return Ok(Self::Latency(interval.0));
            }
            ("oversize", Some(argument)) => {
                let size: Size = unit(argument).ok_or_else(|| wanted("\"64 MiB\""))?;
                return Ok(Self::Oversize(size.0));
            }
            ("status", argument) => {
                let status: u16 = argument.unwrap_or("503").parse().map_err(|_| wanted("503"))?;
                let right = (200..=599).contains(&status);
                return right.then_some(Self::Status(status)).ok_or_else(|| wanted("503"));
            }
            ("hang", _) => Self::Hang,
            ("mute", _) => Self::Mute,
            ("reset", _) => Self::Reset,
            ("wrong-certificate", _) => Self::WrongCertificate,
            ("no-tls", _) => Self::NoTls,
            ("garbage", _) => Self::Garbage,
            ("endless-head", _) => Self::EndlessHead,
            ("drip", _) => Self::Drip,
            ("cut", _) => Self::Cut,
            ("oversize", None) => Self::Oversize(TEN_GIB),
            ("endless", _) => Self::Endless,
            ("gzip-bomb", _) => Self::GzipBomb,
            ("encoding", _) => Self::Encoding,
            ("binary", _) => Self::Binary,
            ("truncated", _) => Self::Truncated,
            ("empty", _) => Self::Empty,
            ("page", _) => Self::Page,
            ("redirect", _) => Self::Redirect,
            ("fault", _) => Self::Fault,
            ("other-message", _) => Self::OtherMessage,
            ("wrong-subject", _) => Self::WrongSubject,
            ("several", _) => Self::Several,
            ("deep", _) => Self::Deep,
            ("wide", _) => Self::Wide,
            ("entities", _) => Self::Entities,
            ("external-entity", _) => Self::ExternalEntity,
            _ => {
                let words: Vec<_> = KINDS.iter().map(|(word, ..)| *word).collect();
                return Err(NoFault(format!(
                    "found {text:?}, wanted one of {}",
                    words.join(", ")
                )));
            }
        };
        match argument {
            None => Ok(fault),
            Some(_) => Err(NoFault(format!("found {text:?}, wanted {word} alone"))),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latency(time) => write!(f, "latency:{}ms", time.as_millis()),
            Self::Oversize(size) => write!(f, "oversize:{size} B"),
            Self::Status(status) => write!(f, "status:{status}"),
            other => f.write_str(other.word()),
        }
    }
}

/// A quantity with its unit, as the files of the operator's tree have it.
fn unit<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    let text: StrDeserializer<'_, ValueError> = text.into_deserializer();
    T::deserialize(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_by_its_word_and_says_it_again() {
        for (word, argument, _) in KINDS {
            let fault: Fault = word.parse().unwrap();
            assert_eq!(fault.word(), word);
            assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault);
            if !argument.is_empty() {
                assert_eq!(format!("{word}:{argument}").parse::<Fault>().unwrap(), fault);
            }
        }
    }

    #[test]
    fn what_is_no_fault_is_told_with_what_is_wanted() {
        for (text, wanted) in [
            ("hanging", "one of latency, hang"),
            ("hang:1s", "hang alone"),
            ("latency:soon", "latency:250ms"),
            ("status:99", "status:503"),
            ("oversize:much", "MiB"),
        ] {
            let told = text.parse::<Fault>().unwrap_err().to_string();
            assert!(told.contains(wanted), "{text}: {told}");
        }
    }
}
