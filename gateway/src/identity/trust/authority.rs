//! One authority, ready to verify chains.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{TrustError, crypto_provider};
use crate::clock::Moment;
use crate::identity::revocation::RevocationList;

/// A certificate authority as the configuration has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NamedCa {
    /// The name by which agency files mean it.
    pub name: String,
    /// A PEM bundle of one or more CA certificates.
    pub pem: PathBuf,
    /// A PEM bundle of the certificates between it and its clients that sign lists of their own.
    pub intermediates: Option<PathBuf>,
    /// Files of revocation lists. None: revocation is not checked.
    pub lists: Option<Vec<PathBuf>>,
}

/// An authority with what it verifies by.
#[derive(Clone, Debug)]
pub(super) struct Authority {
    pub(super) name: Arc<str>,
    /// One for each certificate of the bundle: two may have one subject, and then each has lists of
    /// its own.
    pub(super) verifiers: Vec<Arc<dyn ClientCertVerifier>>,
    pub(super) lists: Vec<RevocationList>,
}

impl Authority {
    /// The first moment after `now` at which time alone may change what is said of the chain.
    pub(super) fn next_change(&self, chain: &[CertificateDer<'_>], now: Moment) -> Moment {
        let parsed = chain.iter().filter_map(|one| X509Certificate::from_der(one).ok());
        let of_certificates = parsed.flat_map(|(_, one)| {
            let validity = one.validity();
            // The last second of validity belongs to it (RFC 5280 §4.1.2.5).
            let end = validity.not_after.timestamp().saturating_add(1);
            [validity.not_before.timestamp(), end].map(Moment::from_unix_seconds)
        });
        of_certificates
            .chain(self.lists.iter().map(RevocationList::next_update))
            .filter(|moment| *moment > now)
            .min()
            .unwrap_or(Moment(i64::MAX))
    }
}

/// A verifier for each certificate of the bundle, with the lists that it or an intermediate signed.
/// One without a list of its own would refuse every client: that is told at once.
pub(super) fn verifiers(
    named: &NamedCa,
    certificates: &[CertificateDer<'static>],
    lists: &[RevocationList],
) -> Result<Vec<Arc<dyn ClientCertVerifier>>, TrustError> {
    let of_root = |list: &&RevocationList| certificates.iter().any(|root| list.is_signed_by(root));
    let (of_roots, of_others): (Vec<_>, Vec<_>) = lists.iter().partition(of_root);
    let mut verifiers = Vec::new();
    for (number, root) in (1..).zip(certificates) {
        let own: Vec<_> = of_roots.iter().filter(|list| list.is_signed_by(root)).collect();
        if named.lists.is_some() && own.is_empty() {
            return Err(TrustError::NoListOf {
                path: named.pem.clone(),
                number,
            });
        }
        let mut roots = RootCertStore::empty();
        roots.add(root.clone()).map_err(|_| TrustError::BadCertificate {
            path: named.pem.clone(),
            number,
        })?;
        let lists = own.into_iter().chain(&of_others).map(|list| list.der().clone());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), crypto_provider())
            .with_crls(lists)
            .enforce_revocation_expiration()
            .build()
            .map_err(TrustError::Verifier)?;
        verifiers.push(verifier);
    }
    Ok(verifiers)
}

/// Whether the certificate says itself that it is for clients. To webpki one that says nothing is for
/// everything.
pub(super) fn is_for_clients(leaf: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(leaf).is_ok_and(|(_, leaf)| {
        let usage = leaf.extended_key_usage();
        usage.is_ok_and(|usage| usage.is_some_and(|usage| usage.value.client_auth))
    })
}

/// SHA-256 of all that an authority is made of.
pub(super) fn digest_of(
    named: &NamedCa,
    certificates: &[CertificateDer<'_>],
    lists: &[RevocationList],
) -> [u8; 32] {
    let checked = [u8::from(named.lists.is_some())];
    let mut parts = vec![named.name.as_bytes(), &checked];
    parts.extend(certificates.iter().map(|certificate| certificate.as_ref()));
    for list in lists {
        parts.extend([list.file().as_os_str().as_encoded_bytes(), list.der().as_ref()]);
    }
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}
