//! Section `[telemetry]`: what the program says about itself.

use std::net::{IpAddr, SocketAddr};

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
    /// Where the page of metrics is, such as `"127.0.0.1:9464"`; none when it is not written. Port 0 takes a free one.
    pub metrics: Option<Spanned<MetricsAddress>>,
}

/// Where metrics are told, over plain HTTP and to whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct MetricsAddress(pub SocketAddr);

impl MetricsAddress {
    /// Whether it is one of this machine alone, or of a private network (RFC 1918, RFC 4193).
    pub fn is_private(self) -> bool {
        match self.0.ip() {
            IpAddr::V4(address) => address.is_loopback() || address.is_private(),
            IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
        }
    }
}

impl TryFrom<String> for MetricsAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wanted = || format!("found {text:?}, wanted an address and a port such as \"127.0.0.1:9464\"");
        text.parse().map(Self).map_err(|_| wanted())
    }
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
            metrics: None,
        }
    }
}
