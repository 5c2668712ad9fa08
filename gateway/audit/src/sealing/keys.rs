//! The auditors' key pair: the public half is the gateway's, the private half never comes near it.

use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::hpke::{HpkePrivateKey, HpkePublicKey};
use zeroize::Zeroizing;

use super::SUITE;
use crate::storage::{read_secret_file, write_secret_file};

/// What a public key starts with.
const PUBLIC: &str = "auditors";
/// What a private key starts with.
const PRIVATE: &str = "PRIVATE+AUDITORS";

/// The auditors' public key: `auditors+<key id, hex>+<base64 of 32 bytes>`.
#[derive(Clone)]
pub struct AuditorKey {
    id: [u8; 4],
    public: HpkePublicKey,
}

/// The auditors' private key: one line `PRIVATE+AUDITORS+<key id, hex>+<base64 of public and private half>`.
pub struct AuditorPrivateKey {
    key: AuditorKey,
    private: HpkePrivateKey,
}

/// Why a key of the auditors cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum AuditorKeyError {
    /// The file could not be read or written, or others than its owner may read it.
    #[error("auditors' key: {0}")]
    File(#[from] io::Error),
    /// The text is not a key.
    #[error("not a key of auditors, such as auditors+0a1b2c3d+…")]
    Malformed,
    /// The private key stands where the public one should.
    #[error("this is the auditors' private key; the gateway must not have it")]
    Private,
    /// Nothing can be sealed to it.
    #[error("nothing can be sealed to this key")]
    Unusable,
    /// The random generator failed.
    #[error("no random bytes")]
    Random,
}

impl AuditorKey {
    /// Reads a file that holds the public key.
    ///
    /// # Errors
    /// When there is none in it.
    pub fn load(path: &Path) -> Result<Self, AuditorKeyError> {
        std::fs::read_to_string(path)?.trim().parse()
    }

    /// The first 4 bytes of `SHA-256("auditors" ‖ 0x0A ‖ key)`; it stands in what was sealed to this key.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    pub(super) fn hpke(&self) -> &HpkePublicKey {
        &self.public
    }

    /// A key to which something can be sealed: a point of low order would give a secret that everybody knows.
    pub(super) fn new(public: Vec<u8>) -> Result<Self, AuditorKeyError> {
        let hash = digest(&SHA256, &[PUBLIC.as_bytes(), b"\n", &public].concat());
        let id = hash
            .as_ref()
            .first_chunk()
            .copied()
            .ok_or(AuditorKeyError::Malformed)?;
        let public = HpkePublicKey(public);
        SUITE
            .seal(b"", b"", b"", &public)
            .map_err(|_| AuditorKeyError::Unusable)?;
        Ok(Self { id, public })
    }
}

impl AuditorPrivateKey {
    /// Makes a key pair and writes the private half to a new file of mode 0600.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn create_key_file(path: &Path) -> Result<Self, AuditorKeyError> {
        let (public, private) = SUITE.generate_key_pair().map_err(|_| AuditorKeyError::Random)?;
        let key = AuditorKey::new(public.0)?;
        let both = Zeroizing::new([key.public.0.as_slice(), private.secret_bytes()].concat());
        let encoded = Zeroizing::new(STANDARD.encode(both.as_slice()));
        let text = Zeroizing::new(format!("{PRIVATE}+{}+{}\n", shown_id(&key.id), *encoded));
        write_secret_file(path, text.as_bytes())?;
        Ok(Self { key, private })
    }

    /// Reads a file that nobody but its owner may read.
    ///
    /// # Errors
    /// When it is missing, readable by others, or not such a key.
    pub fn load(path: &Path) -> Result<Self, AuditorKeyError> {
        let bytes = read_secret_file(path)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| AuditorKeyError::Malformed)?;
        let (id, both) = read(text.trim(), PRIVATE, 64)?;
        let (public, private) = both.split_at_checked(32).ok_or(AuditorKeyError::Malformed)?;
        let key = AuditorKey::new(public.to_vec())?;
        let private = HpkePrivateKey::from(private.to_vec());
        let belongs = key.id == id && opens(&key, &private);
        belongs
            .then_some(Self { key, private })
            .ok_or(AuditorKeyError::Malformed)
    }

    /// The public half.
    #[must_use]
    pub fn key(&self) -> &AuditorKey {
        &self.key
    }

    pub(super) fn hpke(&self) -> &HpkePrivateKey {
        &self.private
    }
}

impl FromStr for AuditorKey {
    type Err = AuditorKeyError;

    fn from_str(text: &str) -> Result<Self, AuditorKeyError> {
        if text.starts_with("PRIVATE") {
            return Err(AuditorKeyError::Private);
        }
        let (id, public) = read(text, PUBLIC, 32)?;
        let key = Self::new(public.to_vec())?;
        (key.id == id).then_some(key).ok_or(AuditorKeyError::Malformed)
    }
}

impl fmt::Display for AuditorKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = STANDARD.encode(&self.public.0);
        write!(formatter, "{PUBLIC}+{}+{encoded}", shown_id(&self.id))
    }
}

impl fmt::Debug for AuditorKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AuditorKey({self})")
    }
}

impl fmt::Debug for AuditorPrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AuditorPrivateKey({}, secret)", shown_id(&self.key.id))
    }
}

/// A key's identifier as people see it.
pub(super) fn shown_id(id: &[u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(*id))
}

fn opens(key: &AuditorKey, private: &HpkePrivateKey) -> bool {
    SUITE
        .seal(b"", b"", b"", &key.public)
        .and_then(|(encapsulated, sealed)| SUITE.open(&encapsulated, b"", b"", &sealed, private))
        .is_ok()
}

fn read(text: &str, head: &str, length: usize) -> Result<([u8; 4], Zeroizing<Vec<u8>>), AuditorKeyError> {
    let malformed = || AuditorKeyError::Malformed;
    let rest = text.strip_prefix(head).and_then(|rest| rest.strip_prefix('+'));
    let (id, encoded) = rest.and_then(|rest| rest.split_once('+')).ok_or_else(malformed)?;
    let id = u32::from_str_radix(id, 16)
        .map_err(|_| malformed())?
        .to_be_bytes();
    let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| malformed())?);
    if bytes.len() == length {
        Ok((id, bytes))
    } else {
        Err(malformed())
    }
}
