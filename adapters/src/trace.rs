//! How an answer came about, told to who asked beside the answer itself.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Most bytes of a raw answer that are kept.
pub const LARGEST_RAW: usize = 64 << 10;
/// Most remarks on one answer that are kept.
pub const MOST_REMARKS: usize = 1_000;

/// The trace of one question. Clones are of the same one.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    answered: Arc<OnceLock<(Arc<str>, Option<String>)>>,
    /// Said under the registry's own id that there is no answer now.
    declined: Arc<OnceLock<(Arc<str>, Option<String>)>>,
    /// The ids of one try.
    ids: Arc<Ids>,
    probe: Option<Arc<Mutex<Probe>>>,
}

/// By which ids an exchange with a registry can be found in a log.
#[derive(Debug, Default)]
struct Ids {
    /// The one that was sent with the question.
    sent: OnceLock<String>,
    /// The registry's own.
    given: OnceLock<String>,
}

/// What is told of a question that is a probe. Of several tries, the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// The answer before anything was made of it; none when there was none.
    pub raw: Option<Raw>,
    /// What an operator should know of the mapping, in the order of the fields.
    pub remarks: Vec<Remark>,
    /// From the question on its way until the whole answer was there; for databases with the mapping of rows.
    pub exchange: Option<Duration>,
    /// From the answer to the record.
    pub mapping: Option<Duration>,
}

/// An answer as it was received. Sensitive: `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Raw {
    /// What stood before it, such as the status and the headers, a line each.
    pub head: Vec<String>,
    /// The first [`LARGEST_RAW`] bytes of it, unfolded. Rows as a line of JSON each; a message of protobuf as
    /// JSON where its schema is known.
    pub body: Vec<u8>,
    /// Bytes of the whole.
    pub size: usize,
}

/// One thing that an operator should know of how an answer was read. Sensitive: it may quote the answer, and
/// `Debug` hides that.
#[derive(Clone, PartialEq, Eq)]
pub struct Remark {
    /// What it is.
    pub what: Remarked,
    /// Path of the canonical field; empty when it is of the answer as a whole.
    pub field: String,
    /// Where in the answer: columns or paths.
    pub from: String,
    /// What stands there, when anything does.
    pub found: Option<String>,
}

/// What a remark is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remarked {
    /// Nothing stands there; the field is left out.
    Nothing,
    /// Nothing stands there; the default was taken.
    Default,
    /// Nothing stands there, and the file requires it: there is no record.
    Required,
    /// It can't be read as what the field holds: there is no record.
    Unreadable,
    /// No word or code of the file or its table: the field says that it isn't known.
    UnknownWord,
    /// A code that meant something before the day of the record, and nothing on it.
    ClosedCode,
    /// A code that has meant several things, and nobody says when it was recorded.
    UnsureCode,
    /// An edition that the table doesn't have: the code was read as if nobody said which.
    UnknownEdition,
    /// The digits of a person's number say another sex or year of birth than the record, named in `from`. The
    /// record is given as it is.
    Contradiction,
    /// Items of a list that `only` or `absent` leave out; how many stands in `found`.
    Dropped,
}

impl Trace {
    /// A trace that keeps the raw answer and remarks, for one question of an operator.
    #[must_use]
    pub fn probing() -> Self {
        Self {
            probe: Some(Arc::default()),
            ..Self::default()
        }
    }

    /// The route that answered, such as `ndop`, also where the answer is no record, or is under the registry's own
    /// id that there is none now; none when no route gave an answer.
    #[must_use]
    pub fn route(&self) -> Option<Arc<str>> {
        self.last_word().map(|(route, _)| Arc::clone(route))
    }

    /// The id of the exchange in which a route answered: the registry's own, else the one that was sent to it;
    /// none when no route gave an answer, or neither is known.
    #[must_use]
    pub fn transaction(&self) -> Option<String> {
        self.last_word()?.1.clone()
    }

    fn last_word(&self) -> Option<&(Arc<str>, Option<String>)> {
        self.answered.get().or_else(|| self.declined.get())
    }

    /// What was told so far; nothing unless it is a probe.
    #[must_use]
    pub fn probe(&self) -> Probe {
        let probe = self.probe.as_ref();
        probe.map_or_else(Probe::default, |probe| lock(probe).clone())
    }

    /// The trace of one try on one route: its ids are its own, all else is told of the question.
    pub(crate) fn of_try(&self) -> Self {
        Self {
            ids: Arc::default(),
            ..self.clone()
        }
    }

    /// Tells that a route answered, and the id of that exchange. Of two routes that answer one question, the first
    /// counts.
    pub fn answered_by(&self, route: &Arc<str>, transaction: Option<String>) {
        self.answered.get_or_init(|| (Arc::clone(route), transaction));
    }

    /// The route gave no answer; where it said so under an id of its own, that is worth telling.
    pub(crate) fn declined_by(&self, route: &Arc<str>, of_try: &Self) {
        if let Some(given) = of_try.ids.given.get() {
            self.declined
                .get_or_init(|| (Arc::clone(route), Some(given.clone())));
        }
    }

    /// The question of this try carries this id. The first counts.
    #[cfg(any(feature = "grpc", feature = "rest", feature = "soap"))]
    pub(crate) fn sent_as(&self, id: &str) {
        self.ids.sent.get_or_init(|| id.to_owned());
    }

