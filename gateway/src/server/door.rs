//! The door that every call comes through: a lookup method, or one of the other services.

use std::sync::Arc;
use std::time::{Duration, Instant};

use audit::{Entry, EntryKind, Operation, Waiters};
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tonic::service::Routes;
use tower::ServiceExt as _;
use uuid::Uuid;

use super::frame::{self, Answered, Part};
use crate::clock::Moment;
use crate::directory::Directory;
use crate::exchange::{Call, Exchange, Reply};
use crate::identity::{PeerCertificate, Rejected};
use crate::record::method::Method;
use crate::status::{Reason, Refusal};

/// What the calls of one worker share.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) exchange: Arc<Exchange>,
    pub(super) others: Routes,
    pub(super) waiters: Waiters,
    pub(super) max_message: usize,
    pub(super) call_timeout: Duration,
}

/// Health says nothing about anybody and is served on every connection, without a token.
const HEALTH: &str = "/grpc.health.v1.Health/";
/// These log their calls themselves.
const AUDIT: &str = "/lienthong.audit.v1.AuditService/";
const CATALOG: &str = "/lienthong.catalog.v1.CatalogService/";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/";

impl Door {
    /// Answers one call on a connection with this certificate. What is rare stands on the heap, so that
    /// the future of a unary lookup stays small: it is moved several times before it runs.
    pub(super) async fn call(
        self,
        peer: Arc<PeerCertificate>,
        request: Request<Incoming>,
    ) -> Response<Answered> {
        let path = request.uri().path();
        let method = self.exchange.directory.load().methods.get(path).cloned();
        match method {
            Some(method) if method.streaming => Box::pin(self.stream(peer, method, request)).await,
            Some(method) => self.unary(&peer, method, request).await,
            None => Box::pin(self.other(&peer, request)).await,
        }
    }

    async fn unary(
        &self,
        peer: &PeerCertificate,
        method: Arc<Method>,
        request: Request<Incoming>,
    ) -> Response<Answered> {
        let (deadline, headers, message) = self.receive(request).await;
        let (directory, method, message) = self.decided_by(method, message);
        let call = Call {
            directory: &directory,
            method: &method,
            peer,
            headers: &headers,
            message: message.as_ref().map(|message| &**message).map_err(Clone::clone),
            deadline,
        };
        frame::unary(self.exchange.answer(&self.waiters, call).await.into_message())
    }

    /// Items are answered in a task of their own, a few ahead of the peer that reads them.
    async fn stream(
        self,
        peer: Arc<PeerCertificate>,
        method: Arc<Method>,
        request: Request<Incoming>,
    ) -> Response<Answered> {
        let (deadline, headers, message) = self.receive(request).await;
        let (directory, method, message) = self.decided_by(method, message);
        let (items, received) = mpsc::channel(4);
        tokio::spawn(async move {
            let call = Call {
                directory: &directory,
                method: &method,
                peer: &peer,
                headers: &headers,
                message: message.as_ref().map(|message| &**message).map_err(Clone::clone),
                deadline,
            };
            let send = |reply: Reply| {
                let items = items.clone();
                async move { items.send(Part::Message(reply.into_item())).await.is_ok() }
            };
            let end = match self.exchange.answer_items(&self.waiters, call, send).await {
                Ok(()) => Ok(()),
                Err(refused) => refused.into_message().map(drop),
            };
            drop(items.send(Part::End(end)).await);
        });
        frame::streamed(received)
    }

    /// The configuration in force now that the message is here, which may have been long on its way, and the method as that one
    /// has it: what a method means and who may call it go together.
    fn decided_by(
        &self,
        method: Arc<Method>,
        message: Result<Bytes, Refusal>,
    ) -> (Arc<Directory>, Arc<Method>, Result<Bytes, Refusal>) {
        let directory = self.exchange.directory.load_full();
        match directory.methods.get(&*method.path).cloned() {
            Some(method) => (directory, method, message),
            None => {
                let gone = Refusal::new(Reason::UnknownMethod, "there is no such method any more");
                (directory, method, Err(gone))
            }
        }
    }

    /// The caller's deadline, the headers, and the message or why there is none.
    async fn receive(
        &self,
        request: Request<Incoming>,
    ) -> (Instant, http::HeaderMap, Result<Bytes, Refusal>) {
        let wanted = frame::timeout(request.headers()).unwrap_or(self.call_timeout);
        let deadline = Instant::now() + wanted.min(self.call_timeout);
        let (head, body) = request.into_parts();
        let message = tokio::time::timeout_at(deadline.into(), frame::message(body, self.max_message))
            .await
            .unwrap_or_else(|_| {
                Err(Refusal::new(
                    Reason::DeadlineExceeded,
                    "the message did not come before the deadline",
                ))
            });
        (deadline, head.headers, message)
    }

    /// Health, reflection, the audit service and the catalog. All but health need a caller.
    async fn other(self, peer: &PeerCertificate, mut request: Request<Incoming>) -> Response<Answered> {
        let directory = self.exchange.directory.load_full();
        if request.uri().path().starts_with(HEALTH) {
            if let Err(refusal) = directory.identity.trusts(peer, Moment::now()) {
                return self.log_rejected(peer, &refusal.into()).await;
            }
        } else {
            match directory
                .identity
                .identify(peer, request.headers(), Moment::now())
            {
                Ok(caller) => {
                    let path = request.uri().path();
                    let admitted = if path.starts_with(AUDIT) || path.starts_with(CATALOG) {
                        Ok(())
                    } else if path.starts_with(REFLECTION) {
                        self.exchange.logged(&caller, Operation::Reflection, Ok(())).await
                    } else {
                        let unknown = Refusal::new(Reason::UnknownMethod, "there is no such method");
                        self.exchange
                            .logged(&caller, Operation::UnknownMethod, Err(unknown))
                            .await
                    };
                    if let Err(status) = admitted {
                        return frame::refused(&status);
                    }
                    request.extensions_mut().insert(caller);
                }
                Err(rejected) => return self.log_rejected(peer, &rejected).await,
            }
        }
        let service = match request.uri().path().starts_with(REFLECTION) {
            true => directory.reflection.clone(),
            false => self.others,
        };
        match service.oneshot(request.map(tonic::body::Body::new)).await {
            Ok(response) => response.map(Answered::Other),
            Err(_) => frame::refused(&tonic::Status::internal("the service failed")),
        }
    }

    /// A refusal here is logged like any other, before it is told.
    async fn log_rejected(&self, peer: &PeerCertificate, rejected: &Rejected) -> Response<Answered> {
        let mut entry = Entry::new(EntryKind::Operation, Moment::now().0);
        entry.request_id = Uuid::now_v7().to_string();
        entry.agency = rejected.agency.as_deref().unwrap_or_default().to_owned();
        entry.certificate_sha256 = peer.fingerprint().to_vec();
        entry.config_version = self.exchange.directory.load().version.to_string();
        entry.operation = Operation::ServiceCall.word().to_owned();
        entry.outcome = rejected.refusal.reason.word().to_owned();
        match self.exchange.log.append_durable(&entry).await {
            Ok(logged) => frame::refused(&rejected.refusal.status(&entry.request_id, Some(logged.index()))),
            Err(_) => {
                let refusal = Refusal::new(Reason::LogUnavailable, "the access log can't take an entry now");
                frame::refused(&refusal.status(&entry.request_id, None))
            }
        }
    }
}
