//! Connections that are opened, and what is said on them instead of TLS.

use std::io;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::Ended;
use super::stage::Stage;
use crate::wire::{self, PREFACE};

/// Handshakes that drip at one moment; more than the gateway takes from one address.
const DRIPPING: usize = 300;
const DRIP: Duration = Duration::from_millis(100);
/// Connections that say nothing; more than the gateway takes from one address.
const SILENT: usize = 3_000;
const AT_ONCE: usize = 20;
const PATIENCE: Duration = Duration::from_secs(30);

/// ClientHello messages, byte by byte.
pub(super) async fn slow_handshake(stage: &Stage) -> Ended {
    // A TLS record of 512 bytes that begins a ClientHello of 508.
    let hello: Vec<u8> = [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]
        .into_iter()
        .chain([7; 400])
        .collect();
    all(DRIPPING, || {
        one(stage, stage.times.handshake, async |socket: &mut TcpStream| {
            for byte in &hello {
                socket.write_u8(*byte).await?;
                let mut answer = [0; 64];
                if let Ok(Ok(0) | Err(_)) = timeout(DRIP, socket.read(&mut answer)).await {
                    return Ok(());
                }
            }
            Ok(())
        })
    })
    .await
}

/// Connections that say nothing, as fast as they can be made.
pub(super) async fn flood(stage: &Stage, _: Duration) -> Ended {
    all(SILENT, || one(stage, stage.times.handshake, until_closed)).await
}

/// What is not TLS, again and again.
pub(super) async fn garbage(stage: &Stage, length: Duration) -> Ended {
    let noise: Vec<u8> = (0..1_024_u32)
        .map(|at| u8::try_from(at.wrapping_mul(2_654_435_761) >> 24).unwrap_or_default())
        .collect();
    again(length, || async {
        let mut ended = all(AT_ONCE, || {
            one(stage, Duration::ZERO, async |socket: &mut TcpStream| {
                socket.write_all(&noise).await?;
                until_closed(socket).await
            })
        })
        .await;
        ended.add(
            all(AT_ONCE, || {
                one(stage, Duration::ZERO, async |socket: &mut TcpStream| {
                    socket.write_all(PREFACE).await?;
                    until_closed(socket).await
                })
            })
            .await,
        );
        ended
    })
    .await
}

/// Whole handshakes that do not ask for h2, again and again.
pub(super) async fn no_alpn(stage: &Stage, length: Duration) -> Ended {
    let attempt = async || {
        let begun = Instant::now();
        let outcome = timeout(PATIENCE, async {
            let socket = wire::reach(stage.from, stage.to).await?;
            let mut stream = wire::handshake(&stage.tls_without_alpn, socket).await?;
            while stream.read_u8().await.is_ok() {}
            io::Result::Ok(())
        })
        .await;
        seen(outcome.is_ok().then(|| begun.elapsed()))
    };
    again(length, || async { all(AT_ONCE, &attempt).await }).await
}

async fn again<F: Future<Output = Ended>>(length: Duration, round: impl Fn() -> F) -> Ended {
    let begun = Instant::now();
    let mut ended = seen(Some(Duration::ZERO));
    while begun.elapsed() < length {
        ended.add(round().await);
        sleep(DRIP).await;
    }
    ended
}

async fn all<F: Future<Output = Ended>>(number: usize, each: impl Fn() -> F) -> Ended {
    let mut ended = Ended {
        after: Some(Duration::ZERO),
        ..Ended::default()
    };
    for one in join_all((0..number).map(|_| each())).await {
        ended.add(one);
    }
    ended
}

async fn one(
    stage: &Stage,
    allowed: Duration,
    speak: impl AsyncFn(&mut TcpStream) -> io::Result<()>,
) -> Ended {
    let Ok(mut socket) = wire::reach(stage.from, stage.to).await else {
        return seen(Some(Duration::ZERO));
    };
    let begun = Instant::now();
    let outcome = timeout(allowed + PATIENCE, speak(&mut socket)).await;
    seen(outcome.is_ok().then(|| begun.elapsed().saturating_sub(allowed)))
}

async fn until_closed(socket: &mut TcpStream) -> io::Result<()> {
    let mut answer = [0; 64];
    while socket.read(&mut answer).await? != 0 {}
    Ok(())
}

fn seen(after: Option<Duration>) -> Ended {
    Ended {
        after,
        how: "closed".to_owned(),
        connections: 1,
        sent: 1,
    }
}
