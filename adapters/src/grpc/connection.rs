//! One connection for each thread that asks, driven by that thread's own runtime: a question wakes
//! nobody else.

use std::collections::HashMap;
use std::future::poll_fn;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread::{self, ThreadId};
use std::time::Instant;

use ::http::{Request, Response};
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use h2::client::{self, Connection, SendRequest};
use h2::{Ping, RecvStream};
use hyper_util::client::legacy::connect::Connection as _;
use tokio::time::{MissedTickBehavior, interval};

use crate::error::Error;
use crate::http::{
    CONNECTION_WINDOW, Connector, LARGEST_HEAD_H2, LONGEST_IDLE, Origin, Protocol, SILENCE, STREAM_WINDOW,
    Server, Stream,
};

/// The one path that says whether a server is well.
pub(super) const HEALTH: &str = "/grpc.health.v1.Health/Check";

/// Threads that have a connection of their own. More than any machine's workers.
const MOST: usize = 256;

/// Streams that are asked for before the server says how many it takes.
const FIRST_STREAMS: usize = 100;

type Connecting = Shared<BoxFuture<'static, Result<Sender, &'static str>>>;

/// The connections to one origin.
pub(super) struct Connections {
    pub(super) origin: Origin,
    connector: Connector,
    kept: Arc<Mutex<HashMap<ThreadId, Kept>>>,
}

/// Sends questions over one connection.
#[derive(Clone)]
struct Sender {
    requests: SendRequest<Bytes>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Answers that have begun to be waited for and are not whole.
    under_way: AtomicUsize,
    is_closed: AtomicBool,
}

/// An answer as it comes; its end is counted when this goes.
pub(super) struct Coming {
    /// The head.
    pub(super) head: Response<()>,
    /// Message and end.
    pub(super) body: RecvStream,
    _under_way: UnderWay,
}

struct UnderWay(Arc<State>);

impl UnderWay {
    fn new(state: &Arc<State>) -> Self {
        state.under_way.fetch_add(1, Relaxed);
        Self(state.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Relaxed);
    }
}

impl Sender {
    fn is_closed(&self) -> bool {
        self.state.is_closed.load(Relaxed)
    }

    /// `Ok(None)` when the connection was closed before anything was sent.
    async fn send(self, request: Request<()>, message: Bytes) -> Result<Option<Coming>, h2::Error> {
        let under_way = UnderWay::new(&self.state);
        let Ok(mut requests) = self.requests.ready().await else {
            return Ok(None);
        };
        let Ok((answer, mut stream)) = requests.send_request(request, false) else {
            return Ok(None);
        };
        stream.send_data(message, true)?;
        let (head, body) = answer.await?.into_parts();
        Ok(Some(Coming {
            head: Response::from_parts(head, ()),
            body,
            _under_way: under_way,
        }))
    }
}

enum Kept {
    /// Asked for by the first who wants it, and made whether they wait or not.
    Connecting(Connecting),
    Open {
        sender: Sender,
        used: Instant,
    },
}

impl Connections {
    /// Reads the files of the settings; connects to nobody. The error says what stands in the way.
    pub(super) fn new(server: &Server, base: &Path) -> Result<Self, String> {
        let origin = Origin::parse(server.url.get_ref())?;
        let server = Server {
            protocol: Protocol::Http2,
            ..server.clone()
        };
        Ok(Self {
            connector: Connector::new(&origin, &server, None, base)?,
            origin,
            kept: Arc::default(),
        })
    }

    /// Sends a question. On a connection that turns out to be closed before anything was sent, once more.
    pub(super) async fn send(&self, request: Request<()>, message: Bytes) -> Result<Coming, Error> {
        for _ in 0..2 {
            let sender = self.sender().await.map_err(Error::unavailable)?;
            match sender.send(request.clone(), message.clone()).await {
                Ok(Some(coming)) => return Ok(coming),
                Ok(None) => self.forget(),
                Err(_) => {
                    return Err(Error::unavailable("the exchange broke off"));
                }
            }
        }
        Err(Error::unavailable("the exchange broke off"))
    }

