//! The facts of a client certificate, read once a connection, and where its chain stands.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::trust::ClientTrust;
use crate::clock::Moment;

/// How long a refusal is remembered: a minute.
const REFUSED_MICROS: i64 = 60 * 1_000_000;

/// What a client certificate says. Which agency that is, is asked anew on every request.
#[derive(Debug)]
pub struct PeerCertificate {
    /// As the peer sent it, leaf first.
    chain: Vec<CertificateDer<'static>>,
    fingerprint: [u8; 32],
    san_uris: Vec<Box<str>>,
    not_before: Moment,
    not_after: Moment,
    standing: ArcSwap<Standing>,
}

/// What a trust says of a chain. Verifying takes a signature or two, so it is remembered as long as
/// neither the trust changes nor the time brings a change.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    /// The trust's number.
    generation: u64,
    /// The authority that the chain leads to, or led to last.
    pub(super) authority: Arc<str>,
    /// Whether it still does.
    pub(super) refused: Option<CertificateError>,
    /// From when this counts.
    since: Moment,
    /// The first moment at which this may be otherwise.
    pub(super) until: Moment,
}

/// Why a chain does not stand for anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The peer sent no certificate.
    #[error("the peer sent no certificate")]
    Missing,
    /// The leaf is not one well-formed certificate.
    #[error("the client certificate cannot be read")]
    Unreadable,
    /// The chain leads to none of the configured authorities.
    #[error("the client certificate does not lead to a configured authority")]
    Untrusted,
    /// The chain leads to more than one of the configured authorities.
    #[error("the client certificate leads to more than one configured authority")]
    Several,
    /// A name of the certificate is outside the name constraints of its chain (RFC 5280 §4.2.1.10).
    #[error("an authority of the client's chain may not give the certificate's names")]
    NotPermitted,
    /// The chain is longer than one of its authorities allows (RFC 5280 §4.2.1.9).
    #[error("the client's chain is longer than an authority of it allows")]
    TooLong,
    /// A certificate of the chain does not count yet.
    #[error("a certificate of the client's chain is not valid yet")]
    NotYetValid,
    /// A certificate of the chain has ended.
    #[error("a certificate of the client's chain has expired")]
    Expired,
    /// The certificate does not say that it is for clients (RFC 5280 §4.2.1.12).
    #[error("the client certificate is not one for clients")]
    NotForClients,
    /// A certificate of the chain stands in a revocation list.
    #[error("a certificate of the client's chain is revoked")]
    Revoked,
    /// No list that counts now says whether the chain is revoked.
    #[error("no revocation list in force speaks of the client's chain")]
    RevocationUnknown,
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
        let verified = trust.verify(chain, now)?;
        let standing = Standing {
            generation: trust.generation(),
            authority: verified.authority,
            refused: None,
            since: Moment(i64::MIN),
            until: verified.until,
        };
        Ok(Self {
            fingerprint: Sha256::digest(leaf).into(),
            san_uris,
            not_before: Moment::from_unix_seconds(certificate.validity().not_before.timestamp()),
            not_after: Moment::from_unix_seconds(certificate.validity().not_after.timestamp()),
            chain: chain.iter().cloned().map(CertificateDer::into_owned).collect(),
            standing: ArcSwap::from_pointee(standing),
        })
    }

    /// SHA-256 of the certificate's DER.
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
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

    /// What `trust` says of the chain now. Verified once for each trust, and again when time may
    /// have changed the outcome.
    pub(super) fn standing(&self, trust: &ClientTrust, now: Moment) -> Arc<Standing> {
        let known = self.standing.load();
        if known.generation == trust.generation() && known.since <= now && now < known.until {
            return Arc::clone(&known);
        }
        let standing = match trust.verify(&self.chain, now) {
            Ok(verified) => Standing {
                generation: trust.generation(),
                authority: verified.authority,
                refused: None,
                since: Moment(i64::MIN),
                until: verified.until,
            },
            Err(refused) => Standing {
                generation: trust.generation(),
                authority: Arc::clone(&known.authority),
                refused: Some(refused),
                // A refusal is asked anew now and then: the clock may have been wrong.
                since: now,
                until: Moment(now.0.saturating_add(REFUSED_MICROS)),
            },
        };
        let standing = Arc::new(standing);
        self.standing.store(Arc::clone(&standing));
        standing
    }
}

impl CertificateError {
    pub(super) fn from_tls(error: &rustls::Error) -> Self {
        use rustls::CertificateError as Tls;
        match error {
            rustls::Error::InvalidCertRevocationList(_) => Self::RevocationUnknown,
            rustls::Error::InvalidCertificate(error) => match error {
                Tls::Revoked => Self::Revoked,
                Tls::UnknownRevocationStatus
                | Tls::ExpiredRevocationList
                | Tls::ExpiredRevocationListContext { .. } => Self::RevocationUnknown,
                Tls::Expired | Tls::ExpiredContext { .. } => Self::Expired,
                Tls::NotValidYet | Tls::NotValidYetContext { .. } => Self::NotYetValid,
                Tls::InvalidPurpose | Tls::InvalidPurposeContext { .. } => Self::NotForClients,
                Tls::BadEncoding => Self::Unreadable,
                // rustls passes on what it has no word for; the tests of the certificate table hold these to be the words.
                Tls::Other(other) => match other.0.to_string().as_str() {
                    "NameConstraintViolation" => Self::NotPermitted,
                    "PathLenConstraintViolated" => Self::TooLong,
                    _ => Self::Untrusted,
                },
                _ => Self::Untrusted,
            },
            _ => Self::Untrusted,
        }
    }

    /// As TLS knows it; the alert that the peer gets follows from it.
    pub(super) fn for_tls(self) -> rustls::CertificateError {
        use rustls::CertificateError as Tls;
        match self {
            Self::Missing | Self::Unreadable => Tls::BadEncoding,
            Self::Untrusted => Tls::UnknownIssuer,
            Self::Several | Self::NotPermitted | Self::TooLong => {
                Tls::Other(rustls::OtherError(Arc::new(self)))
            }
            Self::NotYetValid => Tls::NotValidYet,
            Self::Expired => Tls::Expired,
            Self::Revoked => Tls::Revoked,
            Self::NotForClients => Tls::InvalidPurpose,
            Self::RevocationUnknown => Tls::UnknownRevocationStatus,
        }
    }
}
