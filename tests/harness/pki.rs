//! Certificate authorities and certificates, made for one test.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::tokens::unix_seconds;

const DAY: i64 = 86_400;

/// An authority that vouches for the gateway or for its callers.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    der: CertificateDer<'static>,
}

/// A certificate and its private key.
#[derive(Clone)]
pub struct Keyed {
    /// The certificate.
    pub certificate: CertificateDer<'static>,
    /// The same in PEM.
    pub certificate_pem: String,
    /// The private key: PKCS #8 in PEM.
    pub key_pem: String,
    key_der: Vec<u8>,
    serial: SerialNumber,
}

impl Authority {
    /// A new authority. The name should be one of its own: two authorities have two subjects.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = params(name, -DAY, 365 * DAY);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = new_key();
        let certificate = params.self_signed(&key).expect("a certificate of an authority");
        Self {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    /// The authority's certificate in PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The authority's certificate.
    #[must_use]
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// A server's certificate for this machine.
    #[must_use]
    pub fn server(&self) -> Keyed {
        let mut params = params("gateway", -DAY, 30 * DAY);
        params.subject_alt_names = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])
            .expect("names of this machine")
            .subject_alt_names;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params)
    }

    /// A client's certificate with one SAN URI.
    #[must_use]
    pub fn client(&self, uri: &str) -> Keyed {
        self.issue(client(uri, -DAY, 30 * DAY))
    }

    /// A client's certificate that counts for so many seconds from now on.
    #[must_use]
    pub fn brief_client(&self, uri: &str, seconds: i64) -> Keyed {
        self.issue(client(uri, -DAY, seconds))
    }

    /// A client's certificate that stopped counting yesterday.
    #[must_use]
    pub fn expired_client(&self, uri: &str) -> Keyed {
        self.issue(client(uri, -10 * DAY, -DAY))
    }

    /// A revocation list in PEM that begins now and counts for a day.
    #[must_use]
    pub fn revocation_list(&self, revoked: &[&Keyed]) -> String {
        self.revocation_list_for(revoked, Duration::from_secs(DAY.unsigned_abs()))
    }

    /// A revocation list in PEM that begins now.
    #[must_use]
    pub fn revocation_list_for(&self, revoked: &[&Keyed], time: Duration) -> String {
        self.revocation_list_since(Duration::ZERO, revoked, time)
    }

    /// A revocation list in PEM that began a while ago and counts from now for `time`.
    #[must_use]
    pub fn revocation_list_since(&self, ago: Duration, revoked: &[&Keyed], time: Duration) -> String {
        let now = date_time_ymd(1970, 1, 1) + Duration::from_secs(unix_seconds().unsigned_abs());
        let revoked = revoked.iter().map(|keyed| RevokedCertParams {
            serial_number: keyed.serial.clone(),
            revocation_time: now,
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: now - ago,
            next_update: now + time,
            crl_number: SerialNumber::from(unix_seconds().unsigned_abs()),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.issuer).expect("a revocation list");
        list.pem().expect("a revocation list in PEM")
    }

    fn issue(&self, mut params: CertificateParams) -> Keyed {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let serial = SerialNumber::from_slice(Uuid::now_v7().as_bytes());
        params.serial_number = Some(serial.clone());
        let key = new_key();
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Keyed {
            certificate: certificate.der().clone(),
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            key_der: key.serialize_der(),
            serial,
        }
    }
}

impl Keyed {
    /// SHA-256 of the certificate (RFC 8705 §3.1).
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.certificate).into()
    }

    /// The private key.
    #[must_use]
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key_der.clone()).into()
    }
}

/// The SAN URI that stands for an agency.
#[must_use]
pub fn agency_uri(agency: &str) -> String {
    format!("urn:lienthong:agency:{agency}")
}

fn client(uri: &str, from: i64, to: i64) -> CertificateParams {
    let mut params = params("client", from, to);
    params.subject_alt_names = vec![SanType::URI(uri.try_into().expect("a URI"))];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

/// Validity in seconds from now.
fn params(name: &str, from: i64, to: i64) -> CertificateParams {
    let moment = |distance: i64| {
        let seconds = unix_seconds().saturating_add(distance).unsigned_abs();
        date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = moment(from);
    params.not_after = moment(to);
    params
}

fn new_key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a P-256 key")
}
