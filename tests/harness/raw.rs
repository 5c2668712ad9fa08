//! Calls made of bytes: what no generated client would send.

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use tokio::sync::mpsc;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::ServiceExt as _;

use crate::agency::{Answer, Client};
use crate::refused::Refused;

impl Client {
    /// Calls a method, such as `/lienthong.population.v1.PopulationService/GetCitizen`, with these bytes
    /// as its message, and gives the bytes of the first answer.
    ///
    /// # Errors
    /// The refusal.
    pub async fn raw(&self, method: &str, message: &[u8]) -> Answer<Bytes> {
        self.raw_frames(method, framed(message)).await
    }

    /// Calls a method and reads nothing of the answer but its head. The call lasts as long as what is given.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn unread(&self, method: &str, message: &[u8]) -> Answer<http::Response<Body>> {
        self.send(method, Body::new(Full::new(framed(message)))).await
    }

    /// As [`Self::raw`], with the whole body of the request as it is.
    ///
    /// # Errors
    /// The refusal.
    pub async fn raw_frames(&self, method: &str, frames: Bytes) -> Answer<Bytes> {
        self.raw_body(method, Body::new(Full::new(frames))).await
    }

    /// As [`Self::raw_frames`], with a body that comes piece by piece.
    ///
    /// # Errors
    /// The refusal.
    pub async fn raw_pieces(&self, method: &str, mut pieces: mpsc::Receiver<Bytes>) -> Answer<Bytes> {
        let pieces = futures_util::stream::poll_fn(move |context| pieces.poll_recv(context));
        let frames = pieces.map(|piece| Ok::<_, std::convert::Infallible>(Frame::data(piece)));
        self.raw_body(method, Body::new(StreamBody::new(frames))).await
    }

    async fn send(&self, method: &str, body: Body) -> Answer<http::Response<Body>> {
        let mut request = http::Request::post(format!("http://localhost{method}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(body).expect("a request");
        let response = self.channel.clone().oneshot(request).await;
        response.map_err(|error| lost(&error))
    }

    async fn raw_body(&self, method: &str, body: Body) -> Answer<Bytes> {
        let (head, body) = self.send(method, body).await?.into_parts();
        let body = body.collect().await.map_err(|error| lost(&error))?;
        let trailers = body.trailers().cloned().unwrap_or_default();
        let status = Status::from_header_map(&head.headers).or_else(|| Status::from_header_map(&trailers));
        match status {
            Some(status) if status.code() == Code::Ok => Ok(body.to_bytes().slice(5..)),
            Some(status) => Err(status.into()),
            None => Err(Status::unknown("there is no status").into()),
        }
    }
}

fn lost(error: &dyn std::error::Error) -> Refused {
    Refused::from(Status::unavailable(error.to_string()))
}

/// A message with the five bytes of gRPC before it.
fn framed(message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(message.len() + 5);
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).expect("a message of this size"));
    framed.put_slice(message);
    framed.freeze()
}
