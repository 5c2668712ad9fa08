//! The certificate authorities of the agencies, their revocation lists, and which of them a chain
//! leads to.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{DistinguishedName, RootCertStore};
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::certificate::CertificateError;
use super::handshake::Handshake;
use super::revocation::{RevocationError, RevocationList};
use crate::clock::Moment;

/// A certificate authority as the configuration has it.
#[derive(Clone, Debug, Default)]
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

/// Why authorities cannot be loaded. One bad certificate fails the whole load: a bundle that is
/// trusted in part is not what the operator wrote.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum TrustError {
    #[error("certificate authority {0} is declared twice")]
    NameTwice(String),
    #[error("no certificate authority is configured")]
    Empty,
    #[error("{} cannot be read", .path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} holds no certificate", .0.display())]
    NoCertificate(PathBuf),
    #[error("certificate {number} of {} cannot be read", .path.display())]
    BadCertificate { path: PathBuf, number: usize },
    #[error("certificate {number} of {} is not that of a certificate authority", .path.display())]
    NotAnAuthority { path: PathBuf, number: usize },
    #[error("{} holds something that is not a certificate", .0.display())]
    NotOnlyCertificates(PathBuf),
    #[error("certificate authorities {0} and {1} have a certificate with the same subject")]
    SubjectTwice(String, String),
    #[error("revocation of certificate authority {0} is to be checked, and no list is configured")]
    NoList(String),
    #[error("certificate {number} of {} has no revocation list", .path.display())]
    NoListOf { path: PathBuf, number: usize },
    #[error("{}", .file.display())]
    List {
        file: PathBuf,
        #[source]
        source: RevocationError,
    },
    #[error("the verifier of client certificates cannot be made")]
    Verifier(#[source] rustls::server::VerifierBuilderError),
    #[error("the server certificate or its key cannot be used")]
    ServerCertificate(#[source] rustls::Error),
    #[error("{} holds no readable private key", .0.display())]
    BadKey(PathBuf),
    #[error("the TLS settings are not possible")]
    Tls(#[source] rustls::Error),
}

/// Every configured authority with its revocation lists.
#[derive(Clone, Debug)]
pub struct ClientTrust {
    authorities: Vec<Authority>,
    kept: Vec<Arc<TrustError>>,
    /// SHA-256 of all that it was made of.
    digest: [u8; 32],
    generation: u64,
}

#[derive(Clone, Debug)]
struct Authority {
    name: Arc<str>,
    /// One for each certificate of the bundle: two may have one subject, and then each has lists of
    /// its own.
    verifiers: Vec<Arc<dyn ClientCertVerifier>>,
    lists: Vec<RevocationList>,
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
        if renewed.digest == before.digest && renewed.kept.is_empty() && before.kept.is_empty() {
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
                        return Err(CertificateError::Untrusted);
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

impl Authority {
    /// The first moment after `now` at which time alone may change what is said of the chain.
    fn next_change(&self, chain: &[CertificateDer<'_>], now: Moment) -> Moment {
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

/// Reads the lists of one authority, newest first. One that can't be used leaves `last` in force.
fn lists_of(
    named: &NamedCa,
    certificates: &[CertificateDer<'static>],
    last: &[RevocationList],
    now: Moment,
    kept: &mut Vec<Arc<TrustError>>,
) -> Result<Vec<RevocationList>, TrustError> {
    let Some(files) = &named.lists else {
        return Ok(Vec::new());
    };
    if files.is_empty() {
        return Err(TrustError::NoList(named.name.clone()));
    }
    let between = match &named.intermediates {
        Some(path) => read_authorities(path)?,
        None => Vec::new(),
    };
    let signers: Vec<_> = certificates.iter().chain(&between).collect();
    let mut lists = Vec::new();
    for file in files {
        let of_file: Vec<_> = last.iter().filter(|list| list.file() == file).cloned().collect();
        let read = RevocationList::read(file, now).and_then(|lists| believed(lists, &signers, &of_file));
        match read {
            Ok(read) => lists.extend(read),
            Err(source) => {
                let error = TrustError::List {
                    file: file.clone(),
                    source,
                };
                let still = !of_file.is_empty() && of_file.iter().all(|list| is_signed(list, &signers));
                if !still {
                    return Err(error);
                }
                lists.extend(of_file);
                kept.push(Arc::new(error));
            }
        }
    }
    // Verification takes the first list that fits.
    lists.sort_by_key(|list| std::cmp::Reverse(list.this_update()));
    Ok(lists)
}

/// Whether lists are good for an authority: those in a file, or `bytes` that are to take its place.
pub(crate) fn try_lists(
    named: &NamedCa,
    file: &Path,
    bytes: Option<&[u8]>,
    now: Moment,
) -> Result<Result<(), RevocationError>, TrustError> {
    let mut signers = read_authorities(&named.pem)?;
    if let Some(path) = &named.intermediates {
        signers.extend(read_authorities(path)?);
    }
    let signers: Vec<_> = signers.iter().collect();
    let there = RevocationList::read(file, now);
    let tried = match bytes {
        None => there.and_then(|lists| believed(lists, &signers, &[])),
        Some(bytes) => RevocationList::parse(bytes, file, now)
            .and_then(|lists| believed(lists, &signers, &there.unwrap_or_default())),
    };
    Ok(tried.map(drop))
}

/// The lists, when one of `signers` signed each of them and none is older than what is in force.
fn believed(
    lists: Vec<RevocationList>,
    signers: &[&CertificateDer<'static>],
    in_force: &[RevocationList],
) -> Result<Vec<RevocationList>, RevocationError> {
    for (number, list) in (1..).zip(&lists) {
        if !is_signed(list, signers) {
            return Err(RevocationError::Stranger(number));
        }
        let newer = |other: &&RevocationList| {
            list.is_of_same_issuer(other) && other.this_update() > list.this_update()
        };
        if in_force.iter().any(|other| newer(&other)) {
            return Err(RevocationError::Older(number));
        }
    }
    Ok(lists)
}

fn is_signed(list: &RevocationList, signers: &[&CertificateDer<'static>]) -> bool {
    signers.iter().any(|signer| list.is_signed_by(signer))
}

/// A verifier for each certificate of the bundle, with the lists that it or an intermediate signed.
/// One without a list of its own would refuse every client: that is told at once.
fn verifiers(
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

/// Every certificate of a PEM file, in its order; one that cannot be read fails the file.
pub(super) fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
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

/// Whether the certificate says itself that it is for clients. To webpki one that says nothing is for
/// everything.
fn is_for_clients(leaf: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(leaf).is_ok_and(|(_, leaf)| {
        let usage = leaf.extended_key_usage();
        usage.is_ok_and(|usage| usage.is_some_and(|usage| usage.value.client_auth))
    })
}

/// SHA-256 of all that an authority is made of.
fn digest_of(named: &NamedCa, certificates: &[CertificateDer<'_>], lists: &[RevocationList]) -> [u8; 32] {
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

fn subject(certificate: &CertificateDer<'_>) -> Vec<u8> {
    X509Certificate::from_der(certificate)
        .map_or_else(|_| Vec::new(), |(_, one)| one.subject().as_raw().to_vec())
}
