//! Naming a subject, and an answer, without telling either: keyed hashes.

use std::io;
use std::path::Path;

use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::storage::{read_secret_file, write_secret_file};

/// The label under which the key of the answer hash is derived. It starts with NUL, which no kind of identifier does.
const ANSWER_LABEL: &[u8] = b"\0lienthong.audit.v1 answer hash";

/// Makes pseudonyms of subjects and keyed hashes of answers under the key of a period.
///
/// Whoever lacks the key can neither find a subject by trying identifiers nor confirm a guessed answer.
pub struct Pseudonymizer {
    subject: hmac::Key,
    answer: hmac::Key,
}

/// Why a pseudonym key could not be loaded or made.
#[derive(Debug, thiserror::Error)]
pub enum PseudonymKeyError {
    /// The file could not be read or written, or others than its owner may read it.
    #[error("pseudonym key: {0}")]
    File(#[from] io::Error),
    /// The file does not hold the base64 form of 32 bytes.
    #[error("pseudonym key is not 32 bytes in base64")]
    Malformed,
    /// The random generator failed.
    #[error("no random bytes")]
    Random,
}

impl Pseudonymizer {
    /// From the 32-byte key itself.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        let subject = hmac::Key::new(hmac::HMAC_SHA256, key);
        let derived = hmac::sign(&subject, ANSWER_LABEL);
        let answer = hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref());
        Self { subject, answer }
    }

    /// From a file that holds the key as one line of base64 and that nobody but its owner may read.
    ///
    /// # Errors
    /// When the file is missing, readable by others, or not 32 bytes.
    pub fn load(path: &Path) -> Result<Self, PseudonymKeyError> {
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
        Ok(Self::new(key))
    }

    /// Makes a new key and writes it to a new file of mode 0600, ready for [`Self::load`].
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn create_key_file(path: &Path) -> Result<(), PseudonymKeyError> {
        let mut key = Zeroizing::new([0; 32]);
        rand::fill(key.as_mut_slice()).map_err(|_| PseudonymKeyError::Random)?;
        let mut text = Zeroizing::new(STANDARD.encode(key.as_slice()));
        text.push('\n');
        Ok(write_secret_file(path, text.as_bytes())?)
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
}

impl std::fmt::Debug for Pseudonymizer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Pseudonymizer(secret)")
    }
}

fn fixed(tag: hmac::Tag) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(tag.as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::Pseudonymizer;

    #[test]
    fn a_subject_has_one_pseudonym_and_another_key_gives_another() {
        let one = Pseudonymizer::new(&[1; 32]);
        assert_eq!(one.subject("citizen", "001"), one.subject("citizen", "001"));
        assert_ne!(one.subject("citizen", "001"), one.subject("enterprise", "001"));
        assert_ne!(
            one.subject("citizen", "001"),
            Pseudonymizer::new(&[2; 32]).subject("citizen", "001")
        );
    }

    #[test]
    fn the_answer_hash_is_under_a_key_of_its_own() {
        let one = Pseudonymizer::new(&[1; 32]);
        assert_ne!(one.answer(b"citizen:001"), one.subject("citizen", "001"));
    }

    #[test]
    fn a_key_file_that_was_made_loads_and_is_not_overwritten() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("pseudonym.key");
        Pseudonymizer::create_key_file(&path).expect("new file");
        Pseudonymizer::load(&path).expect("loads");
        assert!(
            Pseudonymizer::create_key_file(&path).is_err(),
            "an existing key is kept"
        );
    }
}
