//! Section `[token]`: whose tokens are taken, and what they must keep.

use std::path::PathBuf;
use std::time::Duration;

use adapters::settings::Interval;
use serde::Deserialize;
use toml::Spanned;

/// What a token must keep, beside what the RFCs say.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSettings {
    /// The value that `aud` must hold: this gateway. Against tokens made for another service.
    pub audience: Spanned<String>,
    /// The issuers whose tokens agencies may bring. At least one.
    pub issuers: Spanned<Vec<TokenIssuerSettings>>,
    /// The longest `exp − iat`. Against tokens that live on after they were stolen.
    #[serde(default = "usual::max_lifetime")]
    pub max_lifetime: Spanned<Interval>,
    /// How far clocks may differ, for `exp` and `nbf`.
    #[serde(default = "usual::leeway")]
    pub leeway: Spanned<Interval>,
    /// How far `iat` may lie ahead. Against tokens made for later.
    #[serde(default = "usual::max_ahead")]
    pub max_ahead: Spanned<Interval>,
    /// How long a verified token is remembered, if it does not expire before.
    #[serde(default = "usual::cache_time")]
    pub cache_time: Spanned<Interval>,
}

/// An authorization server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenIssuerSettings {
    /// The name by which agency files mean it.
    pub name: Spanned<String>,
    /// The exact value of the `iss` claim.
    pub issuer: Spanned<String>,
    /// The key set (JWKS) with which it signs; a relative path starts from the configuration folder.
    /// With `url`, the gateway keeps there what it fetched last.
    pub jwks: Spanned<PathBuf>,
    /// Where the issuer publishes the key set, `https://` only. Not written: whoever writes the file
    /// renews it.
    pub url: Option<Spanned<String>>,
    /// The authorities of the server of that address: no other vouches for it.
    pub ca: Option<Spanned<PathBuf>>,
    /// Time between two looks at the address. A key that the set does not hold is looked for earlier.
    #[serde(default = "usual::every")]
    pub every: Spanned<Interval>,
}

/// The values of what is not written.
mod usual {
    use super::{Duration, Interval, Spanned};

    pub(super) fn max_lifetime() -> Spanned<Interval> {
        seconds(10 * 60)
    }

    pub(super) fn leeway() -> Spanned<Interval> {
        seconds(10)
    }

    pub(super) fn max_ahead() -> Spanned<Interval> {
        seconds(60)
    }

    pub(super) fn cache_time() -> Spanned<Interval> {
        seconds(60)
    }

    pub(super) fn every() -> Spanned<Interval> {
        seconds(10 * 60)
    }

    fn seconds(number: u64) -> Spanned<Interval> {
        Spanned::new(0..0, Interval(Duration::from_secs(number)))
    }
}
