//! The log's key pair, in the text forms of Go's `note` package, which C2SP tools read.
//!
//! Public: `<name>+<key id in hex>+<base64(algorithm byte || public key)>`.
//! Private: `PRIVATE+KEY+<name>+<key id in hex>+<base64(algorithm byte || seed)>`, in a file of mode 0600.

use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;

use aws_lc_rs::rand;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::storage::{read_secret_file, write_secret_file};

const PRIVATE_PREFIX: &str = "PRIVATE+KEY+";

/// A kind of key: a signature algorithm of c2sp.org/signed-note and what it signs. All that differs between kinds is here, so
/// that ML-DSA-44 (0x06 of c2sp.org/tlog-cosignature) is one more of them. Signatures of kinds that are not are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
enum Algorithm {
    /// A log's key: Ed25519 over the text of a note.
    Ed25519,
    /// A witness's key: Ed25519 over a time and the text (`cosignature/v1` of c2sp.org/tlog-cosignature).
    Cosignature,
}

/// What a witness's signature begins with.
const TIME_BYTES: usize = 8;

impl Algorithm {
    const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x01 => Some(Self::Ed25519),
            0x04 => Some(Self::Cosignature),
            _ => None,
        }
    }
}

/// Why a key is refused.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read or written, or others than its owner may read it.
    #[error("log key: {0}")]
    File(#[from] io::Error),
    /// Not in the text form of a key.
    #[error("log key is malformed: {0}")]
    Malformed(&'static str),
    /// An algorithm this version does not know.
    #[error("log key is of an unknown algorithm")]
    Algorithm,
    /// An empty name, or one with a space, plus or control character.
    #[error("log key has a name that a signed note cannot hold")]
    Name,
    /// The random generator failed.
    #[error("no random bytes")]
    Random,
}

/// The public key of a log, and the log's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    name: String,
    id: [u8; 4],
    algorithm: Algorithm,
    public: Vec<u8>,
}

impl VerifyingKey {
    fn new(name: &str, algorithm: Algorithm, public: Vec<u8>) -> Result<Self, KeyError> {
        if name.is_empty()
            || name
                .chars()
                .any(|letter| letter.is_whitespace() || letter.is_control() || letter == '+')
        {
            return Err(KeyError::Name);
        }
        let mut digest = Sha256::new();
        digest.update(name);
        digest.update([b'\n', algorithm.byte()]);
        digest.update(&public);
        let hash: [u8; 32] = digest.finalize().into();
        let id = [hash[0], hash[1], hash[2], hash[3]];
        Ok(Self {
            name: name.to_owned(),
            id,
            algorithm,
            public,
        })
    }

    /// The name of the log, which is the origin of its checkpoints.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key id that stands in front of every signature.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// Whether this is a witness's key.
    #[must_use]
    pub fn is_witness(&self) -> bool {
        self.algorithm == Algorithm::Cosignature
    }

    /// Whether the signature is this key's over the text of a note.
    pub(super) fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        let verified = |message: &[u8], signature: &[u8]| {
            UnparsedPublicKey::new(&ED25519, &self.public)
                .verify(message, signature)
                .is_ok()
        };
        match self.algorithm {
            Algorithm::Ed25519 => verified(text, signature),
            Algorithm::Cosignature => {
                let Some((time, signature)) = signature.split_first_chunk::<TIME_BYTES>() else {
                    return false;
                };
                let time = u64::from_be_bytes(*time);
                let mut message = format!("cosignature/v1\ntime {time}\n").into_bytes();
                message.extend_from_slice(text);
                i64::try_from(time).is_ok() && verified(&message, signature)
            }
        }
    }

    /// When a witness says that it signed, in seconds since 1970.
    pub(super) fn time(&self, signature: &[u8]) -> Option<u64> {
        let time = signature.first_chunk::<TIME_BYTES>()?;
        self.is_witness().then(|| u64::from_be_bytes(*time))
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.algorithm.byte()];
        key.extend_from_slice(&self.public);
        write!(
            formatter,
            "{}+{:08x}+{}",
            self.name,
            u32::from_be_bytes(self.id),
            STANDARD.encode(key)
        )
    }
}

