//! When key sets were last known to be the ones that their issuers publish.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::Moment;

/// The last time that each issuer's key set was fetched, or found unchanged.
#[derive(Debug, Default)]
pub struct Confirmed(Mutex<HashMap<String, Moment>>);

impl Confirmed {
    pub(super) fn tell(&self, issuer: &str, now: Moment) {
        let mut moments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        moments.insert(issuer.to_owned(), now);
    }

    /// Seconds since then; none for a set that was not fetched since the start.
    pub fn age(&self, issuer: &str, now: Moment) -> Option<i64> {
        let moments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = moments.get(issuer)?.unix_seconds();
        Some(now.unix_seconds().saturating_sub(last).max(0))
    }
}
