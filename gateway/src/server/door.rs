//! The door that every call comes through: a lookup method, or one of the other services.

use std::sync::Arc;
use std::time::{Duration, Instant};

use audit::Waiters;
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use tokio::sync::mpsc;

use super::crowd::Client;
use super::frame::{self, Answered, Part};
use super::intake::{Bounds, Message, Messages};
use super::services::Services;
use crate::clock::Moment;
use crate::directory::Directory;
use crate::exchange::{Call, Exchange, Reply};
use crate::identity::PeerCertificate;
use crate::record::method::Method;
use crate::status::{Reason, Refusal};

/// What the calls of one worker share.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) exchange: Arc<Exchange>,
    pub(super) services: Services,
    pub(super) waiters: Waiters,
    pub(super) max_message: usize,
    pub(super) call_timeout: Duration,
}

/// Who stands at the door: what all calls of one connection have in common.
pub(super) struct Visitor {
    pub(super) peer: Arc<PeerCertificate>,
    pub(super) client: Arc<Client>,
}

impl Door {
    /// Answers one call. What is rare stands on the heap, so that
    /// the future of a unary lookup stays small: it is moved several times before it runs.
    pub(super) async fn call(self, visitor: Arc<Visitor>, request: Request<Incoming>) -> Response<Answered> {
        let path = request.uri().path();
        let method = self.exchange.directory.load().methods.get(path).cloned();
        match method {
            Some(method) if method.streaming => Box::pin(self.stream(visitor, method, request)).await,
            Some(method) => self.unary(&visitor, method, request).await,
            None => Box::pin(self.other(&visitor, request)).await,
        }
    }

    async fn unary(
        &self,
        visitor: &Visitor,
        method: Arc<Method>,
        request: Request<Incoming>,
    ) -> Response<Answered> {
        let Received {
            deadline,
            headers,
            message,
        } = self.receive(visitor, request).await;
        let (directory, method, message) = self.decided_by(method, message);
        let call = Call {
            directory: &directory,
            method: &method,
            peer: &visitor.peer,
            headers: &headers,
            message: message.as_ref().map(|message| &**message).map_err(Clone::clone),
            deadline,
        };
        frame::unary(self.exchange.answer(&self.waiters, call).await.into_message())
    }

    /// Items are answered in a task of their own, a few ahead of the peer that reads them.
    async fn stream(
        self,
        visitor: Arc<Visitor>,
        method: Arc<Method>,
        request: Request<Incoming>,
    ) -> Response<Answered> {
        let Received {
            deadline,
            headers,
            message,
        } = self.receive(&visitor, request).await;
        let (directory, method, message) = self.decided_by(method, message);
        let (items, received) = mpsc::channel(4);
        tokio::spawn(async move {
            let call = Call {
                directory: &directory,
                method: &method,
                peer: &visitor.peer,
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
        message: Result<Message, Refusal>,
    ) -> (Arc<Directory>, Arc<Method>, Result<Message, Refusal>) {
        let directory = self.exchange.directory.load_full();
        match directory.methods.get(&*method.path).cloned() {
            Some(method) => (directory, method, message),
            None => {
                let gone = Refusal::new(Reason::UnknownMethod, "there is no such method any more");
                (directory, method, Err(gone))
            }
        }
    }

    /// The caller's deadline, the headers, and the message or why there is none. A large message is only taken in for a
    /// caller; who calls is asked again of the configuration that the whole message meets.
    async fn receive(&self, visitor: &Visitor, request: Request<Incoming>) -> Received {
        let (head, body) = request.into_parts();
        let deadline = self.deadline(&head.headers);
        let admits = || {
            let directory = self.exchange.directory.load();
            let caller = directory
                .identity
                .identify(&visitor.peer, &head.headers, Moment::now());
            caller.map(drop).map_err(|rejected| rejected.refusal)
        };
        let message = self.only_message(visitor, deadline, body, admits).await;
        Received {
            deadline,
            headers: head.headers,
            message,
        }
    }

    /// Until when the request's message has to be here, and its answer.
    pub(super) fn deadline(&self, headers: &HeaderMap) -> Instant {
        let wanted = frame::timeout(headers).unwrap_or(self.call_timeout);
        Instant::now() + wanted.min(self.call_timeout)
    }

    /// The one message of a request, when it comes by then. What is left of one that is refused is taken aside.
    pub(super) async fn only_message<A>(
        &self,
        visitor: &Visitor,
        deadline: Instant,
        body: Incoming,
        admits: A,
    ) -> Result<Message, Refusal>
    where
        A: Fn() -> Result<(), Refusal>,
    {
        let mut messages = Messages::new(body);
        let bounds = self.bounds(visitor, admits);
        match tokio::time::timeout_at(deadline.into(), messages.only(&bounds)).await {
            Ok(Ok(message)) => Ok(message),
            Ok(Err(refusal)) => {
                if let Some(rest) = messages.unread() {
                    frame::take_rest(rest);
                }
                Err(refusal)
            }
            Err(_) => Err(too_late()),
        }
    }

    /// What a message has to keep to.
    pub(super) fn bounds<'a, A>(&self, visitor: &'a Visitor, admits: A) -> Bounds<'a, A> {
        Bounds {
            longest: self.max_message,
            client: &visitor.client,
            admits,
        }
    }
}

/// A request that has come in.
struct Received {
    deadline: Instant,
    headers: HeaderMap,
    message: Result<Message, Refusal>,
}

/// The time is over and the message is not here.
pub(super) fn too_late() -> Refusal {
    Refusal::new(
        Reason::DeadlineExceeded,
        "the message did not come before the deadline",
    )
}
