//! The bare server: stock tonic with its defaults, mTLS, one encoded answer from memory, no check.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::io::Write as _;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf as _, BufMut as _, Bytes};
use clap::Args;
use gateway::identity::tls::{ServerCertificate, server_config};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status};
use tower::Service;

use crate::scene;

/// What the bare server needs to know.
#[derive(Debug, Args)]
pub(crate) struct Reference {
    /// The folder of `ca.pem`, `server.pem` and `server.key`.
    #[arg(long)]
    keys: PathBuf,
    /// The file of the encoded answer.
    #[arg(long)]
    answer: PathBuf,
}

impl Reference {
    /// Serves on a free port, which it tells as the gateway does, until it is ended.
    pub(crate) fn serve(self) -> anyhow::Result<()> {
        let own = ServerCertificate {
            chain: self.keys.join("server.pem"),
            key: self.keys.join("server.key"),
        };
        let tls = server_config(&own, &scene::client_trust(&self.keys)?)?;
        let answer = Bytes::from(std::fs::read(&self.answer)?);
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(async move {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
                writeln!(std::io::stdout(), "listening on {}", listener.local_addr()?)?;
                let (ready, connections) = tokio::sync::mpsc::channel(64);
                tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(tls)), ready));
                tonic::transport::Server::builder()
                    .add_service(OneAnswer(answer))
                    .serve_with_incoming(ReceiverStream::new(connections))
                    .await?;
                Ok(())
            })
    }
}

type Ready = tokio::sync::mpsc::Sender<std::io::Result<TlsStream<TcpStream>>>;

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, ready: Ready) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        tokio::spawn(async move {
            let shaken = match stream.set_nodelay(true) {
                Ok(()) => acceptor.accept(stream).await,
                Err(error) => Err(error),
            };
            // Only fails when the server is going away.
            let _ = ready.send(shaken).await;
        });
    }
}

#[derive(Clone)]
pub(crate) struct OneAnswer(pub(crate) Bytes);

impl NamedService for OneAnswer {
    const NAME: &'static str = "lienthong.population.v1.PopulationService";
}

impl Service<http::Request<Body>> for OneAnswer {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let answer = self.0.clone();
        let method =
            tower::service_fn(move |_: Request<Bytes>| ready(Ok::<_, Status>(Response::new(answer.clone()))));
        Box::pin(async move { Ok(Grpc::new(Encoded).unary(method, request).await) })
    }
}

/// Messages that stay encoded.
#[derive(Clone, Copy)]
pub(crate) struct Encoded;

impl Codec for Encoded {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(message);
        Ok(())
    }
}

impl Decoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
