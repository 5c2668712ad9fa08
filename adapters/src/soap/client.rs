//! Sends messages, and reads what comes back.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ::http::StatusCode;
use uuid::Uuid;

use super::settings::Settings;
use super::translate::{Question, questions};
use super::{envelope, fault};
use crate::check::Records;
use crate::error::Error;
use crate::http::{
    self, Answer, Arguments, Asked, Secrets, SignedIn, Silence, Verdict, Word, check_answers, known,
};
use crate::registry::{Found, Question as Subject, Registry};
use crate::tree::{AnswerLimits, xml};

/// One server and how it is asked.
pub(crate) struct Client {
    http: http::Client,
    sign_in: SignedIn,
    secrets: Secrets,
    asked: Asked<Question>,
    reading: Arc<Reading>,
}

/// What answers are read by. The thread that reads the large ones has it too.
struct Reading {
    settings: Settings,
    verdict: Verdict,
    records: Arc<Records>,
    limits: AnswerLimits,
}

/// What was asked, as far as the answer is read by it.
struct Put {
    id: String,
    silence: Silence,
    subject: Subject,
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
            asked: questions(settings, records, 0..0, &mut said),
            reading: Arc::new(Reading {
                settings: settings.clone(),
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
            let xroad = self.reading.settings.xroad.as_ref();
            let mut request = question.fill(self.http.origin(), xroad, arguments)?;
            let shown = self.sign_in.show(request.headers_mut()).await?;
            let answer = self.http.send(request).await?;
            let unknown = answer.status == StatusCode::UNAUTHORIZED && self.sign_in.unknown(&shown);
            if !unknown || !again {
                return Ok(answer);
            }
            again = false;
        }
    }
}

impl Reading {
    /// What a message says.
    fn found(&self, text: &[u8], answer: &Answer, put: Put) -> Result<Found, Error> {
        let word = self.verdict.of_status(answer.status);
        let message = xml::read(text, self.limits).and_then(envelope::opened);
        let (header, body) = match (message, word) {
            (Ok(message), _) => message,
            (Err(error), Word::Ok) => return Err(error),
            // A server's error page is no fault.
            (Err(error), word) => return Err(word.error(&said(answer)).unwrap_or(error)),
        };
        if let Some(fault) = body.field("Fault") {
            self.verdict.note(&body, answer, &put.subject);
            return Err(fault::error(&self.settings, fault));
        }
        if let Some(error) = word.error(&said(answer)) {
            return Err(error);
        }
        // The answer to another question is none to this one.
        if self.settings.xroad.is_some() && !envelope::answers(&header, &put.id) {
            return Err(Error::garbled("the answer has another id than the question"));
        }
        let record = known(&self.records, &put.subject.record)?;
        let (silence, subject) = (&put.silence, &put.subject);
        self.verdict
            .record(record, body, answer, silence, self.limits, subject)
    }
}

/// The status, as a code.
fn said(answer: &Answer) -> String {
    format!("HTTP {}", answer.status.as_u16())
}

/// Whether a status comes with a message: 200, and those of faults (SOAP 1.2 part 2 §7.5.2).
fn has_message(status: StatusCode) -> bool {
    status.is_success() || matches!(status.as_u16(), 400 | 500)
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
        let verdict = &self.reading.verdict;
        verdict.note_head(&answer.headers, &subject);
        if let Some(error) = verdict.of_status(answer.status).error(&said(&answer))
            && (verdict.names_status(answer.status) || !has_message(answer.status))
        {
            return Err(error);
        }
        let text = std::mem::take(&mut answer.body);
        let reading = Arc::clone(&self.reading);
        let put = Put {
            id,
            silence: question.silence.clone(),
            subject,
        };
        let read = move |text: &[u8]| reading.found(text, &answer, put);
        self.http.aside.read(text, read).await
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
