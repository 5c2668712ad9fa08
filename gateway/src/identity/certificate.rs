//! The facts of a client certificate, read once a connection.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::trust::ClientTrust;
use crate::clock::Moment;

/// What a client certificate says. Which agency that is, is asked anew on every request.
#[derive(Clone, Debug)]
pub struct PeerCertificate {
    fingerprint: [u8; 32],
    ca: Arc<str>,
    san_uris: Vec<Box<str>>,
    not_before: Moment,
    not_after: Moment,
}

/// Why a chain has no facts to offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The peer sent no certificate.
    #[error("the peer sent no certificate")]
    Missing,
    /// The leaf is not one well-formed certificate.
    #[error("the client certificate cannot be read")]
    Unreadable,
    /// The chain leads to none of the configured authorities, or to more than one.
    #[error("the client certificate does not lead to exactly one configured authority")]
    Untrusted,
}

impl PeerCertificate {
    /// Reads the leaf of a chain, leaf first as TLS has it, and finds the authority by verifying
    /// the chain against each of `trust`.
    pub fn read(
        chain: &[CertificateDer<'_>],
        trust: &ClientTrust,
        now: Moment,
    ) -> Result<Self, CertificateError> {
        let leaf = chain.first().ok_or(CertificateError::Missing)?;
        let (rest, certificate) =
            X509Certificate::from_der(leaf).map_err(|_| CertificateError::Unreadable)?;
        if !rest.is_empty() {
            return Err(CertificateError::Unreadable);
        }
        let names = certificate
            .subject_alternative_name()
            .map_err(|_| CertificateError::Unreadable)?;
        let san_uris = names
            .iter()
            .flat_map(|names| &names.value.general_names)
            .filter_map(|name| match name {
                GeneralName::URI(uri) => Some(Box::from(*uri)),
                _ => None,
            })
            .collect();
        Ok(Self {
            fingerprint: Sha256::digest(leaf).into(),
            ca: trust
                .authority_of(chain, now)
                .ok_or(CertificateError::Untrusted)?,
            san_uris,
            not_before: seconds(certificate.validity().not_before.timestamp()),
            not_after: seconds(certificate.validity().not_after.timestamp()),
        })
    }

    /// SHA-256 of the certificate's DER.
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// The name of the configured authority that the chain leads to.
    pub fn ca(&self) -> &str {
        &self.ca
    }

    /// Every URI among the subject's alternative names.
    pub fn san_uris(&self) -> impl Iterator<Item = &str> {
        self.san_uris.iter().map(AsRef::as_ref)
    }

    /// The last moment of its validity.
    pub fn not_after(&self) -> Moment {
        self.not_after
    }

    /// Whether its validity covers the moment; both ends belong to it (RFC 5280 §4.1.2.5).
    pub fn is_valid_at(&self, now: Moment) -> bool {
        self.not_before <= now && now.unix_seconds() <= self.not_after.unix_seconds()
    }
}

fn seconds(since_epoch: i64) -> Moment {
    Moment(since_epoch.saturating_mul(1_000_000))
}
