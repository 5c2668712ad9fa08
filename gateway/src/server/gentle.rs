//! Handshakes that give way. Each costs hundreds of microseconds of a worker's time in two pieces; many
//! that come at once would stand in a row before every call. Between two pieces the calls get as much
//! time as the last piece took.

use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use futures_util::task::AtomicWaker;

/// When the next piece of a handshake may run on this worker.
#[derive(Default)]
pub(super) struct Turn(Mutex<Option<Instant>>);

/// A handshake that takes turns.
pub(super) struct Gentle<F> {
    handshake: F,
    turn: Arc<Turn>,
    news: Arc<News>,
}

/// Whether something has happened for the handshake: without that, being polled costs it nothing.
struct News {
    come: AtomicBool,
    task: AtomicWaker,
}

impl Wake for News {
    fn wake(self: Arc<Self>) {
        self.come.store(true, Relaxed);
        self.task.wake();
    }
}

impl<F: Future + Unpin> Gentle<F> {
    pub(super) fn new(handshake: F, turn: &Arc<Turn>) -> Self {
        Self {
            handshake,
            turn: turn.clone(),
            news: Arc::new(News {
                come: AtomicBool::new(true),
                task: AtomicWaker::new(),
            }),
        }
    }
}

impl<F: Future + Unpin> Future for Gentle<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.news.task.register(context.waker());
        if !self.news.come.load(Relaxed) {
            return Poll::Pending;
        }
        let begun = Instant::now();
        let turn = self.turn.clone();
        let mut next = turn.0.lock().unwrap_or_else(PoisonError::into_inner);
        if next.is_some_and(|next| begun < next) {
            // Behind all that is ready now.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.news.come.store(false, Relaxed);
        let waker = Waker::from(self.news.clone());
        let outcome = Pin::new(&mut self.handshake).poll(&mut Context::from_waker(&waker));
        let ended = Instant::now();
        *next = Some(ended + (ended - begun));
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn calls_have_their_turn_between_the_pieces_of_handshakes() {
        const PIECE: Duration = Duration::from_millis(2);
        const HANDSHAKES: usize = 20;
        let turn = Arc::new(Turn::default());
        let turns = Arc::new(AtomicUsize::new(0));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut handshakes = tokio::task::JoinSet::new();
        for _ in 0..HANDSHAKES {
            let (turns, seen, mut pieces) = (turns.clone(), seen.clone(), 0);
            let work = poll_fn(move |context| {
                seen.lock().unwrap().push(turns.load(Relaxed));
                std::thread::sleep(PIECE);
                pieces += 1;
                if pieces < 2 {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(())
            });
            handshakes.spawn(Gentle::new(Box::pin(work), &turn));
        }
        while !handshakes.is_empty() {
            tokio::task::yield_now().await;
            turns.fetch_add(1, Relaxed);
            while handshakes.try_join_next().is_some() {}
        }
        let mut seen = seen.lock().unwrap().clone();
        let pieces = seen.len();
        seen.dedup();
        assert_eq!(pieces, HANDSHAKES * 2, "each ends, and is not polled for nothing");
        // On a machine that stops this thread in between, two pieces may follow each other.
        assert!(
            seen.len() > HANDSHAKES,
            "{} of {pieces} pieces after a call's turn",
            seen.len()
        );
    }
}
