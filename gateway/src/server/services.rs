//! The services that are not lookups. Each gets whole messages within the door's bounds; all but health need a caller.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;

use audit::{Entry, EntryKind, Operation};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::{Code, Status};
use tower::ServiceExt as _;
use uuid::Uuid;

use super::door::{Door, Visitor, too_late};
use super::frame::{self, Answered, Part};
use super::intake::Messages;
use crate::clock::Moment;
use crate::directory::Directory;
use crate::exchange::Exchange;
use crate::identity::{Caller, PeerCertificate, Rejected};
use crate::status::{Reason, Refusal};

/// Health says nothing about anybody and is served to every client certificate.
const HEALTH: [&str; 2] = ["/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"];
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
/// These log their calls themselves.
const LOGGING: [&str; 2] = [
    "lienthong.audit.v1.AuditService",
    "lienthong.catalog.v1.CatalogService",
];

/// Which services there are, and what serves them.
#[derive(Clone)]
pub(super) struct Services {
    routes: Routes,
    /// The paths of those that log their calls themselves.
    logging: Arc<HashSet<String>>,
}

enum Service {
    Health,
    Logging,
    Reflection,
    Unknown,
}

impl Services {
    /// Served by these routes.
    pub(super) fn new(routes: Routes) -> Self {
        let pool = proto::descriptors();
        let logging = pool
            .services()
            .filter(|service| LOGGING.contains(&service.full_name()));
        let paths = logging.flat_map(|service| {
            let paths = service
                .methods()
                .map(|method| format!("/{}/{}", service.full_name(), method.name()));
            paths.collect::<Vec<_>>()
        });
        Self {
            routes,
            logging: Arc::new(paths.collect()),
        }
    }

    fn of(&self, path: &str) -> Service {
        match path {
            REFLECTION => Service::Reflection,
            path if HEALTH.contains(&path) => Service::Health,
            path if self.logging.contains(path) => Service::Logging,
            _ => Service::Unknown,
        }
    }
}

impl Door {
    /// Answers a call that is no lookup.
    pub(super) async fn other(self, visitor: &Visitor, request: Request<Incoming>) -> Response<Answered> {
        match self.services.of(request.uri().path()) {
            Service::Health => self.health(visitor, request).await,
            Service::Logging => self.logging(visitor, request).await,
            Service::Reflection => self.reflection(visitor, request).await,
            Service::Unknown => self.unknown(visitor, request).await,
        }
    }

    async fn health(self, visitor: &Visitor, request: Request<Incoming>) -> Response<Answered> {
        let trusts = || {
            let directory = self.exchange.directory.load();
            directory.identity.trusts(&visitor.peer, Moment::now())
        };
        let (head, body) = request.into_parts();
        let deadline = self.deadline(&head.headers);
        let message = self.only_message(visitor, deadline, body, trusts).await;
        if let Err(refusal) = trusts() {
            return self.reject(visitor, &refusal.into()).await;
        }
        match message {
            Ok(message) => self.served(Request::from_parts(head, whole(&message))).await,
            // Like its answers: told to nobody in particular, and in no log.
            Err(refusal) => frame::refused(&refusal.status("", None)),
        }
    }

    async fn logging(self, visitor: &Visitor, request: Request<Incoming>) -> Response<Answered> {
        let (head, body) = request.into_parts();
        let deadline = self.deadline(&head.headers);
        let admits = || {
            self.identify(visitor, &head.headers)
                .map(drop)
                .map_err(|rejected| rejected.refusal)
        };
        let message = self.only_message(visitor, deadline, body, admits).await;
        let caller = match self.identify(visitor, &head.headers) {
            Ok((_, caller)) => caller,
            Err(rejected) => return self.reject(visitor, &rejected).await,
        };
        let message = match message {
            Ok(message) => message,
            Err(refusal) => return self.refuse(&caller, Operation::ServiceCall, refusal).await,
        };
        let mut request = Request::from_parts(head, whole(&message));
        request.extensions_mut().insert(caller);
        self.served(request).await
    }

    async fn unknown(self, visitor: &Visitor, request: Request<Incoming>) -> Response<Answered> {
        let (head, body) = request.into_parts();
        frame::take_rest(body);
        match self.identify(visitor, &head.headers) {
            Ok((_, caller)) => {
                let unknown = Refusal::new(Reason::UnknownMethod, "there is no such method");
                self.refuse(&caller, Operation::UnknownMethod, unknown).await
            }
            Err(rejected) => self.reject(visitor, &rejected).await,
        }
    }

