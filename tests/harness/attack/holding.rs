//! Connections and streams that are held open and say little or nothing.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, split};
use tokio::net::TcpSocket;
use tokio::time::{interval, sleep, timeout};

use super::Ended;
use super::flood::told;
use super::stage::{Stage, message, stream};
use crate::wire::{self, INITIAL_WINDOW_SIZE, PREFACE, flag, frame, kind, window_update};

const CONNECTIONS: usize = 20;
/// As many as one connection may have by default.
const STREAMS: u64 = 100;
const DRIP: Duration = Duration::from_millis(200);
/// What is not ended so long after its time is never ended.
const PATIENCE: Duration = Duration::from_secs(30);
const IDLE_CONNECTIONS: usize = 300;
const MUTE_CONNECTIONS: usize = 4;
const MUTE_CALLS: u64 = 20_000;

/// What is held on each connection.
struct Held<'a> {
    stage: &'a Stage,
    settings: &'a [(u16, u32)],
    /// Calls that are opened; the attack ends when all of them have ended. 0: with the connection.
    streams: u64,
    opening: &'a dyn Fn(u64) -> Vec<u8>,
    drip: &'a dyn Fn(u64) -> Vec<u8>,
    allowed: Duration,
}

/// Calls whose answers have a window of this many bytes, and a byte more now and then if any.
pub(super) async fn window(stage: &Stage, bytes: u32) -> Ended {
    let held = Held {
        stage,
        settings: &[(INITIAL_WINDOW_SIZE, bytes)],
        streams: STREAMS,
        opening: &|number| stage.call(stream(number)),
        drip: &|number| match bytes {
            0 => Vec::new(),
            _ => window_update(stream(number), 1),
        },
        allowed: stage.times.send,
    };
    held.on_all(CONNECTIONS).await
}

/// Calls whose messages never come.
pub(super) async fn endless_streams(stage: &Stage) -> Ended {
    let held = Held {
        stage,
        settings: &[],
        streams: STREAMS,
        opening: &|number| stage.open(stream(number)),
        drip: &|_| Vec::new(),
        allowed: stage.times.call,
    };
    held.on_all(CONNECTIONS).await
}

/// Calls whose messages come byte by byte.
pub(super) async fn slow_body(stage: &Stage) -> Ended {
    let promised = u32::try_from(message().len()).expect("a short message");
    let prefix = [&[0][..], &promised.to_be_bytes()].concat();
    let held = Held {
        stage,
        settings: &[],
        streams: STREAMS,
        opening: &|number| {
            let data = frame(kind::DATA, flag::NONE, stream(number), &prefix);
            [stage.open(stream(number)), data].concat()
        },
        drip: &|number| frame(kind::DATA, flag::NONE, stream(number), &[0]),
        allowed: stage.times.call,
    };
    held.on_all(CONNECTIONS).await
}

/// Connections that greet and ask nothing.
pub(super) async fn idle(stage: &Stage) -> Ended {
    let held = Held {
        stage,
        settings: &[],
        streams: 0,
        opening: &|_| Vec::new(),
        drip: &|_| Vec::new(),
        allowed: stage.times.idle,
    };
    held.on_all(IDLE_CONNECTIONS).await
}

