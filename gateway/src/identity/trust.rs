//! The certificate authorities of the agencies, and which of them a chain leads to.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::clock::Moment;

/// A certificate authority as the configuration has it.
#[derive(Clone, Debug)]
pub struct NamedCa {
    /// The name by which agency files mean it.
    pub name: String,
    /// A PEM bundle of one or more CA certificates.
    pub pem: PathBuf,
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
    #[error("the verifier of client certificates cannot be made")]
    Verifier(#[source] rustls::server::VerifierBuilderError),
    #[error("the server certificate or its key cannot be used")]
    ServerCertificate(#[source] rustls::Error),
    #[error("{} holds no readable private key", .0.display())]
    BadKey(PathBuf),
    #[error("the TLS settings are not possible")]
    Tls(#[source] rustls::Error),
}

/// Every configured authority. Revocation lists have their place in `verifier_of`.
#[derive(Clone, Debug)]
pub struct ClientTrust {
    authorities: Vec<Authority>,
    verifier: Arc<dyn ClientCertVerifier>,
}

#[derive(Clone, Debug)]
struct Authority {
    name: Arc<str>,
    verifier: Arc<dyn ClientCertVerifier>,
}

impl ClientTrust {
    /// Loads every bundle whole, or nothing.
    pub fn load(authorities: &[NamedCa]) -> Result<Self, TrustError> {
        let mut subjects: HashMap<Vec<u8>, &str> = HashMap::new();
        let mut all = RootCertStore::empty();
        let mut loaded: Vec<Authority> = Vec::new();
        for authority in authorities {
            if loaded.iter().any(|other| *other.name == *authority.name) {
                return Err(TrustError::NameTwice(authority.name.clone()));
            }
            let roots = read_bundle(&authority.pem)?;
            for root in &roots.roots {
                let other = subjects.insert(root.subject.as_ref().to_vec(), &authority.name);
                if let Some(other) = other.filter(|other| *other != authority.name) {
                    return Err(TrustError::SubjectTwice(other.to_owned(), authority.name.clone()));
                }
            }
            all.extend(roots.roots.iter().cloned());
            loaded.push(Authority {
                name: authority.name.as_str().into(),
                verifier: verifier_of(roots)?,
            });
        }
        if loaded.is_empty() {
            return Err(TrustError::Empty);
        }
        Ok(Self {
            authorities: loaded,
            verifier: verifier_of(all)?,
        })
    }

    /// The verifier for the handshake: a chain must lead to one of the authorities.
    pub fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(&self.verifier)
    }

    /// The name of the authority that the chain leads to; none when it leads to none, or to two.
    ///
    /// The chain is verified against each authority alone. Its names would not do: a peer may add
    /// a certificate of another authority to its own chain, and verification passes over it.
    pub fn authority_of(&self, chain: &[CertificateDer<'_>], now: Moment) -> Option<Arc<str>> {
        let (leaf, intermediates) = chain.split_first()?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now.unix_seconds().try_into().ok()?));
        let mut leads_to = self.authorities.iter().filter(|authority| {
            authority
                .verifier
                .verify_client_cert(leaf, intermediates, now)
                .is_ok()
        });
        let found = leads_to.next()?;
        leads_to.next().is_none().then(|| Arc::clone(&found.name))
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

fn read_bundle(path: &Path) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    for (index, certificate) in read_certificates(path)?.into_iter().enumerate() {
        let number = index + 1;
        let bad = || TrustError::BadCertificate {
            path: path.to_owned(),
            number,
        };
        let (rest, parsed) = X509Certificate::from_der(&certificate).map_err(|_| bad())?;
        if !rest.is_empty() {
            return Err(bad());
        }
        if !parsed.is_ca() {
            return Err(TrustError::NotAnAuthority {
                path: path.to_owned(),
                number,
            });
        }
        roots.add(certificate.clone()).map_err(|_| bad())?;
    }
    Ok(roots)
}

fn verifier_of(roots: RootCertStore) -> Result<Arc<dyn ClientCertVerifier>, TrustError> {
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), crypto_provider())
        .build()
        .map_err(TrustError::Verifier)
}
