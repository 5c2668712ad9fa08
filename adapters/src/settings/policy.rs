//! What is kept how long.

use std::time::Duration;

use serde::Deserialize;

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
    /// How long "not found" is kept. Zero: not at all. At most `usable`: longer, a number that nobody has would be
    /// answered at once where the registry is asked for one that somebody has, and the time would tell them apart.
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
        // A time that isn't written is never shorter than the one before it, nor longer than what bounds it.
        let usable = written.usable.unwrap_or(usual.usable.max(fresh));
        let stale_if_error = written.stale_if_error.unwrap_or(usual.stale_if_error.max(usable));
        let negative = written.negative.unwrap_or(usual.negative.min(usable));
        if usable < fresh {
            return Err("usable is shorter than fresh, wanted at least as long".to_owned());
        }
        if stale_if_error < usable {
            return Err("stale_if_error is shorter than usable, wanted at least as long".to_owned());
        }
        if negative > usable {
            return Err("negative is longer than usable, wanted at most as long".to_owned());
        }
        Ok(Self {
            fresh,
            usable,
            stale_if_error,
            negative,
            size: written.size.unwrap_or(usual.size),
            scope: written.scope.unwrap_or(usual.scope),
        })
    }
}

/// Who shares a kept answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Nobody but who asks again for the same: the same officer, for the same dossier, by the same facts.
    PerCase,
    /// Everybody who may see it.
    Shared,
    /// Each body has its own.
    PerAgency,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_written_has_its_usual_value_and_is_no_shorter_than_what_is_written() {
        let policy: CachePolicy = toml::from_str("fresh = \"2h\"").expect("one time may be written");
        assert_eq!(policy.usable, policy.fresh);
        assert_eq!(policy.stale_if_error, CachePolicy::default().stale_if_error);
        let policy: CachePolicy =
            toml::from_str("fresh = \"5s\"\nusable = \"20s\"").expect("two may be written");
        assert_eq!(policy.negative, policy.usable);
        assert_eq!(toml::from_str::<CachePolicy>(""), Ok(CachePolicy::default()));
    }

    #[test]
    fn times_in_the_wrong_order_and_unknown_words_are_refused() {
        for (text, said) in [
            ("fresh = \"2h\"\nusable = \"1h\"", "usable is shorter than fresh"),
            ("stale_if_error = \"1s\"", "stale_if_error is shorter than usable"),
            ("negative = \"61m\"", "negative is longer than usable"),
            (
                "fresh = \"0s\"\nusable = \"0s\"\nnegative = \"1s\"",
                "negative is longer than usable",
            ),
            ("fresch = \"1h\"", "unknown field `fresch`"),
            ("scope = \"per_agency\"", "`per-agency`"),
        ] {
            let refusal = toml::from_str::<CachePolicy>(text).expect_err(text).to_string();
            assert!(refusal.contains(said), "{refusal}");
        }
    }
}
