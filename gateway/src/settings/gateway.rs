//! `gateway.toml`: the settings of the gateway itself, a section a part.

use serde::Deserialize;

use super::audit::AuditSettings;
use super::cache::CacheSettings;
use super::listener::ListenerSettings;
use super::telemetry::TelemetrySettings;
use super::tls::TlsSettings;
use super::token::TokenSettings;

/// What `gateway.toml` says. A part of the program gets its section, never the whole.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySettings {
    /// Where and how connections are taken.
    #[serde(default)]
    pub listener: ListenerSettings,
    /// The gateway's certificate and the authorities of its callers.
    pub tls: TlsSettings,
    /// What a token must keep.
    pub token: TokenSettings,
    /// The access log.
    pub audit: AuditSettings,
    /// Memory for answers of all registries together.
    #[serde(default)]
    pub cache: CacheSettings,
    /// What the program says about itself.
    #[serde(default)]
    pub telemetry: TelemetrySettings,
}