impl FromStr for VerifyingKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, id, algorithm, bytes) = take_apart(text)?;
        if bytes.len() != 32 {
            return Err(KeyError::Malformed("length"));
        }
        let key = Self::new(name, algorithm, bytes.to_vec())?;
        if key.id != id {
            return Err(KeyError::Malformed("key id does not fit the key"));
        }
        Ok(key)
    }
}

/// Name, key id, algorithm and key bytes.
type Parts<'a> = (&'a str, [u8; 4], Algorithm, Zeroizing<Vec<u8>>);

/// Takes `<name>+<id>+<base64>` apart.
fn take_apart(text: &str) -> Result<Parts<'_>, KeyError> {
    let mut parts = text.trim_end().splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyError::Malformed("want name+id+key"));
    };
    let id = (id.len() == 8)
        .then(|| u32::from_str_radix(id, 16).ok())
        .flatten()
        .ok_or(KeyError::Malformed("key id"))?;
    let key = Zeroizing::new(STANDARD.decode(key).map_err(|_| KeyError::Malformed("base64"))?);
    let (&algorithm, bytes) = key.split_first().ok_or(KeyError::Malformed("empty"))?;
    let algorithm = Algorithm::from_byte(algorithm).ok_or(KeyError::Algorithm)?;
    Ok((name, id.to_be_bytes(), algorithm, Zeroizing::new(bytes.to_vec())))
}

/// The private key of a log.
pub struct Signer {
    key: VerifyingKey,
    pair: Ed25519KeyPair,
}

impl Signer {
    /// From the 32-byte seed.
    pub(crate) fn from_seed(name: &str, seed: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Malformed("seed"))?;
        let key = VerifyingKey::new(name, Algorithm::Ed25519, pair.public_key().as_ref().to_vec())?;
        Ok(Self { key, pair })
    }

    /// Reads the private key file, which nobody but its owner may be able to read.
    ///
    /// # Errors
    /// When the file is missing, readable by others, or not a private key in text form.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let bytes = read_secret_file(path)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| KeyError::Malformed("not text"))?;
        let (name, id, algorithm, seed) = take_apart(
            text.strip_prefix(PRIVATE_PREFIX)
                .ok_or(KeyError::Malformed("not a private key"))?,
        )?;
        if algorithm != Algorithm::Ed25519 {
            return Err(KeyError::Algorithm);
        }
        let signer = Self::from_seed(name, &seed)?;
        if signer.key.id != id {
            return Err(KeyError::Malformed("key id does not fit the key"));
        }
        Ok(signer)
    }

    /// Makes a new key for the log `name`, writes it to a new file of mode 0600, and gives it.
    ///
    /// # Errors
    /// When the name cannot stand in a note, or the file exists or cannot be written.
    pub fn create_key_file(path: &Path, name: &str) -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        rand::fill(seed.as_mut_slice()).map_err(|_| KeyError::Random)?;
        let signer = Self::from_seed(name, seed.as_slice())?;
        let mut key = Zeroizing::new(vec![Algorithm::Ed25519.byte()]);
        key.extend_from_slice(seed.as_slice());
        let encoded = Zeroizing::new(STANDARD.encode(&*key));
        let id = u32::from_be_bytes(signer.key.id);
        let text = Zeroizing::new(format!("{PRIVATE_PREFIX}{name}+{id:08x}+{}\n", *encoded));
        write_secret_file(path, text.as_bytes())?;
        Ok(signer)
    }

    /// A new key that is kept nowhere; for tests and trials.
    ///
    /// # Errors
    /// When the name cannot stand in a note.
    pub fn ephemeral(name: &str) -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        rand::fill(seed.as_mut_slice()).map_err(|_| KeyError::Random)?;
        Self::from_seed(name, seed.as_slice())
    }

    /// The public half.
    #[must_use]
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    pub(super) fn signature(&self, message: &[u8]) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes.copy_from_slice(self.pair.sign(message).as_ref());
        bytes
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signer({})", self.key)
    }
}
