//! What an answer says beside the record: its codes and its id.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use ::http::HeaderMap;
#[cfg(any(feature = "rest", feature = "soap"))]
use ::http::StatusCode;
use ::http::header::HeaderName;

#[cfg(any(feature = "rest", feature = "soap"))]
use super::NothingWhen;
use super::word::Word;
use super::{Answer, Answers};
use crate::check::{Problem, Record};
use crate::error::Error;
use crate::registry::{Found, Question};
use crate::settings::TextForm;
use crate::tree::{AnswerLimits, Node, Omission, Path};

/// Longest id of an exchange that is kept.
const LONGEST_ID: usize = 128;

/// What codes mean, and where they stand.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    code: Option<Path>,
    ok: Vec<String>,
    words: BTreeMap<String, Word>,
    statuses: BTreeMap<u16, Word>,
    transaction: Option<Path>,
    transaction_header: Option<HeaderName>,
}

/// What an answer without a record means.
#[derive(Clone, Debug)]
pub(crate) struct Silence {
    /// What the file says that silence about the record means, where it does.
    pub(crate) nothing: Option<Word>,
    /// What alone says that there is no such subject, where the file names it.
    pub(crate) proof: Option<Arc<Proof>>,
    /// How the language of the answer says that a list is empty.
    pub(crate) omission: Omission,
}

/// A value of an answer that says that nobody was found.
#[derive(Debug)]
pub(crate) struct Proof {
    path: Path,
    equals: String,
}

impl Silence {
    /// That of a form of text.
    #[cfg(any(feature = "rest", feature = "soap"))]
    pub(crate) fn of(form: TextForm, proof: Option<Arc<Proof>>) -> Self {
        Self {
            nothing: None,
            proof,
            omission: omission(form),
        }
    }
}

/// How a form of text says that a list is empty: XML has no other way than to leave it out.
fn omission(form: TextForm) -> Omission {
    match form {
        TextForm::Json => Omission::Never,
        TextForm::Xml => Omission::Alone,
    }
}

impl Proof {
    /// Reads the settings of a request, and says what is wrong with them.
    #[cfg(any(feature = "rest", feature = "soap"))]
    pub(crate) fn new(settings: Option<&NothingWhen>, problems: &mut Vec<Problem>) -> Option<Arc<Self>> {
        let settings = settings?;
        let (path, equals) = (&settings.path, settings.equals.get_ref().trim());
        if equals.is_empty() {
            problems.push(Problem::at(
                settings.equals.span(),
                "found nothing, wanted what stands there when nobody was found, such as \"0\"",
            ));
        }
        let parsed = Path::parse(path.get_ref());
        let path = parsed.map_err(|error| problems.push(Problem::at(path.span(), error.to_string())));
        let equals = equals.to_owned();
        path.ok().map(|path| Arc::new(Self { path, equals }))
    }

    fn holds(&self, answer: &Node) -> bool {
        match self.path.one(answer) {
            Ok(Node::Boolean(said)) => said.to_string() == self.equals,
            Ok(node) => node.text().is_some_and(|text| text.trim() == self.equals),
            Err(_) => false,
        }
    }
}

/// Reads the settings, and says what is wrong with them.
#[cfg(any(feature = "rest", feature = "soap"))]
pub(crate) fn check_answers(settings: &Answers, problems: &mut Vec<Problem>) -> Verdict {
    let status = |text: &str| {
        text.parse::<u16>()
            .ok()
            .filter(|status| (100..=599).contains(status))
    };
    check_answers_by(settings, status, "a status of HTTP", problems)
}

/// As [`check_answers`], for a protocol whose statuses `status` reads.
pub(crate) fn check_answers_by(
    settings: &Answers,
    status: impl Fn(&str) -> Option<u16>,
    wanted: &str,
    problems: &mut Vec<Problem>,
) -> Verdict {
    let mut path = |text: &Option<toml::Spanned<String>>| {
        let text = text.as_ref()?;
        let path = Path::parse(text.get_ref());
        path.map_err(|error| problems.push(Problem::at(text.span(), error.to_string())))
            .ok()
    };
    let (code, transaction) = (path(&settings.code), path(&settings.transaction));
    if let Some(code) = &settings.code
        && settings.ok.is_empty()
    {
        problems.push(Problem::at(
            code.span(),
            "found a code and no ok, wanted the codes of an answer that holds what was asked for",
        ));
    }
    let mut statuses = BTreeMap::new();
    for (text, word) in &settings.statuses {
        match status(text.get_ref()) {
            Some(status) => drop(statuses.insert(status, *word)),
            None => problems.push(Problem::at(
                text.span(),
                format!("found {:?}, wanted {wanted}", text.get_ref()),
            )),
        }
    }
    let transaction_header = settings.transaction_header.as_ref().and_then(|name| {
        let parsed = HeaderName::from_bytes(name.get_ref().as_bytes());
        parsed
            .map_err(|_| problems.push(Problem::at(name.span(), "wanted the name of a header")))
            .ok()
    });
    Verdict {
        code,
        ok: settings.ok.clone(),
        words: settings.words.clone(),
        statuses,
        transaction,
        transaction_header,
    }
}

