//! Faults by their words.

use std::fmt;
use std::str::FromStr;

use adapters::settings::{Interval, Size};
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as ValueError, StrDeserializer};

use super::{Fault, KINDS, TEN_GIB};

/// Why a text names no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoFault(pub(in crate::simulate) String);

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
            ("code", argument) => {
                let code: u8 = argument.unwrap_or("14").parse().map_err(|_| wanted("14"))?;
                let right = (1..=16).contains(&code);
                return right.then_some(Self::Code(code)).ok_or_else(|| wanted("14"));
            }
            ("no-code", _) => Self::NoCode,
            ("twice", _) => Self::Twice,
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
            Self::Code(code) => write!(f, "code:{code}"),
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
            ("code:0", "code:14"),
            ("oversize:much", "MiB"),
        ] {
            let told = text.parse::<Fault>().unwrap_err().to_string();
            assert!(told.contains(wanted), "{text}: {told}");
        }
    }
}
