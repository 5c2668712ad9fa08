//! The body of an answer: whole, slow, broken off or without end.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use tokio::time::{Sleep, sleep};

/// What is left of a body.
pub(super) struct Body {
    what: What,
    /// What stands after the body, as gRPC has it.
    trailers: Option<HeaderMap>,
}

enum What {
    Whole(Option<Bytes>),
    /// Bytes one by one, with a pause after each; then blanks.
    Drip {
        left: Bytes,
        pause: Duration,
        sleep: Option<Pin<Box<Sleep>>>,
    },
    /// Bytes, and then the connection breaks.
    Cut(Option<Bytes>),
    /// The same piece over and over, so many bytes or without end.
    Repeat {
        piece: Bytes,
        left: Option<u64>,
    },
}

impl Body {
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self::of(What::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())))
    }

    pub(super) fn drip(left: Bytes, pause: Duration) -> Self {
        Self::of(What::Drip {
            left,
            pause,
            sleep: None,
        })
    }

    pub(super) fn cut(bytes: Bytes) -> Self {
        Self::of(What::Cut(Some(bytes)))
    }

    pub(super) fn repeat(piece: Bytes, left: Option<u64>) -> Self {
        Self::of(What::Repeat { piece, left })
    }

    /// The same, and this after it.
    pub(super) fn before(mut self, trailers: HeaderMap) -> Self {
        self.trailers = Some(trailers);
        self
    }

    fn of(what: What) -> Self {
        Self { what, trailers: None }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let own = self.get_mut();
        let next = match &mut own.what {
            What::Whole(bytes) => bytes.take(),
            What::Drip {
                left,
                pause,
                sleep: waiting,
            } => {
                if let Some(sleep) = waiting {
                    ready!(sleep.as_mut().poll(context));
                }
                *waiting = Some(Box::pin(sleep(*pause)));
                let next = match left.is_empty() {
                    true => Bytes::from_static(b" "),
                    false => left.split_to(1),
                };
                Some(next)
            }
            What::Cut(bytes) => match bytes.take() {
                Some(bytes) => Some(bytes),
                None => return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
            },
            What::Repeat { piece, left: None } => Some(piece.clone()),
            What::Repeat {
                piece,
                left: Some(left),
            } => {
                let length = u64::try_from(piece.len()).unwrap_or(u64::MAX).min(*left);
                *left -= length;
                let length = usize::try_from(length).unwrap_or(0);
                (length > 0).then(|| piece.slice(..length))
            }
        };
        let next = next.map(Frame::data);
        Poll::Ready(next.or_else(|| own.trailers.take().map(Frame::trailers)).map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.what, What::Whole(None)) && self.trailers.is_none()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        match &self.what {
            What::Whole(bytes) if self.trailers.is_none() => {
                let length = bytes.as_ref().map_or(0, Bytes::len);
                http_body::SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
            }
            _ => http_body::SizeHint::default(),
        }
    }
}
