//! Certificates in PEM files. A file is taken whole or not at all.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::TrustError;

/// Every certificate of a PEM file, in its order; one that cannot be read fails the file.
pub(crate) fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let pem = std::fs::read(path).map_err(|source| TrustError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let mut certificates = Vec::new();
    for (index, certificate) in CertificateDer::pem_slice_iter(&pem).enumerate() {
        certificates.push(certificate.map_err(|_| TrustError::BadCertificate {
            path: path.to_owned(),
            number: index + 1,
        })?);
    }
    if certificates.is_empty() {
        return Err(TrustError::NoCertificate(path.to_owned()));
    }
    // The PEM reader passes over sections of other kinds, and over labels with a typing mistake.
    let sections = pem.windows(10).filter(|window| window == b"-----BEGIN").count();
    if sections != certificates.len() {
        return Err(TrustError::NotOnlyCertificates(path.to_owned()));
    }
    Ok(certificates)
}

/// The certificates of a PEM bundle, each of them an authority's.
pub(crate) fn read_authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let certificates = read_certificates(path)?;
    for (number, certificate) in (1..).zip(&certificates) {
        let bad = || TrustError::BadCertificate {
            path: path.to_owned(),
            number,
        };
        let (rest, parsed) = X509Certificate::from_der(certificate).map_err(|_| bad())?;
        if !rest.is_empty() {
            return Err(bad());
        }
        if !parsed.is_ca() {
            return Err(TrustError::NotAnAuthority {
                path: path.to_owned(),
                number,
            });
        }
        RootCertStore::empty()
            .add(certificate.clone())
            .map_err(|_| bad())?;
    }
    Ok(certificates)
}

/// The subject in DER.
pub(super) fn subject(certificate: &CertificateDer<'_>) -> Vec<u8> {
    X509Certificate::from_der(certificate)
        .map_or_else(|_| Vec::new(), |(_, one)| one.subject().as_raw().to_vec())
}
