//! The revocation list of a development authority.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevocationReason, RevokedCertParams, SerialNumber,
    date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_parser::prelude::{CertificateRevocationList, FromDer as _, X509Certificate};

use super::folder::{FolderError, KeyFiles, KeyFolder};
use super::pki::{Authority, PkiError};
use crate::clock::Moment;

/// A certificate in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// The serial number, as it stands in the certificate.
    pub serial: Vec<u8>,
    /// Since when it is revoked.
    pub since: Moment,
}

impl Authority {
    /// A list of these certificates in PEM; it counts from now on for this long.
    pub fn revocation_list(
        &self,
        revoked: &[Revoked],
        now: Moment,
        validity: Duration,
    ) -> Result<String, PkiError> {
        let epoch = date_time_ymd(1970, 1, 1);
        let revoked = revoked.iter().map(|one| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&one.serial),
            revocation_time: epoch + after_epoch(one.since),
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: epoch + after_epoch(now),
            next_update: epoch + after_epoch(now) + validity,
            crl_number: SerialNumber::from(now.0.unsigned_abs()),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(self.issuer())?.pem()?)
    }
}

/// Puts certificates in the list of the folder's authority, beside those that stand there, and renews
/// the list. Without certificates it is only renewed, or begun.
pub fn revoke(
    folder: &KeyFolder,
    certificates: &[PathBuf],
    now: Moment,
    validity: Duration,
) -> Result<KeyFiles, PkiError> {
    let files = KeyFiles {
        public: folder.revocation_list(),
        private: folder.authority().private,
    };
    let mut revoked = match files.public.exists() {
        true => entries(&files.public)?,
        false => Vec::new(),
    };
    for path in certificates {
        let serial = serial(path)?;
        if revoked.iter().all(|known| known.serial != serial) {
            revoked.push(Revoked { serial, since: now });
        }
    }
    let list = Authority::load(folder)?.revocation_list(&revoked, now, validity)?;
    // Beside it, then in its place: a gateway may read it at this moment.
    let beside = files.public.with_extension("crl.new~");
    fs::write(&beside, list)
        .and_then(|()| fs::rename(&beside, &files.public))
        .map_err(|source| FolderError::Write {
            path: files.public.clone(),
            source,
        })?;
    Ok(files)
}

/// The serial number of the first certificate of a PEM file.
pub fn serial(certificate: &Path) -> Result<Vec<u8>, PkiError> {
    let none = || PkiError::NoCertificate(certificate.to_owned());
    let der = CertificateDer::from_pem_file(certificate).map_err(|_| none())?;
    let (_, parsed) = X509Certificate::from_der(&der).map_err(|_| none())?;
    Ok(parsed.raw_serial().to_vec())
}

fn entries(list: &Path) -> Result<Vec<Revoked>, PkiError> {
    let none = || PkiError::NoList(list.to_owned());
    let der = CertificateRevocationListDer::from_pem_file(list).map_err(|_| none())?;
    let (_, parsed) = CertificateRevocationList::from_der(&der).map_err(|_| none())?;
    let revoked = parsed.iter_revoked_certificates();
    Ok(revoked
        .map(|one| Revoked {
            serial: one.raw_serial().to_vec(),
            since: Moment::from_unix_seconds(one.revocation_date.timestamp()),
        })
        .collect())
}

/// How long after the beginning of 1970.
fn after_epoch(moment: Moment) -> Duration {
    Duration::from_secs(moment.unix_seconds().try_into().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::development::pki;

    #[test]
    fn a_revoked_certificate_stays_in_the_renewed_list_and_stands_there_once() {
        let root = tempfile::tempdir().unwrap();
        let folder = KeyFolder::new(root.path(), false);
        let (now, day) = (Moment::now(), Duration::from_secs(86_400));
        pki::init(&folder, &["localhost".into()], now, day).unwrap();
        let client = pki::client(&folder, "H29.12", "urn:a", now, day).unwrap().public;
        let listed = |certificates: &[PathBuf]| {
            let files = revoke(&folder, certificates, now, day).unwrap();
            entries(&files.public).unwrap()
        };
        assert_eq!(listed(&[]), []);
        let revoked = listed(std::slice::from_ref(&client));
        assert_eq!(revoked.len(), 1);
        assert_eq!(revoked[0].serial, serial(&client).unwrap());
        assert_eq!(listed(&[]), revoked);
        assert_eq!(listed(&[client]), revoked);
    }
}
