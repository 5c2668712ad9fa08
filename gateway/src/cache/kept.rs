//! One kept answer.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::clock::Moment;
use crate::record::schema::Schema;
use crate::record::view::{Cut, View};
use crate::record::wire::Garbled;

/// Views kept beside one record; a ninth is cut for its call alone.
const MAX_VIEWS: usize = 8;

/// A registry's answer.
#[derive(Debug)]
pub enum Kept {
    /// It has the record.
    Record(KeptRecord),
    /// It has no such subject.
    NotFound {
        /// When it said so.
        retrieved_at: Moment,
    },
}

/// A record before any cut, and the views cut from it so far.
pub struct KeptRecord {
    record: Bytes,
    /// The registry's own moment, microseconds since 1970 UTC.
    pub as_of: Option<i64>,
    /// When the gateway got it.
    pub retrieved_at: Moment,
    /// The registry's id of the exchange.
    pub transaction: Option<String>,
    views: Mutex<Vec<(u64, Cut)>>,
}

impl Kept {
    /// A record just got.
    pub fn record(
        record: Bytes,
        as_of: Option<i64>,
        transaction: Option<String>,
        retrieved_at: Moment,
    ) -> Self {
        Self::Record(KeptRecord {
            record,
            as_of,
            retrieved_at,
            transaction,
            views: Mutex::default(),
        })
    }

    /// How old it is, in microseconds.
    pub fn age(&self, now: Moment) -> i64 {
        let retrieved_at = match self {
            Self::Record(record) => record.retrieved_at,
            Self::NotFound { retrieved_at } => *retrieved_at,
        };
        now.0.saturating_sub(retrieved_at.0).max(0)
    }

    /// Bytes of memory that it is charged for: itself, one view of full size, and what the cache adds.
    pub(super) fn weight(&self, key: usize) -> u32 {
        const OVERHEAD: usize = 400;
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

    /// The record cut down to a view.
    pub fn cut(&self, schema: &Schema, view: &View) -> Result<Cut, Garbled> {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cut)) = views.iter().find(|(id, _)| *id == view.id) {
            return Ok(cut.clone());
        }
        let cut = view.cut(schema, &self.record)?;
        if views.len() < MAX_VIEWS {
            views.push((view.id, cut.clone()));
        }
        Ok(cut)
    }
}

impl std::fmt::Debug for KeptRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptRecord")
            .field("bytes", &self.record.len())
            .finish_non_exhaustive()
    }
}
