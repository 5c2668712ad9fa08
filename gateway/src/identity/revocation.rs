//! Revocation lists (RFC 5280 §5): read from files, and believed when an authority signed them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use x509_parser::asn1_rs::Any;
use x509_parser::prelude::{CertificateRevocationList, FromDer as _, X509Certificate};

use super::trust::crypto_provider;
use crate::clock::Moment;

/// The largest file of lists. Against a wrong file that fills the memory.
pub const LARGEST_FILE: u64 = 32 << 20;

/// How far a list's beginning may lie ahead: clocks differ.
const AHEAD_MICROS: i64 = 60 * 1_000_000;

/// One list, as an authority published it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationList {
    der: CertificateRevocationListDer<'static>,
    file: PathBuf,
    issuer: Vec<u8>,
    this_update: Moment,
    next_update: Moment,
}

/// Why a file of lists can't be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum RevocationError {
    #[error("the revocation list can't be read")]
    Unreadable(#[source] io::Error),
    #[error("the file of revocation lists is larger than 32 MiB")]
    TooLarge,
    #[error("the file holds no revocation list")]
    Empty,
    #[error("list {0} of the file is not a revocation list of version 2 with a next update")]
    Malformed(usize),
    #[error("list {0} of the file begins in the future")]
    NotYetValid(usize),
    #[error("the next update of list {0} of the file has passed")]
    Expired(usize),
    #[error("list {0} of the file is not signed by this authority or by one of its intermediates")]
    Stranger(usize),
    #[error("list {0} of the file is older than the one in force")]
    Older(usize),
    #[error("list {number} of the file is of a kind that is not read, such as a delta or an indirect list")]
    Unsupported {
        number: usize,
        #[source]
        source: VerifierBuilderError,
    },
}

impl RevocationList {
    /// Every list of a file, in PEM or DER; one that can't be used at this moment fails the file.
    pub(super) fn read(file: &Path, now: Moment) -> Result<Vec<Self>, RevocationError> {
        let opened = File::open(file).map_err(RevocationError::Unreadable)?;
        let mut bytes = Vec::new();
        opened
            .take(LARGEST_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(RevocationError::Unreadable)?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(RevocationError::TooLarge);
        }
        Self::parse(&bytes, file, now)
    }

    /// As [`Self::read`], of bytes that are to stand in the file.
    pub(super) fn parse(bytes: &[u8], file: &Path, now: Moment) -> Result<Vec<Self>, RevocationError> {
        let mut lists = Vec::new();
        for (number, der) in (1..).zip(ders(bytes)) {
            let der = der.ok_or(RevocationError::Malformed(number))?;
            lists.push(Self::one(der, number, file, now)?);
        }
        // The PEM reader passes over sections of other kinds, and over labels with a typing mistake.
        let sections = bytes.windows(10).filter(|window| window == b"-----BEGIN").count();
        match lists.len() {
            0 => Err(RevocationError::Empty),
            found if sections > 0 && bytes[0] != 0x30 && found != sections => {
                Err(RevocationError::Malformed(found + 1))
            }
            _ => Ok(lists),
        }
    }

    fn one(
        der: CertificateRevocationListDer<'static>,
        number: usize,
        file: &Path,
        now: Moment,
    ) -> Result<Self, RevocationError> {
        let malformed = || RevocationError::Malformed(number);
        let (rest, list) = CertificateRevocationList::from_der(&der).map_err(|_| malformed())?;
        let next_update = list.next_update().ok_or_else(malformed)?;
        if !rest.is_empty() {
            return Err(malformed());
        }
        let this_update = Moment::from_unix_seconds(list.last_update().timestamp());
        let next_update = Moment::from_unix_seconds(next_update.timestamp());
        if this_update.0 > now.0.saturating_add(AHEAD_MICROS) {
            return Err(RevocationError::NotYetValid(number));
        }
        if next_update <= now {
            return Err(RevocationError::Expired(number));
        }
        let issuer = list.issuer().as_raw().to_vec();
        Ok(Self {
            file: file.to_owned(),
            issuer,
            this_update,
            next_update,
            der,
        })
    }

    /// The list as it was published.
    pub fn der(&self) -> &CertificateRevocationListDer<'static> {
        &self.der
    }

    /// The file that it was read from.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// When it was made.
    pub fn this_update(&self) -> Moment {
        self.this_update
    }

    /// From this moment on it says nothing any more.
    pub fn next_update(&self) -> Moment {
        self.next_update
    }

    /// Whether both lists come from one issuer.
    pub(super) fn is_of_same_issuer(&self, other: &Self) -> bool {
        self.issuer == other.issuer
    }

    /// Whether the verifier of chains can ask the list: it reads neither delta, indirect and partial lists nor critical
    /// extensions that it does not know. `signer` is the certificate of its issuer.
    pub(super) fn try_to_ask(&self, signer: &CertificateDer<'static>) -> Result<(), VerifierBuilderError> {
        let mut roots = RootCertStore::empty();
        // One that can't be an authority leaves the store empty, which is refused below.
        drop(roots.add(signer.clone()));
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), crypto_provider())
            .with_crls([self.der.clone()])
            .build()
            .map(drop)
    }

    /// Whether the certificate's key signed the list, and may sign lists.
    pub(super) fn is_signed_by(&self, certificate: &CertificateDer<'_>) -> bool {
        let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
            return false;
        };
        let may_sign = certificate
            .key_usage()
            .is_ok_and(|usage| usage.is_none_or(|usage| usage.value.crl_sign()));
        may_sign
            && certificate.subject().as_raw() == self.issuer
            && self.fits(certificate.tbs_certificate.subject_pki.raw).is_some()
    }

    /// Verifies the signature with a key in the form of RFC 5280 §4.1.2.7.
    fn fits(&self, public_key: &[u8]) -> Option<()> {
        let (_, list) = Any::from_der(&self.der).ok()?;
        let (after_signed, _) = Any::from_der(list.data).ok()?;
        let signed = &list.data[..list.data.len() - after_signed.len()];
        let (signature, algorithm) = Any::from_der(after_signed).ok()?;
        let signature = bits(signature)?;
        let (_, key) = Any::from_der(public_key).ok()?;
        let (key, key_algorithm) = Any::from_der(key.data).ok()?;
        let key = bits(key)?;
        let algorithms = crypto_provider().signature_verification_algorithms.all;
        algorithms
            .iter()
            .filter(|one| one.signature_alg_id().as_ref() == algorithm.data)
            .filter(|one| one.public_key_alg_id().as_ref() == key_algorithm.data)
            .find_map(|one| one.verify_signature(key, signed, signature).ok())
    }
}

/// The DER of each list of a file; none for one that can't be read.
fn ders(bytes: &[u8]) -> Vec<Option<CertificateRevocationListDer<'static>>> {
    if bytes.first() == Some(&0x30) {
        return vec![Some(bytes.to_vec().into())];
    }
    CertificateRevocationListDer::pem_slice_iter(bytes)
        .map(Result::ok)
        .collect()
}

/// The content of a BIT STRING of whole bytes.
fn bits(der: &[u8]) -> Option<&[u8]> {
    let (_, string) = Any::from_der(der).ok()?;
    string.data.strip_prefix(&[0])
}
