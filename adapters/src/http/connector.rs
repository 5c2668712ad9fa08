//! A connection to the one origin that is allowed.

use std::fs;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use ::http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::address::Allowed;
use super::handshakes::{elsewhere, settle};
use super::{Origin, Protocol, Server};

/// Most addresses of one name that are tried.
const MOST_ADDRESSES: usize = 4;

/// Why there is no connection, in a fixed phrase.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unconnected(pub(crate) &'static str);

/// Makes connections.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Way>);

struct Way {
    origin: Origin,
    allowed: Allowed,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    timeout: Duration,
}

impl Connector {
    /// Reads the files of a server's settings. The error says what stands in the way.
    pub(crate) fn new(
        origin: &Origin,
        server: &Server,
        ca: Option<&str>,
        base: &Path,
    ) -> Result<Self, String> {
        let tls = if origin.tls {
            let name = ServerName::try_from(origin.host.clone())
                .map_err(|_| "the host's name can't be in a certificate".to_owned())?;
            let config = tls(server, ca, base)?;
            Some((TlsConnector::from(Arc::new(config)), name))
        } else {
            None
        };
        Ok(Self(Arc::new(Way {
            origin: origin.clone(),
            allowed: origin.allowed(server),
            tls,
            timeout: server.connect_timeout.0,
        })))
    }

    /// Whether its connections are protected.
    #[cfg(feature = "grpc")]
    pub(crate) fn is_tls(&self) -> bool {
        self.0.tls.is_some()
    }

    /// One connection, however long it takes within its time.
    pub(crate) async fn connect(&self) -> Result<TokioIo<Stream>, Unconnected> {
        let way = self.0.clone();
        let within = self.0.timeout;
        let connecting = elsewhere(async move { way.connect().await });
        let mut stream = timeout(within, connecting)
            .await
            .unwrap_or(Err(Unconnected("no connection within connect_timeout")))?;
        settle(stream.socket())?;
        Ok(TokioIo::new(stream))
    }
}

impl Way {
    async fn connect(&self) -> Result<Stream, Unconnected> {
        let stream = self.reach().await?;
        // Without it a small question waits for the answer to the one before.
        let _ = stream.set_nodelay(true);
        let Some((connector, name)) = &self.tls else {
            return Ok(Stream::Plain(stream));
        };
        match connector.connect(name.clone(), stream).await {
            Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
            Err(_) => Err(Unconnected("no TLS with a server of the configured authorities")),
        }
    }

    async fn reach(&self) -> Result<TcpStream, Unconnected> {
        let addresses = lookup_host((self.origin.host.as_str(), self.origin.port))
            .await
            .map_err(|_| Unconnected("its name has no address"))?;
        let addresses: Vec<_> = addresses.take(MOST_ADDRESSES).collect();
        let end = Instant::now() + self.timeout;
        let mut failure = Unconnected("its name has no address");
        for (place, address) in addresses.iter().enumerate() {
            if !self.allowed.allows(address.ip()) {
                tracing::error!(
                    host = %self.origin.host, address = %address.ip(),
                    "the name of a registry stands for an address that it may not have"
                );
                failure = Unconnected("its address is not allowed");
                continue;
            }
            // An address that keeps silent leaves their share of the time to the others.
            let share = share(
                end.saturating_duration_since(Instant::now()),
                addresses.len() - place,
            );
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(_)) | Err(_) => failure = Unconnected("it takes no connection"),
            }
        }
        Err(failure)
    }
}

/// What each of so many addresses gets of the time that is left.
fn share(left: Duration, addresses: usize) -> Duration {
    left / u32::try_from(addresses).unwrap_or(u32::MAX).max(1)
}

/// TLS that trusts the configured authorities alone.
fn tls(server: &Server, default_ca: Option<&str>, base: &Path) -> Result<ClientConfig, String> {
    let read = |file: &str| fs::read(base.join(file)).map_err(|error| format!("{file}: {error}"));
    let ca = server.ca.as_ref().map(|ca| ca.get_ref().as_str()).or(default_ca);
    let ca = ca.ok_or("no ca")?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca, &read(ca)?)? {
        roots.add(certificate).map_err(|error| format!("{ca}: {error}"))?;
    }
    let builder =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots);
    let mut config = match (&server.certificate, &server.key) {
        (Some(certificate), Some(key)) => {
            let (certificate, key) = (certificate.get_ref(), key.get_ref());
            let chain = certificates(certificate, &read(certificate)?)?;
            let secret = PrivateKeyDer::from_pem_slice(&read(key)?)
                .map_err(|_| format!("{key}: found no private key, wanted one in PEM"))?;
            builder
                .with_client_auth_cert(chain, secret)
                .map_err(|error| format!("{certificate}: {error}"))?
        }
        _ => builder.with_no_client_auth(),
    };
    config.alpn_protocols = match server.protocol {
        Protocol::Auto => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        Protocol::Http1 => vec![b"http/1.1".to_vec()],
        Protocol::Http2 => vec![b"h2".to_vec()],
    };
    Ok(config)
}

fn certificates(file: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(format!("{file}: found no certificate, wanted one in PEM")),
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = Unconnected;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Unconnected>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unconnected>> {
        Poll::Ready(Ok(()))
    }

    /// Wherever the address leads, the connection goes to the origin: any other is refused.
    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let origin = &connector.0.origin;
            let port = uri.port_u16().unwrap_or(if origin.tls { 443 } else { 80 });
            let host = uri.host().map(|host| host.trim_matches(['[', ']']));
            if host != Some(origin.host.as_str()) || port != origin.port {
                return Err(Unconnected("its address is not the configured one"));
            }
            connector.connect().await
        })
    }
}

/// A connection with TLS or without.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    fn socket(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => stream.get_mut().0,
        }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match self {
            Self::Tls(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                Connected::new().negotiated_h2()
            }
            Self::Tls(_) | Self::Plain(_) => Connected::new(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_keeps_silent_leaves_the_others_their_share_of_the_time() {
        let second = Duration::from_secs(1);
        let mut left = second;
        for addresses in [4, 3, 2, 1] {
            let share = share(left, addresses);
            assert_eq!(share, second / 4, "{addresses} left");
            left -= share;
        }
        assert_eq!(share(second, 1), second, "one alone has all of it");
    }
}
