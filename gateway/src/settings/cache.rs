//! Section `[cache]`: memory for answers.

use adapters::settings::Size;
use serde::Deserialize;
use toml::Spanned;

/// Memory for kept answers of all registries together. How long they are kept stands in the
/// registries' own files.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheSettings {
    /// Bytes of keys and answers.
    pub size: Spanned<Size>,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            size: Spanned::new(0..0, Size(64 << 20)),
        }
    }
}
