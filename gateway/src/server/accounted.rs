//! A call and its answer, counted in the conduct of their connection.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Response;
use http_body::{Body, Frame, SizeHint};

use super::conduct::Conduct;
use super::crowd::UnderWay;

/// A call that has begun. Dropped before its answer it was given up.
pub(super) struct Begun {
    conduct: Arc<Conduct>,
    answered: bool,
}

/// The body of an answer.
pub(super) struct Accounted<B> {
    body: B,
    conduct: Arc<Conduct>,
    made: u32,
    /// Since when the next piece waits for the peer; none while it is still being made.
    waiting: Option<u32>,
    _under_way: Option<UnderWay>,
}

impl Begun {
    pub(super) fn new(conduct: &Arc<Conduct>) -> Self {
        conduct.call_begins();
        Self {
            conduct: conduct.clone(),
            answered: false,
        }
    }

    /// The answer is there; the call has its place until it has left.
    pub(super) fn answer<B>(
        mut self,
        response: Response<B>,
        under_way: Option<UnderWay>,
    ) -> Response<Accounted<B>> {
        self.answered = true;
        self.conduct.answers();
        let epoch = self.conduct.epoch();
        self.conduct.making.enter(epoch);
        response.map(|body| Accounted {
            body,
            conduct: self.conduct.clone(),
            made: epoch,
            waiting: None,
            _under_way: under_way,
        })
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if !self.answered {
            self.conduct.gives_up();
            self.conduct.call_ends();
        }
    }
}

impl<B> Accounted<B> {
    fn wait(&mut self, waits: bool) {
        let now = self.conduct.epoch();
        if let Some(since) = self.waiting.take() {
            self.conduct.waiting.leave(since, now);
        }
        if waits {
            self.conduct.waiting.enter(now);
            self.waiting = Some(now);
        }
    }
}

impl<B: Body + Unpin> Body for Accounted<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let outcome = Pin::new(&mut self.body).poll_frame(context);
        let gave = matches!(outcome, Poll::Ready(Some(Ok(_))));
        if gave {
            self.conduct.gives();
        }
        self.wait(gave);
        outcome
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Accounted<B> {
    fn drop(&mut self) {
        self.wait(false);
        self.conduct.making.leave(self.made, self.conduct.epoch());
        self.conduct.call_ends();
    }
}
