//! What is kept how long, and what is protected against.

use std::time::Duration;

use serde::Deserialize;

use super::units::{Interval, Size};

/// How long a registry's answers may be kept. Plain data: whoever keeps answers reads it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CachePolicy {
    /// An answer younger than this is as good as a new one.
    pub fresh: Interval,
    /// An answer younger than this is given while a new one is fetched. At least `fresh`.
    pub usable: Interval,
    /// An answer younger than this is given when the registry can't be reached. At least `usable`.
    pub stale_if_error: Interval,
    /// How long "not found" is kept. Zero: not at all.
    pub negative: Interval,
    /// Memory for kept answers.
    pub size: Size,
    /// Who shares a kept answer.
    pub scope: Scope,
}

/// Who shares a kept answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Everybody who may see it.
    Shared,
    /// Each body has its own.
    PerAgency,
}

/// Limits on what is asked and on what comes back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Protection {
    /// Longest time for one answer, waiting for a place included.
    pub timeout: Interval,
    /// Questions at the registry at one moment.
    pub concurrency: usize,
    /// Largest encoded record.
    pub max_record: Size,
    /// Deepest nesting of messages; a record without messages in it has depth 1.
    pub max_depth: usize,
}

impl Default for CachePolicy {
    fn default() -> Self {
        Self {
            fresh: Interval(Duration::from_secs(5 * 60)),
            usable: Interval(Duration::from_secs(60 * 60)),
            stale_if_error: Interval(Duration::from_secs(4 * 60 * 60)),
            negative: Interval(Duration::from_secs(60)),
            size: Size(32 << 20),
            scope: Scope::Shared,
        }
    }
}

impl Default for Protection {
    fn default() -> Self {
        Self {
            timeout: Interval(Duration::from_secs(2)),
            concurrency: 32,
            max_record: Size(256 << 10),
            max_depth: 8,
        }
    }
}
