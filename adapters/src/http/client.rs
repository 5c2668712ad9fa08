//! One exchange with the registry's server, within limits.

use std::error::Error as _;
use std::path::Path;
use std::time::Duration;

use ::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderValue};
use ::http::{HeaderMap, Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Body as _;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::connector::{Connector, Unconnected};
use super::{Origin, Protocol, Server};
use crate::error::Error;
#[cfg(any(feature = "rest", feature = "soap"))]
use crate::trace::Raw;
use crate::tree::{AT_ONCE, AnswerLimits, Aside, Compression, Intake, Unfolded};

/// Largest head of an answer, and in HTTP/1.1 the most that is received in one go. Against headers that fill the memory, and
/// against whoever asks another registry waiting for it.
const LARGEST_HEAD: usize = 32 << 10;
pub(crate) const LARGEST_HEAD_H2: u32 = 32 << 10;
/// Most headers of an answer.
const MOST_HEADERS: usize = 100;
/// Bytes that may be under way in one answer, and in all of a connection. Against an answer of megabytes that is received in one
/// go: whoever asks another registry on the same thread would wait meanwhile.
pub(crate) const STREAM_WINDOW: u32 = 256 << 10;
pub(crate) const CONNECTION_WINDOW: u32 = 1 << 20;
/// Connections that are kept for the next question.
const MOST_IDLE: usize = 32;
/// How long a connection is kept that nobody uses.
pub(crate) const LONGEST_IDLE: Duration = Duration::from_secs(30);
/// How long a connection of HTTP/2 with a question on it may be silent before it is asked whether it is there, and how
/// long it may take to say so. Against one that was lost without a word: every question on it would wait in vain.
pub(crate) const SILENCE: Duration = Duration::from_secs(5);

/// Asks one origin.
pub(crate) struct Client {
    origin: Origin,
    #[cfg(any(feature = "rest", feature = "soap"))]
    connector: Connector,
    /// Asks how the server is, over a connection of its own: the check comes from another thread than the questions.
    #[cfg(any(feature = "rest", feature = "soap"))]
    checks: legacy::Client<Connector, Full<Bytes>>,
    inner: legacy::Client<Connector, Full<Bytes>>,
    limits: AnswerLimits,
    /// Where large answers are unfolded and read.
    pub(crate) aside: Aside,
    #[cfg(any(feature = "rest", feature = "soap"))]
    health: Option<String>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header as text, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The head of an answer, a line each.
pub(crate) fn lines(headers: &HeaderMap) -> impl Iterator<Item = String> {
    headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
}

#[cfg(any(feature = "rest", feature = "soap"))]
impl Answer {
    /// The answer as it was received.
    pub(crate) fn raw(&self) -> Raw {
        let status = [format!("HTTP {}", self.status.as_u16())];
        Raw::new(
            status.into_iter().chain(lines(&self.headers)).collect(),
            &self.body,
        )
    }
}

impl Client {
    /// Reads the files of the settings; connects to nobody. The error says what stands in the way.
    pub(crate) fn new(
        server: &Server,
        default_ca: Option<&str>,
        base: &Path,
        limits: AnswerLimits,
    ) -> Result<Self, String> {
        let origin = Origin::parse(server.url.get_ref())?;
        let connector = Connector::new(&origin, server, default_ca, base)?;
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(LONGEST_IDLE)
            .pool_max_idle_per_host(MOST_IDLE)
            .http1_max_buf_size(LARGEST_HEAD)
            .http1_max_headers(MOST_HEADERS)
            .http2_max_header_list_size(LARGEST_HEAD_H2)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .http2_keep_alive_interval(SILENCE)
            .http2_keep_alive_timeout(SILENCE)
            .http2_only(server.protocol == Protocol::Http2);
        Ok(Self {
            inner: builder.build(connector.clone()),
            origin,
            #[cfg(any(feature = "rest", feature = "soap"))]
            checks: builder.pool_max_idle_per_host(0).build(connector.clone()),
            #[cfg(any(feature = "rest", feature = "soap"))]
            connector,
            limits,
            aside: Aside::new(),
            #[cfg(any(feature = "rest", feature = "soap"))]
            health: server.health.as_ref().map(|path| path.get_ref().clone()),
        })
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// One exchange. Redirects are answers like others.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, Error> {
        self.send_over(&self.inner, request).await
    }

    async fn send_over(
        &self,
        client: &legacy::Client<Connector, Full<Bytes>>,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Answer, Error> {
        let accepted = HeaderValue::from_static("gzip, deflate");
        request.headers_mut().insert(ACCEPT_ENCODING, accepted);
        let answer = client.request(request).await.map_err(|error| failure(&error))?;
        let (head, mut body) = answer.into_parts();
        let encoding = match head.headers.get(CONTENT_ENCODING).map(HeaderValue::to_str) {
            None => None,
            Some(Ok(text)) => Some(text),
            Some(Err(_)) => Some("unknown"),
        };
        let compression = Compression::of_content_encoding(encoding)?;
        let mut intake = Intake::new(self.limits, body.size_hint().lower())?;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Error::unavailable("the answer broke off"))?;
            if let Ok(piece) = frame.into_data() {
                intake.take(&piece)?;
            }
        }
        let body = intake.finish();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: match compression {
                None => body,
                Some(compression) => self.unfolded(compression, body).await?,
            },
        })
    }

    /// What is packed in an answer: a small one is unfolded here, and what turns out to be large aside.
    async fn unfolded(&self, compression: Compression, packed: Vec<u8>) -> Result<Vec<u8>, Error> {
        let most = self.limits.bytes;
        if let Unfolded::Whole(bytes) = compression.unfold(&packed, AT_ONCE.min(most))? {
            return Ok(bytes);
        }
        let unfold = move || compression.unfold(&packed, most)?.whole();
        self.aside.run(unfold).await
    }

    /// Whether the server has a path that says how it is.
    #[cfg(any(feature = "rest", feature = "soap"))]
    pub(crate) fn has_health(&self) -> bool {
        self.health.is_some()
    }

    /// Whether the server can be asked.
    #[cfg(any(feature = "rest", feature = "soap"))]
    pub(crate) async fn check(&self) -> Result<(), Error> {
        let Some(path) = &self.health else {
            let connected = self.connector.connect().await;
            return connected.map(drop).map_err(|error| Error::unavailable(error.0));
        };
        let ill = || Error::unavailable("the registry says that it isn't well");
        let uri = self.origin.uri(path).ok_or_else(ill)?;
        let request = Request::get(uri).body(Full::default()).map_err(|_| ill())?;
        match self.send_over(&self.checks, request).await {
            Ok(answer) if answer.status.is_success() => Ok(()),
            Ok(_) | Err(Error::Garbled { .. }) => Err(ill()),
            Err(error) => Err(error),
        }
    }
}

/// The error's own text may quote the answer, so it is not passed on.
fn failure(error: &legacy::Error) -> Error {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(unconnected) = cause.downcast_ref::<Unconnected>() {
            return Error::unavailable(unconnected.0);
        }
        if let Some(http) = cause.downcast_ref::<hyper::Error>()
            && http.is_parse()
        {
            return Error::garbled("the answer is no HTTP, or its head is too large");
        }
        source = cause.source();
    }
    Error::unavailable("the exchange broke off")
}
