//! Frames as fast as they go, until the gateway ends the connection.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncWriteExt as _, split};
use tokio::time::{sleep, timeout};

use super::frames::unit;
use super::stage::Stage;
use super::{Attack, Ended};
use crate::wire::{self, kind};

/// Connections that flood at once.
const CONNECTIONS: usize = 4;
/// The attacker comes back after so long.
const PAUSE: Duration = Duration::from_millis(300);
/// A flood that lasts longer is not ended.
const LONGEST: Duration = Duration::from_secs(60);
/// Units in one write.
const TOGETHER: u64 = 32;

/// Floods over and over, always with some connections.
pub(super) async fn play(stage: &Stage, attack: Attack, length: Duration) -> Ended {
    let begun = Instant::now();
    let mut ended = Ended {
        after: Some(Duration::ZERO),
        ..Ended::default()
    };
    while begun.elapsed() < length && ended.after.is_some() {
        for one in join_all((0..CONNECTIONS).map(|_| once(stage, attack))).await {
            ended.add(one);
        }
        sleep(PAUSE).await;
    }
    ended
}

/// One connection's flood.
async fn once(stage: &Stage, attack: Attack) -> Ended {
    let sent = AtomicU64::new(0);
    let how = Mutex::new("closed".to_owned());
    let after = match connect(stage).await {
        Err(error) => {
            how.lock()
                .expect("nobody panics here")
                .clone_from(&format!("refused: {error}"));
            Some(Duration::ZERO)
        }
        Ok(stream) => {
            let begun = Instant::now();
            let (mut reading, mut writing) = split(stream);
            let write = async {
                let mut number = 0;
                loop {
                    let mut bytes = Vec::new();
                    for _ in 0..TOGETHER {
                        bytes.extend(unit(attack, stage, number));
                        number += 1;
                    }
                    if writing.write_all(&bytes).await.is_err() || writing.flush().await.is_err() {
                        // The reader sees the end, and perhaps why.
                        std::future::pending::<()>().await;
                    }
                    sent.store(number, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            };
            let read = async {
                while let Ok(Some(frame)) = wire::next(&mut reading).await {
                    if frame.kind == kind::GOAWAY {
                        *how.lock().expect("nobody panics here") = told(&frame);
                    }
                }
            };
            let both = async {
                tokio::select! { () = write => {}, () = read => {} }
            };
            timeout(LONGEST, both).await.ok().map(|()| begun.elapsed())
        }
    };
    Ended {
        after,
        how: how.into_inner().expect("nobody panics here"),
        connections: 1,
        sent: sent.into_inner(),
    }
}

async fn connect(stage: &Stage) -> io::Result<tokio_rustls::client::TlsStream<tokio::net::TcpStream>> {
    let socket = wire::reach(stage.from, stage.to).await?;
    let mut stream = wire::handshake(&stage.tls, socket).await?;
    wire::greet(&mut stream, &[]).await?;
    Ok(stream)
}

/// GOAWAY with its error code by name (RFC 9113 §7).
pub(super) fn told(frame: &wire::Frame) -> String {
    let code = match frame.error_code() {
        Some(0) => "NO_ERROR",
        Some(1) => "PROTOCOL_ERROR",
        Some(3) => "FLOW_CONTROL_ERROR",
        Some(5) => "STREAM_CLOSED",
        Some(6) => "FRAME_SIZE_ERROR",
        Some(9) => "COMPRESSION_ERROR",
        Some(11) => "ENHANCE_YOUR_CALM",
        _ => "another code",
    };
    format!("GOAWAY {code}")
}

impl Ended {
    /// Takes in what another connection saw.
    pub(super) fn add(&mut self, other: Self) {
        self.after = self.after.zip(other.after).map(|(one, two)| one.max(two));
        // The first way that tells more than that it is gone.
        if self.how.is_empty() || (self.how == "closed" && other.how != "closed") {
            self.how = other.how;
        }
        self.connections += other.connections;
        self.sent += other.sent;
    }
}
