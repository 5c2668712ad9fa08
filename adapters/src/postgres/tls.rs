//! TLS to a registry: its certificate must come from the configured authority and from no other.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::settings::Settings;
use crate::connect::ConnectError;

/// How connections are secured: by the configured authority, or not at all on a socket of this machine.
pub(super) fn connector(settings: &Settings, base: &Path) -> Result<MakeRustlsConnect, ConnectError> {
    let Some(ca) = &settings.ca else {
        // For a socket of this machine; no certificate would be accepted.
        let nobody = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| ConnectError::Unreachable {
                what: error.to_string(),
            })?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        return Ok(MakeRustlsConnect::new(nobody));
    };
    let ca = base.join(ca.get_ref());
    let own = settings.certificate.as_ref().zip(settings.key.as_ref());
    let own = own.map(|(certificate, key)| (base.join(certificate.get_ref()), base.join(key.get_ref())));
    let files = Files {
        ca: &ca,
        own: own
            .as_ref()
            .map(|(certificate, key)| (certificate.as_path(), key.as_path())),
    };
    client_config(&files).map(MakeRustlsConnect::new)
}

/// The files of a TLS connection.
struct Files<'a> {
    /// The authorities that the registry's certificate may come from, PEM.
    ca: &'a Path,
    /// The gateway's own certificate and key, PEM, where the registry asks for them.
    own: Option<(&'a Path, &'a Path)>,
}

/// TLS 1.2 and 1.3, with the configured authorities alone.
fn client_config(files: &Files<'_>) -> Result<ClientConfig, ConnectError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(files.ca)? {
        roots
            .add(certificate)
            .map_err(|_| unusable(files.ca, "is no authority's certificate"))?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| unusable(files.ca, "goes with no version of TLS"))?
        .with_root_certificates(roots);
    match files.own {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => {
            let key_der =
                PrivateKeyDer::from_pem_file(key).map_err(|_| unusable(key, "holds no readable key"))?;
            builder
                .with_client_auth_cert(certificates(certificate)?, key_der)
                .map_err(|_| unusable(certificate, "does not go with its key"))
        }
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(unusable(path, "holds no readable certificate")),
    }
}

fn unusable(path: &Path, what: &str) -> ConnectError {
    ConnectError::Unreachable {
        what: format!("{} {what}", path.display()),
    }
}
