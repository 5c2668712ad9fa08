//! What the load generator saw.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

/// Answers counted and timed, in microseconds.
pub(crate) struct Tally {
    times: Histogram<u64>,
    errors: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) fn new() -> anyhow::Result<Self> {
        // 1 µs to 1 min, three digits.
        Ok(Self {
            times: Histogram::new_with_bounds(1, 60_000_000, 3)?,
            errors: BTreeMap::new(),
        })
    }

    pub(crate) fn answered(&mut self, after: Duration) {
        self.times
            .saturating_record(u64::try_from(after.as_micros()).unwrap_or(u64::MAX));
    }

    pub(crate) fn failed(&mut self, why: String) {
        *self.errors.entry(why).or_default() += 1;
    }

    pub(crate) fn answers(&self) -> u64 {
        self.times.len()
    }

    /// The time within which this share of the answers came, in microseconds.
    pub(crate) fn within(&self, share: f64) -> u64 {
        self.times.value_at_quantile(share)
    }

    pub(crate) fn errors(&self) -> &BTreeMap<String, u64> {
        &self.errors
    }
}
