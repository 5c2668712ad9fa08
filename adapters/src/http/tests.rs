//! A server that is not made of the adapter's code, and that misbehaves when it is told to.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::http::{HeaderMap, Request, Response};
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

pub(crate) mod aside;
mod between;
mod connecting;
mod tokens;

pub(crate) use between::Between;

/// What the server does with those who connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Well,
    /// Takes the connection and says nothing.
    Mute,
    /// Ends it at once.
    Reset,
    /// Has a certificate of another authority.
    WrongAuthority,
    /// Wants a certificate of its own authority.
    WantsCertificate,
    /// Speaks no TLS.
    NoTls,
    /// Says what is no HTTP.
    Garbage,
    /// Begins an answer and goes on with one byte a second.
    Drip,
    /// Begins an answer and breaks it off.
    Cut,
    /// Announces an answer that is too large, and keeps it.
    Announced,
    /// Answers without end.
    Endless,
    /// Sends headers without end.
    EndlessHead,
}

/// A question as it arrived.
pub(crate) struct Arrived {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) bytes: Bytes,
}

/// An answer, and how long it takes.
pub(crate) struct Reply {
    pub(crate) answer: Response<Full<Bytes>>,
    /// What stands behind the body.
    pub(crate) end: Option<HeaderMap>,
    pub(crate) after: Duration,
}

impl From<Response<Full<Bytes>>> for Reply {
    fn from(answer: Response<Full<Bytes>>) -> Self {
        let after = Duration::ZERO;
        Self {
            answer,
            end: None,
            after,
        }
    }
}

pub(crate) type Answering = dyn Fn(&Arrived) -> Reply + Send + Sync;

/// A server on this machine. Its certificates and secrets stand in `folder`.
pub(crate) struct Server {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    mode: Mutex<Mode>,
    arrived: Mutex<Vec<Arc<Arrived>>>,
    connections: AtomicUsize,
    /// Ends the connections of the mode before.
    turn: tokio::sync::watch::Sender<()>,
    right: TlsAcceptor,
    strict: TlsAcceptor,
    wrong: TlsAcceptor,
    answering: Box<Answering>,
}

impl Server {
    pub(crate) async fn start(answering: impl Fn(&Arrived) -> Reply + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let Pki {
            authority,
            certificate,
            key,
            right,
            strict,
        } = pki();
        let wrong = pki().right;
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
        write("ca.pem", &authority);
        write("client.pem", &certificate);
        write("client.key", &key);
        write("secret", "bí mật\n");
        write("key", "k-123\n");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener
            .local_addr()
            .map_or(0, |address: SocketAddr| address.port());
        let shared = Arc::new(Shared {
            mode: Mutex::new(Mode::Well),
            arrived: Mutex::default(),
            connections: AtomicUsize::new(0),
            turn: tokio::sync::watch::Sender::new(()),
            right,
            strict,
            wrong,
            answering: Box::new(answering),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serving.connections.fetch_add(1, Ordering::Relaxed);
                let serving = Arc::clone(&serving);
                let mut turn = serving.turn.subscribe();
                tokio::spawn(async move {
                    tokio::select! {
                        () = Arc::clone(&serving).serve(stream) => {}
                        _ = turn.changed() => {}
                    }
                });
            }
        });
        Self { folder, port, shared }
    }

    pub(crate) fn turn(&self, mode: Mode) {
        *self.shared.mode.lock().expect("not poisoned") = mode;
        self.shared.turn.send_replace(());
    }

    pub(crate) fn turner(&self, mode: Mode) -> Box<dyn Fn() + Send + Sync> {
        let shared = Arc::clone(&self.shared);
        Box::new(move || {
            *shared.mode.lock().expect("not poisoned") = mode;
            shared.turn.send_replace(());
        })
    }

    pub(crate) fn arrived(&self) -> Vec<Arc<Arrived>> {
        self.shared.arrived.lock().expect("not poisoned").clone()
    }
}

impl Shared {
    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let mode = *self.mode.lock().expect("not poisoned");
        match mode {
            Mode::Mute => return std::future::pending().await,
            Mode::Reset => return drop(stream.set_zero_linger()),
            Mode::NoTls => {
                let mut stream = stream;
                return drop(stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{}").await);
            }
            _ => {}
        }
        let acceptor = match mode {
            Mode::WrongAuthority => &self.wrong,
            Mode::WantsCertificate => &self.strict,
            _ => &self.right,
        };
        let Ok(mut stream) = acceptor.accept(stream).await else {
            return;
        };
        let head =
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{\"a\":\"";
        match mode {
            Mode::Garbage => drop(stream.write_all(b"\x00\xffthis is no protocol\r\n\r\n").await),
            Mode::Drip | Mode::Cut => {
                let mut asked = [0; 1024];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(head).await;
                while mode == Mode::Drip && stream.write_all(b" ").await.is_ok() {
                    let _ = stream.flush().await;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            Mode::Announced => {
                let mut asked = [0; 1024];
                let _ = stream.read(&mut asked).await;
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n")
                    .await;
                std::future::pending().await
            }
            Mode::Endless => {
                let mut asked = [0; 1024];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
                while stream.write_all(&[b' '; 16_384]).await.is_ok() {}
            }
            Mode::EndlessHead => {
                let mut asked = [0; 1024];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
                while stream
                    .write_all(b"x-a: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n")
                    .await
                    .is_ok()
                {}
            }
            _ => {
                let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                let service = service_fn(move |request| Arc::clone(&self).answer(request));
                let stream = TokioIo::new(stream);
                if h2 {
                    let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    let _ = builder.serve_connection(stream, service).await;
                } else {
                    let builder = hyper::server::conn::http1::Builder::new();
                    let _ = builder.serve_connection(stream, service).await;
                }
            }
        }
    }

    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
        let (head, body) = request.into_parts();
        let body = body
            .collect()
            .await
            .map_or_else(|_| Bytes::new(), |body| body.to_bytes());
        let arrived = Arc::new(Arrived {
            method: head.method.to_string(),
            path: head
                .uri
                .path_and_query()
                .map_or_else(String::new, ToString::to_string),
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
            bytes: body,
        });
        let reply = (self.answering)(&arrived);
        self.arrived.lock().expect("not poisoned").push(arrived);
        tokio::time::sleep(reply.after).await;
        let end = reply.end;
        Ok(reply.answer.map(|body| match end {
            Some(end) => body.with_trailers(async { Some(Ok(end)) }).boxed(),
            None => body.boxed(),
        }))
    }
}

/// A new authority, a client's certificate in PEM, and servers with a certificate of it.
struct Pki {
    authority: String,
    certificate: String,
    key: String,
    right: TlsAcceptor,
    /// Takes nobody without a certificate of the authority.
    strict: TlsAcceptor,
}

fn pki() -> Pki {
    let mut params = CertificateParams::new([]).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority =
        CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names)
        .expect("parameters")
        .signed_by(&key, &authority)
        .expect("a certificate");
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from(authority.der().to_vec()))
        .expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let acceptor = |verifier| {
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, secret)
            .expect("a configuration");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    };
    Pki {
        right: acceptor(WebPkiClientVerifier::no_client_auth()),
        strict: acceptor(verifier.expect("a verifier")),
        authority: authority.pem(),
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}

/// An answer with this status and body.
pub(crate) fn said(status: u16, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = ::http::StatusCode::from_u16(status).expect("a status");
    answer
}
