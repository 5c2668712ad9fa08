//! The keys with which a token issuer signs (RFC 7517), one algorithm each (RFC 8725 §3.1).

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};

use super::json;
use crate::clock::Moment;

/// Largest key set file.
pub(crate) const LARGEST_FILE: u64 = 1024 * 1024;
/// RFC 8725 §3.5 and SP 800-131A; what the signature library verifies at most.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// SP 800-56B §6.2: public exponents below 65537 are not used.
const SMALLEST_RSA_EXPONENT: u64 = 65_537;
/// Members that only a secret key has.
const SECRET_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A set of public keys, found by `kid`.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: HashMap<String, VerificationKey>,
    written: Option<Moment>,
}

/// A public key and the one algorithm that it is registered for.
#[derive(Clone, Debug)]
pub struct VerificationKey {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// Why a key set cannot be used. `key` counts from 1.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum KeySetError {
    #[error("{} cannot be read", .path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the key set is larger than 1 MiB")]
    TooLarge,
    #[error("the key set is not a JSON object with a list `keys`, or a member stands twice")]
    NotAKeySet,
    #[error("the key set holds no key")]
    Empty,
    #[error("key {key}: {problem}")]
    Key { key: usize, problem: KeyProblem },
}

/// What is wrong with one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum KeyProblem {
    #[error("it is not a JSON object")]
    NotAnObject,
    #[error("`kid` is missing, empty or not a string")]
    NoKid,
    #[error("its `kid` stands twice in the set")]
    KidTwice,
    #[error("it is a symmetric key; token issuers sign with key pairs")]
    Symmetric,
    #[error("it holds a private key; only the public half belongs here")]
    Private,
    #[error("`use` is not `sig`")]
    NotForSignatures,
    #[error("`key_ops` does not hold `verify`")]
    NotForVerification,
    #[error("`kty` and `crv` are not P-256, Ed25519 or RSA")]
    UnknownKind,
    #[error("`alg` is not the algorithm of this kind of key (ES256, EdDSA or PS256)")]
    WrongAlgorithm,
    #[error("its RSA modulus is not between 2048 and 8192 bits")]
    RsaLength,
    #[error("its RSA exponent is even or below 65537")]
    RsaExponent,
    #[error("its numbers are not a point or key in base64url without padding")]
    BadNumbers,
}

impl KeySet {
    /// Reads a JWKS file whole, or nothing.
    pub fn load(path: &Path) -> Result<Self, KeySetError> {
        let unreadable = |source| KeySetError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        if metadata.len() > LARGEST_FILE {
            return Err(KeySetError::TooLarge);
        }
        Ok(Self {
            written: Some(Moment::from_unix_seconds(metadata.mtime())),
            ..Self::parse(&std::fs::read(path).map_err(unreadable)?)?
        })
    }

    /// Reads the text of a JWKS.
    pub fn parse(text: &[u8]) -> Result<Self, KeySetError> {
        let set = json::object(text).ok_or(KeySetError::NotAKeySet)?;
        let list = set
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(KeySetError::NotAKeySet)?;
        if list.is_empty() {
            return Err(KeySetError::Empty);
        }
        let mut keys = HashMap::new();
        for (index, jwk) in list.iter().enumerate() {
            let number = index + 1;
            let failed = |problem| KeySetError::Key { key: number, problem };
            let jwk = jwk.as_object().ok_or(failed(KeyProblem::NotAnObject))?;
            let (kid, key) = read_key(jwk).map_err(failed)?;
            if keys.insert(kid, key).is_some() {
                return Err(failed(KeyProblem::KidTwice));
            }
        }
        Ok(Self { keys, written: None })
    }

    /// The key of that `kid`.
    pub fn find(&self, kid: &str) -> Option<&VerificationKey> {
        self.keys.get(kid)
    }

    /// Seconds since its file was written; none for a set that came from no file.
    pub fn age(&self, now: Moment) -> Option<i64> {
        let written = self.written?.unix_seconds();
        Some(now.unix_seconds().saturating_sub(written).max(0))
    }

    /// How many keys the set has.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether the set has no key; a set that was read has one at least.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

fn read_key(jwk: &Map<String, Value>) -> Result<(String, VerificationKey), KeyProblem> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    if text("kty") == Some("oct") {
        return Err(KeyProblem::Symmetric);
    }
    if SECRET_MEMBERS.iter().any(|member| jwk.contains_key(*member)) {
        return Err(KeyProblem::Private);
    }
    let kid = text("kid")
        .filter(|kid| !kid.is_empty())
        .ok_or(KeyProblem::NoKid)?;
    if jwk.contains_key("use") && text("use") != Some("sig") {
        return Err(KeyProblem::NotForSignatures);
    }
    if let Some(operations) = jwk.get("key_ops")
        && !operations
            .as_array()
            .is_some_and(|list| list.iter().any(|operation| operation == "verify"))
    {
        return Err(KeyProblem::NotForVerification);
    }
    let number = |name: &str| {
        text(name)
            .and_then(|value| URL_SAFE_NO_PAD.decode(value).ok())
            .ok_or(KeyProblem::BadNumbers)
    };
    let (word, key) = match (text("kty"), text("crv")) {
        (Some("EC"), Some("P-256")) => ("ES256", p256(&number("x")?, &number("y")?)?),
        (Some("OKP"), Some("Ed25519")) => ("EdDSA", ed25519(&number("x")?)?),
        (Some("RSA"), None) => ("PS256", rsa(&number("n")?, &number("e")?)?),
        _ => return Err(KeyProblem::UnknownKind),
    };
    if jwk.contains_key("alg") && text("alg") != Some(word) {
        return Err(KeyProblem::WrongAlgorithm);
    }
    Ok((kid.to_owned(), key))
}

fn p256(x: &[u8], y: &[u8]) -> Result<VerificationKey, KeyProblem> {
    if x.len() != 32 || y.len() != 32 {
        return Err(KeyProblem::BadNumbers);
    }
    // SEC 1 §2.3.3: an uncompressed point.
    let point = [&[4], x, y].concat();
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).map_err(|_| KeyProblem::BadNumbers)?;
    Ok(VerificationKey {
        algorithm: Algorithm::ES256,
        key: DecodingKey::from_ec_der(&point),
    })
}

fn ed25519(x: &[u8]) -> Result<VerificationKey, KeyProblem> {
    if x.len() != 32 {
        return Err(KeyProblem::BadNumbers);
    }
    ParsedPublicKey::new(&ED25519, x).map_err(|_| KeyProblem::BadNumbers)?;
    Ok(VerificationKey {
        algorithm: Algorithm::EdDSA,
        key: DecodingKey::from_ed_der(x),
    })
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<VerificationKey, KeyProblem> {
    let leading = modulus.first().ok_or(KeyProblem::RsaLength)?.leading_zeros() as usize;
    if leading == 8 || !RSA_BITS.contains(&(modulus.len() * 8 - leading)) {
        return Err(KeyProblem::RsaLength);
    }
    let value = exponent
        .iter()
        .try_fold(0_u64, |value, byte| {
            value.checked_mul(256).map(|high| high | u64::from(*byte))
        })
        .ok_or(KeyProblem::RsaExponent)?;
    if value < SMALLEST_RSA_EXPONENT || value % 2 == 0 {
        return Err(KeyProblem::RsaExponent);
    }
    Ok(VerificationKey {
        algorithm: Algorithm::PS256,
        key: DecodingKey::from_rsa_raw_components(modulus, exponent),
    })
}

#[cfg(test)]
mod tests;
