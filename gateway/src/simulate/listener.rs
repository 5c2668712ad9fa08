//! Connections to a simulated registry.

use std::io;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use super::body::Body;
use super::fault::Fault;
use super::rows::Row;
use super::{Stage, language, spoiled, tree::Tree};

/// The largest question.
const LONGEST_QUESTION: usize = 64 << 10;

/// Answers until `stop` comes.
pub(super) async fn serve(
    listener: StdListener,
    stage: Arc<Stage>,
    stop: impl Future<Output = ()>,
) -> Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let mut stop = std::pin::pin!(stop);
    loop {
        let stream = tokio::select! {
            () = &mut stop => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // A peer that is gone already, or no file left for it: the next one.
                Err(_) => {
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    continue;
                }
            },
        };
        let stage = Arc::clone(&stage);
        let mut turn = stage.turn.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                () = Arc::clone(&stage).connection(stream) => {}
                _ = turn.changed() => {}
            }
        });
    }
}

impl Stage {
    async fn connection(self: Arc<Self>, mut stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let fault = self.faults.of_connection();
        if let Some(fault) = fault {
            self.tell(&fault.to_string());
        }
        match fault {
            Some(Fault::Mute) => return std::future::pending().await,
            Some(Fault::Reset) => return drop(stream.set_zero_linger()),
            Some(Fault::NoTls) => {
                return drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
            }
            _ => {}
        }
        let Some(secured) = &self.secured else {
            return Arc::clone(&self).spoken(stream, fault, false).await;
        };
        let acceptor = match fault {
            Some(Fault::WrongCertificate) => &secured.wrong,
            Some(Fault::Garbage | Fault::EndlessHead) => &secured.first_version,
            _ => &secured.right,
        };
        if let Ok(stream) = acceptor.accept(stream).await {
            let second_version = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            Arc::clone(&self).spoken(stream, fault, second_version).await;
        }
    }

    async fn spoken<S>(self: Arc<Self>, mut stream: S, fault: Option<Fault>, second_version: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        if let Some(fault @ (Fault::Garbage | Fault::EndlessHead)) = fault {
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked).await;
            if fault == Fault::Garbage {
                let _ = stream.write_all(b"\x00\xffthis is no protocol\r\n\r\n").await;
                let _ = stream.flush().await;
                return;
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
            let line = b"x-a: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n";
            while stream.write_all(line).await.is_ok() {}
            return;
        }
        let service = service_fn(move |request| Arc::clone(&self).answer(request));
        let stream = TokioIo::new(stream);
        // An asker that goes away in the middle is no matter of ours.
        if second_version {
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = builder.serve_connection(stream, service).await;
        } else {
            let builder = hyper::server::conn::http1::Builder::new();
            let _ = builder.serve_connection(stream, service).await;
        }
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Body>, io::Error> {
        let (head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, LONGEST_QUESTION).collect().await else {
            return Ok(status(StatusCode::PAYLOAD_TOO_LARGE));
        };
        let fault = self.faults.of_question();
        match fault {
            Some(Fault::Latency(time)) => tokio::time::sleep(time).await,
            Some(Fault::Hang) => {
                self.tell("hang");
                return std::future::pending().await;
            }
            _ => {}
        }
        let Some((text, outcome)) = self.record(&head.uri, &body.to_bytes(), fault) else {
            self.tell("no question");
            return Ok(status(StatusCode::BAD_REQUEST));
        };
        match fault {
            None => self.tell(outcome),
            Some(fault) => self.tell(&fault.to_string()),
        }
        Ok(spoiled::spoiled(self.kind, text, fault))
    }

    /// The answer to a question, and what it says in a word; none when it is no question.
    fn record(&self, uri: &http::Uri, body: &Bytes, fault: Option<Fault>) -> Option<(String, &'static str)> {
        let question = language::question(self.kind, self.shape, &self.rows, uri, body)?;
        let found = self.rows.find(question.record, question.column, &question.key);
        let mut found = found.ok()?;
        match fault {
            Some(Fault::WrongSubject) => found.iter_mut().for_each(|row| rename(row, question.column)),
            Some(Fault::Several) => found.extend_from_within(..),
            _ => {}
        }
        let outcome = match found.len() {
            0 => "not found",
            1 => "found",
            _ => "several",
        };
        let id = Uuid::now_v7().to_string();
        let content = self.shape.answer(question.record, found, &id);
        Some((language::answer(self.kind, self.shape, content, &id), outcome))
    }

    /// Says what a question or a connection came to; whom it was about is not said.
    fn tell(&self, outcome: &str) {
        let number = self.questions.fetch_add(1, Ordering::Relaxed) + 1;
        if self.telling {
            anstream::eprintln!("{number} {outcome}");
        }
    }
}

/// Makes the record one of another subject: the last digit of its identifier is another.
fn rename(row: &mut Row, column: &str) {
    for (name, value) in row {
        if let Tree::Text(text) = value
            && name == column
        {
            let last = text.pop().unwrap_or('0');
            text.push(if last == '1' { '2' } else { '1' });
        }
    }
}

fn status(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Body::whole(Bytes::new()));
    *answer.status_mut() = status;
    answer
}
