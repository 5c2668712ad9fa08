//! Threads whose work may wait: they come after those that answer. Large answers of registries and the making of connections
//! to them are such work, and so are the gateway's handshakes.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

/// How far below the threads that answer, as `nice` counts.
const STEP_BACK: i32 = 10;

/// No thread that answers takes the processor for so long in one go; whoever does is another program.
const LONG: Duration = Duration::from_millis(4);
/// A thread that lost the processor for long does not give it away again for so many times as long, so that this takes
/// a tenth of its time at most.
const PATIENCE: u32 = 9;

thread_local! {
    /// Until when this thread does not give way.
    static GIVES_WAY_AFTER: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// From now on this thread comes after those that answer.
pub fn step_back(thread: &'static str) {
    if let Err(error) = rustix::process::nice(STEP_BACK) {
        tracing::warn!(%error, thread, "a thread that should come after the workers has their priority");
    }
}

/// Lets a thread that has become ready go on: a lower priority takes nothing from whoever runs already, and the kernel lets
/// it have its slice of some milliseconds.
///
/// On a machine without a free core other programs would take what is given away here. A thread that gives way
/// between small pieces would then get nowhere (Linux 6.18 takes the rest of its slice and counts it as used), and peers
/// would wait for their handshake for seconds. So it goes on for some time after it has lost the processor for long.
pub fn give_way() {
    let before = Instant::now();
    if GIVES_WAY_AFTER.get().is_none_or(|after| before >= after) {
        thread::yield_now();
        GIVES_WAY_AFTER.set(goes_on_until(before, Instant::now()));
    }
}

/// Until when a thread that gave way at `before` and was back at `now` does not do so again.
fn goes_on_until(before: Instant, now: Instant) -> Option<Instant> {
    let took = now.saturating_duration_since(before);
    (took > LONG).then(|| now + took * PATIENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lost_the_processor_for_long_keeps_it_for_some_time() {
        let now = Instant::now();
        assert_eq!(goes_on_until(now, now + LONG), None, "a worker had it");
        let long = LONG * 2;
        assert_eq!(goes_on_until(now, now + long), Some(now + long + long * PATIENCE));
    }

    #[test]
    fn who_keeps_it_does_not_give_way() {
        let after = Some(Instant::now() + Duration::from_secs(3_600));
        GIVES_WAY_AFTER.set(after);
        give_way();
        assert_eq!(GIVES_WAY_AFTER.get(), after);
        GIVES_WAY_AFTER.set(Some(Instant::now()));
        give_way();
        assert_ne!(GIVES_WAY_AFTER.get(), after, "its time is over");
    }
}
