//! The listener: its socket, and the threads that serve it.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use audit::Waiters;
use socket2::{Domain, Socket, Type};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tonic::service::Routes;

use super::aside::Aside;
use super::crowd::Crowd;
use super::door::Door;
use super::entrance::{Arrived, Entrance};
use super::overload::Overload;
use super::places::Places;
use super::services::Services;
use super::traffic::Traffic;
use super::worker::{Shared, Worker};
use crate::exchange::Exchange;
use crate::settings::ListenerSettings;

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
    /// What it has to do.
    pub traffic: Traffic,
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

/// Tasks that run before sockets, timers and what other threads woke are looked at again. Tokio's own number, 61, would
/// let a call that just arrived wait for a whole flood of others.
const EVENTS_AFTER: u32 = 8;

/// Binds the address and starts the workers and the entrance.
pub fn listen(settings: &ListenerSettings, parts: Parts) -> io::Result<Listening> {
    let socket = bind(settings.address)?;
    let address = socket.local_addr()?;
    let (stop, stopping) = watch::channel(false);
    let mut threads = Vec::new();
    let mut workers = Vec::new();
    let count = match *settings.workers.get_ref() {
        0 => std::thread::available_parallelism().map_or(1, |cores| (cores.get() - 1).max(1)),
        set => set,
    };
    let entrance = runtime()?;
    let (open, aside) = mpsc::channel(1);
    let traffic = Traffic {
        places: Places::new(settings),
        crowd: Crowd::new(settings, parts.overload.clone()),
        overload: parts.overload.clone(),
        endings: Arc::default(),
    };
    let shared = Shared {
        limits: Arc::new(settings.clone()),
        crowd: traffic.crowd.clone(),
        aside: Aside {
            entrance: entrance.handle().clone(),
            _open: open,
        },
        beat: Arc::default(),
        endings: traffic.endings.clone(),
        stopping,
    };
    for number in 0..count {
        let (deal, dealt) = mpsc::channel(64);
        workers.push(deal);
        threads.push(start_worker(number, dealt, &parts, &shared)?);
    }
    let doorkeeper = Entrance {
        workers,
        places: traffic.places.clone(),
        overload: parts.overload,
        exchange: parts.exchange,
        patience: settings.handshake_timeout.get_ref().0,
        stopping: shared.stopping.clone(),
        aside,
    };
    threads.push(doorkeeper.open(socket, entrance)?);
    Ok(Listening {
        address,
        traffic,
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

/// One thread's.
fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .event_interval(EVENTS_AFTER)
        .global_queue_interval(EVENTS_AFTER)
        .build()
}

fn start_worker(
    number: usize,
    dealt: mpsc::Receiver<Arrived>,
    parts: &Parts,
    shared: &Shared,
) -> io::Result<JoinHandle<()>> {
    let runtime = runtime()?;
    let (waiters, driver) = Waiters::new(&parts.exchange.log);
    let limits = &shared.limits;
    let worker = Worker {
        door: Door {
            exchange: parts.exchange.clone(),
            services: Services::new(parts.others.clone()),
            waiters,
            max_message: usize::try_from(limits.max_message.get_ref().0).unwrap_or(usize::MAX),
            call_timeout: limits.call_timeout.get_ref().0,
        },
        changes: parts.changes.clone(),
        turns: Arc::default(),
        shared: shared.clone(),
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
