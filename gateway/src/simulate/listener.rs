//! Connections to a simulated registry.

use std::net::TcpListener as StdListener;
use std::sync::Arc;

use anyhow::Result;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::fault::Fault;
use super::{Kind, Stage, raw};

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
            // Nobody agrees on a version without TLS: gRPC has but one.
            let second_version = self.kind == Kind::Grpc;
            return Arc::clone(&self).spoken(stream, fault, second_version).await;
        };
        let acceptor = match fault {
            Some(Fault::WrongCertificate) => &secured.wrong,
            Some(Fault::Garbage | Fault::EndlessHead) if self.kind != Kind::Grpc => &secured.first_version,
            _ => &secured.right,
        };
        if let Ok(stream) = acceptor.accept(stream).await {
            let second_version = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            Arc::clone(&self).spoken(stream, fault, second_version).await;
        }
    }

    async fn spoken<S>(self: Arc<Self>, stream: S, fault: Option<Fault>, second_version: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        if let Some(fault @ (Fault::Garbage | Fault::EndlessHead)) = fault {
            return raw::play(stream, fault, second_version).await;
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
}
