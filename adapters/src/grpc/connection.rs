//! One connection for each thread that asks, driven by that thread's own runtime: a question wakes
//! nobody else.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Instant;

use ::http::{Request, Response};
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::client::legacy::connect::Connection as _;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};

use crate::error::Error;
use crate::http::{Connector, LARGEST_HEAD_H2, LONGEST_IDLE, Origin, Protocol, SILENCE, Server, Stream};

/// The one path that says whether a server is well.
pub(super) const HEALTH: &str = "/grpc.health.v1.Health/Check";

/// Bytes that may be under way in one answer, and in all of a connection.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;
/// Threads that have a connection of their own. More than any machine's workers.
const MOST: usize = 256;

type Sender = http2::SendRequest<Full<Bytes>>;
type Connecting = Shared<BoxFuture<'static, Result<Sender, &'static str>>>;

/// The connections to one origin.
pub(super) struct Connections {
    pub(super) origin: Origin,
    connector: Connector,
    kept: Arc<Mutex<HashMap<ThreadId, Kept>>>,
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
    pub(super) async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Error> {
        let mut again = true;
        loop {
            let mut sender = self.sender().await.map_err(Error::unavailable)?;
            match sender.try_send_request(request).await {
                Ok(answer) => return Ok(answer),
                Err(mut failure) => match failure.take_message().filter(|_| again) {
                    Some(unsent) => request = unsent,
                    None => return Err(Error::unavailable("the exchange broke off")),
                },
            }
            again = false;
            self.forget();
        }
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
    let stream: TokioIo<Stream> = connector.connect().await.map_err(|error| error.0)?;
    if connector.is_tls() && !stream.inner().connected().is_negotiated_h2() {
        return Err("it speaks no HTTP/2");
    }
    let shake = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(LARGEST_HEAD_H2)
        .keep_alive_interval(SILENCE)
        .keep_alive_timeout(SILENCE)
        .handshake(stream);
    let (sender, driver) = shake.await.map_err(|_| "it speaks no HTTP/2")?;
    tokio::spawn(async move {
        // How it ends, each question on it is told.
        drop(driver.await);
    });
    Ok(sender)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
