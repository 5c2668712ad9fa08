//! Lines of the process log that anybody could cause without number: told at most once a second, with how many there were.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(1);

/// One kind of line.
#[derive(Debug)]
pub(super) struct Told(Mutex<Since>);

#[derive(Debug)]
struct Since {
    told: Option<Instant>,
    count: u32,
}

impl Told {
    /// Nothing was told yet.
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Since { told: None, count: 0 }))
    }

    /// There is another one. How many there were since the last line, this one too, when it is time for the next; what is
    /// not told by then is told with the next one that comes.
    pub(super) fn again(&self) -> Option<u32> {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.count = since.count.saturating_add(1);
        if since.told.is_some_and(|told| told.elapsed() < EVERY) {
            return None;
        }
        since.told = Some(Instant::now());
        Some(std::mem::take(&mut since.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_at_once_are_one_line_and_the_next_line_counts_them() {
        let told = Told::new();
        assert_eq!(told.again(), Some(1), "the first is told at once");
        assert!((0..99).all(|_| told.again().is_none()));
        std::thread::sleep(EVERY);
        assert_eq!(told.again(), Some(100));
        assert_eq!(told.again(), None);
    }
}
