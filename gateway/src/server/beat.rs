//! A beat at which the calls of peers begin that have just given up many: what is given up by then has cost neither a
//! decision nor an entry, and what is not is written together. Each by itself would make the others wait for a sync of
//! the log's.

use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(25);

/// The gateway's.
pub(super) struct Beat(Instant);

impl Default for Beat {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Beat {
    /// Waits for the next.
    pub(super) async fn next(&self) {
        tokio::time::sleep(until_next(self.0.elapsed())).await;
    }
}

fn until_next(elapsed: Duration) -> Duration {
    let past = elapsed.as_nanos() % EVERY.as_nanos();
    EVERY.saturating_sub(Duration::from_nanos(u64::try_from(past).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_between_two_beats_waits_for_the_same() {
        for past in [0, 1, 12, 24] {
            let now = EVERY * 3 + Duration::from_millis(past);
            assert_eq!(now + until_next(now), EVERY * 4);
        }
    }
}
