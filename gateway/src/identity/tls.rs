//! The TLS side of the listener.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::{NoServerSessionStorage, ServerConfig};

use super::trust::{ClientTrust, TrustError, crypto_provider, read_certificates};

/// The protocol that is spoken on the listener (RFC 9113 §3.2).
pub const ALPN_H2: &[u8] = b"h2";

/// The gateway's own certificate.
#[derive(Clone, Debug)]
pub struct ServerCertificate {
    /// PEM file: the certificate, then its intermediates.
    pub chain: PathBuf,
    /// PEM file: its private key.
    pub key: PathBuf,
}

/// TLS 1.3 alone, HTTP/2 alone, client certificate mandatory, no resumption.
///
/// Resumption is off because rustls restores a stored client chain without asking again whether
/// it is revoked, expired or still trusted. A peer that offers no ALPN at all gets through the
/// handshake: the listener must compare `alpn_protocol()` with [`ALPN_H2`] afterwards.
pub fn server_config(own: &ServerCertificate, trust: &ClientTrust) -> Result<ServerConfig, TrustError> {
    let chain = read_certificates(&own.chain)?;
    let key = PrivateKeyDer::from_pem_file(&own.key).map_err(|_| TrustError::BadKey(own.key.clone()))?;
    let mut config = ServerConfig::builder_with_provider(crypto_provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TrustError::Tls)?
        .with_client_cert_verifier(trust.verifier())
        .with_single_cert(chain, key)
        .map_err(TrustError::ServerCertificate)?;
    config.alpn_protocols = vec![ALPN_H2.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(config)
}
