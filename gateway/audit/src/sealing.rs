//! Sealing: the identifier of a subject, which nobody reads alone.
//!
//! Two locks, one inside the other. The outer is a key of a minute, sealed by HPKE (RFC 9180, base mode) to the auditors'
//! public key, whose private half the gateway never has. The inner is AES-256-GCM under a key of the period, which the auditors
//! do not have. To open takes both; when the period's keys are destroyed, nobody can.

mod envelope;
mod keys;

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwapOption;
use rustls::crypto::aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_128;
use rustls::crypto::hpke::{EncapsulatedSecret, Hpke};
use zeroize::Zeroizing;

use crate::entry::Entry;
use crate::pseudonym::PeriodKeys;
use envelope::{Envelope, Parts};
pub use keys::{AuditorKey, AuditorKeyError, AuditorPrivateKey};

/// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM.
static SUITE: &dyn Hpke = DH_KEM_X25519_HKDF_SHA256_AES_128;
/// `info` of RFC 9180 in the older form: what the key is used for, and in which version.
const INFO: &[u8] = b"lienthong.audit.v1 sealed subject";
/// The first byte of the form in which HPKE seals each subject for itself; it is read, and written no more.
const EACH_FOR_ITSELF: u8 = 1;
/// The first byte of the form in which HPKE seals the key of an envelope.
const IN_AN_ENVELOPE: u8 = 2;
/// Bytes of an encapsulated X25519 key.
const ENCAPSULATED: usize = 32;
/// Plaintexts are filled up to a multiple of this, so that the length tells no sort of number.
const BLOCK: usize = 32;

/// Who an entry is about.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject {
    /// What sort of number it is, as in the pseudonym.
    pub kind: String,
    /// The number.
    pub identifier: Zeroizing<String>,
}

/// Why a subject was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the subject could not be sealed")]
pub struct NotSealed;

/// Why a sealed subject does not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// The entry names no subject, or was written before sealing.
    #[error("the entry holds no sealed subject")]
    Absent,
    /// Not of a form that this version knows.
    #[error("the sealed subject is of an unknown form")]
    Malformed,
    /// Sealed to another key of the auditors.
    #[error("sealed to the auditors' key {sealed_to}, not to {own}")]
    OtherAuditors {
        /// The identifier of the key it was sealed to.
        sealed_to: String,
        /// That of the key tried.
        own: String,
    },
    /// The keys are those of another period.
    #[error("the entry is of period {entry:?}, the keys of period {keys:?}")]
    OtherPeriod {
        /// The entry's period.
        entry: String,
        /// The period of the keys.
        keys: String,
    },
    /// Changed, or moved here from another entry.
    #[error("the sealed subject does not belong to this entry")]
    Forged,
}

/// Seals subjects to the auditors.
pub struct Sealer {
    auditors: AuditorKey,
    envelope: ArcSwapOption<Envelope>,
}

impl Sealer {
    /// To these auditors.
    #[must_use]
    pub fn new(auditors: AuditorKey) -> Self {
        Self {
            auditors,
            envelope: ArcSwapOption::empty(),
        }
    }

    /// Seals a subject under the keys of a period.
    ///
    /// The form: one byte 2, the first 4 bytes of the auditors' key's identifier, the encapsulated secret, the envelope's key as
    /// HPKE sealed it, the nonce, the ciphertext. Bound to the period and the pseudonym, so that it cannot stand beside another.
    ///
    /// # Errors
    /// When the auditors' key is not a point, or the random generator fails.
    pub fn seal(
        &self,
        keys: &PeriodKeys,
        pseudonym: &[u8; 32],
        kind: &str,
        identifier: &str,
    ) -> Result<Vec<u8>, NotSealed> {
        let aad = bound_to(keys.name(), pseudonym);
        let mut plain = Zeroizing::new(Vec::with_capacity(4 * BLOCK));
        plain.extend_from_slice(kind.as_bytes());
        plain.push(b':');
        plain.extend_from_slice(identifier.as_bytes());
        let filled = plain.len().next_multiple_of(BLOCK);
        plain.resize(filled, 0);
        let (nonce, mut bytes) = keys.encrypt(&aad, &plain).map_err(|_| NotSealed)?;
        let envelope = self.envelope(Instant::now())?;
        envelope.seal(&nonce, &aad, &mut bytes)?;
        let id = self.auditors.id();
        let parts = [&[IN_AN_ENVELOPE], id.as_slice(), envelope.head(), &nonce, &bytes];
        Ok(parts.concat())
    }

