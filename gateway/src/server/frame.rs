//! gRPC over HTTP/2: framing of answers, deadline, body with trailers.
//!
//! Source: gRPC PROTOCOL-HTTP2.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use http_body_util::Limited;
use tokio::sync::mpsc;
use tonic::Status;

/// Bytes before each message: whether it is compressed, and its length.
pub(super) const PREFIX: usize = 5;

/// Bytes of a request that is refused unread that are still taken, and how long they are waited for.
const TAKEN: usize = 64 << 10;
const TAKEN_FOR: Duration = Duration::from_secs(2);

/// The body of an answer.
pub(super) enum Answered {
    /// One message, then trailers.
    Message(Option<Bytes>, Option<HeaderMap>),
    /// Nothing: the status stands in the headers.
    Empty,
    /// Messages as they come, then trailers.
    Stream(mpsc::Receiver<Part>, bool),
    /// The body of another service.
    Other(tonic::body::Body),
}

/// What comes of a stream.
pub(super) enum Part {
    /// One message.
    Message(Bytes),
    /// Messages that have their prefixes.
    Framed(Bytes),
    /// The end, and why when it is not a good one. A stream that ends without it broke off.
    End(Result<(), Status>),
}

/// Takes what still comes of a request that is refused unread, aside. Without it the stream would be reset, and h2 counts against an
/// honest peer what it has sent by then, small frames and frames for streams that are gone: after a thousand refusals or more it
/// would end the connection, and with it the calls under way.
pub(super) fn take_rest<B>(body: B)
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if body.is_end_stream() {
        return;
    }
    tokio::spawn(async move {
        let mut rest = std::pin::pin!(Limited::new(body, TAKEN));
        let taken = async { while let Some(Ok(_)) = rest.frame().await {} };
        // Who does not send it is not waited for.
        drop(tokio::time::timeout(TAKEN_FOR, taken).await);
    });
}

/// The time that the caller gives, from `grpc-timeout`.
pub(super) fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number = number.parse::<u64>().ok().filter(|_| number.len() <= 8)?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3_600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

/// The response of a unary call.
pub(super) fn unary(outcome: Result<Bytes, Status>) -> Response<Answered> {
    match outcome {
        Ok(message) => respond(Answered::Message(Some(framed(&message)), Some(ok_trailers()))),
        Err(status) => refused(&status),
    }
}

/// The response of a call that is refused as a whole.
pub(super) fn refused(status: &Status) -> Response<Answered> {
    let mut response = respond(Answered::Empty);
    response.headers_mut().extend(trailers(status));
    response
}

/// The response of a stream: messages are framed by `framed`.
pub(super) fn streamed(messages: mpsc::Receiver<Part>) -> Response<Answered> {
    respond(Answered::Stream(messages, false))
}

/// A message with its prefix.
pub(super) fn framed(message: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(PREFIX + message.len());
    out.put_u8(0);
    out.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    out.put_slice(message);
    out.freeze()
}

fn respond(body: Answered) -> Response<Answered> {
    let mut response = Response::new(body);
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/grpc"),
    );
    response
}

fn ok_trailers() -> HeaderMap {
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    trailers
}

fn trailers(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    if status.add_header(&mut trailers).is_err() {
        trailers.insert("grpc-status", HeaderValue::from_static("13"));
    }
    trailers
}

impl Body for Answered {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Message(message, trailers) => Poll::Ready(match message.take() {
                Some(message) => Some(Ok(Frame::data(message))),
                None => trailers.take().map(|trailers| Ok(Frame::trailers(trailers))),
            }),
            Self::Empty => Poll::Ready(None),
            Self::Stream(_, true) => Poll::Ready(None),
            Self::Stream(messages, ended) => messages.poll_recv(context).map(|next| {
                let trailers = match next {
                    Some(Part::Message(message)) => return Some(Ok(Frame::data(framed(&message)))),
                    Some(Part::Framed(messages)) => return Some(Ok(Frame::data(messages))),
                    Some(Part::End(Ok(()))) => ok_trailers(),
                    Some(Part::End(Err(status))) => trailers(&status),
                    None => trailers(&Status::internal("the stream broke off")),
                };
                *ended = true;
                Some(Ok(Frame::trailers(trailers)))
            }),
            Self::Other(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Other(body) => body.is_end_stream(),
            _ => false,
        }
    }
}
