//! Messages that are held open when almost all of them has come.

use std::convert::Infallible;
use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::stream;
use futures_util::{Stream, StreamExt as _};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::timeout;

use super::Ended;
use super::stage::Stage;
use crate::wire;

const CONNECTIONS: usize = 20;
/// As many as one connection may have by default, so that all are twice as many as one client may have.
const CALLS: usize = 100;
/// `max_message` by default.
const LARGEST: usize = 1 << 20;
const PIECE: usize = 16 << 10;
/// What is not ended so long after its time is never ended.
const PATIENCE: Duration = Duration::from_secs(30);

/// Calls of which each announces the largest message and keeps its last byte.
pub(super) async fn held(stage: &Stage) -> Ended {
    let mut ended = Ended {
        after: Some(Duration::ZERO),
        ..Ended::default()
    };
    for one in join_all((0..CONNECTIONS).map(|_| on_one(stage))).await {
        ended.add(one);
    }
    ended
}

async fn on_one(stage: &Stage) -> Ended {
    let begun = Instant::now();
    let outcome = timeout(stage.times.call + PATIENCE, calls(stage)).await;
    Ended {
        after: outcome
            .is_ok()
            .then(|| begun.elapsed().saturating_sub(stage.times.call)),
        how: match outcome {
            Ok(Ok(())) => "each call ended".to_owned(),
            Ok(Err(error)) => format!("refused: {error}"),
            Err(_) => "held".to_owned(),
        },
        connections: 1,
        sent: CALLS as u64,
    }
}

async fn calls(stage: &Stage) -> io::Result<()> {
    let socket = wire::reach(stage.from, stage.to).await?;
    let tls = wire::handshake(&stage.tls, socket).await?;
    let (sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls))
        .await
        .map_err(io::Error::other)?;
    let each = join_all((0..CALLS).map(|_| {
        let mut sender = sender.clone();
        async move {
            if let Ok(answer) = sender
                .send_request(stage.request(StreamBody::new(almost_all())))
                .await
            {
                drop(answer.into_body().collect().await);
            }
        }
    }));
    tokio::select! {
        _ = each => {}
        // Its end is the end of all its calls.
        _ = connection => {}
    }
    Ok(())
}

/// The frames of a message but for its last byte; then nothing, for as long as the gateway waits.
fn almost_all() -> impl Stream<Item = Result<Frame<Bytes>, Infallible>> + Unpin {
    let length = u32::try_from(LARGEST).expect("it fits").to_be_bytes();
    let prefix = Bytes::from([&[0][..], &length].concat());
    let piece = Bytes::from(vec![0; PIECE]);
    let last = piece.slice(1..);
    let pieces = std::iter::once(prefix)
        .chain(std::iter::repeat_n(piece, LARGEST / PIECE - 1))
        .chain(std::iter::once(last));
    stream::iter(pieces.map(|piece| Ok(Frame::data(piece)))).chain(stream::pending())
}