    /// A stream of questions. Each is asked by itself, so that each keeps to the bounds of a message and comes from somebody who
    /// may still call, and the next is not waited for longer than for any other.
    async fn reflection(self, visitor: &Visitor, request: Request<Incoming>) -> Response<Answered> {
        let (head, body) = request.into_parts();
        let caller = match self.identify(visitor, &head.headers) {
            Ok((_, caller)) => caller,
            Err(rejected) => {
                frame::take_rest(body);
                return self.reject(visitor, &rejected).await;
            }
        };
        let admitted = self.exchange.logged(&caller, Operation::Reflection, Ok(())).await;
        if let Err(status) = admitted {
            frame::take_rest(body);
            return frame::refused(&status);
        }
        let (answers, received) = mpsc::channel(1);
        let visitor = Visitor {
            peer: visitor.peer.clone(),
            client: visitor.client.clone(),
        };
        tokio::spawn(async move {
            let mut questions = Messages::new(body);
            let end = self
                .reflect(&visitor, &head.headers, &mut questions, &answers)
                .await;
            if let Some(rest) = questions.unread() {
                frame::take_rest(rest);
            }
            drop(answers.send(Part::End(end)).await);
        });
        frame::streamed(received)
    }

    async fn reflect(
        &self,
        visitor: &Visitor,
        headers: &HeaderMap,
        questions: &mut Messages<Incoming>,
        answers: &mpsc::Sender<Part>,
    ) -> Result<(), Status> {
        let bounds = self.bounds(visitor, || Ok(()));
        loop {
            let next = tokio::time::timeout(self.call_timeout, questions.next(&bounds)).await;
            if let Ok(Ok(None)) = next {
                return Ok(());
            }
            let (directory, caller) = match self.identify(visitor, headers) {
                Ok(identified) => identified,
                Err(rejected) => return Err(log_rejected(&self.exchange, &visitor.peer, &rejected).await),
            };
            let question = match next.unwrap_or_else(|_| Err(too_late())) {
                Ok(Some(question)) => question,
                Ok(None) => return Ok(()),
                Err(refusal) => {
                    let refused = Err(refusal);
                    return self
                        .exchange
                        .logged(&caller, Operation::Reflection, refused)
                        .await;
                }
            };
            let mut request = Request::new(whole(&question));
            *request.method_mut() = http::Method::POST;
            *request.uri_mut() = http::Uri::from_static(REFLECTION);
            drop(question);
            let answer = collected(directory.reflection.clone(), request).await?;
            if answers.send(Part::Framed(answer)).await.is_err() {
                return Ok(());
            }
        }
    }

    /// Who calls, by the configuration that is in force now.
    fn identify(
        &self,
        visitor: &Visitor,
        headers: &HeaderMap,
    ) -> Result<(Arc<Directory>, Arc<Caller>), Rejected> {
        let directory = self.exchange.directory.load_full();
        let caller = directory
            .identity
            .identify(&visitor.peer, headers, Moment::now())?;
        Ok((directory, caller))
    }

    async fn served(self, request: Request<Body>) -> Response<Answered> {
        match self.services.routes.oneshot(request).await {
            Ok(response) => response.map(Answered::Other),
            Err(never) => match never {},
        }
    }

    /// Refuses who is not known, once the entry is durable.
    async fn reject(&self, visitor: &Visitor, rejected: &Rejected) -> Response<Answered> {
        frame::refused(&log_rejected(&self.exchange, &visitor.peer, rejected).await)
    }

    /// Refuses once the entry is durable.
    async fn refuse(&self, caller: &Caller, operation: Operation, refusal: Refusal) -> Response<Answered> {
        match self
            .exchange
            .logged::<Infallible>(caller, operation, Err(refusal))
            .await
        {
            Err(status) => frame::refused(&status),
            Ok(never) => match never {},
        }
    }
}

/// A refusal before the caller is known is logged like any other, before it is told.
async fn log_rejected(exchange: &Exchange, peer: &PeerCertificate, rejected: &Rejected) -> Status {
    let mut entry = Entry::new(EntryKind::Operation, Moment::now().0);
    entry.request_id = Uuid::now_v7().to_string();
    entry.agency = rejected.agency.as_deref().unwrap_or_default().to_owned();
    entry.certificate_sha256 = peer.fingerprint().to_vec();
    entry.config_version = exchange.directory.load().version.to_string();
    entry.operation = Operation::ServiceCall.word().to_owned();
    entry.outcome = rejected.refusal.reason.word().to_owned();
    let logged = exchange.log.append_durable(&entry).await;
    exchange.outcomes.count(Some(match &logged {
        Ok(_) => rejected.refusal.reason,
        Err(_) => Reason::LogUnavailable,
    }));
    match logged {
        Ok(logged) => rejected.refusal.status(&entry.request_id, Some(logged.index())),
        Err(_) => {
            let refusal = Refusal::new(Reason::LogUnavailable, "the access log can't take an entry now");
            refusal.status(&entry.request_id, None)
        }
    }
}

/// A body of one whole message.
fn whole(message: &[u8]) -> Body {
    Body::new(Full::new(frame::framed(message)))
}

/// The messages of an answer, with their prefixes, or what it ends with instead.
async fn collected(service: Routes, request: Request<Body>) -> Result<Bytes, Status> {
    let response = match service.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (head, body) = response.into_parts();
    let body = body.collect().await?;
    let status = Status::from_header_map(&head.headers)
        .or_else(|| body.trailers().and_then(Status::from_header_map))
        .unwrap_or_else(|| Status::internal("the service broke off"));
    match status.code() {
        Code::Ok => Ok(body.to_bytes()),
        _ => Err(status),
    }
}
