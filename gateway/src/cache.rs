//! Answers of registries, kept as long as each registry's policy allows.
//!
//! What is kept is the registry's answer before any cut; views of it are cut on demand and kept beside
//! it as reply-ready bytes. Errors, records that "cannot say" and certificates are never kept.

mod flight;
mod given;
mod kept;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use adapters::settings::{CachePolicy, Scope};
use moka::Expiry;
use moka::sync::Cache;

use crate::clock::Moment;
use flight::Flights;
pub use given::Given;
pub use kept::{Exchanged, Kept, KeptRecord, Unanswered};

/// Everything that an answer depends on, in one byte string: scope, record type and identifier,
/// each with its length before it.
pub type Key = Box<[u8]>;

/// The kept answers of one registry.
pub struct Answers {
    kept: Cache<Key, Arc<Kept>>,
    flights: Arc<Flights<Key, Load>>,
    policy: Policy,
    /// Counts changes: what was asked before the last one is not kept.
    changes: Arc<AtomicU64>,
}

/// The outcome of one question to the registry, shared by all who wait for it.
pub type Load = Result<Arc<Kept>, Unanswered>;

/// An answer, and where it came from.
#[derive(Clone, Debug)]
pub struct Served {
    /// The answer.
    pub kept: Arc<Kept>,
    /// Where it was taken from.
    pub from: From,
}

/// Where an answer was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// Asked from the registry for this call, or for one that came at the same time.
    Registry,
    /// Kept, and within the fresh time.
    Cache,
    /// Kept, past the fresh time and within the usable time or, when the registry can't be reached,
    /// within the time allowed for that.
    Stale,
}

impl From {
    /// Its word in the log and in metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Cache => "cache",
            Self::Stale => "stale",
        }
    }
}

/// The registry's policy in microseconds.
#[derive(Clone, Copy, Debug)]
struct Policy {
    fresh: i64,
    usable: i64,
    stale_if_error: i64,
    negative: i64,
}

impl Policy {
    /// How long an answer is of any use, microseconds.
    fn life(&self, kept: &Kept) -> i64 {
        match kept {
            Kept::Record(_) => self.record_life(),
            Kept::NotFound { .. } => self.negative,
        }
    }

    fn record_life(&self) -> i64 {
        self.fresh.max(self.usable).max(self.stale_if_error)
    }

    /// Whether anything is ever kept: a lookup that only ever asks its registry need not look here first.
    fn keeps(&self) -> bool {
        self.record_life().max(self.negative) > 0
    }
}

impl Answers {
    /// An empty store under a registry's policy.
    pub fn new(policy: &CachePolicy) -> Self {
        let limits = Policy {
            fresh: micros(policy.fresh.0),
            usable: micros(policy.usable.0),
            stale_if_error: micros(policy.stale_if_error.0),
            negative: micros(policy.negative.0),
        };
        let kept = Cache::builder()
            .max_capacity(policy.size.0)
            .weigher(|key: &Key, kept: &Arc<Kept>| kept.weight(key.len()))
            .expire_after(UntilUseless(limits))
            .build();
        Self {
            kept,
            flights: Arc::new(Flights::default()),
            policy: limits,
            changes: Arc::default(),
        }
    }

    /// The fresh time of this registry, in microseconds: the age limit of a call that sets none.
    pub fn fresh_micros(&self) -> i64 {
        self.policy.fresh
    }

    /// How many answers are kept, and the bytes that they are charged for; up to a second late.
    pub fn kept_now(&self) -> (u64, u64) {
        (self.kept.entry_count(), self.kept.weighted_size())
    }

    /// A kept answer that is good enough now: not older than `max_age` (microseconds) where one is set.
    ///
    /// Past the fresh time it comes as [`From::Stale`], and the caller starts a refresh.
    pub fn find(&self, key: &[u8], max_age: Option<i64>, now: Moment) -> Option<Served> {
        let kept = self.kept(key)?;
        let age = kept.age(now);
        if max_age.is_some_and(|limit| age > limit) {
            return None;
        }
        let (fresh, usable) = match *kept {
            Kept::Record(_) => (self.policy.fresh, self.policy.usable),
            Kept::NotFound { .. } => (self.policy.negative, self.policy.negative),
        };
        let from = if age <= fresh {
            From::Cache
        } else if age <= usable {
            From::Stale
        } else {
            return None;
        };
        Some(Served { kept, from })
    }

    /// A kept answer for when the registry can't be reached.
    pub fn find_despite_error(&self, key: &[u8], max_age: Option<i64>, now: Moment) -> Option<Served> {
        let kept = self.kept(key).filter(|kept| matches!(**kept, Kept::Record(_)))?;
        let age = kept.age(now);
        let good = age <= self.policy.stale_if_error && max_age.is_none_or(|limit| age <= limit);
        good.then_some(Served {
            kept,
            from: From::Stale,
        })
    }

