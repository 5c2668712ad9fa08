//! What RFC 9113 demands of a server when a client breaks a rule, checked frame by frame.
//!
//! A connection error ends the connection with GOAWAY, a stream error the stream with RST_STREAM; a
//! stream error may be treated as a connection error (§5.4.2).

mod checks;

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use harness::Scene;
use harness::attack::Stage;
use harness::wire::{self, flag, frame, kind};
use tokio::io::AsyncWriteExt as _;
use tokio::time::{sleep, timeout};

/// What is sent, and what has to follow.
struct Check {
    name: &'static str,
    sent: Vec<u8>,
    expected: Expected,
    /// What the HTTP/2 library does instead of what the RFC says, and why that may be.
    instead: Option<(Seen, &'static str)>,
}

#[derive(Clone, Copy)]
enum Expected {
    /// GOAWAY with one of these codes, or just an end.
    Connection(&'static [u32]),
    /// RST_STREAM with one of these codes, or the same as a connection error.
    Stream(&'static [u32]),
    /// Nothing: the connection goes on and the stream is not reset.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Goaway(u32),
    Reset(u32),
    Closed,
    Nothing,
}

const FIRST: [u8; 8] = *b"question";
const SECOND: [u8; 8] = *b"another.";

#[tokio::test]
async fn each_broken_rule_of_http2_has_its_error() {
    let scene = Scene::new();
    let gateway = scene.start();
    let mut stage = Stage::new(&scene, &gateway);
    stage.from = Ipv4Addr::LOCALHOST;
    let checks = checks::all(&stage);
    let mut wrong = Vec::new();
    for check in &checks {
        let seen = timeout(Duration::from_secs(10), play(&stage, check)).await;
        let seen = seen.unwrap_or_else(|_| Err(io::Error::other("neither an error nor an answer")));
        let right = match (&seen, check.expected) {
            (Ok(Seen::Closed), Expected::Connection(_) | Expected::Stream(_)) => true,
            (Ok(Seen::Goaway(code)), Expected::Connection(codes))
            | (Ok(Seen::Goaway(code) | Seen::Reset(code)), Expected::Stream(codes)) => codes.contains(code),
            (Ok(Seen::Nothing), Expected::Nothing) => true,
            _ => false,
        };
        let explained = matches!((&seen, &check.instead), (Ok(seen), Some((instead, _))) if seen == instead);
        if right == check.instead.is_some() || !(right || explained) {
            wrong.push(format!("{}: {seen:?}", check.name));
        }
    }
    println!("{} checks", checks.len());
    for check in &checks {
        if let Some((instead, why)) = &check.instead {
            println!("{}: {instead:?}: {why}", check.name);
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        checks.len(),
        wrong.join("\n")
    );
}

/// Sends it, and asks with two PINGs, one a moment after the other, whether anything came of it.
async fn play(stage: &Stage, check: &Check) -> io::Result<Seen> {
    let socket = wire::reach(stage.from, stage.to).await?;
    let mut stream = wire::handshake(&stage.tls, socket).await?;
    stream.write_all(&check.sent).await?;
    let ping = |mark: &[u8; 8]| frame(kind::PING, flag::NONE, 0, mark);
    // Whether it can still be written is told by what comes back.
    let _ = stream.write_all(&ping(&FIRST)).await;
    let _ = stream.flush().await;
    let mut seen = Seen::Nothing;
    loop {
        let Ok(Some(frame)) = wire::next(&mut stream).await else {
            return Ok(if seen == Seen::Nothing { Seen::Closed } else { seen });
        };
        match (frame.kind, frame.error_code()) {
            (kind::GOAWAY, Some(code)) => return Ok(Seen::Goaway(code)),
            (kind::RST_STREAM, Some(code)) => seen = Seen::Reset(code),
            (kind::PING, _) if frame.flags & flag::ACK != 0 && frame.payload == FIRST => {
                sleep(Duration::from_millis(30)).await;
                let _ = stream.write_all(&ping(&SECOND)).await;
                let _ = stream.flush().await;
            }
            (kind::PING, _) if frame.flags & flag::ACK != 0 && frame.payload == SECOND => return Ok(seen),
            _ => {}
        }
    }
}
