//! `gateway.toml`: the settings of the gateway itself, a section a part.

use std::path::PathBuf;

use serde::Deserialize;

use super::audit::AuditSettings;
use super::listener::ListenerSettings;
use super::telemetry::TelemetrySettings;
use super::tls::{ClientCa, TlsSettings};
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
    /// What the program says about itself.
    #[serde(default)]
    pub telemetry: TelemetrySettings,
}

impl GatewaySettings {
    /// The files that are put in force with the tree and hold no secret, as they are written.
    pub(super) fn public_files(&self) -> impl Iterator<Item = &PathBuf> {
        let authorities = self.tls.client_ca.get_ref().iter().flat_map(ClientCa::files);
        let issuers = self.token.issuers.get_ref().iter();
        [self.tls.certificate.get_ref()]
            .into_iter()
            .chain(authorities)
            .chain(
                issuers
                    .clone()
                    .filter_map(|issuer| Some(issuer.ca.as_ref()?.get_ref())),
            )
            .chain(issuers.map(|issuer| issuer.jwks.get_ref()))
    }
}