impl Held<'_> {
    async fn on_all(&self, connections: usize) -> Ended {
        let mut ended = Ended {
            after: Some(Duration::ZERO),
            ..Ended::default()
        };
        for one in join_all((0..connections).map(|_| self.on_one())).await {
            ended.add(one);
        }
        ended
    }

    async fn on_one(&self) -> Ended {
        let mut how = "closed".to_owned();
        let after = match self.opened().await {
            // Refused: it does not hold anything.
            Err(error) => {
                how = format!("refused: {error}");
                Some(Duration::ZERO)
            }
            Ok(connection) => {
                let begun = Instant::now();
                let (mut reading, mut writing) = split(connection);
                let read = async {
                    let mut open: HashSet<u32> = (0..self.streams).map(stream).collect();
                    while let Ok(Some(frame)) = wire::next(&mut reading).await {
                        if frame.kind == kind::GOAWAY {
                            how = told(&frame);
                        }
                        if frame.ends_stream() && open.remove(&frame.stream) && open.is_empty() {
                            "each call ended".clone_into(&mut how);
                            return;
                        }
                    }
                };
                let write = async {
                    let mut ticks = interval(DRIP);
                    loop {
                        ticks.tick().await;
                        let bytes: Vec<u8> = (0..self.streams).flat_map(self.drip).collect();
                        if writing.write_all(&bytes).await.is_err() || writing.flush().await.is_err() {
                            std::future::pending::<()>().await;
                        }
                    }
                };
                let both = async {
                    tokio::select! { () = read => {}, () = write => {} }
                };
                let over = timeout(self.allowed + PATIENCE, both).await;
                over.ok().map(|()| begun.elapsed().saturating_sub(self.allowed))
            }
        };
        Ended {
            after,
            how,
            connections: 1,
            sent: self.streams.max(1),
        }
    }

    async fn opened(&self) -> io::Result<tokio_rustls::client::TlsStream<tokio::net::TcpStream>> {
        let socket = wire::reach(self.stage.from, self.stage.to).await?;
        let mut connection = wire::handshake(&self.stage.tls, socket).await?;
        wire::greet(&mut connection, self.settings).await?;
        let opening: Vec<u8> = (0..self.streams).flat_map(self.opening).collect();
        connection.write_all(&opening).await?;
        connection.flush().await?;
        Ok(connection)
    }
}

/// Calls without number whose answers are left in the socket.
pub(super) async fn never_reads(stage: &Stage) -> Ended {
    let mut ended = Ended {
        after: Some(Duration::ZERO),
        ..Ended::default()
    };
    for one in join_all((0..MUTE_CONNECTIONS).map(|_| mute(stage))).await {
        ended.add(one);
    }
    ended
}

async fn mute(stage: &Stage) -> Ended {
    let mut sent = 0;
    let outcome = timeout(stage.times.send + PATIENCE, async {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4_096)?;
        socket.bind(SocketAddr::from((stage.from, 0)))?;
        let socket = socket.connect(stage.to).await?;
        let mut connection = wire::handshake(&stage.tls, socket).await?;
        wire::greet(&mut connection, &[]).await?;
        let begun = Instant::now();
        connection.write_all(&window_update(0, 1 << 30)).await?;
        let mut write = async || -> io::Result<()> {
            for number in 0..MUTE_CALLS {
                connection.write_all(&stage.call(stream(number))).await?;
                sent = number;
                if number % 50 == 0 {
                    connection.flush().await?;
                    sleep(Duration::from_millis(1)).await;
                }
            }
            loop {
                connection
                    .write_all(&frame(kind::PING, flag::NONE, 0, &[0; 8]))
                    .await?;
                connection.flush().await?;
                sleep(DRIP).await;
            }
        };
        let _ = write().await;
        io::Result::Ok(begun.elapsed().saturating_sub(stage.times.send))
    })
    .await;
    Ended {
        after: outcome.ok().map(Result::unwrap_or_default),
        how: "closed".to_owned(),
        connections: 1,
        sent,
    }
}

/// The HTTP/2 preface, byte by byte.
pub(super) async fn slow_preface(stage: &Stage) -> Ended {
    let mut ended = Ended {
        after: Some(Duration::ZERO),
        ..Ended::default()
    };
    let one = async || -> io::Result<Duration> {
        let socket = wire::reach(stage.from, stage.to).await?;
        let connection = wire::handshake(&stage.tls, socket).await?;
        let begun = Instant::now();
        let (mut reading, mut writing) = split(connection);
        let read = async {
            // What the gateway says of itself does not end anything.
            while reading.read_u8().await.is_ok() {}
        };
        let write = async {
            for byte in &PREFACE[..PREFACE.len() - 1] {
                if writing.write_u8(*byte).await.is_err() || writing.flush().await.is_err() {
                    break;
                }
                sleep(DRIP * 2).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! { () = read => {}, () = write => {} }
        Ok(begun.elapsed().saturating_sub(stage.times.handshake))
    };
    let each = || async {
        let outcome = timeout(stage.times.handshake + PATIENCE, one()).await;
        Ended {
            after: outcome.ok().map(Result::unwrap_or_default),
            how: "closed".to_owned(),
            connections: 1,
            sent: 1,
        }
    };
    for one in join_all((0..CONNECTIONS * 5).map(|_| each())).await {
        ended.add(one);
    }
    ended
}
