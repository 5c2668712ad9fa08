//! When something that failed is tried again, though no file of those that are watched changed: a list's time comes, a
//! server answers, a file appears that only a refused configuration names.

use std::time::{Duration, Instant};

/// Time between two tries of a refused configuration. Each opens the registries that are new.
pub(super) const REFUSED: Duration = Duration::from_secs(10);

/// Time between two looks at revocation lists that could not be put in force.
pub(super) const KEPT: Duration = Duration::from_secs(2);

/// A try that took long is not repeated before this many times as long. Against a thread that does nothing else.
const REST: u32 = 20;

/// The next try.
#[derive(Debug, Default)]
pub(super) struct Again {
    due: Option<Instant>,
}

impl Again {
    /// After a try that began at `began` and ended at `now`; none when all is well.
    pub(super) fn set(&mut self, pause: Option<Duration>, began: Instant, now: Instant) {
        self.due = pause.map(|pause| now + pause.max((now - began) * REST));
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_tried_again_after_its_pause_and_what_took_long_after_a_longer_one() {
        let (start, mut again) = (Instant::now(), Again::default());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(!again.is_due(at(1_000)), "nothing failed");
        again.set(Some(REFUSED), at(0), at(0));
        assert!(!again.is_due(at(9)) && again.is_due(at(10)));
        again.set(Some(REFUSED), at(0), at(1));
        assert!(!again.is_due(at(20)) && again.is_due(at(21)));
        again.set(None, at(0), at(1));
        assert!(!again.is_due(at(1_000)), "all is well");
    }
}
