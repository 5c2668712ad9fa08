//! Time as the log's threads see it, behind a seam that simulations can stand in for.

use std::time::{Duration, Instant};

/// What the log asks of a clock. The time of an entry is its caller's; this one only measures how long to wait.
pub trait Clock: Send + Sync + 'static {
    /// Time since a moment of the clock's own choosing. It never goes back.
    fn now(&self) -> Duration;
}

/// The clock of the machine, from the moment it is made.
#[derive(Clone, Copy, Debug)]
pub struct Monotonic(Instant);

impl Default for Monotonic {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Monotonic {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}
