//! Asks the server, and reads what it says.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ::http::StatusCode;
use uuid::Uuid;

use super::settings::Settings;
use super::translate::{Question, questions};
use crate::check::Records;
use crate::error::Error;
use crate::http::{
    self, Answer, Arguments, Asked, Secrets, SignedIn, Silence, Verdict, Word, XRoad, check_answers, known,
};
use crate::registry::{Found, Question as Subject, Registry};
use crate::settings::TextForm;
use crate::tree::{AnswerLimits, Node, json, xml};

/// One server and how it is asked.
pub(crate) struct Client {
    http: http::Client,
    sign_in: SignedIn,
    secrets: Secrets,
    xroad: Option<XRoad>,
    asked: Asked<Question>,
    reading: Arc<Reading>,
}

/// What answers are read by. The thread that reads the large ones has it too.
struct Reading {
    verdict: Verdict,
    records: Arc<Records>,
    limits: AnswerLimits,
}

impl Client {
    pub(super) fn new(
        settings: &Settings,
        base: &Path,
        records: &Arc<Records>,
        limits: AnswerLimits,
    ) -> Result<Self, String> {
        let ca = settings.server.ca.as_ref().map(|ca| ca.get_ref().as_str());
        // What is wrong with the settings was said before anything was opened.
        let mut said = Vec::new();
        Ok(Self {
            http: http::Client::new(&settings.server, None, base, limits)?,
            sign_in: SignedIn::new(&settings.sign_in, ca, base)?,
            secrets: Secrets::read(&settings.secrets, base)?,
            xroad: settings.xroad.clone(),
            asked: questions(settings, records, 0..0, &mut said),
            reading: Arc::new(Reading {
                verdict: check_answers(&settings.answers, &mut said),
                records: Arc::clone(records),
                limits,
            }),
        })
    }

    /// One answer; with another token if the first one isn't known any more.
    async fn ask(&self, question: &Question, arguments: &Arguments<'_>) -> Result<Answer, Error> {
        let mut again = true;
        loop {
            let mut request = question.fill(self.http.origin(), self.xroad.as_ref(), arguments)?;
            let shown = self.sign_in.show(request.headers_mut()).await?;
            let answer = self.http.send(request).await?;
            let unknown = answer.status == StatusCode::UNAUTHORIZED && self.sign_in.unknown(&shown);
            if !unknown || !again {
                return Ok(answer);
            }
            again = false;
        }
    }

    /// What a status says that holds no record.
    async fn refusal(&self, form: TextForm, mut answer: Answer, subject: Subject) -> Error {
        let status = answer.status;
        let verdict = &self.reading.verdict;
        // What a security server says of itself is no answer of the registry, whatever its status means there.
        if let Some(code) = answer.header("x-road-error").filter(|_| self.xroad.is_some()) {
            return of_xroad(code, verdict.of_code(code));
        }
        if !verdict.names_status(status) {
            let reading = Arc::clone(&self.reading);
            let body = std::mem::take(&mut answer.body);
            let read = move |body: &[u8]| reading.code(form, body, &answer, &subject);
            let code = self.http.aside.read(body, read).await.ok().flatten();
            let word = code.as_deref().and_then(|code| verdict.of_code(code));
            if let (Some(word), Some(code)) = (word, code)
                && let Some(error) = word.error(&code)
            {
                return error;
            }
        }
        let word = verdict.of_status(status);
        let code = format!("HTTP {}", status.as_u16());
        word.error(&code).unwrap_or_else(|| Error::unavailable(code))
    }
}

impl Reading {
    fn tree(&self, form: TextForm, body: &[u8]) -> Result<Node, Error> {
        match form {
            TextForm::Json => json::read(body, self.limits),
            TextForm::Xml => xml::read(body, self.limits),
        }
    }

    /// The code of an answer that holds no record, which may stand in a text of it.
    fn code(
        &self,
        form: TextForm,
        body: &[u8],
        answer: &Answer,
        subject: &Subject,
    ) -> Result<Option<String>, Error> {
        let mut node = self.tree(form, body)?;
        let record = known(&self.records, &subject.record)?;
        // What can't be read holds no code.
        let _ = record.plan.unpack(&mut node, self.limits);
        self.verdict.note(&node, answer, subject);
        self.verdict.code(&node)
    }

    /// The record that an answer holds.
    fn record(
        &self,
        form: TextForm,
        body: &[u8],
        answer: &Answer,
        silence: &Silence,
        subject: &Subject,
    ) -> Result<Found, Error> {
        let record = known(&self.records, &subject.record)?;
        let node = self.tree(form, body)?;
        self.verdict
            .record(record, node, answer, silence, self.limits, subject)
    }
}

/// What a security server says of itself: an answer of the registry it is not.
fn of_xroad(code: &str, word: Option<Word>) -> Error {
    let word = word.unwrap_or_else(|| {
        if code.ends_with("AccessDenied") {
            Word::Refused
        } else {
            Word::Unavailable
        }
    });
    word.error(code)
        .unwrap_or_else(|| Error::unavailable("the security server refuses"))
}

#[async_trait::async_trait]
impl Registry for Client {
    async fn look_up(&self, subject: Subject) -> Result<Found, Error> {
        let question = self.asked.question(&subject.record, &subject.key)?;
        let id = Uuid::now_v7().to_string();
        let call = subject.call.as_deref();
        let arguments = Arguments::new(&subject.key, &id, call, &self.secrets).told_to(&subject.trace);
        let began = Instant::now();
        let mut answer = self.ask(question, &arguments).await?;
        subject.trace.answered(began, || answer.raw());
        self.reading.verdict.note_head(&answer.headers, &subject);
        if self.reading.verdict.of_status(answer.status) != Word::Ok {
            return Err(self.refusal(question.answer, answer, subject).await);
        }
        // The answer to another question is none to this one.
        if self.xroad.is_some() && answer.header("x-road-id") != Some(&id) {
            return Err(Error::garbled(
                "the answer has another X-Road-Id than the question",
            ));
        }
        let body = std::mem::take(&mut answer.body);
        let (reading, form, silence) = (
            Arc::clone(&self.reading),
            question.answer,
            question.silence.clone(),
        );
        let read = move |body: &[u8]| reading.record(form, body, &answer, &silence, &subject);
        self.http.aside.read(body, read).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.sign_in.check().await?;
        self.http.check().await
    }

    fn check_asks(&self) -> bool {
        self.http.has_health()
    }

    fn has_health(&self) -> bool {
        self.http.has_health()
    }
}
