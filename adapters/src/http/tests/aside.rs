//! Whether the thread that asks does anything else while a large answer is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::registry::{Question, Registry};

/// Bytes of a large answer: nearly what a registry may answer.
pub(crate) const LARGE: usize = 1_000_000;
/// The setting of a registry that takes such an answer of many values.
pub(crate) const MANY: &str = "max_record = \"4 KiB\"\nmax_answer_nodes = 100000";

/// What the asking thread may work at one stretch while a large answer is read. Reading one takes several times as
/// long, a turn of any other kind a small part of it.
const STRETCH: Duration = Duration::from_millis(5);

/// Fails unless another task of the same thread goes on while the answer to this question is read: between two of its
/// turns the thread itself then works but little. Its processor time counts, not the clock: of a busy machine a thread
/// may be kept for long. The server of the test works on that thread as well, so it makes its answer beforehand.
pub(crate) async fn expect_others_go_on(registry: &Arc<dyn Registry>, question: &Question) {
    let longest = longest_stretch(registry, question).await;
    assert!(
        longest < STRETCH,
        "nobody else's turn came while the answer was read: {longest:?}"
    );
}

/// The longest stretch of work between two turns of a task that is always ready.
async fn longest_stretch(registry: &Arc<dyn Registry>, question: &Question) -> Duration {
    let asked = Question {
        deadline: Instant::now() + Duration::from_secs(20),
        ..question.clone()
    };
    let done = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&done);
    let ticking = tokio::spawn(async move {
        let (mut last, mut longest) = (worked(), Duration::ZERO);
        while !seen.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
            let now = worked();
            longest = longest.max(now.saturating_sub(last));
            last = now;
        }
        longest
    });
    let found = registry.look_up(asked).await;
    done.store(true, Ordering::Relaxed);
    found.expect("the whole answer was read");
    ticking.await.expect("no panic")
}

/// What this thread has worked.
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("a clock that goes forward")
}
