//! Asks the server, and reads what it says.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ::http::{HeaderMap, StatusCode};
use prost_reflect::DescriptorPool;
use uuid::Uuid;

use super::connection::{Connections, HEALTH};
use super::descriptors;
use super::exchange::{Reply, call};
use super::peer::Peer;
use super::settings::Settings;
use super::status::{self, Code, check_answers};
use super::translate::{Question, questions};
use crate::check::Records;
use crate::error::Error;
use crate::http::{Answer, Arguments, Asked, Secrets, SignedIn, Verdict, known};
use crate::registry::{Found, Question as Subject, Registry};
use crate::tree::{AnswerLimits, Aside, message};

/// One server and how it is asked.
pub(crate) struct Client {
    connections: Connections,
    sign_in: SignedIn,
    secrets: Secrets,
    /// Shared with the thread that reads large answers.
    verdict: Arc<Verdict>,
    way: Way,
    limits: AnswerLimits,
    aside: Aside,
    health: bool,
}

enum Way {
    Methods(Asked<Option<Question>>),
    Peer(Box<Peer>),
}

impl Client {
    pub(super) fn new(
        settings: &Settings,
        base: &Path,
        canonical: &DescriptorPool,
        records: &Arc<Records>,
        limits: AnswerLimits,
    ) -> Result<Self, String> {
        let ca = settings.server.ca.as_ref().map(|ca| ca.get_ref().as_str());
        // What is wrong with the settings was said before anything was opened.
        let mut said = Vec::new();
        let way = match &settings.lienthong {
            Some(other) => {
                let peer = Peer::new(settings, other.get_ref(), base, canonical, records)?;
                Way::Peer(Box::new(peer))
            }
            None => {
                let pool = descriptors::read(&settings.descriptors, base, &mut said);
                let pool = pool.ok_or("its schemas can't be read any more")?;
                Way::Methods(questions(settings, &pool, records, 0..0, &mut said))
            }
        };
        Ok(Self {
            connections: Connections::new(&settings.server, base)?,
            sign_in: SignedIn::new(&settings.sign_in, ca, base)?,
            secrets: Secrets::read(&settings.secrets, base)?,
            verdict: Arc::new(check_answers(&settings.answers, &mut said)),
            way,
            limits,
            aside: Aside::new(),
            health: settings.server.health.is_some(),
        })
    }

    /// One answer; with another token if the first one isn't known any more.
    async fn ask(
        &self,
        path: &str,
        metadata: &HeaderMap,
        message: &[u8],
        subject: &Subject,
    ) -> Result<Reply, Error> {
        let mut again = true;
        loop {
            let mut metadata = metadata.clone();
            let shown = self.sign_in.show(&mut metadata).await?;
            let largest = self.limits.bytes;
            let reply = call(
                &self.connections,
                path,
                metadata,
                message,
                subject.deadline,
                largest,
            )
            .await?;
            let unknown = reply.code == Code::Unauthenticated && self.sign_in.unknown(&shown);
            if !unknown || !again {
                return Ok(reply);
            }
            again = false;
        }
    }
}

#[async_trait::async_trait]
impl Registry for Client {
    async fn look_up(&self, subject: Subject) -> Result<Found, Error> {
        let asked = match &self.way {
            Way::Methods(asked) => asked,
            Way::Peer(peer) => {
                return peer.look_up(&self.connections, &subject, self.limits).await;
            }
        };
        let question = asked.question(&subject.record, &subject.key)?;
        let question = question
            .as_ref()
            .ok_or_else(|| Error::unavailable("the registry's file asks no such method"))?;
        let own;
        let request_id = match &subject.call {
            Some(call) => &*call.request_id,
            None => {
                own = Uuid::now_v7().to_string();
                &own
            }
        };
        let call = subject.call.as_deref();
        let arguments = Arguments::new(&subject.key, request_id, call, &self.secrets).told_to(&subject.trace);
        let mut metadata = HeaderMap::new();
        question.metadata.fill(&arguments, &mut metadata)?;
        let message = question.fill(&arguments)?;
        let began = Instant::now();
        let reply = self.ask(&question.path, &metadata, &message, &subject).await?;
        subject
            .trace
            .answered(began, || reply.raw(Some(&question.answer)));
        self.verdict.note_head(&reply.metadata, &subject);
        if reply.code != Code::Ok {
            return Err(status::error(reply.code, &reply.metadata, &self.verdict));
        }
        let (schema, silence, limits) = (question.answer.clone(), question.silence.clone(), self.limits);
        let (verdict, records) = (Arc::clone(&self.verdict), Arc::clone(asked.records()));
        let answer = Answer {
            status: StatusCode::OK,
            headers: reply.metadata,
            body: Vec::new(),
        };
        let read = move |bytes: &[u8]| {
            let record = known(&records, &subject.record)?;
            let node = message::read(bytes, &schema, limits)?;
            verdict.record(record, node, &answer, &silence, limits, &subject)
        };
        self.aside.read(reply.message, read).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.sign_in.check().await?;
        if !self.health {
            return self.connections.check().await;
        }
        let ill = || Error::unavailable("the registry says that it isn't well");
        let mut metadata = HeaderMap::new();
        self.sign_in.show(&mut metadata).await?;
        // Nobody waits for it longer than its own guard does.
        let deadline = Instant::now() + std::time::Duration::from_secs(60);
        let reply = call(&self.connections, HEALTH, metadata, &[], deadline, 1 << 10).await;
        match reply {
            // Field 1 is the state, and 1 is serving.
            Ok(reply) if reply.code == Code::Ok && reply.message == [8, 1] => Ok(()),
            Ok(_) | Err(Error::Garbled { .. }) => Err(ill()),
            Err(error) => Err(error),
        }
    }

    fn check_asks(&self) -> bool {
        self.health
    }

    fn has_health(&self) -> bool {
        self.health
    }
}
