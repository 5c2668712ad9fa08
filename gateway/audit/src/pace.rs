//! How much of a core the threads beside the writer take: callers come first.

use std::time::{Duration, Instant};

/// Entries a second from which on a log is busy, and answers want the processor.
const BUSY: f64 = 1_000.0;
/// Rest beside a busy log, in times of the work: a fiftieth of a core is taken.
const REST_BESIDE_BUSY: u32 = 49;
/// Time between looks at how fast the log grows.
const LOOK: Duration = Duration::from_millis(100);

/// Callers come first: the present thread works at a priority that is so much lower, as `nice` counts. Where the system knows no
/// such thing, it takes its share.
pub(crate) fn step_back(by: i32) {
    if let Err(error) = rustix::process::setpriority_process(None, by) {
        tracing::debug!(%error, "a thread beside the log's writer has no lower priority");
    }
}

/// Lets a thread that has become ready go on. The kernel lets one have its slice of a millisecond or more, also when one of a
/// higher priority wakes up.
pub(crate) fn give_way() {
    std::thread::yield_now();
}

/// The pace of one thread.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Rest beside a log that is not busy, in times of the work.
    rest: u32,
    since: Instant,
    size: u64,
    busy: bool,
}

impl Pace {
    /// A thread that rests `rest` times as long as it works, and more beside a busy log, which has `size` entries now.
    pub(crate) fn new(rest: u32, size: u64) -> Self {
        Self {
            rest,
            since: Instant::now(),
            size,
            busy: false,
        }
    }

    /// The rest that follows this much work, now that the log has `size` entries.
    pub(crate) fn rest_after(&mut self, work: Duration, size: u64) -> Duration {
        let passed = self.since.elapsed();
        if passed >= LOOK {
            let grown = size.saturating_sub(self.size) as f64;
            self.busy = grown > BUSY * passed.as_secs_f64();
            (self.since, self.size) = (Instant::now(), size);
        }
        work * if self.busy { REST_BESIDE_BUSY } else { self.rest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_longer_beside_a_busy_log_and_only_there() {
        let mut pace = Pace::new(1, 0);
        let work = Duration::from_millis(2);
        assert_eq!(pace.rest_after(work, 1_000_000), work, "too early to tell");
        std::thread::sleep(LOOK);
        assert_eq!(pace.rest_after(work, 1_000_000), work * REST_BESIDE_BUSY);
        std::thread::sleep(LOOK);
        assert_eq!(pace.rest_after(work, 1_000_001), work);
    }
}
