//! The load generator: some streams on some connections, each asking again once it is answered.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use proto::lookup::v1::Source;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::calls::{Calls, check};
use crate::process_cost::{CpuTime, Used};
use crate::tally::Tally;

/// One answer in so many is looked into.
const LOOK_INTO: u64 = 1_000;
/// Calls before the clock starts.
const LEAD: Duration = Duration::from_millis(400);
/// Step from one citizen to the next: prime, so that every one has its turn, and far from the last.
const STRIDE: usize = 7_919;

/// How many connections, and streams on each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) connections: usize,
    pub(crate) streams: usize,
}

/// Whom the load generator calls.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) process: u32,
    /// Where its answers should come from; none: they are not looked into.
    pub(crate) expected: Option<Source>,
}

/// What a window of time showed.
pub(crate) struct Window {
    pub(crate) tally: Tally,
    pub(crate) length: Duration,
    pub(crate) cpu: Used,
}

/// The generator: what to ask, and how to speak.
pub(crate) struct Generator {
    pub(crate) calls: Calls,
    pub(crate) tls: Arc<ClientConfig>,
}

impl Generator {
    /// Asks over and over for the first `citizens`, and measures one window.
    pub(crate) async fn window(
        self: &Rc<Self>,
        target: &Target,
        shape: Shape,
        citizens: usize,
        length: Duration,
    ) -> anyhow::Result<Window> {
        let progress = Rc::new(Progress::new(Turn::Around(citizens), target.expected)?);
        let mut streams = self.streams(target, shape, &progress).await?;
        tokio::time::sleep(LEAD).await;
        let (before, begun) = (CpuTime::of(target.process)?, Instant::now());
        progress.counting.set(true);
        tokio::time::sleep(length).await;
        progress.counting.set(false);
        let (cpu, length) = (CpuTime::of(target.process)?.since(&before), begun.elapsed());
        progress.stopping.set(true);
        while let Some(stream) = streams.join_next().await {
            stream?;
        }
        Ok(Window {
            tally: progress.tally.replace(Tally::new()?),
            length,
            cpu,
        })
    }

    /// Asks for each of these citizens once.
    pub(crate) async fn once(
        self: &Rc<Self>,
        target: &Target,
        shape: Shape,
        citizens: Vec<usize>,
    ) -> anyhow::Result<Tally> {
        let progress = Rc::new(Progress::new(Turn::Once(citizens), target.expected)?);
        progress.counting.set(true);
        let mut streams = self.streams(target, shape, &progress).await?;
        while let Some(stream) = streams.join_next().await {
            stream?;
        }
        Ok(progress.tally.replace(Tally::new()?))
    }

    /// Calls once with each token of the range, one call after the other on one connection, and gives the
    /// server's CPU time.
    pub(crate) async fn tokens(
        &self,
        target: &Target,
        tokens: std::ops::Range<usize>,
    ) -> anyhow::Result<Duration> {
        let mut connection = self.connect(target.address).await?;
        call(&mut connection, &self.calls, 0, 0).await?;
        let before = CpuTime::of(target.process)?;
        for token in tokens {
            call(&mut connection, &self.calls, 0, token).await?;
        }
        Ok(CpuTime::of(target.process)?.since(&before).all)
    }

    /// The message of the answer about one citizen.
    pub(crate) async fn answer(&self, target: &Target, citizen: usize) -> anyhow::Result<Bytes> {
        let mut connection = self.connect(target.address).await?;
        let body = call(&mut connection, &self.calls, citizen, 0).await?;
        body.get(5..)
            .map(Bytes::copy_from_slice)
            .context("an answer without a message")
    }

    async fn streams(
        self: &Rc<Self>,
        target: &Target,
        shape: Shape,
        progress: &Rc<Progress>,
    ) -> anyhow::Result<JoinSet<()>> {
        let mut streams = JoinSet::new();
        for number in 0..shape.connections {
            let connection = self.connect(target.address).await?;
            for _ in 0..shape.streams {
                let (generator, progress, sender) =
                    (Rc::clone(self), Rc::clone(progress), connection.clone());
                streams.spawn_local(async move { generator.stream(sender, number, &progress).await });
            }
        }
        Ok(streams)
    }

    async fn stream(&self, mut sender: SendRequest<Full<Bytes>>, connection: usize, progress: &Progress) {
        while let Some(citizen) = progress.next() {
            let begun = Instant::now();
            let answer = call(&mut sender, &self.calls, citizen, connection).await;
            progress.record(begun.elapsed(), answer, citizen);
            if sender.is_closed() {
                progress
                    .tally
                    .borrow_mut()
                    .failed("a connection was closed".into());
                return;
            }
        }
    }

    async fn connect(&self, address: SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let stream = TlsConnector::from(Arc::clone(&self.tls))
            .connect(ServerName::try_from("localhost")?, stream)
            .await?;
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .handshake(TokioIo::new(stream))
            .await?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

/// Who is asked for.
enum Turn {
    /// So many citizens, over and over.
    Around(usize),
    /// These, once.
    Once(Vec<usize>),
}

/// What the streams of one measurement share.
struct Progress {
    turn: Turn,
    next: Cell<usize>,
    counting: Cell<bool>,
    stopping: Cell<bool>,
    answers: Cell<u64>,
    expected: Option<Source>,
    tally: RefCell<Tally>,
}

impl Progress {
    fn new(turn: Turn, expected: Option<Source>) -> anyhow::Result<Self> {
        Ok(Self {
            turn,
            next: Cell::new(0),
            counting: Cell::new(false),
            stopping: Cell::new(false),
            answers: Cell::new(0),
            expected,
            tally: RefCell::new(Tally::new()?),
        })
    }

    fn next(&self) -> Option<usize> {
        let next = self.next.get();
        match &self.turn {
            Turn::Once(citizens) => {
                self.next.set(next + 1);
                citizens.get(next).copied()
            }
            Turn::Around(citizens) => {
                self.next.set((next + STRIDE) % citizens);
                (!self.stopping.get()).then_some(next)
            }
        }
    }

    fn record(&self, after: Duration, answer: anyhow::Result<Bytes>, citizen: usize) {
        let number = self.answers.get() + 1;
        self.answers.set(number);
        let looked = answer.and_then(|body| match self.expected {
            Some(source) if number.is_multiple_of(LOOK_INTO) => check(&body, citizen, source),
            _ => Ok(()),
        });
        match looked {
            Ok(()) if self.counting.get() => self.tally.borrow_mut().answered(after),
            Ok(()) => {}
            Err(error) => self.tally.borrow_mut().failed(format!("{error:#}")),
        }
    }
}

/// One unary call: the body, when the status is OK.
async fn call(
    sender: &mut SendRequest<Full<Bytes>>,
    calls: &Calls,
    citizen: usize,
    connection: usize,
) -> anyhow::Result<Bytes> {
    let mut response = sender.send_request(calls.request(citizen, connection)).await?;
    let mut status = grpc_status(response.headers());
    let mut body = Bytes::new();
    while let Some(frame) = response.frame().await {
        match frame?.into_data() {
            Ok(data) if body.is_empty() => body = data,
            Ok(data) => body = BytesMut::from_iter(body.into_iter().chain(data)).freeze(),
            Err(frame) => status = frame.trailers_ref().and_then(grpc_status).or(status),
        }
    }
    match status {
        Some(0) => Ok(body),
        Some(code) => bail!("gRPC status {code}"),
        None => bail!("HTTP status {} without a gRPC status", response.status()),
    }
}

fn grpc_status(headers: &http::HeaderMap) -> Option<u16> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}
