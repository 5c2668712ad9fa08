//! Keys that tokens name and that their issuer's set does not hold: a set that is fetched may be old.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The issuers with a token whose key is not known. Only tokens that are right in all but the key
/// count, so that a stranger can't have sets fetched.
#[derive(Debug, Default)]
pub struct UnknownKeys {
    issuers: Mutex<HashSet<Box<str>>>,
    told: Notify,
}

impl UnknownKeys {
    /// A token of this issuer names a key that is not in its set.
    pub(crate) fn tell(&self, issuer: &str) {
        if self.lock().insert(issuer.into()) {
            self.told.notify_one();
        }
    }

    /// Waits until there is one, and takes all.
    pub async fn take(self: &Arc<Self>) -> HashSet<Box<str>> {
        loop {
            let issuers = std::mem::take(&mut *self.lock());
            if !issuers.is_empty() {
                return issuers;
            }
            self.told.notified().await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<Box<str>>> {
        self.issuers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