    /// The envelope of the moment.
    fn envelope(&self, now: Instant) -> Result<Arc<Envelope>, NotSealed> {
        match &*self.envelope.load() {
            Some(envelope) if !envelope.is_over(now) => Ok(Arc::clone(envelope)),
            _ => {
                let envelope = Arc::new(Envelope::new(&self.auditors, now)?);
                self.envelope.store(Some(Arc::clone(&envelope)));
                Ok(envelope)
            }
        }
    }
}

/// Opens the sealed subject of an entry, with the auditors' private key and the keys of the entry's period. What comes
/// out is checked against the pseudonym: a gateway cannot have sealed one subject and named another.
///
/// # Errors
/// As [`UnsealError`] says. No message holds anything of the subject.
pub fn open_subject(
    auditor: &AuditorPrivateKey,
    keys: &PeriodKeys,
    entry: &Entry,
) -> Result<Subject, UnsealError> {
    if entry.sealed_subject.is_empty() {
        return Err(UnsealError::Absent);
    }
    if entry.subject_period != keys.name() {
        return Err(UnsealError::OtherPeriod {
            entry: entry.subject_period.clone(),
            keys: keys.name().to_owned(),
        });
    }
    let (form, id, sealed) = parts(&entry.sealed_subject).ok_or(UnsealError::Malformed)?;
    if id != auditor.key().id() {
        return Err(UnsealError::OtherAuditors {
            sealed_to: keys::shown_id(&id),
            own: keys::shown_id(&auditor.key().id()),
        });
    }
    let aad = bound_to(&entry.subject_period, &entry.subject_pseudonym);
    let plain = match form {
        EACH_FOR_ITSELF => {
            let (encapsulated, sealed) = sealed
                .split_at_checked(ENCAPSULATED)
                .ok_or(UnsealError::Malformed)?;
            let encapsulated = EncapsulatedSecret(encapsulated.to_vec());
            let inner = SUITE.open(&encapsulated, INFO, &aad, sealed, auditor.hpke());
            let inner = inner.map_err(|_| UnsealError::Forged)?;
            let (nonce, inner) = inner.split_first_chunk().ok_or(UnsealError::Forged)?;
            keys.decrypt(&aad, nonce, inner)
        }
        IN_AN_ENVELOPE => {
            let parts = Parts::of(sealed).ok_or(UnsealError::Malformed)?;
            let inner = parts.open(auditor, &aad).ok_or(UnsealError::Forged)?;
            keys.decrypt(&aad, parts.nonce, &inner)
        }
        _ => return Err(UnsealError::Malformed),
    };
    let plain = plain.ok_or(UnsealError::Forged)?;
    let subject = read(&plain).ok_or(UnsealError::Forged)?;
    if keys.subject(&subject.kind, &subject.identifier).as_slice() != entry.subject_pseudonym {
        return Err(UnsealError::Forged);
    }
    Ok(subject)
}

/// `aad` of RFC 9180: the period, NUL, the pseudonym.
fn bound_to(period: &str, pseudonym: &[u8]) -> Vec<u8> {
    [period.as_bytes(), b"\0", pseudonym].concat()
}

/// The form, the identifier of the auditors' key, and the rest.
fn parts(sealed: &[u8]) -> Option<(u8, [u8; 4], &[u8])> {
    let (form, sealed) = sealed.split_first()?;
    let (id, sealed) = sealed.split_first_chunk::<4>()?;
    Some((*form, *id, sealed))
}

fn read(plain: &[u8]) -> Option<Subject> {
    let end = plain.iter().position(|byte| *byte == 0).unwrap_or(plain.len());
    let text = std::str::from_utf8(plain.get(..end)?).ok()?;
    let (kind, identifier) = text.split_once(':')?;
    Some(Subject {
        kind: kind.to_owned(),
        identifier: Zeroizing::new(identifier.to_owned()),
    })
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Subject")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
