//! A stream that reads along: it sees the head of every frame that comes and goes.
//!
//! h2 counts some floods itself and not others. It counts streams that it resets, 1,024 in the life of
//! a connection, and streams that the peer resets before they were taken, 20 at once
//! (`h2/src/proto/streams/counts.rs`, `recv.rs`); not calls that are given up after they were taken. It
//! takes PING, SETTINGS, PRIORITY, WINDOW_UPDATE and unknown types without end (`proto/ping_pong.rs`,
//! `proto/settings.rs`, `codec/framed_read.rs`). Frame heads are the one place where every form is seen.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::budget::Budget;
use super::conduct::{Conduct, Fault};
use super::heads::Heads;
use super::turns::Client;

/// The client's preface (RFC 9113 §3.4).
const PREFACE: usize = 24;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const END_STREAM: u8 = 1;
/// Bytes below which h2 too calls a DATA frame overhead.
const SMALL: usize = 256;

/// Bytes of a frame other than DATA that cost as much as a frame.
const PRICED: usize = 2_048;

pub(super) struct Watched<S> {
    stream: S,
    conduct: Arc<Conduct>,
    client: Arc<Client>,
    incoming: Heads,
    outgoing: Heads,
    budget: Budget,
    /// Answers that have begun to leave: their streams, and the tick of the first frame.
    leaving: Vec<(u32, u32)>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, conduct: Arc<Conduct>, client: Arc<Client>) -> Self {
        Self {
            stream,
            conduct,
            client,
            incoming: Heads::after(PREFACE),
            outgoing: Heads::after(0),
            budget: Budget::default(),
            leaving: Vec::new(),
        }
    }

    /// Whether the connection may go on.
    fn came(&mut self, bytes: &[u8]) -> bool {
        let (conduct, budget, leaving) = (&self.conduct, &self.budget, &mut self.leaving);
        let (mut within, mut frames) = (true, 0);
        self.incoming.each(bytes, |head| {
            frames += 1;
            if !conduct.has_greeted() {
                conduct.greet(head.kind == SETTINGS);
                within = head.kind == SETTINGS;
            }
            if head.kind == RST_STREAM {
                left(leaving, conduct, head.stream);
            }
            // Data that fills its frames has the windows; the last frame of a message may be small.
            let small = head.length < SMALL && head.flags & END_STREAM == 0;
            if head.kind != DATA || small {
                within = within && conduct.control_frame(budget, price(head.length));
            }
        });
        let work = conduct.works(bytes.len(), frames);
        if !conduct.is_doubtful() {
            self.client.works(work);
        }
        within
    }

    fn went(&mut self, bytes: &[u8]) {
        let (conduct, leaving) = (&self.conduct, &mut self.leaving);
        self.outgoing.each(bytes, |head| {
            if head.kind == RST_STREAM {
                conduct.strikes();
            }
            let ends = head.kind == RST_STREAM || (head.kind <= HEADERS && head.flags & END_STREAM != 0);
            if ends {
                left(leaving, conduct, head.stream);
            } else if head.kind == HEADERS {
                leaving.push((head.stream, conduct.epoch()));
                conduct.leaving.enter(conduct.epoch());
            }
        });
    }
}

/// What a frame costs: header lists are work by their length, however few frames they come in.
fn price(length: usize) -> u32 {
    1 + u32::try_from(length / PRICED).unwrap_or(u32::MAX - 1)
}

/// Nothing more leaves on this stream.
fn left(leaving: &mut Vec<(u32, u32)>, conduct: &Conduct, stream: u32) {
    // The newest answers end first, as a rule.
    if let Some(at) = leaving.iter().rposition(|(other, _)| *other == stream) {
        let (_, since) = leaving.swap_remove(at);
        conduct.leaving.leave(since, conduct.epoch());
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Who misbehaved is not listened to any more; the worker ends the connection.
        if self.conduct.fault().is_some_and(Fault::is_hostile) {
            return Poll::Pending;
        }
        // What is asked now could not be answered; woken when the socket takes bytes again.
        if self.conduct.is_blocked() {
            return Poll::Pending;
        }
        // Whoever is in doubt is behind everybody anyway.
        let behind = || !self.conduct.is_doubtful() && self.client.had_turn();
        if self.conduct.had_turn() || behind() {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        let came = buffer.filled().get(before..).unwrap_or_default();
        if matches!(outcome, Poll::Ready(Ok(()))) && !came.is_empty() && !self.came(came) {
            // The worker sees the fault when this turn is over.
            buffer.set_filled(before);
            return Poll::Pending;
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        if self.conduct.wrote(outcome.is_ready()) {
            context.waker().wake_by_ref();
        }
        if let Poll::Ready(Ok(written)) = &outcome {
            self.went(bytes.get(..*written).unwrap_or_default());
        }
        outcome
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        if self.conduct.wrote(outcome.is_ready()) {
            context.waker().wake_by_ref();
        }
        outcome
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    /// No: with vectored writes h2 writes each DATA frame over 256 bytes by itself; without them it
    /// copies frames below 1 KiB into its buffer, so that answers that are ready together leave in one
    /// write and one record.
    fn is_write_vectored(&self) -> bool {
        false
    }
}
