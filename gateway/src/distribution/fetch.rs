//! One request: limits on time and size, no redirect, no proxy, no decompression.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ETAG, HOST, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use http::response::Parts;
use http::{Request, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Collected, Empty, Full, Limited};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::address::Address;
use crate::identity::trust::{TrustError, crypto_provider, read_authorities};

/// The longest time for one request, connecting included. Against a server that says nothing.
const LONGEST: Duration = Duration::from_secs(10);

/// The largest head of an answer. Against headers that fill the memory.
const LARGEST_HEAD: usize = 64 << 10;

/// What the server said about the version that was fetched last (RFC 9110 §8.8).
#[derive(Clone, Debug, Default)]
pub(super) struct Validators {
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

/// What came.
pub(super) enum Fetched {
    /// The version that was fetched last is still the newest.
    Same,
    /// Another one.
    New(Bytes, Validators),
}

/// Why nothing came.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The server can't be reached.
    #[error("the server can't be reached: {0}")]
    Connect(#[source] std::io::Error),
    /// The authorities of the server can't be used.
    #[error("the authorities of the server: {0}")]
    Authorities(#[source] TrustError),
    /// The TLS settings are not possible.
    #[error("TLS: {0}")]
    Tls(#[source] rustls::Error),
    /// The server's name can't be in a certificate.
    #[error("the server's name can't be in a certificate")]
    Name,
    /// The server does not speak HTTP as it should.
    #[error("the server's answer: {0}")]
    Http(#[source] hyper::Error),
    /// The address can't be asked for.
    #[error("the address can't be asked for")]
    Address,
    /// Neither a body nor "not modified". Redirects are not followed.
    #[error("the server answered {0}")]
    Status(StatusCode),
    /// It is larger than is taken, or ended too soon.
    #[error("what came is larger than is taken, or broke off")]
    Body,
    /// It took too long.
    #[error("it took longer than 10 seconds")]
    TooLong,
}

/// Asks for what is published at the address, `most` bytes of it at most.
pub(super) async fn fetch(
    address: &Address,
    ca: Option<&Path>,
    known: &Validators,
    most: u64,
) -> Result<Fetched, FetchError> {
    let (head, body) = ask(address, ca, request(address, known)?, most).await?;
    match head.status {
        StatusCode::OK => {
            let seen = Validators {
                etag: header(&head.headers, &ETAG),
                last_modified: header(&head.headers, &LAST_MODIFIED),
            };
            Ok(Fetched::New(body?, seen))
        }
        StatusCode::NOT_MODIFIED if known.any() => Ok(Fetched::Same),
        status => Err(FetchError::Status(status)),
    }
}

/// Sends a body to the address. The answer, whatever its status, is `most` bytes at most.
pub(crate) async fn post(
    address: &Address,
    ca: Option<&Path>,
    body: String,
    most: u64,
) -> Result<(StatusCode, Bytes), FetchError> {
    let request = Request::post(&address.path)
        .header(HOST, address.host_header())
        .body(Full::new(Bytes::from(body)))
        .map_err(|_| FetchError::Address)?;
    let (head, body) = ask(address, ca, request, most).await?;
    Ok((head.status, body?))
}

/// The head of an answer, and its body if it came whole.
type Answer = (Parts, Result<Bytes, FetchError>);

/// One request over a connection of its own.
async fn ask<B>(
    address: &Address,
    ca: Option<&Path>,
    request: Request<B>,
    most: u64,
) -> Result<Answer, FetchError>
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: std::error::Error + Send + Sync,
{
    let asking = async {
        let stream = TcpStream::connect((address.host.as_str(), address.port))
            .await
            .map_err(FetchError::Connect)?;
        match ca.filter(|_| address.is_tls) {
            None if address.is_tls => Err(FetchError::Authorities(TrustError::Empty)),
            None => answer(stream, request, most).await,
            Some(ca) => {
                let name = ServerName::try_from(address.host.clone()).map_err(|_| FetchError::Name)?;
                let connector = TlsConnector::from(Arc::new(tls(ca)?));
                let stream = connector
                    .connect(name, stream)
                    .await
                    .map_err(FetchError::Connect)?;
                answer(stream, request, most).await
            }
        }
    };
    tokio::time::timeout(LONGEST, asking)
        .await
        .unwrap_or(Err(FetchError::TooLong))
}

fn tls(ca: &Path) -> Result<ClientConfig, FetchError> {
    let mut roots = RootCertStore::empty();
    for certificate in read_authorities(ca).map_err(FetchError::Authorities)? {
        roots.add(certificate).map_err(FetchError::Tls)?;
    }
    let config = ClientConfig::builder_with_provider(crypto_provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(FetchError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

async fn answer<S, B>(stream: S, request: Request<B>, most: u64) -> Result<Answer, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: std::error::Error + Send + Sync,
{
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(LARGEST_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(FetchError::Http)?;
    let answering = async {
        let answer = sender.send_request(request).await.map_err(FetchError::Http)?;
        let (head, body) = answer.into_parts();
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let body = Limited::new(body, most).collect().await;
        Ok((head, body.map(Collected::to_bytes).map_err(|_| FetchError::Body)))
    };
    let mut answering = std::pin::pin!(answering);
    tokio::select! {
        outcome = answering.as_mut() => outcome,
        ended = connection => match ended {
            // The answer may have come whole with the end of the connection.
            Ok(()) => answering.await,
            Err(error) => Err(FetchError::Http(error)),
        }
    }
}

fn request(address: &Address, known: &Validators) -> Result<Request<Empty<Bytes>>, FetchError> {
    let mut request = Request::get(&address.path)
        .header(HOST, address.host_header())
        .body(Empty::new())
        .map_err(|_| FetchError::Address)?;
    for (name, value) in [
        (IF_NONE_MATCH, &known.etag),
        (IF_MODIFIED_SINCE, &known.last_modified),
    ] {
        if let Some(value) = value {
            request.headers_mut().insert(name, value.clone());
        }
    }
    Ok(request)
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<HeaderValue> {
    headers.get(name).cloned()
}

impl Validators {
    fn any(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}
