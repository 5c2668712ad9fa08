//! An answer in gRPC, well or with a fault in it.

use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use bytes::{BufMut as _, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use http::{Response, StatusCode};
use prost_types::Any;
use tonic_types::pb;

use super::super::body::Body;
use super::super::fault::Fault;
use super::super::spoiled::{DEPTH, PIECE, WIDTH, bomb, put};
use super::schema::{ANNEXES, FOUND, put_bytes};
use super::{FAILED_PRECONDITION, INTERNAL, Reply, framed};

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
/// What a drip and a cut announce beyond what comes.
const ANNOUNCED: u32 = 1_000_000;

/// The answer as it leaves. Faults that are no matter of the answer leave it as it is.
pub(in crate::simulate) fn spoiled(reply: Reply, fault: Option<Fault>) -> Response<Body> {
    let message = match (reply, fault) {
        (Reply::Status(code, reason), None | Some(Fault::Latency(_))) => return status(code, reason),
        (Reply::Status(..), Some(_)) => Vec::new(),
        (Reply::Message(message), _) => message,
    };
    let Some(fault) = fault else {
        return well(&message);
    };
    match fault {
        Fault::Drip => call(Body::drip(begun(ANNOUNCED, &message), Duration::from_secs(1))),
        Fault::Cut => {
            let half = message.get(..message.len() / 2).unwrap_or_default();
            call(Body::cut(begun(ANNOUNCED, half)))
        }
        Fault::Oversize(size) => {
            let announced = u32::try_from(size).unwrap_or(u32::MAX);
            let mut piece = begun(announced, &[]).to_vec();
            piece.resize(PIECE, b' ');
            call(Body::repeat(piece.into(), Some(size)))
        }
        Fault::Endless => {
            // Each piece is a message of its own: the stream of them never ends.
            let piece = vec![b' '; PIECE];
            call(Body::repeat(framed(false, &piece), None))
        }
        Fault::GzipBomb => packed("gzip", framed(true, &bomb())),
        Fault::Encoding => packed("br", framed(true, &message)),
        Fault::Binary => well(&[0xff, 0xfe, 0x00, 0x80, 0xc3]),
        Fault::Truncated => well(message.get(..message.len() / 2).unwrap_or_default()),
        Fault::Empty => well(&[]),
        Fault::Page => {
            let page = "<!doctype html><title>Bảo trì</title><p>Hệ thống đang bảo trì, mời quay lại sau.<br>";
            let mut answer = Response::new(Body::whole(page));
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            put(&mut answer, CONTENT_TYPE, kind);
            answer
        }
        Fault::Redirect => {
            let mut answer = proxy(StatusCode::FOUND);
            put(&mut answer, LOCATION, HeaderValue::from_static("/other"));
            answer
        }
        Fault::Status(status) => proxy(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY)),
        Fault::Code(code) => status(code, None),
        Fault::NoCode => call(Body::whole(framed(false, &message))),
        Fault::Twice => {
            let twice = [framed(false, &message), framed(false, &message)].concat();
            call(Body::whole(twice).before(end(0, None)))
        }
        Fault::Fault => status(FAILED_PRECONDITION, Some("004")),
        Fault::OtherMessage => well(b"\xfa\x01\x09thoi tiet"),
        Fault::Deep => well(deep()),
        Fault::Wide => well(wide()),
        // They can't happen in gRPC, and are refused before they get here.
        Fault::Entities | Fault::ExternalEntity => status(INTERNAL, None),
        Fault::Latency(_)
        | Fault::Hang
        | Fault::WrongSubject
        | Fault::Several
        | Fault::Mute
        | Fault::Reset
        | Fault::WrongCertificate
        | Fault::NoTls
        | Fault::Garbage
        | Fault::EndlessHead => well(&message),
    }
}

fn well(message: &[u8]) -> Response<Body> {
    call(Body::whole(framed(false, message)).before(end(0, None)))
}

/// A code and nothing else: it stands in the head.
fn status(code: u8, reason: Option<&'static str>) -> Response<Body> {
    let mut answer = call(Body::whole(Bytes::new()));
    answer.headers_mut().extend(end(code, reason));
    answer
}

fn call(body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    put(
        &mut answer,
        CONTENT_TYPE,
        HeaderValue::from_static("application/grpc"),
    );
    answer
}

fn packed(encoding: &'static str, body: Bytes) -> Response<Body> {
    let mut answer = call(Body::whole(body).before(end(0, None)));
    put(&mut answer, ENCODING, HeaderValue::from_static(encoding));
    answer
}

/// What something between says, in its own name.
fn proxy(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Body::whole(Bytes::new()));
    *answer.status_mut() = status;
    answer
}

/// The end of a call.
fn end(code: u8, reason: Option<&str>) -> HeaderMap {
    use prost::Message as _;
    let mut end = HeaderMap::new();
    end.insert(STATUS, u16::from(code).into());
    if let Some(reason) = reason {
        let info = pb::ErrorInfo {
            reason: reason.to_owned(),
            domain: "simulated".to_owned(),
            metadata: Default::default(),
        };
        let details = pb::Status {
            code: code.into(),
            message: String::new(),
            details: vec![Any {
                type_url: "type.googleapis.com/google.rpc.ErrorInfo".to_owned(),
                value: info.encode_to_vec(),
            }],
        };
        let text = BASE64_STANDARD_NO_PAD.encode(details.encode_to_vec());
        if let Ok(value) = HeaderValue::from_str(&text) {
            end.insert(DETAILS, value);
        }
    }
    end
}

/// The beginning of a message that is longer than what comes of it.
fn begun(announced: u32, bytes: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_u8(0);
    out.put_u32(announced);
    out.put_slice(bytes);
    out.freeze()
}

/// Empty records, written once.
fn wide() -> &'static [u8] {
    static WIDE: OnceLock<Vec<u8>> = OnceLock::new();
    WIDE.get_or_init(|| {
        let mut wide = Vec::new();
        (0..WIDTH).for_each(|_| put_bytes(FOUND, &[], &mut wide));
        wide
    })
}

/// Annexes of annexes, written once.
fn deep() -> &'static [u8] {
    static DEEP: OnceLock<Vec<u8>> = OnceLock::new();
    DEEP.get_or_init(nested)
}

/// From the inside out, so that each length is known.
fn nested() -> Vec<u8> {
    let mut lengths = Vec::with_capacity(DEPTH);
    let mut length = 0;
    for _ in 0..DEPTH {
        lengths.push(length);
        let mut head = Vec::new();
        put_head(length, &mut head);
        length += head.len();
    }
    let mut out = Vec::with_capacity(length + 8);
    // The outermost is the answer's own field.
    let mut first = true;
    for length in lengths.into_iter().rev() {
        let mut head = Vec::new();
        put_head(length, &mut head);
        if std::mem::take(&mut first)
            && let Some(tag) = head.first_mut()
        {
            *tag = u8::try_from(ANNEXES << 3 | 2).unwrap_or_default();
        }
        out.extend_from_slice(&head);
    }
    out
}

/// The head of an annex of so many bytes.
fn put_head(length: usize, out: &mut Vec<u8>) {
    out.push(1 << 3 | 2);
    let mut left = length;
    while left > 0x7f {
        out.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    out.push((left & 0x7f) as u8);
}
