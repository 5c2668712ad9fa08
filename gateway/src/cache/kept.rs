//! One kept answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adapters::Found;
use audit::PeriodKeys;
use bytes::Bytes;

use super::From;
use crate::clock::Moment;
use crate::record::schema::Schema;
use crate::record::view::{Cut, View};
use crate::record::wire::Garbled;

/// Views kept beside one record; a ninth is cut for its call alone.
const MAX_VIEWS: usize = 8;
/// Longest key that is remembered beside a record, in bytes.
const MAX_KEY: usize = 256;

/// Why a flight brought nothing, told to all who waited for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// What the registry said, or what stood in the way.
    pub error: adapters::Error,
    /// The exchange in which a registry refused; none when it gave no answer.
    pub exchanged: Option<Arc<Exchanged>>,
}

/// A registry's answer.
#[derive(Debug)]
pub enum Kept {
    /// It has the record.
    Record(KeptRecord),
    /// It has no such subject.
    NotFound {
        /// When it said so.
        retrieved_at: Moment,
        /// The exchange in which it said so.
        exchanged: Option<Arc<Exchanged>>,
    },
}

/// A record before any cut, and the views cut from it so far.
pub struct KeptRecord {
    record: Bytes,
    /// The registry's own moment, microseconds since 1970 UTC.
    pub as_of: Option<i64>,
    /// When the gateway got it.
    pub retrieved_at: Moment,
    /// The exchange that it came of.
    pub exchanged: Arc<Exchanged>,
    /// Where it was taken from when the gateway got it: a registry that asks another one may keep answers.
    pub from: From,
    views: Mutex<Vec<(u64, KeptView)>>,
    /// The subject, sealed under the keys with this serial number.
    sealed: Mutex<Option<(u64, Bytes)>>,
    /// The key that fitted last.
    fitted: Mutex<Option<Fitted>>,
}

/// One exchange with a registry, as the access log names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// The route by which the registry was asked.
    pub route: Option<Arc<str>>,
    /// The registry's own id of it.
    pub transaction: Option<String>,
}

/// A key that fitted, and the method that read it.
struct Fitted {
    method: Arc<str>,
    key: Box<[u8]>,
}

/// A view of the record, ready to leave.
#[derive(Clone, Debug)]
pub struct KeptView {
    /// The record cut down.
    pub cut: Cut,
    /// The keyed hash of its bytes.
    pub hmac: [u8; 32],
    /// The serial number of the keys of that hash.
    keys: u64,
}

impl Kept {
    /// A record just got.
    pub fn record(found: Found, retrieved_at: Moment, from: From) -> Self {
        Self::Record(KeptRecord {
            record: found.record,
            as_of: found.as_of,
            retrieved_at,
            exchanged: Arc::new(Exchanged {
                route: found.route,
                transaction: found.transaction,
            }),
            from,
            views: Mutex::default(),
            sealed: Mutex::default(),
            fitted: Mutex::default(),
        })
    }

    /// Where it was taken from when it was got.
    pub fn from(&self) -> From {
        match self {
            Self::Record(record) => record.from,
            Self::NotFound { .. } => From::Registry,
        }
    }

    /// The exchange that it came of, where that is known.
    pub fn exchanged(&self) -> Option<&Arc<Exchanged>> {
        match self {
            Self::Record(record) => Some(&record.exchanged),
            Self::NotFound { exchanged, .. } => exchanged.as_ref(),
        }
    }

    /// How old it is, in microseconds.
    pub fn age(&self, now: Moment) -> i64 {
        let retrieved_at = match self {
            Self::Record(record) => record.retrieved_at,
            Self::NotFound { retrieved_at, .. } => *retrieved_at,
        };
        now.0.saturating_sub(retrieved_at.0).max(0)
    }

    /// Bytes of memory that it is charged for: itself, one view of full size, and what the cache adds.
    pub(super) fn weight(&self, key: usize) -> u32 {
        const OVERHEAD: usize = 700;
        let record = match self {
            Self::Record(record) => 2 * record.record.len(),
            Self::NotFound { .. } => 0,
        };
        u32::try_from(key + record + OVERHEAD).unwrap_or(u32::MAX)
    }
}

impl KeptRecord {
    /// The whole record. It never leaves the exchange uncut.
    pub fn whole(&self) -> &Bytes {
        &self.record
    }

    /// The record cut down to a view, with the hash of its bytes under `keys`, which is made once for each
    /// view and period.
    pub fn cut(&self, schema: &Schema, view: &View, keys: &PeriodKeys) -> Result<KeptView, Garbled> {
        let mut views = lock(&self.views);
        if let Some((_, kept)) = views.iter_mut().find(|(id, _)| *id == view.id) {
            if kept.keys != keys.serial() {
                kept.hmac = keys.answer(&kept.cut.bytes);
                kept.keys = keys.serial();
            }
            return Ok(kept.clone());
        }
        let cut = view.cut(schema, &self.record)?;
        let kept = KeptView {
            hmac: keys.answer(&cut.bytes),
            keys: keys.serial(),
            cut,
        };
        if views.len() < MAX_VIEWS {
            views.push((view.id, kept.clone()));
        }
        Ok(kept)
    }

    /// The record's subject, sealed under `keys`: `seal` does it, once for each period.
    pub fn sealed<E>(&self, keys: &PeriodKeys, seal: impl FnOnce() -> Result<Bytes, E>) -> Result<Bytes, E> {
        if let Some((serial, sealed)) = &*lock(&self.sealed)
            && *serial == keys.serial()
        {
            return Ok(sealed.clone());
        }
        // Not under the lock: who comes at the same moment seals once more and waits for nobody.
        let sealed = seal()?;
        *lock(&self.sealed) = Some((keys.serial(), sealed.clone()));
        Ok(sealed)
    }

    /// Whether the key of a call fits this record. The answer to the same bytes, read by the same method,
    /// is the same: the last key that fitted is remembered, and `fits` asked for any other.
    pub fn fits<E>(
        &self,
        method: &Arc<str>,
        key: &[u8],
        fits: impl FnOnce() -> Result<bool, E>,
    ) -> Result<bool, E> {
        let is_known = |fitted: &Fitted| Arc::ptr_eq(&fitted.method, method) && *fitted.key == *key;
        if lock(&self.fitted).as_ref().is_some_and(is_known) {
            return Ok(true);
        }
        let fit = fits()?;
        if fit && key.len() <= MAX_KEY {
            *lock(&self.fitted) = Some(Fitted {
                method: method.clone(),
                key: key.into(),
            });
        }
        Ok(fit)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for KeptRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptRecord")
            .field("bytes", &self.record.len())
            .finish_non_exhaustive()
    }
}