    /// The registry's own id of this try, whatever it answers. The first counts.
    #[cfg(any(feature = "grpc", feature = "rest", feature = "soap"))]
    pub(crate) fn known_as(&self, id: String) {
        self.ids.given.get_or_init(|| id);
    }

    /// The id of this try: the registry's own, else the one that was sent.
    pub(crate) fn id(&self) -> Option<String> {
        let Ids { sent, given } = &*self.ids;
        given.get().or_else(|| sent.get()).cloned()
    }

    /// A try begins: what was told of the one before counts no more.
    pub(crate) fn begin(&self) {
        self.tell(|probe| *probe = Probe::default());
    }

    /// The whole answer is there, asked for since this moment.
    pub(crate) fn answered(&self, since: Instant, raw: impl FnOnce() -> Raw) {
        self.tell(|probe| {
            probe.exchange = Some(since.elapsed());
            probe.raw = Some(raw());
        });
    }

    /// A row of the answer is there.
    pub(crate) fn row(&self, line: impl FnOnce() -> String) {
        self.tell(|probe| probe.raw.get_or_insert_default().add(&line()));
    }

    /// Everything was asked for and read since this moment, in one.
    pub(crate) fn exchanged(&self, since: Instant) {
        self.tell(|probe| probe.exchange = Some(since.elapsed()));
    }

    /// The record was made since this moment.
    pub(crate) fn mapped(&self, since: Instant) {
        self.tell(|probe| probe.mapping = Some(since.elapsed()));
    }

    /// What is to be said of a part of the answer.
    pub(crate) fn remark(&self, remarks: impl FnOnce(&mut Vec<Remark>)) {
        self.tell(|probe| {
            remarks(&mut probe.remarks);
            probe.remarks.truncate(MOST_REMARKS);
        });
    }

    fn tell(&self, tell: impl FnOnce(&mut Probe)) {
        if let Some(probe) = &self.probe {
            tell(&mut lock(probe));
        }
    }
}

impl Raw {
    /// An answer of these bytes.
    pub(crate) fn new(head: Vec<String>, body: &[u8]) -> Self {
        Self {
            head,
            body: body.get(..LARGEST_RAW).unwrap_or(body).to_vec(),
            size: body.len(),
        }
    }

    fn add(&mut self, line: &str) {
        self.size += line.len() + 1;
        let left = LARGEST_RAW.saturating_sub(self.body.len());
        self.body.extend(line.bytes().chain([b'\n']).take(left));
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, from, .. } = self;
        let found = self.found.as_deref().unwrap_or_default();
        match self.what {
            Remarked::Nothing => write!(f, "{field}: nothing at {from}"),
            Remarked::Default => write!(f, "{field}: nothing at {from}, the default was taken"),
            Remarked::Required => write!(f, "{field}: nothing at {from}, and it is required"),
            Remarked::Unreadable => write!(f, "{field}: found {found:?} at {from}, which can't be read"),
            Remarked::UnknownWord => write!(f, "{field}: found {found:?} at {from}, which nobody knows here"),
            Remarked::ClosedCode => {
                write!(
                    f,
                    "{field}: found {found:?} at {from}, a code that was closed before the record's day"
                )
            }
            Remarked::UnsureCode => write!(
                f,
                "{field}: found {found:?} at {from}, which meant several things; no day or edition says which"
            ),
            Remarked::UnknownEdition => {
                write!(
                    f,
                    "{field}: found edition {found:?} at {from}, which the code table doesn't have"
                )
            }
            Remarked::Contradiction => write!(
                f,
                "{field}: its digits say another {from} than the record; the registry decides"
            ),
            Remarked::Dropped => write!(f, "{field}: {found} items at {from} left out by only or absent"),
        }
    }
}

impl fmt::Debug for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({}, hidden)", self.what, self.field)
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes, hidden)", self.size)
    }
}

fn lock(probe: &Mutex<Probe>) -> std::sync::MutexGuard<'_, Probe> {
    probe.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_answer_is_kept_up_to_a_bound_and_only_for_a_probe() {
        let trace = Trace::probing();
        trace.answered(Instant::now(), || {
            Raw::new(Vec::new(), &vec![b'x'; LARGEST_RAW + 7])
        });
        let raw = trace.probe().raw.expect("kept");
        assert_eq!((raw.body.len(), raw.size), (LARGEST_RAW, LARGEST_RAW + 7));
        trace.row(|| "more".to_owned());
        assert_eq!(trace.probe().raw.map(|raw| raw.body.len()), Some(LARGEST_RAW));
        let plain = Trace::default();
        plain.answered(Instant::now(), || unreachable!("nobody wants it"));
        assert_eq!(plain.probe(), Probe::default());
    }

    #[test]
    fn debug_shows_nothing_of_an_answer() {
        let trace = Trace::probing();
        trace.answered(Instant::now(), || Raw::new(Vec::new(), b"NGUYEN"));
        trace.remark(|remarks| {
            remarks.push(Remark {
                what: Remarked::Unreadable,
                field: "full_name".to_owned(),
                from: "HoTen".to_owned(),
                found: Some("NGUYEN".to_owned()),
            });
        });
        let shown = format!("{trace:?}");
        assert!(
            shown.contains("full_name") && !shown.contains("NGUYEN"),
            "{shown}"
        );
    }
}