    /// Whether a connection stands, made anew.
    pub(super) async fn check(&self) -> Result<(), Error> {
        let connected = connect(self.connector.clone()).await;
        connected.map(drop).map_err(Error::unavailable)
    }

    async fn sender(&self) -> Result<Sender, &'static str> {
        let own = thread::current().id();
        let connecting = {
            let mut kept = lock(&self.kept);
            match kept.get_mut(&own) {
                Some(Kept::Open { sender, used }) if !sender.is_closed() && used.elapsed() < LONGEST_IDLE => {
                    *used = Instant::now();
                    return Ok(sender.clone());
                }
                Some(Kept::Connecting(connecting)) => connecting.clone(),
                _ => {
                    kept.retain(|_, kept| !matches!(kept, Kept::Open { sender, .. } if sender.is_closed()));
                    if kept.len() >= MOST {
                        return Err("too many threads ask");
                    }
                    let connecting = self.connecting(own);
                    kept.insert(own, Kept::Connecting(connecting.clone()));
                    connecting
                }
            }
        };
        let connected = connecting.clone().await;
        // A runtime that ended while it connected has told nobody.
        if connected.is_err() {
            let mut kept = lock(&self.kept);
            let same = |kept: &Kept| matches!(kept, Kept::Connecting(other) if other.ptr_eq(&connecting));
            if kept.get(&own).is_some_and(same) {
                kept.remove(&own);
            }
        }
        connected
    }

    /// Connects in a task of its own: who asked first may go away before the others.
    fn connecting(&self, own: ThreadId) -> Connecting {
        let (connector, kept) = (self.connector.clone(), Arc::downgrade(&self.kept));
        let task = tokio::spawn(async move {
            let connected = connect(connector).await;
            if let Some(kept) = kept.upgrade() {
                let mut kept = lock(&kept);
                match &connected {
                    Ok(sender) => {
                        let (sender, used) = (sender.clone(), Instant::now());
                        kept.insert(own, Kept::Open { sender, used });
                    }
                    Err(_) => drop(kept.remove(&own)),
                }
            }
            connected
        });
        async { task.await.unwrap_or(Err("no connection")) }
            .boxed()
            .shared()
    }

    fn forget(&self) {
        lock(&self.kept).remove(&thread::current().id());
    }
}

/// A connection, driven by a task of this runtime until either side ends it.
async fn connect(connector: Connector) -> Result<Sender, &'static str> {
    let stream = connector.connect().await.map_err(|error| error.0)?.into_inner();
    if connector.is_tls() && !stream.connected().is_negotiated_h2() {
        return Err("it speaks no HTTP/2");
    }
    let shake = client::Builder::new()
        .enable_push(false)
        .initial_max_send_streams(FIRST_STREAMS)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(LARGEST_HEAD_H2)
        .handshake(stream);
    let (requests, connection) = shake.await.map_err(|_| "it speaks no HTTP/2")?;
    let state = Arc::<State>::default();
    let own = state.clone();
    tokio::spawn(async move {
        drive(connection, &own).await;
        own.is_closed.store(true, Relaxed);
    });
    Ok(Sender { requests, state })
}

/// Drives a connection to its end. With questions on it, it is asked now and then whether it is there; how it ends, each
/// question on it is told.
async fn drive(mut connection: Connection<Stream, Bytes>, state: &State) {
    let mut pings = connection.ping_pong();
    let mut looks = interval(SILENCE);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked = false;
    loop {
        let answered = poll_fn(|context| match &mut pings {
            Some(pings) if asked => pings.poll_pong(context),
            _ => Poll::Pending,
        });
        tokio::select! {
            _ = &mut connection => return,
            _ = answered => asked = false,
            _ = looks.tick() => {
                if asked {
                    return;
                }
                if state.under_way.load(Relaxed) > 0
                    && let Some(pings) = &mut pings
                {
                    asked = pings.send_ping(Ping::opaque()).is_ok();
                }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
