//! What is kept how long, and what is protected against.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::units::{Interval, Size};

/// How long a registry's answers may be kept. Plain data: whoever keeps answers reads it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
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

/// The section as written, before its times are compared with each other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    fresh: Option<Interval>,
    usable: Option<Interval>,
    stale_if_error: Option<Interval>,
    negative: Option<Interval>,
    size: Option<Size>,
    scope: Option<Scope>,
}

impl TryFrom<Written> for CachePolicy {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let usual = Self::default();
        let fresh = written.fresh.unwrap_or(usual.fresh);
        // A time that isn't written is never shorter than the one before it.
        let usable = written.usable.unwrap_or(usual.usable.max(fresh));
        let stale_if_error = written.stale_if_error.unwrap_or(usual.stale_if_error.max(usable));
        if usable < fresh {
            return Err("usable is shorter than fresh, wanted at least as long".to_owned());
        }
        if stale_if_error < usable {
            return Err("stale_if_error is shorter than usable, wanted at least as long".to_owned());
        }
        Ok(Self {
            fresh,
            usable,
            stale_if_error,
            negative: written.negative.unwrap_or(usual.negative),
            size: written.size.unwrap_or(usual.size),
            scope: written.scope.unwrap_or(usual.scope),
        })
    }
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
    /// Questions at the registry at one moment, at least 1.
    #[serde(deserialize_with = "at_least_one")]
    pub concurrency: usize,
    /// Largest encoded record.
    pub max_record: Size,
    /// Deepest nesting of messages; a record without messages in it has depth 1.
    #[serde(deserialize_with = "at_least_one")]
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

pub(super) fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    match usize::deserialize(deserializer)? {
        0 => Err(D::Error::custom("found 0, wanted at least 1")),
        number => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_written_has_its_usual_value_and_is_no_shorter_than_what_is_written() {
        let policy: CachePolicy = toml::from_str("fresh = \"2h\"").expect("one time may be written");
        assert_eq!(policy.usable, policy.fresh);
        assert_eq!(policy.stale_if_error, CachePolicy::default().stale_if_error);
        assert_eq!(toml::from_str::<CachePolicy>(""), Ok(CachePolicy::default()));
    }

    #[test]
    fn times_in_the_wrong_order_and_unknown_words_are_refused() {
        for (text, said) in [
            ("fresh = \"2h\"\nusable = \"1h\"", "usable is shorter than fresh"),
            ("stale_if_error = \"1s\"", "stale_if_error is shorter than usable"),
            ("fresch = \"1h\"", "unknown field `fresch`"),
            ("scope = \"per_agency\"", "`per-agency`"),
        ] {
            let refusal = toml::from_str::<CachePolicy>(text).expect_err(text).to_string();
            assert!(refusal.contains(said), "{refusal}");
        }
    }

    #[test]
    fn limits_of_nothing_are_refused() {
        for text in ["concurrency = 0", "max_depth = 0"] {
            assert!(toml::from_str::<Protection>(text).is_err(), "{text}");
        }
        assert_eq!(toml::from_str::<Protection>(""), Ok(Protection::default()));
    }
}
