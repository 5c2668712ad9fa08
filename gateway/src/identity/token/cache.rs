//! Tokens that were verified a moment ago, so that a signature is checked once and not each call.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::TokenRules;
use super::times::Times;
use super::unknown_keys::UnknownKeys;
use crate::clock::Moment;
use crate::identity::{Caller, PeerCertificate};
use crate::status::Refusal;

/// SHA-256 of token, certificate fingerprint and generation; the last two have fixed lengths, so
/// that no other three can have the same bytes.
type Key = [u8; 32];

/// A verified token: whose it is, and when it counts.
#[derive(Clone)]
pub(in crate::identity) struct VerifiedToken {
    pub(in crate::identity) caller: Arc<Caller>,
    pub(in crate::identity) times: Times,
    pub(super) verified_at: Moment,
}

impl VerifiedToken {
    /// Remembered until the earlier of `exp` and the set time; not at all once the clock stands
    /// before the moment of verification.
    fn is_remembered_at(&self, now: Moment, rules: &TokenRules) -> bool {
        let age = now.0.saturating_sub(self.verified_at.0);
        let limit = i64::try_from(rules.remember.as_micros()).unwrap_or(i64::MAX);
        (0..limit).contains(&age) && now.unix_seconds() < self.times.ends
    }
}

/// Remembers verified tokens. One of it serves all snapshots of the configuration; each snapshot
/// has a generation of its own and finds only what was verified under it.
pub struct VerifiedTokens {
    tokens: Cache<Key, VerifiedToken>,
    signature_checks: AtomicU64,
    generation: AtomicU64,
    unknown_keys: Arc<UnknownKeys>,
}

impl VerifiedTokens {
    /// How many tokens are remembered by default.
    pub const DEFAULT_CAPACITY: u64 = 100_000;
    /// No token is kept in memory longer than this, whatever the rules say.
    const LONGEST: Duration = Duration::from_secs(600);

    /// An empty memory for at most so many tokens.
    pub fn new(capacity: u64) -> Arc<Self> {
        Arc::new(Self {
            tokens: Cache::builder()
                .max_capacity(capacity)
                .time_to_live(Self::LONGEST)
                .build(),
            signature_checks: AtomicU64::new(0),
            generation: AtomicU64::new(0),
            unknown_keys: Arc::default(),
        })
    }

    /// How many signatures were checked so far.
    pub fn signature_checks(&self) -> u64 {
        self.signature_checks.load(Ordering::Relaxed)
    }

    /// Keys that could not be found.
    pub fn unknown_keys(&self) -> &Arc<UnknownKeys> {
        &self.unknown_keys
    }

    /// How many tokens are remembered, after the upkeep that is due.
    pub fn remembered(&self) -> u64 {
        self.tokens.run_pending_tasks();
        self.tokens.entry_count()
    }

    pub(super) fn count_signature_check(&self) {
        self.signature_checks.fetch_add(1, Ordering::Relaxed);
    }

    /// A number that no earlier snapshot had; what was remembered before is let go.
    pub(in crate::identity) fn begin_generation(&self) -> u64 {
        self.tokens.invalidate_all();
        self.generation.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The remembered token, or the outcome of `verify`, which runs once however many wait for the
    /// same token. Refusals are not remembered.
    pub(in crate::identity) fn find_or_verify(
        &self,
        token: &str,
        peer: &PeerCertificate,
        generation: u64,
        now: Moment,
        rules: &TokenRules,
        verify: impl FnOnce() -> Result<VerifiedToken, Refusal>,
    ) -> Result<VerifiedToken, Refusal> {
        let key: Key = Sha256::new()
            .chain_update(token)
            .chain_update(peer.fingerprint())
            .chain_update(generation.to_be_bytes())
            .finalize()
            .into();
        if let Some(remembered) = self.tokens.get(&key) {
            if remembered.is_remembered_at(now, rules) {
                return Ok(remembered);
            }
            self.tokens.invalidate(&key);
        }
        self.tokens
            .try_get_with(key, verify)
            .map_err(Arc::unwrap_or_clone)
    }
}

impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedTokens")
            .field("tokens", &self.tokens.entry_count())
            .finish_non_exhaustive()
    }
}
