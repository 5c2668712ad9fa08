//! Section `[telemetry]`: what the program says about itself.

use serde::Deserialize;
use toml::Spanned;

/// What is said, and in which form.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetrySettings {
    /// Which events are written: a level, or `target=level` pairs with commas between them.
    pub filter: Spanned<String>,
    /// The form of a line.
    pub format: LogFormat,
}

/// The form of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self {
            filter: Spanned::new(0..0, "info".to_owned()),
            format: LogFormat::Text,
        }
    }
}
