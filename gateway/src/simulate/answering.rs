//! One question to a simulated registry and its answer.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use uuid::Uuid;

use super::body::Body;
use super::fault::Fault;
use super::language::{self, Question};
use super::rows::Row;
use super::shape::Shape;
use super::tree::Tree;
use super::{Speech, Stage, cong_dan, grpc, spoiled};

/// The largest question.
const LONGEST_QUESTION: usize = 64 << 10;

impl Stage {
    pub(super) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, io::Error> {
        let (head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, LONGEST_QUESTION).collect().await else {
            return Ok(status(StatusCode::PAYLOAD_TOO_LARGE));
        };
        let fault = self.faults.of_question();
        match fault {
            Some(Fault::Latency(time)) => tokio::time::sleep(time).await,
            Some(Fault::Hang) => {
                self.tell("hang");
                return std::future::pending().await;
            }
            _ => {}
        }
        let Some((answer, outcome)) = self.spoken_answer(&head.uri, &body.to_bytes(), fault) else {
            self.tell("no question");
            return Ok(status(StatusCode::BAD_REQUEST));
        };
        match fault {
            None => self.tell(outcome),
            Some(fault) => self.tell(&fault.to_string()),
        }
        Ok(answer)
    }

    /// The answer to a question, and what it says in a word; none when it is no question.
    fn spoken_answer(
        &self,
        uri: &Uri,
        body: &Bytes,
        fault: Option<Fault>,
    ) -> Option<(Response<Body>, &'static str)> {
        let Question {
            record,
            column,
            key,
            given,
        } = match &self.speech {
            Speech::Text(language) => language::question(*language, self.shape, &self.rows, uri, body)?,
            Speech::Calls(_) => grpc::question(&self.rows, uri, body)?,
        };
        let mut found = self.rows.find(record, column, &key).ok()?;
        if let [only] = found.as_slice()
            && self.shape == Shape::CongDan
            && !cong_dan::fits(only, &given)
        {
            found.clear();
        }
        match fault {
            Some(Fault::WrongSubject) => found.iter_mut().for_each(|row| rename(row, column)),
            Some(Fault::Several) => found.extend_from_within(..),
            _ => {}
        }
        let outcome = match found.len() {
            0 => "not found",
            1 => "found",
            _ => "several",
        };
        let id = Uuid::now_v7().to_string();
        let answer = match &self.speech {
            Speech::Text(language) => {
                let content = self.shape.answer(record, found, &id);
                let text = language::answer(*language, self.shape, content, &id);
                spoiled::spoiled(*language, text, fault)
            }
            Speech::Calls(schema) => grpc::spoiled(grpc::answer(schema, record, &found, &id), fault),
        };
        Some((answer, outcome))
    }

    /// Says what a question or a connection came to; whom it was about is not said.
    pub(super) fn tell(&self, outcome: &str) {
        let number = self.questions.fetch_add(1, Ordering::Relaxed) + 1;
        if self.telling {
            anstream::eprintln!("{number} {outcome}");
        }
    }
}

/// Makes the record one of another subject: the last digit of its identifier is another.
fn rename(row: &mut Row, column: &str) {
    for (name, value) in row {
        if let Tree::Text(text) = value
            && name == column
        {
            let last = text.pop().unwrap_or('0');
            text.push(if last == '1' { '2' } else { '1' });
        }
    }
}

fn status(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Body::whole(Bytes::new()));
    *answer.status_mut() = status;
    answer
}
