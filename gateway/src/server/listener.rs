//! The accept loop: one thread accepts, checks the caps, and deals connections out in turn.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use audit::Waiters;
use socket2::{Domain, Socket, Type};
use tokio::sync::{mpsc, watch};
use tonic::service::Routes;

use super::crowd::Crowd;
use super::door::Door;
use super::overload::Overload;
use super::places::Places;
use super::worker::{Dealt, Worker};
use crate::exchange::Exchange;
use crate::settings::ListenerSettings;

/// After a failed accept, as a rule for want of file descriptors: a loop that spins takes the processor
/// from the calls that would free some.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Bytes of answers that the kernel keeps for one peer. Against calls without number whose answers nobody
/// reads: it would take megabytes, and as long as it takes them the calls are answered.
const SEND_BUFFER: usize = 256 << 10;

/// Connections that the kernel keeps until they are accepted. Against a burst that pushes honest
/// callers out of the queue, where they wait for seconds (the standard library asks for 128).
const BACKLOG: i32 = 4_096;

/// What the listener serves with.
pub struct Parts {
    /// Lookups.
    pub exchange: Arc<Exchange>,
    /// The other services.
    pub others: Routes,
    /// Says that another configuration is in force.
    pub changes: watch::Receiver<u64>,
    /// Counts what is refused before it is known whose it is.
    pub overload: Arc<Overload>,
}

/// A listener at work.
pub struct Listening {
    /// Where it listens.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

impl Listening {
    /// Takes no more connections, lets the calls under way finish within the drain time, and ends.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.send_replace(true);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the listener panicked");
            }
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.end();
    }
}

/// Binds the address and starts the workers and the accept loop.
pub fn listen(settings: &ListenerSettings, parts: Parts) -> io::Result<Listening> {
    let socket = bind(settings.address)?;
    let address = socket.local_addr()?;
    let (stop, stopping) = watch::channel(false);
    let limits = Arc::new(settings.clone());
    let mut threads = Vec::new();
    let mut workers = Vec::new();
    let count = match settings.workers {
        0 => std::thread::available_parallelism().map_or(1, |cores| (cores.get() - 1).max(1)),
        set => set,
    };
    let crowd = Crowd::new(settings, parts.overload.clone());
    for number in 0..count {
        let (deal, dealt) = mpsc::channel(64);
        workers.push(deal);
        threads.push(start_worker(number, dealt, &parts, &limits, &crowd, &stopping)?);
    }
    threads.push(start_accepting(
        socket,
        workers,
        &limits,
        parts.overload,
        stopping,
    )?);
    Ok(Listening {
        address,
        stop,
        threads,
    })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // As the standard library does: a restarted gateway takes its port at once.
    socket.set_reuse_address(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn start_worker(
    number: usize,
    dealt: mpsc::Receiver<Dealt>,
    parts: &Parts,
    limits: &Arc<ListenerSettings>,
    crowd: &Arc<Crowd>,
    stopping: &watch::Receiver<bool>,
) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (waiters, driver) = Waiters::new(&parts.exchange.log);
    let worker = Worker {
        door: Door {
            exchange: parts.exchange.clone(),
            others: parts.others.clone(),
            waiters,
            max_message: usize::try_from(limits.max_message.get_ref().0).unwrap_or(usize::MAX),
            call_timeout: limits.call_timeout.get_ref().0,
        },
        changes: parts.changes.clone(),
        limits: limits.clone(),
        crowd: crowd.clone(),
        turn: Arc::default(),
        stopping: stopping.clone(),
    };
    std::thread::Builder::new()
        .name(format!("worker-{number}"))
        .spawn(move || {
            runtime.block_on(async move {
                tokio::spawn(driver);
                worker.run(dealt).await;
            });
        })
}

fn start_accepting(
    socket: TcpListener,
    workers: Vec<mpsc::Sender<Dealt>>,
    limits: &Arc<ListenerSettings>,
    overload: Arc<Overload>,
    mut stopping: watch::Receiver<bool>,
) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (places, patience) = (Places::new(limits), limits.handshake_timeout.get_ref().0);
    std::thread::Builder::new()
        .name("accept".to_owned())
        .spawn(move || {
            runtime.block_on(async move {
                let Ok(socket) = tokio::net::TcpListener::from_std(socket) else {
                    return;
                };
                tokio::select! {
                    () = accept(&socket, &workers, &places, &overload, patience) => {}
                    _ = stopping.wait_for(|stopping| *stopping) => {}
                }
            });
        })
}

async fn accept(
    socket: &tokio::net::TcpListener,
    workers: &[mpsc::Sender<Dealt>],
    places: &Arc<Places>,
    overload: &Arc<Overload>,
    patience: Duration,
) {
    let mut pause = ACCEPT_PAUSE;
    for worker in workers.iter().cycle() {
        let Some(free) = places.free().await else { return };
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
        let Some(place) = places.take(free, address.ip()) else {
            // Its own address has taken its places; it is closed by being dropped.
            overload.count();
            tracing::debug!("a connection was closed: its address has as many as it may have");
            continue;
        };
        drop(connection.set_nodelay(true));
        let (worker, overload) = (worker.clone(), overload.clone());
        // Whoever has to wait for its handshake waits here, where it costs little.
        tokio::spawn(async move {
            let begun = Instant::now();
            let Ok(Some(handshake)) = tokio::time::timeout(patience, place.handshake()).await else {
                overload.count();
                return tracing::debug!("a connection was closed: its address shakes too many hands");
            };
            if let Ok(connection) = connection.into_std() {
                let dealt = Dealt {
                    connection,
                    place,
                    handshake,
                    begun,
                };
                drop(worker.send(dealt).await);
            }
        });
    }
}
