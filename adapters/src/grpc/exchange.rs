//! One unary call within limits (gRPC PROTOCOL-HTTP2).

use std::time::{Duration, Instant};

use ::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE};
use ::http::{Method, Request};
use bytes::{BufMut as _, Bytes, BytesMut};
use h2::RecvStream;
use prost_reflect::{DynamicMessage, MessageDescriptor};

use super::connection::Connections;
use super::status::Code;
use crate::error::Error;
use crate::http::lines;
use crate::trace::Raw;

/// What stands before a message: whether it is packed, and its length.
const PREFIX: usize = 5;
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const ACCEPTED: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// What came back.
pub(super) struct Reply {
    pub(super) code: Code,
    /// Of the head and of the end.
    pub(super) metadata: HeaderMap,
    /// The message; empty unless the code is well.
    pub(super) message: Vec<u8>,
}

impl Reply {
    /// The reply as it was received: the message as JSON where its type is known.
    pub(super) fn raw(&self, message: Option<&MessageDescriptor>) -> Raw {
        let status = [format!("gRPC {}", self.code.name())];
        let head = status.into_iter().chain(lines(&self.metadata)).collect();
        let decoded = message.and_then(|message| {
            let decoded = DynamicMessage::decode(message.clone(), self.message.as_slice()).ok()?;
            serde_json::to_vec(&decoded).ok()
        });
        Raw::new(head, decoded.as_deref().unwrap_or(&self.message))
    }
}

/// Calls the method at `path`, and takes at most `largest` bytes for an answer.
pub(super) async fn call(
    connections: &Connections,
    path: &str,
    metadata: HeaderMap,
    message: &[u8],
    deadline: Instant,
    largest: usize,
) -> Result<Reply, Error> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(Error::DeadlineExceeded);
    }
    let unasked = || Error::unavailable("the question can't be put into a request");
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = connections.origin.uri(path).ok_or_else(unasked)?;
    let headers = request.headers_mut();
    *headers = metadata;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(ACCEPTED, HeaderValue::from_static("identity"));
    headers.insert(TIMEOUT, timeout(left));
    let mut coming = connections.send(request, framed(message)).await?;
    let (head, ()) = std::mem::take(&mut coming.head).into_parts();
    let is_grpc = head
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    let mut metadata = head.headers;
    if let Some(code) = metadata.get(STATUS).map(|code| Code::read(code.as_bytes())) {
        // Nothing but a status: it stands in the head.
        if code == Code::Ok {
            return Err(no_message());
        }
        let message = Vec::new();
        return Ok(Reply {
            code,
            metadata,
            message,
        });
    }
    if !head.status.is_success() {
        let (code, message) = (Code::of_http(head.status), Vec::new());
        return Ok(Reply {
            code,
            metadata,
            message,
        });
    }
    if !is_grpc {
        return Err(Error::garbled("the answer is no gRPC"));
    }
    let (message, end) = taken(&mut coming.body, largest).await?;
    // An answer without an end may be half of one.
    let end = end.ok_or_else(|| Error::unavailable("the answer broke off"))?;
    let code = end.get(STATUS).map(|code| Code::read(code.as_bytes()));
    let code = code.ok_or_else(|| Error::unavailable("the answer broke off"))?;
    metadata.extend(end);
    if code == Code::Ok && message.is_none() {
        return Err(no_message());
    }
    let message = message.filter(|_| code == Code::Ok).unwrap_or_default();
    Ok(Reply {
        code,
        metadata,
        message,
    })
}

/// That all is well is no message that holds nothing.
fn no_message() -> Error {
    Error::garbled("the answer holds no message")
}

/// The one message of an answer and its end. Stops as soon as the message is larger than allowed.
async fn taken(body: &mut RecvStream, largest: usize) -> Result<(Option<Vec<u8>>, Option<HeaderMap>), Error> {
    let broke_off = |_| Error::unavailable("the answer broke off");
    let mut bytes = Vec::new();
    let mut length = None;
    while let Some(piece) = body.data().await {
        let piece = piece.map_err(broke_off)?;
        bytes.extend_from_slice(&piece);
        body.flow_control()
            .release_capacity(piece.len())
            .map_err(broke_off)?;
        if length.is_none() {
            length = message_length(&bytes, largest)?;
        }
        if length.is_some_and(|length| bytes.len() > PREFIX + length) {
            return Err(Error::garbled("the answer holds several messages"));
        }
    }
    let end = body.trailers().await.map_err(broke_off)?;
    let whole = match length {
        Some(length) if bytes.len() == PREFIX + length => Some(bytes.split_off(PREFIX)),
        None if bytes.is_empty() => None,
        _ => return Err(Error::unavailable("the answer broke off")),
    };
    Ok((whole, end))
}

/// The length of the message that begins here, once it is known.
fn message_length(bytes: &[u8], largest: usize) -> Result<Option<usize>, Error> {
    let Some([packed, length @ ..]) = bytes.first_chunk::<PREFIX>() else {
        return Ok(None);
    };
    if *packed != 0 {
        return Err(Error::garbled("the answer is packed, and nobody asked for that"));
    }
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if length > largest {
        return Err(Error::garbled("the answer is larger than max_answer"));
    }
    Ok(Some(length))
}

fn framed(message: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(PREFIX + message.len());
    out.put_u8(0);
    out.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    out.put_slice(message);
    out.freeze()
}

/// At most eight digits and a unit.
fn timeout(left: Duration) -> HeaderValue {
    let text = match left.as_micros() {
        micros @ 0..=99_999_999 => format!("{}u", micros.max(1)),
        _ => format!("{}S", left.as_secs().min(99_999_999)),
    };
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("1u"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_at_most_eight_digits_and_a_unit() {
        for (left, wanted) in [
            (Duration::from_nanos(1), "1u"),
            (Duration::from_millis(1_500), "1500000u"),
            (Duration::from_secs(100), "100S"),
            (Duration::MAX, "99999999S"),
        ] {
            assert_eq!(timeout(left), wanted);
        }
    }

    #[test]
    fn a_message_that_is_packed_or_too_large_is_stopped_at_its_first_bytes() {
        assert_eq!(message_length(&[0, 0, 0, 0], 10), Ok(None));
        assert_eq!(message_length(&[0, 0, 0, 0, 10, 7], 10), Ok(Some(10)));
        assert!(message_length(&[0, 0, 0, 0, 11], 10).is_err());
        assert!(message_length(&[1, 0, 0, 0, 1], 10).is_err());
        assert!(message_length(&[0, 255, 255, 255, 255], 10).is_err());
    }
}
