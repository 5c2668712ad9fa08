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
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn calls_go_on_between_handshakes_and_each_handshake_ends() {
        const PIECE: Duration = Duration::from_millis(2);
        let turn = Arc::new(Turn::default());
        let mut handshakes = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let mut pieces = 0;
            let work = poll_fn(move |context| {
                let begun = Instant::now();
                while begun.elapsed() < PIECE {
                    std::hint::spin_loop();
                }
                pieces += 1;
                if pieces < 2 {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(())
            });
            handshakes.spawn(Gentle::new(Box::pin(work), &turn));
        }
        let mut longest = Duration::ZERO;
        let mut waits = 0;
        while !handshakes.is_empty() {
            let begun = Instant::now();
            tokio::task::yield_now().await;
            longest = longest.max(begun.elapsed());
            waits += 1;
            while handshakes.try_join_next().is_some() {}
        }
        // In a row they would take 40 ms, twice.
        assert!(longest < PIECE * 10, "a call waited for {longest:?}");
        assert!(waits > 20, "calls had {waits} turns");
    }
}
