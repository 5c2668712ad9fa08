//! The seam at which every kind of registry looks the same.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::error::Error;
use crate::text::date::PartialDate;
use crate::trace::Trace;

/// A source of records.
#[async_trait::async_trait]
pub trait Registry: Send + Sync + 'static {
    /// Gives the one record about the subject asked for. Dropping the future gives up the question.
    ///
    /// # Errors
    /// [`Error`] says why there is no record; see there which of them means that there is none.
    async fn look_up(&self, question: Question) -> Result<Found, Error>;

    /// Whether the registry can be asked now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it can't.
    async fn check(&self) -> Result<(), Error>;

    /// Whether [`Registry::check`] is a question that the registry answers. A connection that stands is none:
    /// behind it may be nobody.
    fn check_asks(&self) -> bool {
        true
    }

    /// Whether it says by itself how it is, so that it is worth asking now and then.
    fn has_health(&self) -> bool {
        false
    }

    /// Looks after the registry while nobody asks it: tries what is ill again, and asks what says how it is. Gives
    /// the time until it is to be looked after next; none where there is nothing to look after.
    async fn tend(&self) -> Option<Duration> {
        None
    }

    /// Has every change told that the registry tells by itself, from now on and for as long as it is
    /// there. A registry that tells none does nothing.
    fn follow_changes(&self, tell: ChangeSink) {
        drop(tell);
    }
}

/// What a registry told has changed.
#[derive(Clone, PartialEq, Eq)]
pub enum Change {
    /// The record of the subject with this identifier, or that there is one. Sensitive: `Debug` hides
    /// it.
    Subject(Arc<str>),
    /// Nobody knows what: changes may have been missed.
    Everything,
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Subject(_) => "Subject(hidden)",
            Self::Everything => "Everything",
        })
    }
}

/// Takes changes. It is called on the registry's own thread and must not wait.
pub type ChangeSink = Arc<dyn Fn(Change) + Send + Sync>;

/// One question: the record of one subject.
#[derive(Clone)]
pub struct Question {
    /// Full name of the canonical record, such as `lienthong.population.v1.Citizen`.
    pub record: Arc<str>,
    /// The identifier in its canonical form. Sensitive: `Debug` hides it.
    pub key: Arc<str>,
    /// When the answer is of no use any more.
    pub deadline: Instant,
    /// The call that it is asked for, for a registry that wants to know; none when nobody called.
    pub call: Option<Arc<Call>>,
    /// Where it is told how the answer came about.
    pub trace: Trace,
}

/// A call, as far as a registry may be told of it: texts and messages that mean nothing here. Sensitive:
/// `Debug` hides it.
#[derive(Clone)]
pub struct Call {
    /// Number of the call in the gateway's own log.
    pub request_id: Arc<str>,
    /// When it came, microseconds since 1970 UTC.
    pub at: i64,
    /// The agency whose system makes it.
    pub agency: Arc<str>,
    /// The person on whose behalf it is made.
    pub officer: Arc<str>,
    /// In which role.
    pub role: Arc<str>,
    /// Why and for whom: a `LookupContext`, encoded.
    pub context: Bytes,
    /// The key as the caller gave it, second facts included, encoded.
    pub key: Bytes,
    /// The second facts of the key.
    pub facts: Vec<Fact>,
    /// Oldest answer that is of use, microseconds.
    pub max_age: Option<i64>,
}

/// A second fact of a key.
#[derive(Clone)]
pub struct Fact {
    /// Name of the record's field.
    pub name: Arc<str>,
    /// What the caller says.
    pub value: FactValue,
}

/// What a caller says of a subject.
#[derive(Clone)]
pub enum FactValue {
    /// A name or another text, as it came.
    Text(Arc<str>),
    /// A date as far as it is known.
    Date(PartialDate),
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("record", &self.record)
            .field("key", &"hidden")
            .field("deadline", &self.deadline)
            .finish()
    }
}

/// A registry's answer.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The canonical record, encoded. Sensitive: `Debug` hides it.
    pub record: Bytes,
    /// The registry's own moment of the record, microseconds since 1970 UTC.
    pub as_of: Option<i64>,
    /// The registry's own id of this exchange, else the one that was sent to it.
    pub transaction: Option<String>,
    /// The route that the answer came by, such as `ndop`.
    pub route: Option<Arc<str>>,
    /// How a registry that asks another one came by it; none when it is the source itself.
    pub retrieved: Option<Retrieved>,
}

/// How a registry that asks another one, and may keep what that says, came by a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retrieved {
    /// When the source gave it, microseconds since 1970 UTC.
    pub at: i64,
    /// Whether it was kept since.
    pub kept: Kept,
}

/// Whether a record was kept by who gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The source was asked for this answer.
    No,
    /// For no longer than it is as good as new.
    Fresh,
    /// For longer.
    Stale,
}

impl Found {
    /// How the registry was reached, for the access log: the route, and the registry's own id of the
    /// exchange.
    #[must_use]
    pub fn upstream_exchange(&self) -> (Option<&str>, Option<&str>) {
        (self.route.as_deref(), self.transaction.as_deref())
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found")
            .field("record", &format_args!("{} bytes, hidden", self.record.len()))
            .field("as_of", &self.as_of)
            .field("transaction", &self.transaction)
            .field("route", &self.route)
            .field("retrieved", &self.retrieved)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_the_identifier_nor_the_record() {
        let question = Question {
            record: "lienthong.population.v1.Citizen".into(),
            key: "079090123456".into(),
            deadline: Instant::now(),
            call: None,
            trace: Trace::default(),
        };
        let found = Found {
            record: Bytes::from_static(b"\x0a\x0c079090123456"),
            as_of: None,
            ..Found::default()
        };
        let shown = format!("{question:?} {found:?}");
        assert!(!shown.contains("079090123456"), "{shown}");
    }
}
