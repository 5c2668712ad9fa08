//! The page of metrics: `GET /metrics` over plain HTTP/1.1, and nothing else, on a thread of its own.
//!
//! It stands at an address that nobody outside can reach (`settings/check`), knows no callers, and gives nothing away about
//! any. Its limits are small and fixed: whoever holds all its connections keeps it from those who look after the gateway,
//! and takes nothing from calls.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use std::{fmt, io};

use adapters::background::step_back;
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Watched;

/// Connections at one moment; more wait in the kernel's queue.
const MOST: usize = 8;

/// The longest head of a request, in bytes. Against heads that fill the memory.
const LONGEST_HEAD: usize = 8 << 10;

/// From the accept to the last byte of the answer. Against peers that say or read nothing.
const PATIENCE: Duration = Duration::from_secs(5);

/// After a failed accept. Against a loop that spins for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(500);

const THREAD: &str = "metrics";

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// The endpoint at work.
pub struct Endpoint {
    /// Where it listens.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Endpoint {
    /// Begins to listen.
    pub(crate) fn open(address: SocketAddr, watched: Watched) -> io::Result<Self> {
        let socket = TcpListener::bind(address)?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let registry = Arc::new(watched.registry());
        let (stop, stopping) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let serve = move || {
            step_back(THREAD);
            runtime.block_on(serve(socket, registry, stopping));
        };
        let thread = std::thread::Builder::new().name(THREAD.to_owned()).spawn(serve)?;
        Ok(Self {
            address,
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of metrics panicked");
        }
    }
}

async fn serve(socket: TcpListener, registry: Arc<Registry>, mut stopping: watch::Receiver<bool>) {
    let Ok(socket) = tokio::net::TcpListener::from_std(socket) else {
        return;
    };
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            Some(_) = open.join_next() => {}
            accepted = socket.accept(), if open.len() < MOST => match accepted {
                Ok((connection, _)) => {
                    let answered = answer(connection, registry.clone());
                    open.spawn(async { drop(timeout(PATIENCE, answered).await) });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection for metrics could not be accepted");
                    sleep(PAUSE).await;
                }
            },
        }
    }
}

/// One request and its answer, then the end.
async fn answer(mut connection: TcpStream, registry: Arc<Registry>) -> io::Result<()> {
    let answer = match head(&mut connection).await? {
        Some(head) => reply(&head, || super::page(&registry)),
        None => plain("431 Request Header Fields Too Large", ""),
    };
    connection.write_all(answer.as_bytes()).await?;
    connection.shutdown().await
}

/// The head of a request with its empty line; none when it is too long, or ends before.
async fn head(connection: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let (mut head, mut piece) = (Vec::new(), [0; 1024]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = connection.read(&mut piece).await?;
        head.extend_from_slice(piece.get(..read).unwrap_or_default());
        if read == 0 || head.len() > LONGEST_HEAD {
            return Ok(None);
        }
    }
    Ok(Some(head))
}

fn reply(head: &[u8], page: impl FnOnce() -> Result<String, fmt::Error>) -> String {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = std::str::from_utf8(line).unwrap_or_default();
    match *line.split(' ').collect::<Vec<_>>() {
        ["GET", "/metrics", "HTTP/1.1" | "HTTP/1.0"] => match page() {
            Ok(page) => response("200 OK", OPEN_METRICS, "", &page),
            Err(fmt::Error) => plain("500 Internal Server Error", ""),
        },
        ["GET", _, "HTTP/1.1" | "HTTP/1.0"] => plain("404 Not Found", ""),
        [_, _, "HTTP/1.1" | "HTTP/1.0"] => plain("405 Method Not Allowed", "allow: GET\r\n"),
        _ => plain("400 Bad Request", ""),
    }
}

/// A refusal, which repeats nothing of the request.
fn plain(status: &str, more: &str) -> String {
    response(status, TEXT, more, "")
}

fn response(status: &str, kind: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n{more}\
         cache-control: no-store\r\nconnection: close\r\n\r\n{body}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(head: &str) -> String {
        let reply = reply(head.as_bytes(), || Ok("page".to_owned()));
        let (first, rest) = reply.split_once("\r\n").expect("a status line");
        let told = rest.ends_with("\r\n\r\npage") && rest.contains("content-length: 4\r\n");
        assert_eq!(told, first == "HTTP/1.1 200 OK", "{reply}");
        first.strip_prefix("HTTP/1.1 ").expect("HTTP/1.1")[..3].to_owned()
    }

    #[test]
    fn one_page_is_told_and_nothing_else() {
        for (head, wanted) in [
            ("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n", "200"),
            ("GET /metrics/ HTTP/1.1\r\n\r\n", "404"),
            ("GET / HTTP/1.1\r\n\r\n", "404"),
            ("POST /metrics HTTP/1.1\r\n\r\n", "405"),
            ("HEAD /metrics HTTP/1.1\r\n\r\n", "405"),
            ("GET /metrics\r\n\r\n", "400"),
            ("GET /metrics HTTP/2.0\r\n\r\n", "400"),
            ("PRI * HTTP/2.0\r\n\r\n", "400"),
            ("\r\n\r\n", "400"),
        ] {
            assert_eq!(status(head), wanted, "{head:?}");
        }
    }

    #[tokio::test]
    async fn a_head_without_end_is_refused_and_one_that_stops_is_given_up() {
        let socket = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mut peer = TcpStream::connect(socket.local_addr().unwrap()).await.unwrap();
        let (mut own, _) = socket.accept().await.unwrap();
        peer.write_all(&[b'x'; LONGEST_HEAD + 1]).await.unwrap();
        assert_eq!(head(&mut own).await.unwrap(), None);
        let mut peer = TcpStream::connect(socket.local_addr().unwrap()).await.unwrap();
        let (mut own, _) = socket.accept().await.unwrap();
        peer.write_all(b"GET /metrics HTTP/1.1\r\n").await.unwrap();
        peer.shutdown().await.unwrap();
        assert_eq!(head(&mut own).await.unwrap(), None);
    }
}
