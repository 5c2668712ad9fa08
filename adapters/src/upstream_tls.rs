//! TLS to a registry: its certificate must come from the configured authority and from no other.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::connect::ConnectError;

/// The files of a TLS connection.
pub(crate) struct Files<'a> {
    /// The authorities that the registry's certificate may come from, PEM.
    pub(crate) ca: &'a Path,
    /// The gateway's own certificate and key, PEM, where the registry asks for them.
    pub(crate) own: Option<(&'a Path, &'a Path)>,
}

/// TLS 1.2 and 1.3, with the configured authorities alone.
pub(crate) fn client_config(files: &Files<'_>) -> Result<ClientConfig, ConnectError> {
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
