//! Whether the thread that asks does anything else while a large answer is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::registry::{Question, Registry};
use crate::trace::Trace;

/// Bytes of a large answer: nearly what a registry may answer.
pub(crate) const LARGE: usize = 1_000_000;
/// How often it is tried: of a busy machine's pauses not every try is free.
const TRIES: usize = 8;

/// Fails unless another task of the same thread goes on while the answer to this question is read, be it once in
/// several tries: its longest pause then is less than half of the time from the answer to the record. Read by the
/// thread itself, the answer is one pause of nearly that whole time in every try.
pub(crate) async fn expect_others_go_on(registry: &Arc<dyn Registry>, question: &Question) {
    let mut shares = Vec::new();
    for _ in 0..TRIES {
        let share = longest_pause(registry, question).await;
        if share < 0.5 {
            return;
        }
        shares.push(share);
    }
    panic!("nobody else's turn came while the answer was read: {shares:.2?}");
}

/// The longest pause of a task that is always ready, as a share of the time in which the answer is read.
async fn longest_pause(registry: &Arc<dyn Registry>, question: &Question) -> f64 {
    let trace = Trace::probing();
    let asked = Question {
        deadline: Instant::now() + Duration::from_secs(20),
        trace: trace.clone(),
        ..question.clone()
    };
    let done = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&done);
    let ticking = tokio::spawn(async move {
        let mut ticks = Vec::new();
        while !seen.load(Ordering::Relaxed) {
            ticks.push(Instant::now());
            tokio::task::yield_now().await;
        }
        ticks
    });
    let begun = Instant::now();
    let found = registry.look_up(asked).await;
    let end = Instant::now();
    done.store(true, Ordering::Relaxed);
    found.expect("the whole answer was read");
    let exchange = trace.probe().exchange.expect("there was an answer");
    let answered = begun + exchange;
    let mut ticks = ticking.await.expect("no panic");
    ticks.retain(|tick| (answered..end).contains(tick));
    let edges = [vec![answered], ticks, vec![end]].concat();
    let pauses = edges.windows(2).map(|pair| pair[1] - pair[0]);
    let longest = pauses.max().expect("two edges at least");
    longest.as_secs_f64() / (end - answered).as_secs_f64()
}
