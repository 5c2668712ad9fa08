//! The door that every call comes through: a lookup method, or one of the other services.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use audit::{Entry, EntryKind, Waiters};
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tonic::service::Routes;
use tower::ServiceExt as _;

use super::frame::{self, Answered};
use crate::clock::Moment;
use crate::exchange::{Call, Exchange};
use crate::identity::{PeerCertificate, Rejected};
use crate::record::method::Method;
use crate::status::{Reason, Refusal};

/// What the calls of one worker share.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) exchange: Arc<Exchange>,
    pub(super) methods: Arc<HashMap<Arc<str>, Arc<Method>>>,
    pub(super) others: Routes,
    pub(super) waiters: Waiters,
    pub(super) max_message: usize,
    pub(super) call_timeout: Duration,
}

/// Health says nothing about anybody and is served to every client certificate.
const HEALTH: &str = "/grpc.health.v1.Health/";
/// Logs its calls itself.
const AUDIT: &str = "/lienthong.audit.v1.AuditService/";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/";

impl Door {
    /// Answers one call on a connection with this certificate.
    pub(super) async fn call(
        self,
        peer: Arc<PeerCertificate>,
        request: Request<Incoming>,
    ) -> Response<Answered> {
        match self.methods.get(request.uri().path()).cloned() {
            Some(method) => self.lookup(&peer, method, request).await,
            None => self.other(&peer, request).await,
        }
    }

    async fn lookup(
        self,
        peer: &Arc<PeerCertificate>,
        method: Arc<Method>,
        request: Request<Incoming>,
    ) -> Response<Answered> {
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
        if method.streaming {
            return self
                .stream(peer.clone(), method, head.headers, message, deadline)
                .await;
        }
        let call = Call {
            method: &method,
            peer,
            headers: &head.headers,
            message: message.as_ref().map(|message| &**message).map_err(Clone::clone),
            deadline,
        };
        frame::unary(self.exchange.answer(&self.waiters, call).await.into_message())
    }

    async fn stream(
        self,
        peer: Arc<PeerCertificate>,
        method: Arc<Method>,
        headers: http::HeaderMap,
        message: Result<Bytes, Refusal>,
        deadline: Instant,
    ) -> Response<Answered> {
        let (items, received) = mpsc::channel(4);
        let (whole, refused) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let call = Call {
                method: &method,
                peer: &peer,
                headers: &headers,
                message: message.as_ref().map(|message| &**message).map_err(Clone::clone),
                deadline,
            };
            let send = |reply: crate::exchange::Reply| {
                let items = items.clone();
                async move { items.send(reply.into_item()).await.is_ok() }
            };
            if let Err(reply) = self.exchange.answer_items(&self.waiters, call, send).await {
                drop(whole.send(reply.into_message().err()));
            }
        });
        // The sender is dropped unused when the stream as a whole was not refused.
        let mut received = received;
        let first = tokio::select! {
            refusal = refused => match refusal {
                Ok(Some(status)) => return frame::refused(&status),
                _ => None,
            },
            first = received.recv() => first,
        };
        match first {
            None => frame::streamed(received),
            Some(first) => {
                let (again, stream) = mpsc::channel(4);
                tokio::spawn(async move {
                    let mut next = Some(first);
                    while let Some(message) = next {
                        if again.send(message).await.is_err() {
                            return;
                        }
                        next = received.recv().await;
                    }
                });
                frame::streamed(stream)
            }
        }
    }

    /// Health, reflection and the audit service. All but health need a caller.
    async fn other(self, peer: &PeerCertificate, mut request: Request<Incoming>) -> Response<Answered> {
        if !request.uri().path().starts_with(HEALTH) {
            let directory = self.exchange.directory.load_full();
            match directory
                .identity
                .identify(peer, request.headers(), Moment::now())
            {
                Ok(caller) => {
                    let path = request.uri().path();
                    let admitted = if path.starts_with(AUDIT) {
                        Ok(())
                    } else if path.starts_with(REFLECTION) {
                        self.exchange.logged(&caller, "reflection", Ok(())).await
                    } else {
                        let unknown = Refusal::new(Reason::UnknownMethod, "there is no such method");
                        self.exchange
                            .logged(&caller, "unknown-method", Err(unknown))
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
        let request = request.map(tonic::body::Body::new);
        match self.others.oneshot(request).await {
            Ok(response) => response.map(Answered::Other),
            Err(_) => frame::refused(&tonic::Status::internal("the service failed")),
        }
    }

    /// A refusal here is logged like any other, before it is told.
    async fn log_rejected(&self, peer: &PeerCertificate, rejected: &Rejected) -> Response<Answered> {
        let mut entry = Entry::new(EntryKind::Operation, Moment::now().0);
        entry.agency = rejected.agency.as_deref().unwrap_or_default().to_owned();
        entry.certificate_sha256 = peer.fingerprint().to_vec();
        entry.config_version = self.exchange.directory.load().version.to_string();
        entry.operation = "service-call".to_owned();
        entry.outcome = rejected.refusal.reason.word().to_owned();
        match self.exchange.log.append_durable(&entry).await {
            Ok(logged) => frame::refused(&rejected.refusal.status("", Some(logged.index()))),
            Err(_) => {
                let refusal = Refusal::new(Reason::LogUnavailable, "the access log can't take an entry now");
                frame::refused(&refusal.status("", None))
            }
        }
    }
}
