//! A development certificate authority and the certificates that it gives.

use std::path::Path;
use std::time::Duration;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use super::folder::{FolderError, KeyFiles, KeyFolder};
use crate::clock::Moment;

/// How long the authority's own certificate counts.
const AUTHORITY_VALIDITY: Duration = Duration::from_secs(3650 * 86_400);
/// How far back validity begins, for clocks that are a little behind.
const BACKDATE: Duration = Duration::from_secs(3600);

/// Why a certificate cannot be made.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PkiError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("the certificate cannot be made")]
    Make(#[from] rcgen::Error),
    #[error("{} cannot be read; `lienthong pki init` makes an authority", .path.display())]
    NoAuthority {
        path: std::path::PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} holds no readable certificate", .0.display())]
    NoCertificate(std::path::PathBuf),
    #[error("{} holds no readable revocation list", .0.display())]
    NoList(std::path::PathBuf),
}

/// A development certificate authority: P-256, no intermediate.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
    key: SecretString,
}

/// A certificate and its private key.
#[derive(Debug)]
pub struct Issued {
    /// The certificate.
    pub certificate_pem: String,
    /// The same in DER.
    pub certificate_der: CertificateDer<'static>,
    /// The private key: PKCS #8 in PEM.
    pub key_pem: SecretString,
}

impl Authority {
    /// A new authority. Its subject is the name and a random part, because the subjects of two
    /// authorities must not be equal.
    pub fn create(name: &str, now: Moment) -> Result<Self, PkiError> {
        let key = new_key()?;
        let tail = hex::encode(&Sha256::digest(key.public_key_raw())[..4]);
        let mut params = params(&format!("{name} {tail}"), now, AUTHORITY_VALIDITY);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key_pem = key.serialize_pem();
        let certificate_pem = CertifiedIssuer::self_signed(params, key)?.pem();
        Self::from_pem(certificate_pem, key_pem)
    }

    /// The authority of a folder.
    pub fn load(folder: &KeyFolder) -> Result<Self, PkiError> {
        let files = folder.authority();
        let read = |path: &Path| {
            std::fs::read_to_string(path).map_err(|source| PkiError::NoAuthority {
                path: path.to_owned(),
                source,
            })
        };
        Self::from_pem(read(&files.public)?, read(&files.private)?)
    }

    /// The authority's certificate.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The authority's private key: PKCS #8 in PEM.
    pub fn key_pem(&self) -> &SecretString {
        &self.key
    }

    /// A server certificate for DNS names and IP addresses (RFC 6125: by SAN alone).
    pub fn server(&self, names: &[String], now: Moment, validity: Duration) -> Result<Issued, PkiError> {
        let mut params = params("gateway", now, validity);
        params.subject_alt_names = CertificateParams::new(names)?.subject_alt_names;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params)
    }

    /// A client certificate with SAN URIs. The common name is for people; it decides nothing.
    pub fn client(
        &self,
        common_name: &str,
        uris: &[String],
        now: Moment,
        validity: Duration,
    ) -> Result<Issued, PkiError> {
        let mut params = params(common_name, now, validity);
        params.subject_alt_names = uris
            .iter()
            .map(|uri| uri.as_str().try_into().map(SanType::URI))
            .collect::<Result<_, rcgen::Error>>()?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params)
    }

    /// What signs.
    pub(crate) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    fn from_pem(certificate_pem: String, key_pem: String) -> Result<Self, PkiError> {
        let issuer = Issuer::from_ca_cert_pem(&certificate_pem, KeyPair::from_pem(&key_pem)?)?;
        Ok(Self {
            issuer,
            certificate_pem,
            key: key_pem.into(),
        })
    }

    fn issue(&self, mut params: CertificateParams) -> Result<Issued, PkiError> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = new_key()?;
        let certificate: Certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued {
            certificate_pem: certificate.pem(),
            certificate_der: certificate.der().clone(),
            key_pem: key.serialize_pem().into(),
        })
    }
}

/// Makes an authority and a server certificate in the folder.
pub fn init(
    folder: &KeyFolder,
    server_names: &[String],
    now: Moment,
    validity: Duration,
) -> Result<[KeyFiles; 2], PkiError> {
    let files = [folder.authority(), folder.server()];
    folder.check_free(&[&files[0], &files[1]])?;
    let authority = Authority::create("Lien Thong development authority", now)?;
    let server = authority.server(server_names, now, validity)?;
    folder.write(&files[0], authority.certificate_pem(), authority.key_pem())?;
    folder.write(&files[1], &server.certificate_pem, &server.key_pem)?;
    Ok(files)
}

/// Makes a client certificate for an agency in the folder, by the folder's authority.
pub fn client(
    folder: &KeyFolder,
    agency: &str,
    uri: &str,
    now: Moment,
    validity: Duration,
) -> Result<KeyFiles, PkiError> {
    let files = folder.client(agency)?;
    folder.check_free(&[&files])?;
    let issued = Authority::load(folder)?.client(agency, &[uri.to_owned()], now, validity)?;
    folder.write(&files, &issued.certificate_pem, &issued.key_pem)?;
    Ok(files)
}

/// The SAN URI that development certificates of an agency carry.
pub fn agency_uri(agency: &str) -> String {
    format!("urn:lienthong:agency:{agency}")
}

/// SHA-256 of the first certificate of a PEM file (RFC 8705 §3.1).
pub fn fingerprint_of(certificate: &Path) -> Result<[u8; 32], PkiError> {
    let der = CertificateDer::from_pem_file(certificate)
        .map_err(|_| PkiError::NoCertificate(certificate.to_owned()))?;
    Ok(Sha256::digest(&der).into())
}

fn new_key() -> Result<KeyPair, rcgen::Error> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
}

fn params(common_name: &str, now: Moment, validity: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    let today = date_time_ymd(1970, 1, 1) + Duration::from_secs(now.unix_seconds().try_into().unwrap_or(0));
    params.not_before = today - BACKDATE;
    params.not_after = today + validity;
    params
}
