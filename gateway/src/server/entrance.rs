//! The entrance: one thread accepts, checks the caps, shakes hands, and deals connections out to the workers in
//! turn. A connection of doubtful conduct comes back here for as long as it is in doubt (`aside`).
//!
//! A handshake costs hundreds of microseconds, a flood whatever it is let have. The thread is lower in priority than
//! the workers, so that neither stands before a call.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use adapters::background::{give_way, step_back};
use rustls::ServerConnection;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::conduct::Conduct;
use super::movable::Movable;
use super::overload::Overload;
use super::places::{Place, Places};
use super::told::Told;
use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::identity::PeerCertificate;
use crate::identity::handshake::noting_refused;
use crate::identity::tls::ALPN_H2;

const THREAD: &str = "entrance";

/// After a failed accept, as a rule for want of file descriptors: a loop that spins takes the processor
/// from the calls that would free some.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// What the process log is told of handshakes.
static FAILED: Told = Told::new();
static TOO_LONG: Told = Told::new();
static NOT_H2: Told = Told::new();
static REFUSED: Told = Told::new();
static OF_NOBODY: Told = Told::new();

/// What the entrance works with.
pub(super) struct Entrance {
    pub(super) workers: Vec<mpsc::Sender<Arrived>>,
    pub(super) places: Arc<Places>,
    pub(super) overload: Arc<Overload>,
    pub(super) exchange: Arc<Exchange>,
    /// The longest handshake.
    pub(super) patience: Duration,
    pub(super) stopping: watch::Receiver<bool>,
    /// Ends when nobody is left who could send a connection back.
    pub(super) aside: mpsc::Receiver<Infallible>,
}

/// A peer that has shaken hands, with its place among the connections.
pub(super) struct Arrived {
    connection: std::net::TcpStream,
    session: ServerConnection,
    peer: Arc<PeerCertificate>,
    place: Place,
}

impl Arrived {
    /// The encrypted stream, served by the runtime that this is called on.
    pub(super) async fn settle(
        mut self,
        exchange: &Exchange,
        conduct: &Arc<Conduct>,
    ) -> io::Result<(TlsStream<Movable>, Arc<PeerCertificate>, Place)> {
        let socket = Movable::new(self.connection, conduct.clone())?;
        let acceptor = TlsAcceptor::from(exchange.directory.load().tls.clone());
        // The one way to a stream with a session that is there already.
        let swap = |fresh: &mut ServerConnection| std::mem::swap(fresh, &mut self.session);
        let stream = acceptor.accept_with(socket, swap).await?;
        Ok((stream, self.peer, self.place))
    }
}

impl Entrance {
    /// Begins to accept, on a thread of its own that serves this runtime.
    pub(super) fn open(mut self, socket: TcpListener, runtime: Runtime) -> io::Result<JoinHandle<()>> {
        std::thread::Builder::new()
            .name(THREAD.to_owned())
            .spawn(move || {
                step_back(THREAD);
                runtime.block_on(async move {
                    let mut stopping = self.stopping.clone();
                    tokio::select! {
                        () = self.accept(socket) => {}
                        _ = stopping.wait_for(|stopping| *stopping) => {}
                    }
                    // The workers end when nothing more can arrive.
                    self.workers.clear();
                    while self.aside.recv().await.is_some() {}
                });
            })
    }

    async fn accept(&self, socket: TcpListener) {
        let Ok(socket) = tokio::net::TcpListener::from_std(socket) else {
            return;
        };
        let mut arriving = JoinSet::new();
        let mut pause = ACCEPT_PAUSE;
        for worker in self.workers.iter().cycle() {
            let Some(free) = self.places.free().await else {
                return;
            };
            let (connection, address) = loop {
                match socket.accept().await {
                    Ok(accepted) => break accepted,
                    Err(error) => {
                        tracing::warn!(%error, ?pause, "a connection could not be accepted");
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(LONGEST_ACCEPT_PAUSE);
                    }
                }
            };
            pause = ACCEPT_PAUSE;
            while arriving.try_join_next().is_some() {}
            let Some(place) = self.places.take(free, address.ip()) else {
                // Its own address has taken its places; it is closed by being dropped.
                self.overload.count();
                tracing::debug!("a connection was closed: its address has as many as it may have");
                continue;
            };
            drop(connection.set_nodelay(true));
            let newcomer = Newcomer {
                connection,
                address,
                place,
                exchange: self.exchange.clone(),
                overload: self.overload.clone(),
                limit: Instant::now() + self.patience,
            };
            let worker = worker.clone();
            arriving.spawn(async move {
                if let Some(arrived) = giving_way(newcomer.arrive()).await {
                    drop(worker.send(arrived).await);
                }
            });
        }
    }
}

/// Goes on piece by piece, and gives way after each.
async fn giving_way<W: Future>(work: W) -> W::Output {
    let mut work = std::pin::pin!(work);
    poll_fn(|context| {
        let outcome = work.as_mut().poll(context);
        give_way();
        outcome
    })
    .await
}

/// A connection that has been accepted.
struct Newcomer {
    connection: TcpStream,
    address: SocketAddr,
    place: Place,
    exchange: Arc<Exchange>,
    overload: Arc<Overload>,
    limit: Instant,
}

impl Newcomer {
    /// Shakes hands, when it is its turn. What goes wrong is told in the process log.
    async fn arrive(self) -> Option<Arrived> {
        let limit = self.limit.into();
        let Ok(Some(handshake)) = tokio::time::timeout_at(limit, self.place.handshake()).await else {
            self.overload.count();
            tracing::debug!("a connection was closed: its address shakes too many hands");
            return None;
        };
        let tls = TlsAcceptor::from(self.exchange.directory.load().tls.clone());
        let peer = self.address;
        let accepting = noting_refused(tls.accept(self.connection));
        let stream = match tokio::time::timeout_at(limit, accepting).await {
            Ok((Ok(stream), _)) => stream,
            Ok((Err(error), refused)) => {
                if let Some(connections) = FAILED.again() {
                    let certificate = refused.map(hex::encode);
                    tracing::info!(connections, %peer, certificate, %error, "a handshake failed");
                }
                return None;
            }
            Err(_) => {
                if let Some(connections) = TOO_LONG.again() {
                    tracing::info!(connections, "a handshake took too long");
                }
                return None;
            }
        };
        drop(handshake);
        let (connection, session) = stream.into_inner();
        if session.alpn_protocol() != Some(ALPN_H2) {
            if let Some(connections) = NOT_H2.again() {
                tracing::info!(connections, "a peer did not ask for h2");
            }
            return None;
        }
        let chain = session.peer_certificates().unwrap_or_default();
        // Asked of what is in force now: it may have changed since the handshake began.
        let directory = self.exchange.directory.load_full();
        let (trust, now) = (directory.identity.trust(), Moment::now());
        let certificate = match PeerCertificate::read(chain, trust, now) {
            Ok(certificate) => Arc::new(certificate),
            Err(error) => {
                if let Some(connections) = REFUSED.again() {
                    tracing::info!(connections, %peer, %error, "a client certificate was refused");
                }
                return None;
            }
        };
        if let Err(rejected) = directory.identity.admits(&certificate, now) {
            if let Some(connections) = OF_NOBODY.again() {
                let (reason, error) = (rejected.refusal.reason.word(), rejected.refusal.message);
                let certificate = hex::encode(certificate.fingerprint());
                tracing::info!(connections, %peer, certificate, reason, error, "a client certificate was refused");
            }
            return None;
        }
        Some(Arrived {
            connection: connection.into_std().ok()?,
            session,
            peer: certificate,
            place: self.place,
        })
    }
}
