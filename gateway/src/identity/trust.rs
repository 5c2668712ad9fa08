//! The certificate authorities of the agencies, their revocation lists, and which of them a chain
//! leads to.
//!
//! | file | idea |
//! |---|---|
//! | `bundle` | certificates in PEM files |
//! | `lists` | the revocation lists of one authority, and whether they are believed |
//! | `authority` | one authority, ready to verify chains |
//! | `error` | why they can't be loaded |

mod authority;
mod bundle;
mod error;
mod lists;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls::DistinguishedName;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use sha2::{Digest as _, Sha256};

pub use authority::NamedCa;
use authority::{Authority, digest_of, is_for_clients, verifiers};
use bundle::subject;
pub(crate) use bundle::{read_authorities, read_certificates};
pub use error::TrustError;
use lists::lists_of;
pub(crate) use lists::try_lists;

use super::certificate::CertificateError;
use super::handshake::Handshake;
use crate::clock::Moment;

/// Every configured authority with its revocation lists.
#[derive(Clone, Debug)]
pub struct ClientTrust {
    authorities: Vec<Authority>,
    kept: Vec<Arc<TrustError>>,
    /// SHA-256 of all that it was made of.
    digest: [u8; 32],
    generation: u64,
}

/// The state of one revocation list in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListState {
    /// The name of its authority.
    pub authority: Arc<str>,
    /// The file that it was read from.
    pub file: PathBuf,
    /// When it was made.
    pub this_update: Moment,
    /// From this moment on every certificate that it speaks of is refused.
    pub next_update: Moment,
}

impl ListState {
    /// Seconds until the next update; negative after it.
    #[must_use]
    pub fn seconds_left(&self, now: Moment) -> i64 {
        self.next_update.unix_seconds() - now.unix_seconds()
    }

    /// Whether it is in the last quarter of its time, or past it: somebody is to be warned.
    #[must_use]
    pub fn ends_soon(&self, now: Moment) -> bool {
        let whole = self.next_update.0.saturating_sub(self.this_update.0);
        self.next_update.0.saturating_sub(now.0) <= whole / 4
    }
}

/// What a chain leads to.
#[derive(Clone, Debug)]
pub(super) struct Verified {
    pub(super) authority: Arc<str>,
    /// The first moment at which the outcome may be another one.
    pub(super) until: Moment,
}

impl ClientTrust {
    /// Loads every bundle and every list whole, or nothing.
    pub fn load(authorities: &[NamedCa], now: Moment) -> Result<Self, TrustError> {
        Self::build(authorities, None, now)
    }

    /// As [`Self::load`], where a list that can't be used now leaves the last good one of that file
    /// in force; [`Self::kept`] tells. The same trust as before when nothing changed.
    pub fn renew(before: &Arc<Self>, authorities: &[NamedCa], now: Moment) -> Result<Arc<Self>, TrustError> {
        let renewed = Self::build(authorities, Some(before), now)?;
        // Told is what is kept and why; the same again is no news.
        let told = |trust: &Self| format!("{:?}", trust.kept);
        if renewed.digest == before.digest && told(&renewed) == told(before) {
            return Ok(Arc::clone(before));
        }
        Ok(Arc::new(renewed))
    }

    fn build(authorities: &[NamedCa], before: Option<&Self>, now: Moment) -> Result<Self, TrustError> {
        let mut subjects: HashMap<Vec<u8>, &str> = HashMap::new();
        let mut digest = Sha256::new();
        let (mut loaded, mut kept): (Vec<Authority>, Vec<Arc<TrustError>>) = (Vec::new(), Vec::new());
        for named in authorities {
            if loaded.iter().any(|other| *other.name == *named.name) {
                return Err(TrustError::NameTwice(named.name.clone()));
            }
            let certificates = read_authorities(&named.pem)?;
            for certificate in &certificates {
                let other = subjects.insert(subject(certificate), &named.name);
                if let Some(other) = other.filter(|other| *other != named.name) {
                    return Err(TrustError::SubjectTwice(other.to_owned(), named.name.clone()));
                }
            }
            let last =
                before.and_then(|before| before.authorities.iter().find(|one| *one.name == *named.name));
            let last = last.map_or(&[][..], |authority| &authority.lists);
            let lists = lists_of(named, &certificates, last, now, &mut kept)?;
            digest.update(digest_of(named, &certificates, &lists));
            loaded.push(Authority {
                name: named.name.as_str().into(),
                verifiers: verifiers(named, &certificates, &lists)?,
                lists,
            });
        }
        if loaded.is_empty() {
            return Err(TrustError::Empty);
        }
        static GENERATION: AtomicU64 = AtomicU64::new(0);
        Ok(Self {
            authorities: loaded,
            kept,
            digest: digest.finalize().into(),
            generation: GENERATION.fetch_add(1, Ordering::Relaxed),
        })
    }

    /// The verifier for the handshake: a chain must lead to exactly one of the authorities.
    pub fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::new(Handshake::new(self.clone()))
    }

    /// A number that no other trust of this process has.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The lists that could not be used, so that the last good ones are still in force.
    pub fn kept(&self) -> &[Arc<TrustError>] {
        &self.kept
    }

    /// The lists in force.
    pub fn lists(&self) -> impl Iterator<Item = ListState> {
        self.authorities.iter().flat_map(|authority| {
            authority.lists.iter().map(|list| ListState {
                authority: Arc::clone(&authority.name),
                file: list.file().to_owned(),
                this_update: list.this_update(),
                next_update: list.next_update(),
            })
        })
    }

    /// The subjects of all authorities, as the handshake names them to the peer.
    pub(super) fn subjects(&self) -> Vec<DistinguishedName> {
        let all = self.authorities.iter().flat_map(|authority| &authority.verifiers);
        all.flat_map(|one| one.root_hint_subjects().to_vec()).collect()
    }

    /// The one authority that the chain leads to, leaf first as TLS has it.
    ///
    /// The chain is verified against each authority alone. Its names would not do: a peer may add
    /// a certificate of another authority to its own chain, and verification passes over it.
    pub(super) fn verify(
        &self,
        chain: &[CertificateDer<'_>],
        now: Moment,
    ) -> Result<Verified, CertificateError> {
        let (leaf, intermediates) = chain.split_first().ok_or(CertificateError::Missing)?;
        let seconds = now.unix_seconds().try_into().unwrap_or(0);
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let mut found: Option<&Authority> = None;
        let mut refused = CertificateError::Untrusted;
        for authority in &self.authorities {
            for verifier in &authority.verifiers {
                match verifier.verify_client_cert(leaf, intermediates, time) {
                    Ok(_) if found.is_some_and(|other| other.name != authority.name) => {
                        return Err(CertificateError::Several);
                    }
                    Ok(_) => found = Some(authority),
                    // One authority does not know the chain; what another says of it tells more.
                    Err(error) if refused == CertificateError::Untrusted => {
                        refused = CertificateError::from_tls(&error);
                    }
                    Err(_) => {}
                }
            }
        }
        let authority = found.ok_or(refused)?;
        if !is_for_clients(leaf) {
            return Err(CertificateError::NotForClients);
        }
        Ok(Verified {
            authority: Arc::clone(&authority.name),
            until: authority.next_change(chain, now),
        })
    }
}

/// The one cryptography of the process (AWS-LC, hybrid post-quantum key exchange preferred),
/// installed on the first call.
pub fn crypto_provider() -> Arc<CryptoProvider> {
    if CryptoProvider::get_default().is_none() {
        // An error says that another thread was faster, with the same provider.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    CryptoProvider::get_default()
        .cloned()
        .unwrap_or_else(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}
