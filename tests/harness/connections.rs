//! Counts the connections of a client, so that a test sees one end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many connections were made and are gone.
#[derive(Debug, Default)]
pub struct Connections {
    made: AtomicUsize,
    gone: AtomicUsize,
}

impl Connections {
    /// How many were made.
    #[must_use]
    pub fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }

    /// How many are gone.
    #[must_use]
    pub fn gone(&self) -> usize {
        self.gone.load(Ordering::SeqCst)
    }
}

/// A stream that counts itself.
pub(crate) struct Counted<S> {
    stream: S,
    connections: Arc<Connections>,
}

impl<S> Counted<S> {
    pub(crate) fn new(stream: S, connections: Arc<Connections>) -> Self {
        connections.made.fetch_add(1, Ordering::SeqCst);
        Self { stream, connections }
    }
}

impl<S> Drop for Counted<S> {
    fn drop(&mut self) {
        self.connections.gone.fetch_add(1, Ordering::SeqCst);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
