//! What an attacker holds.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use prost::Message as _;
use rustls::ClientConfig;

use crate::messages::get;
use crate::registries::AN;
use crate::tree::OFFICE;
use crate::wire::{self, flag, kind};
use crate::{Agency, Gateway, Scene};

const URI: &str = "https://localhost/lienthong.population.v1.PopulationService/GetCitizen";
const METHOD: &[u8] = b"/lienthong.population.v1.PopulationService/GetCitizen";

/// The times that a run of the kit sets in section `[listener]`; everything else keeps its default.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// `handshake_timeout`.
    pub handshake: Duration,
    /// `call_timeout`.
    pub call: Duration,
    /// `send_timeout`.
    pub send: Duration,
    /// `idle_timeout`.
    pub idle: Duration,
}

impl Times {
    /// So short that what is held open ends within seconds.
    pub const SHORT: Self = Self {
        handshake: Duration::from_secs(10),
        call: Duration::from_secs(2),
        send: Duration::from_secs(2),
        idle: Duration::from_secs(3),
    };
    /// Nearer to the defaults: what an attack opens at once is then not all that there is to see of it.
    pub const LONG: Self = Self {
        handshake: Duration::from_secs(5),
        call: Duration::from_secs(12),
        send: Duration::from_secs(12),
        idle: Duration::from_secs(12),
    };
}

/// A gateway's address, and a certificate and token that it takes: the worst attacker is an agency
/// whose system has been taken over.
pub struct Stage {
    /// Where the gateway listens.
    pub to: SocketAddr,
    /// The attacker's address.
    pub from: Ipv4Addr,
    /// TLS as an agency speaks it.
    pub tls: Arc<ClientConfig>,
    /// The same without ALPN.
    pub tls_without_alpn: Arc<ClientConfig>,
    /// How long the gateway lets what is held open be.
    pub times: Times,
    token: String,
}

impl Stage {
    /// The attacker of a scene whose times are short.
    #[must_use]
    pub fn new(scene: &Scene, gateway: &Gateway) -> Self {
        Self::of(&scene.agency(OFFICE), scene, gateway)
    }

    /// As [`Self::new`], with the certificate of an agency that is there already.
    #[must_use]
    pub fn of(office: &Agency, scene: &Scene, gateway: &Gateway) -> Self {
        let tls = office.tls(scene.authority.der());
        let mut tls_without_alpn = tls.clone();
        tls_without_alpn.alpn_protocols.clear();
        Self {
            to: gateway.address,
            from: Ipv4Addr::new(127, 0, 0, 2),
            tls: Arc::new(tls),
            tls_without_alpn: Arc::new(tls_without_alpn),
            times: Times::SHORT,
            token: office.token(scene),
        }
    }

    /// The header fields of a lookup, with more if wanted.
    #[must_use]
    pub fn headers(&self, more: &[(&str, &[u8])]) -> Vec<u8> {
        let authorization = format!("Bearer {}", self.token);
        let mut fields: Vec<(&str, &[u8])> = vec![
            (":method", b"POST"),
            (":scheme", b"https"),
            (":path", METHOD),
            (":authority", b"localhost"),
            ("content-type", b"application/grpc"),
            ("te", b"trailers"),
            ("authorization", authorization.as_bytes()),
        ];
        fields.extend(more);
        wire::fields(&fields)
    }

    /// A lookup for a client that speaks HTTP/2 itself.
    #[must_use]
    pub(super) fn request<B>(&self, body: B) -> http::Request<B> {
        let mut request = http::Request::new(body);
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = http::Uri::from_static(URI);
        let headers = request.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/grpc"));
        headers.insert("te", HeaderValue::from_static("trailers"));
        let authorization = format!("Bearer {}", self.token);
        headers.insert("authorization", authorization.parse().expect("a token is text"));
        request
    }

    /// The HEADERS frame of a lookup.
    #[must_use]
    pub fn open(&self, stream: u32) -> Vec<u8> {
        wire::frame(kind::HEADERS, flag::END_HEADERS, stream, &self.headers(&[]))
    }

    /// The DATA frame of a lookup, which ends it.
    #[must_use]
    pub fn ask(&self, stream: u32) -> Vec<u8> {
        wire::frame(kind::DATA, flag::END_STREAM, stream, &message())
    }

    /// A whole lookup.
    #[must_use]
    pub fn call(&self, stream: u32) -> Vec<u8> {
        [self.open(stream), self.ask(stream)].concat()
    }
}

/// The question, framed as gRPC does.
#[must_use]
pub(super) fn message() -> Vec<u8> {
    let message = get(AN).encode_to_vec();
    let length = u32::try_from(message.len()).expect("a short message");
    [&[0][..], &length.to_be_bytes(), &message].concat()
}

/// The stream of the call with this number.
#[must_use]
pub(super) fn stream(number: u64) -> u32 {
    u32::try_from(number % (1 << 30)).expect("it is below 2^30") * 2 + 1
}
