//! Section `[tls]`: who the gateway is, and which authorities vouch for its callers.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

/// The gateway's certificate and the authorities of its callers. Files are PEM; relative paths
/// start from the configuration folder.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSettings {
    /// The gateway's certificate, with the certificates between it and its authority.
    pub certificate: Spanned<PathBuf>,
    /// The private key of that certificate. Only its owner may read the file.
    pub key: Spanned<PathBuf>,
    /// The authorities whose client certificates are looked at. At least one.
    pub client_ca: Spanned<Vec<ClientCa>>,
}

/// An authority that vouches for client certificates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCa {
    /// The name by which agency files mean it.
    pub name: Spanned<String>,
    /// Its certificate.
    pub file: Spanned<PathBuf>,
}
