//! Certificates that end: the gateway's own, and those that registries name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::clock::Moment;
use crate::settings::Settings;

/// The longest time beforehand at which an end is told: 30 days, in microseconds.
const BEFOREHAND: i64 = 30 * 24 * 60 * 60 * 1_000_000;

/// What was told of each certificate.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    /// By file, what was read and from which content.
    read: BTreeMap<PathBuf, ([u8; 32], Vec<Validity>)>,
    told: HashMap<(PathBuf, Moment), Stage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Validity {
    from: Moment,
    until: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Soon,
    Ended,
}

impl Certificates {
    /// Tells in the process log, once, of each certificate that ends soon, and of each that has ended. A file is
    /// read again only when its content is another one.
    pub(super) fn look(&mut self, settings: &Settings, now: Moment) {
        let files = files(settings);
        self.read.retain(|file, _| files.contains(file));
        for file in files {
            let Some(hash) = settings.files.get(&file) else {
                continue;
            };
            if self.read.get(&file).is_none_or(|(known, _)| known != hash) {
                let all = validities(&settings.path(&file));
                self.read.insert(file, (*hash, all));
            }
        }
        let mut told = HashMap::new();
        for (file, (_, all)) in &self.read {
            for validity in all {
                let Some(stage) = stage(*validity, now) else {
                    continue;
                };
                let key = (file.clone(), validity.until);
                if self.told.get(&key).max(told.get(&key)) < Some(&stage) {
                    let days_left = validity.until.0.saturating_sub(now.0) / (BEFOREHAND / 30);
                    let file = file.display();
                    match stage {
                        Stage::Soon => tracing::warn!(%file, days_left, "a certificate ends soon"),
                        Stage::Ended => tracing::error!(%file, "a certificate has ended"),
                    }
                }
                told.insert(key, stage);
            }
        }
        self.told = told;
    }
}

/// The gateway's own certificate, and the certificates that registries name.
fn files(settings: &Settings) -> BTreeSet<PathBuf> {
    let own = settings.gateway.tls.certificate.get_ref().clone();
    let registries = settings.registries.values();
    let named = registries.flat_map(|registry| {
        let secrets = registry.secrets();
        let mut public = registry.credentials();
        public.retain(|file| !secrets.contains(file));
        public
    });
    named
        .map(|file| PathBuf::from(file.get_ref()))
        .chain([own])
        .collect()
}

/// Of every certificate in a file. What can't be read was told when the file was put in force.
fn validities(file: &Path) -> Vec<Validity> {
    let pem = fs::read(file).unwrap_or_default();
    let certificates = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
    certificates
        .filter_map(|der| {
            let (_, certificate) = X509Certificate::from_der(&der).ok()?;
            let seconds =
                |time: x509_parser::time::ASN1Time| Moment(time.timestamp().saturating_mul(1_000_000));
            Some(Validity {
                from: seconds(certificate.validity().not_before),
                until: seconds(certificate.validity().not_after),
            })
        })
        .collect()
}

fn stage(validity: Validity, now: Moment) -> Option<Stage> {
    let whole = validity.until.0.saturating_sub(validity.from.0);
    let left = validity.until.0.saturating_sub(now.0);
    match left {
        ..=0 => Some(Stage::Ended),
        _ if left <= (whole / 4).min(BEFOREHAND) => Some(Stage::Soon),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_in_the_last_quarter_but_no_earlier_than_thirty_days_before() {
        let stages = |until: i64, moments: [i64; 4]| {
            let validity = Validity {
                from: Moment(0),
                until: Moment(until),
            };
            moments.map(|now| stage(validity, Moment(now)))
        };
        let (soon, ended) = (Some(Stage::Soon), Some(Stage::Ended));
        assert_eq!(stages(100, [74, 75, 99, 100]), [None, soon, soon, ended]);
        let long = 400 * BEFOREHAND;
        let moments = [long - BEFOREHAND - 1, long - BEFOREHAND, long, long + 1];
        assert_eq!(stages(long, moments), [None, soon, ended, ended]);
    }
}