impl Verdict {
    /// What a status means.
    #[cfg(any(feature = "rest", feature = "soap"))]
    pub(crate) fn of_status(&self, status: StatusCode) -> Word {
        let said = self.statuses.get(&status.as_u16()).copied();
        said.unwrap_or_else(|| Word::of_status(status))
    }

    /// Whether the file itself says what a status means.
    #[cfg(any(feature = "rest", feature = "soap"))]
    pub(crate) fn names_status(&self, status: StatusCode) -> bool {
        self.statuses.contains_key(&status.as_u16())
    }

    /// What the file itself says that a status means.
    #[cfg(feature = "grpc")]
    pub(crate) fn said_of(&self, status: u16) -> Option<Word> {
        self.statuses.get(&status).copied()
    }

    /// What a code means that the file names.
    pub(crate) fn of_code(&self, code: &str) -> Option<Word> {
        if self.ok.iter().any(|ok| ok == code) {
            return Some(Word::Ok);
        }
        self.words.get(code).copied()
    }

    /// The code of an answer, if there is one.
    pub(crate) fn code(&self, answer: &Node) -> Result<Option<String>, Error> {
        let Some(path) = &self.code else {
            return Ok(None);
        };
        // A list of what was found has no place for a code.
        if matches!(answer, Node::List(_)) {
            return Ok(None);
        }
        let unread = || Error::garbled("the code of the answer can't be read");
        match path.one(answer).map_err(|_| unread())? {
            Node::Boolean(said) => Ok(Some(said.to_string())),
            node if node.is_blank() => Ok(None),
            node => node
                .text()
                .map(|text| Some(text.trim().to_owned()))
                .ok_or_else(unread),
        }
    }

    /// The record of an answer, if its code says that there is one. Texts in it that are answers themselves are read
    /// first: they may hold the code, an error, or anything else that is no record.
    pub(crate) fn record(
        &self,
        record: &Record,
        mut node: Node,
        answer: &Answer,
        silence: &Silence,
        limits: AnswerLimits,
        asked: &Question,
    ) -> Result<Found, Error> {
        let began = Instant::now();
        let plan = &record.plan;
        let unpacked = plan.unpack(&mut node, limits);
        // An answer that says no is looked for in the registry's log as well.
        self.note(&node, answer, asked);
        // The innermost text is the one that the record stands in.
        let inner = plan.unpack.iter().rfind(|text| text.needed);
        let mut omission = inner.map_or(silence.omission, |text| omission(text.form));
        match (self.code(&node), &unpacked) {
            (Ok(Some(code)), _) => {
                // An answer that says of itself that all is well may leave out an empty list.
                omission = Omission::Always;
                let word = self.of_code(&code).unwrap_or(Word::Refused);
                if let Some(error) = word.error(&code) {
                    return Err(error);
                }
            }
            (Ok(None), _) | (Err(_), Err(_)) => {}
            (Err(error), Ok(())) => return Err(error),
        }
        if silence.proof.as_ref().is_some_and(|proof| proof.holds(&node)) {
            return Err(match plan.has_record(&node) {
                false => Error::NotFound,
                true => Error::garbled("the answer says that nobody was found, and holds a record"),
            });
        }
        unpacked?;
        let path = plan.table.path.as_ref();
        let told = silence.proof.is_none() && path.is_some_and(|path| path.is_told(&node, omission));
        let mapped = plan.map(&node, &asked.trace);
        asked.trace.mapped(began);
        match mapped {
            // Silence about the record is no answer about it.
            Err(Error::NotFound) if !told => Err(silence
                .nothing
                .and_then(|word| word.error("nothing"))
                .unwrap_or_else(|| Error::garbled("the answer says nothing about a record"))),
            outcome => outcome,
        }
    }

    /// Tells the trace the registry's id of the exchange, where it stands in a header and may stand in a log.
    pub(crate) fn note_head(&self, headers: &HeaderMap, asked: &Question) {
        let header = self.transaction_header.as_ref();
        let id = header.and_then(|name| headers.get(name)?.to_str().ok());
        if let Some(id) = id.map(str::trim).filter(|id| presentable_id(id, &asked.key)) {
            asked.trace.known_as(id.to_owned());
        }
    }

    /// As [`Verdict::note_head`], else where it stands in the answer.
    pub(crate) fn note(&self, node: &Node, answer: &Answer, asked: &Question) {
        self.note_head(&answer.headers, asked);
        let found = self.transaction.as_ref().and_then(|path| path.one(node).ok());
        let id = found.and_then(|found| found.text());
        if let Some(id) = id
            .map(|id| id.trim().to_owned())
            .filter(|id| presentable_id(id, &asked.key))
        {
            asked.trace.known_as(id);
        }
    }
}

/// An id that is short, printable ASCII without a blank, and doesn't repeat the identifier asked for.
pub(crate) fn presentable_id(id: &str, key: &str) -> bool {
    let short = !id.is_empty() && id.len() <= LONGEST_ID;
    short && id.bytes().all(|byte| byte.is_ascii_graphic()) && !id.contains(key)
}
