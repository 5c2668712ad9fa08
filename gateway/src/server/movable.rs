//! A socket that is served by whatever runtime its connection lives on. Left with the first one, that would be woken
//! for everything that comes.

use std::io;
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::conduct::Conduct;

pub(super) struct Movable {
    socket: TcpStream,
    conduct: Arc<Conduct>,
    /// How often the connection had moved when the socket was last registered.
    moves: u32,
}

impl Movable {
    /// Registers the socket with the runtime that this is called on.
    pub(super) fn new(socket: std::net::TcpStream, conduct: Arc<Conduct>) -> io::Result<Self> {
        Ok(Self {
            socket: TcpStream::from_std(socket)?,
            moves: conduct.moves(),
            conduct,
        })
    }

    /// The socket, registered with the runtime that polls it.
    fn here(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        let moves = self.conduct.moves();
        if moves != self.moves {
            let same = self.socket.as_fd().try_clone_to_owned()?;
            self.socket = TcpStream::from_std(same.into())?;
            self.moves = moves;
        }
        Ok(Pin::new(&mut self.socket))
    }
}

impl AsyncRead for Movable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.here()?.poll_read(context, buffer)
    }
}

impl AsyncWrite for Movable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.here()?.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.here()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.here()?.poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.here()?.poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}
