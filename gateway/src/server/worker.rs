//! One worker: a single-threaded runtime on a thread of its own that serves the connections dealt to it.
//!
//! The multi-thread scheduler makes a connection flush after each handler; on one thread the answers
//! that are ready together leave together.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use adapters::background::give_way;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

use super::accounted::Begun;
use super::aside::Aside;
use super::beat::Beat;
use super::conduct::{Conduct, Fault};
use super::crowd::Crowd;
use super::door::{Door, Visitor};
use super::entrance::Arrived;
use super::frame;
use super::standing::{self, Standing};
use super::told::Told;
use super::traffic::Endings;
use super::turns::Turns;
use super::watched::Watched;
use crate::identity::PeerCertificate;
use crate::settings::ListenerSettings;

/// How long a connection that is ended for its conduct gets to take the GOAWAY.
const LAST_WORD: Duration = Duration::from_millis(50);

/// How long an idle peer gets to answer it, and to ask what it was just about to ask.
const FAREWELL: Duration = Duration::from_millis(500);

/// What the process log is told of connections; those that are ended, by each fault.
static LOST: Told = Told::new();
static ENDED: [Told; Fault::ALL.len()] = [const { Told::new() }; Fault::ALL.len()];

/// What a worker needs to serve connections.
#[derive(Clone)]
pub(super) struct Worker {
    pub(super) door: Door,
    pub(super) changes: watch::Receiver<u64>,
    pub(super) turns: Arc<Turns>,
    pub(super) shared: Shared,
}

/// What all workers have in common.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) limits: Arc<ListenerSettings>,
    pub(super) crowd: Arc<Crowd>,
    pub(super) aside: Aside,
    pub(super) beat: Arc<Beat>,
    pub(super) endings: Arc<Endings>,
    pub(super) stopping: watch::Receiver<bool>,
}

impl Worker {
    /// Serves until no more connections are dealt and the last one has ended.
    pub(super) async fn run(self, mut dealt: mpsc::Receiver<Arrived>) {
        let keeper = tokio::spawn(self.turns.clone().keep());
        let mut open = tokio::task::JoinSet::new();
        loop {
            tokio::select! {
                next = dealt.recv() => match next {
                    Some(arrived) => { open.spawn(self.clone().serve(arrived)); }
                    None => break,
                },
                Some(_) = open.join_next() => {}
            }
        }
        while open.join_next().await.is_some() {}
        keeper.abort();
    }

    async fn serve(self, arrived: Arrived) {
        let conduct = Conduct::new(&self.shared.limits);
        let (stream, peer, _place) = match arrived.settle(&self.door.exchange, &conduct).await {
            Ok(settled) => settled,
            Err(error) => {
                if let Some(connections) = LOST.again() {
                    tracing::info!(connections, %error, "a connection was lost after its handshake");
                }
                return;
            }
        };
        let aside = self.shared.aside.clone();
        aside
            .live(self.http2(stream, peer, conduct.clone()), &conduct)
            .await;
    }

    async fn http2<S>(mut self, stream: S, peer: Arc<PeerCertificate>, conduct: Arc<Conduct>)
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let door = self.door.clone();
        let calls = conduct.clone();
        let mut standing = Standing::new(self.door.exchange.clone(), self.changes.clone(), peer.clone());
        let client = self.shared.crowd.client(peer.fingerprint());
        let turns = self.turns.client(peer.fingerprint());
        let visitor = Arc::new(Visitor { peer, client });
        let beat = self.shared.beat.clone();
        let watched = Watched::new(stream, conduct.clone(), turns.clone());
        let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let begun = Begun::new(&calls);
            // On the heap, once: hyper moves it several times before it runs.
            let call = match visitor.client.enter() {
                Ok(under_way) => Ok((under_way, Box::pin(door.clone().call(visitor.clone(), request)))),
                Err(status) => {
                    frame::take_rest(request.into_body());
                    Err(Box::new(status))
                }
            };
            let beat = calls.is_striking().then(|| beat.clone());
            let (is_doubtful, turns) = (calls.is_doubtful(), turns.clone());
            async move {
                if let Some(beat) = beat {
                    beat.next().await;
                }
                turns.turn().await;
                if is_doubtful {
                    give_way();
                }
                Ok::<_, std::convert::Infallible>(match call {
                    Ok((under_way, call)) => begun.answer(call.await, Some(under_way)),
                    Err(status) => begun.answer(frame::refused(&status), None),
                })
            }
        });
        let limits = &self.shared.limits;
        let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            // gRPC has no use for it.
            .auto_date_header(false)
            .max_concurrent_streams(*limits.max_streams.get_ref())
            .max_header_list_size(small(limits.max_header_list.get_ref().0))
            .initial_stream_window_size(small(limits.stream_window.get_ref().0))
            .initial_connection_window_size(small(limits.connection_window.get_ref().0))
            .keep_alive_interval(Some(limits.keep_alive_interval.get_ref().0))
            .keep_alive_timeout(limits.keep_alive_timeout.get_ref().0);
        let connection = builder.serve_connection(TokioIo::new(watched), service);
        let mut connection = std::pin::pin!(connection);
        let drain = self.shared.limits.drain_time.get_ref().0;
        let mut stopped = std::pin::pin!(self.shared.stopping.wait_for(|stopping| *stopping));
        let mut untrusted = std::pin::pin!(standing.ended());
        let mut ticks = tokio::time::interval(conduct.tick());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let grace = loop {
            tokio::select! {
                biased;
                fault = ended_or_at_fault(connection.as_mut(), &conduct, |_| true) => match fault {
                    None => return,
                    Some(fault) => {
                        self.shared.endings.count(fault);
                        if let Some(connections) = ENDED[fault as usize].again() {
                            tracing::info!(connections, ?fault, "a connection was ended");
                        }
                        match fault {
                            // There is no HTTP/2 to say it in.
                            Fault::Silent | Fault::NotHttp2 => return,
                            Fault::Idle => break FAREWELL,
                            Fault::Flood | Fault::Resets | Fault::SlowReader => break LAST_WORD,
                        }
                    }
                },
                _ = stopped.as_mut() => break drain,
                () = untrusted.as_mut() => break drain.min(standing::GRACE),
                _ = ticks.tick() => conduct.turn(),
            }
        };
        connection.as_mut().graceful_shutdown();
        // What it is ended for is known; what is under way is still read in turns, and watched.
        let known = conduct.fault();
        let rest = async {
            loop {
                let is_new = |fault: Fault| known.is_none() && fault.is_hostile();
                tokio::select! {
                    biased;
                    _ = ended_or_at_fault(connection.as_mut(), &conduct, is_new) => return,
                    _ = ticks.tick() => conduct.turn(),
                }
            }
        };
        drop(tokio::time::timeout(grace, rest).await);
    }
}

/// Goes on with a connection, a turn at a time, until it has ended or there is such a fault in its conduct.
async fn ended_or_at_fault<C: Future>(
    mut connection: Pin<&mut C>,
    conduct: &Conduct,
    counts: impl Fn(Fault) -> bool,
) -> Option<Fault> {
    poll_fn(|context| {
        conduct.begin_turn();
        match connection.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => match conduct.fault() {
                Some(fault) if counts(fault) => Poll::Ready(Some(fault)),
                _ => Poll::Pending,
            },
        }
    })
    .await
}

fn small(size: u64) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