    /// What is kept, however old.
    pub fn kept(&self, key: &[u8]) -> Option<Arc<Kept>> {
        self.policy.keeps().then(|| self.kept.get(key)).flatten()
    }

    /// Keeps that nobody is there, as if the registry had just said so in this exchange.
    pub fn mark_not_found(&self, key: Vec<u8>, retrieved_at: Moment, exchanged: Option<Arc<Exchanged>>) {
        if self.policy.negative > 0 {
            let nobody = Kept::NotFound {
                retrieved_at,
                exchanged,
            };
            self.kept.insert(key.into(), Arc::new(nobody));
        }
    }

    /// Asks the registry through `load`, once for all who ask for the same key at the same time. The
    /// load goes on when its caller goes away. What it brings is kept when `keep` says so.
    pub async fn load<F>(
        &self,
        key: &[u8],
        keep: impl FnOnce(&Kept) -> bool + Send + 'static,
        load: F,
    ) -> Load
    where
        F: Future<Output = Load> + Send + 'static,
    {
        self.start(key, keep, load).await
    }

    /// Starts the load of [`Answers::load`] without waiting for it: a refresh.
    pub fn refresh<F>(&self, key: &[u8], keep: impl FnOnce(&Kept) -> bool + Send + 'static, load: F)
    where
        F: Future<Output = Load> + Send + 'static,
    {
        drop(self.start(key, keep, load));
    }

    /// Forgets every answer under the identifier of a subject that changed: of these records where
    /// answers are shared, and else, at the cost of a walk over all that is kept, for every agency.
    /// An answer that is under way is given to those who wait for it and not kept.
    pub fn forget_subject(&self, scope: Scope, records: &[String], identifier: &str) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        match scope {
            Scope::Shared => {
                for record in records {
                    self.forget(&key(None, record, identifier));
                }
            }
            Scope::PerAgency | Scope::PerCase => {
                for (key, _) in &self.kept {
                    if self::identifier(&key) == identifier.as_bytes() {
                        self.forget(&key);
                    }
                }
            }
        }
    }

    /// Forgets all answers, as [`Answers::forget_subject`] does those about one.
    pub fn forget_all(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.kept.invalidate_all();
    }

    /// Forgets an answer.
    pub fn forget(&self, key: &[u8]) {
        self.kept.invalidate(key);
    }

    fn start<F>(
        &self,
        key: &[u8],
        keep: impl FnOnce(&Kept) -> bool + Send + 'static,
        load: F,
    ) -> flight::Landing<Load>
    where
        F: Future<Output = Load> + Send + 'static,
    {
        let (kept, policy) = (self.kept.clone(), self.policy);
        let changes = self.changes.clone();
        let name: Key = key.into();
        self.flights.join(&name.clone(), move || async move {
            let before = changes.load(Ordering::SeqCst);
            let outcome = load.await;
            if let Ok(answer) = &outcome
                && policy.life(answer) > 0
                && changes.load(Ordering::SeqCst) == before
                && keep(answer)
            {
                kept.insert(name.clone(), answer.clone());
                // A change that came in between did not see it.
                if changes.load(Ordering::SeqCst) != before {
                    kept.invalidate(&name);
                }
            }
            outcome
        })
    }
}

/// Builds the key of a question. `scope` is the agency where answers are kept for each agency apart.
pub fn key(scope: Option<&str>, record: &str, identifier: &str) -> Vec<u8> {
    let scope = scope.unwrap_or("");
    let mut key = Vec::with_capacity(scope.len() + record.len() + identifier.len() + 4);
    for part in [scope, record] {
        key.extend_from_slice(&u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
        key.extend_from_slice(part.as_bytes());
    }
    key.extend_from_slice(identifier.as_bytes());
    key
}

/// The identifier of a key that [`key`] built.
fn identifier(key: &[u8]) -> &[u8] {
    let mut rest = key;
    for _part in 0..2 {
        let Some((length, after)) = rest.split_first_chunk::<2>() else {
            return &[];
        };
        let length = usize::from(u16::from_be_bytes(*length));
        rest = after.get(length..).unwrap_or_default();
    }
    rest
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Drops an answer from memory when no rule could serve it any more.
struct UntilUseless(Policy);

impl Expiry<Key, Arc<Kept>> for UntilUseless {
    fn expire_after_create(&self, _: &Key, kept: &Arc<Kept>, _: std::time::Instant) -> Option<Duration> {
        Some(Duration::from_micros(
            u64::try_from(self.0.life(kept)).unwrap_or(0),
        ))
    }

    fn expire_after_update(
        &self,
        key: &Key,
        kept: &Arc<Kept>,
        at: std::time::Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, kept, at)
    }
}

#[cfg(test)]
#[path = "cache/tests.rs"]
mod tests;
