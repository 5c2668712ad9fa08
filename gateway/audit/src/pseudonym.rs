//! Naming a subject, and an answer, without telling either: keyed hashes under the keys of a period.

use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::storage::{read_secret_file, write_secret_file};

/// The labels under which the other keys are derived. They start with NUL, which no kind of identifier does.
const ANSWER_LABEL: &[u8] = b"\0lienthong.audit.v1 answer hash";
const SEAL_LABEL: &[u8] = b"\0lienthong.audit.v1 sealed subject";

/// Bytes that AES-GCM adds. Room is left for a second time.
const TAG_LEN: usize = 16;

static SERIAL: AtomicU64 = AtomicU64::new(0);

/// The keys of one period: they make pseudonyms of subjects and keyed hashes of answers, and hold the half of sealed
/// subjects that goes with the period.
///
/// Whoever lacks them can neither find a subject by trying identifiers nor confirm a guessed answer.
pub struct PeriodKeys {
    name: String,
    serial: u64,
    subject: hmac::Key,
    answer: hmac::Key,
    seal: LessSafeKey,
}

/// Why a key could not be loaded or made.
#[derive(Debug, thiserror::Error)]
pub enum PseudonymKeyError {
    /// The file could not be read or written, or others than its owner may read it.
    #[error(transparent)]
    File(#[from] io::Error),
    /// The file does not hold the base64 form of 32 bytes.
    #[error("not 32 bytes in base64")]
    Malformed,
    /// The random generator failed.
    #[error("no random bytes")]
    Random,
}

impl PeriodKeys {
    /// From the 32-byte key itself. `name` is what entries call the period.
    ///
    /// # Errors
    /// When the cipher cannot be set up.
    pub fn new(name: &str, key: &[u8; 32]) -> Result<Self, PseudonymKeyError> {
        let subject = hmac::Key::new(hmac::HMAC_SHA256, key);
        let answer = hmac::Key::new(hmac::HMAC_SHA256, &*derived(&subject, ANSWER_LABEL));
        let seal = UnboundKey::new(&AES_256_GCM, &*derived(&subject, SEAL_LABEL))
            .map_err(|_| PseudonymKeyError::Malformed)?;
        Ok(Self {
            name: name.to_owned(),
            serial: SERIAL.fetch_add(1, Relaxed),
            subject,
            answer,
            seal: LessSafeKey::new(seal),
        })
    }

    /// From a file that holds the key as one line of base64 and that nobody but its owner may read.
    ///
    /// # Errors
    /// When the file is missing, readable by others, or not 32 bytes.
    pub fn load(name: &str, path: &Path) -> Result<Self, PseudonymKeyError> {
        let text = read_secret_file(path)?;
        let bytes = Zeroizing::new(
            STANDARD
                .decode(text.trim_ascii())
                .map_err(|_| PseudonymKeyError::Malformed)?,
        );
        let key = bytes
            .as_slice()
            .try_into()
            .map_err(|_| PseudonymKeyError::Malformed)?;
        Self::new(name, key)
    }

    /// The period, as it stands in entries; empty for the key of entries older than periods.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A number that no other keys of this process have: what was made under them can be told from what was not.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// The pseudonym of a subject: HMAC-SHA-256 of `kind:identifier`, where `kind` says what sort of number it is
    /// (the same person has one pseudonym under every registry that knows them by the same sort of number).
    #[must_use]
    pub fn subject(&self, kind: &str, identifier: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.subject);
        context.update(kind.as_bytes());
        context.update(b":");
        context.update(identifier.as_bytes());
        fixed(context.sign())
    }

    /// The keyed hash of an answer's bytes.
    #[must_use]
    pub fn answer(&self, bytes: &[u8]) -> [u8; 32] {
        fixed(hmac::sign(&self.answer, bytes))
    }

    /// The period's half of sealing: a random nonce, and AES-256-GCM of `plain`.
    pub(crate) fn encrypt(
        &self,
        aad: &[u8],
        plain: &[u8],
    ) -> Result<([u8; NONCE_LEN], Vec<u8>), PseudonymKeyError> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| PseudonymKeyError::Random)?;
        let mut bytes = Vec::with_capacity(plain.len() + 2 * TAG_LEN);
        bytes.extend_from_slice(plain);
        self.seal
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut bytes)
            .map_err(|_| PseudonymKeyError::Random)?;
        Ok((nonce, bytes))
    }

    /// What was encrypted; none when it was under other keys, or changed.
    pub(crate) fn decrypt(
        &self,
        aad: &[u8],
        nonce: &[u8; NONCE_LEN],
        sealed: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self
            .seal
            .open_in_place(nonce, Aad::from(aad), &mut bytes)
            .ok()?
            .len();
        bytes.truncate(plain);
        Some(bytes)
    }
}

/// Makes a new key and writes it to a new file of mode 0600, ready for [`PeriodKeys::load`].
///
/// # Errors
/// When the file exists or cannot be written.
pub(crate) fn create_key_file(path: &Path) -> Result<(), PseudonymKeyError> {
    let mut key = Zeroizing::new([0; 32]);
    rand::fill(key.as_mut_slice()).map_err(|_| PseudonymKeyError::Random)?;
    let mut text = Zeroizing::new(STANDARD.encode(key.as_slice()));
    text.push('\n');
    Ok(write_secret_file(path, text.as_bytes())?)
}

impl std::fmt::Debug for PeriodKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PeriodKeys({}, secret)", self.name)
    }
}

fn derived(key: &hmac::Key, label: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(fixed(hmac::sign(key, label)))
}

fn fixed(tag: hmac::Tag) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(tag.as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(byte: u8) -> PeriodKeys {
        PeriodKeys::new("2026-11", &[byte; 32]).expect("keys")
    }

    #[test]
    fn a_subject_has_one_pseudonym_and_another_key_gives_another() {
        let one = keys(1);
        assert_eq!(one.subject("citizen", "001"), one.subject("citizen", "001"));
        assert_ne!(one.subject("citizen", "001"), one.subject("enterprise", "001"));
        assert_ne!(one.subject("citizen", "001"), keys(2).subject("citizen", "001"));
    }

    #[test]
    fn the_answer_hash_is_under_a_key_of_its_own() {
        let one = keys(1);
        assert_ne!(one.answer(b"citizen:001"), one.subject("citizen", "001"));
    }

    #[test]
    fn what_is_encrypted_opens_under_the_same_keys_alone() {
        let (nonce, sealed) = keys(1).encrypt(b"aad", b"plain").expect("sealed");
        let opened = keys(1).decrypt(b"aad", &nonce, &sealed).expect("opens");
        assert_eq!(opened.as_slice(), b"plain");
        assert!(keys(2).decrypt(b"aad", &nonce, &sealed).is_none());
        assert!(keys(1).decrypt(b"other", &nonce, &sealed).is_none());
        assert!(keys(1).decrypt(b"aad", &[0; NONCE_LEN], &sealed).is_none());
        assert!(keys(1).decrypt(b"aad", &nonce, b"short").is_none());
    }

    #[test]
    fn a_key_file_that_was_made_loads_and_is_not_overwritten() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("2026-11.key");
        create_key_file(&path).expect("new file");
        PeriodKeys::load("2026-11", &path).expect("loads");
        assert!(create_key_file(&path).is_err(), "an existing key is kept");
    }
}
