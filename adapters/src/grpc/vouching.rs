//! How this gateway vouches for an officer at another one. The texts mean nothing here: they are passed
//! on as the call brings them.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ::http::header::HeaderValue;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use uuid::Uuid;

use super::settings::Lienthong;
use crate::error::Error;
use crate::registry::Call;

/// Most officers whose tokens are kept; past it, all are made anew.
const MOST: usize = 4_096;

/// Makes tokens, and keeps them for most of their time.
pub(super) struct Vouching {
    header: String,
    key: Key,
    issuer: String,
    audience: String,
    client_id: String,
    role_claim: String,
    /// Microseconds.
    lifetime: i64,
    /// Of the certificate that the tokens are bound to.
    fingerprint: String,
    kept: Mutex<HashMap<Who, Token>>,
}

/// An officer in a role.
type Who = (Arc<str>, Arc<str>);

enum Key {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    fn read(key: &PrivateKeyDer<'_>) -> Option<Self> {
        let PrivateKeyDer::Pkcs8(key) = key else {
            return None;
        };
        let key = key.secret_pkcs8_der();
        let p256 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key);
        let ed25519 = || Ed25519KeyPair::from_pkcs8_maybe_unchecked(key);
        p256.map(Self::P256)
            .or_else(|_| ed25519().map(Self::Ed25519))
            .ok()
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::P256(key) => {
                let signature = key.sign(&SystemRandom::new(), message).ok()?;
                Some(signature.as_ref().to_vec())
            }
            Self::Ed25519(key) => Some(key.sign(message).as_ref().to_vec()),
        }
    }
}

struct Token {
    value: HeaderValue,
    /// Until when it is used, microseconds since 1970 UTC.
    until: i64,
}

impl Vouching {
    /// Reads the files. The error says what stands in the way.
    pub(super) fn new(settings: &Lienthong, certificate: &str, base: &Path) -> Result<Self, String> {
        let read = |file: &str| fs::read(base.join(file)).map_err(|error| format!("{file}: {error}"));
        let file = settings.signing_key.get_ref();
        let pem = read(file)?;
        let key = PrivateKeyDer::from_pem_slice(&pem)
            .ok()
            .and_then(|key| Key::read(&key));
        let key =
            key.ok_or_else(|| format!("{file}: found no key, wanted P-256 or Ed25519, PKCS #8 in PEM"))?;
        let leaf = CertificateDer::from_pem_slice(&read(certificate)?)
            .map_err(|_| format!("{certificate}: found no certificate, wanted one in PEM"))?;
        let header = json!({ "alg": key.algorithm(), "typ": "at+jwt", "kid": settings.key_id.get_ref() });
        Ok(Self {
            header: BASE64_URL_SAFE_NO_PAD.encode(header.to_string()),
            key,
            issuer: settings.issuer.get_ref().clone(),
            audience: settings.audience.get_ref().clone(),
            client_id: settings.client_id.get_ref().clone(),
            role_claim: settings.role_claim.get_ref().clone(),
            lifetime: i64::try_from(settings.lifetime.0.as_micros()).unwrap_or(i64::MAX),
            fingerprint: BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &leaf)),
            kept: Mutex::default(),
        })
    }

    /// The value of `authorization` for a call.
    pub(super) fn token(&self, call: &Call) -> Result<HeaderValue, Error> {
        let who = (Arc::clone(&call.officer), Arc::clone(&call.role));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = kept.get(&who).filter(|token| call.at < token.until) {
            return Ok(token.value.clone());
        }
        let value = self.made(call)?;
        if kept.len() >= MOST {
            kept.clear();
        }
        let until = call.at.saturating_add(self.lifetime / 5 * 4);
        let token = Token {
            value: value.clone(),
            until,
        };
        kept.insert(who, token);
        Ok(value)
    }

    /// Gives up what is kept for a call's officer.
    pub(super) fn forget(&self, call: &Call) {
        let who = (Arc::clone(&call.officer), Arc::clone(&call.role));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(&who);
    }

    fn made(&self, call: &Call) -> Result<HeaderValue, Error> {
        let unmade = || Error::unavailable("the gateway can't vouch for who asks");
        let issued = call.at.div_euclid(1_000_000);
        let mut claims = json!({
            "iss": self.issuer,
            "aud": self.audience,
            "sub": &*call.officer,
            "client_id": self.client_id,
            "iat": issued,
            "exp": issued.saturating_add(self.lifetime / 1_000_000),
            "jti": Uuid::now_v7().to_string(),
            "cnf": { "x5t#S256": self.fingerprint },
        });
        if let Some(claims) = claims.as_object_mut() {
            claims.insert(self.role_claim.clone(), (&*call.role).into());
        }
        let claims = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
        let signed = format!("{}.{claims}", self.header);
        let signature = self.key.sign(signed.as_bytes()).ok_or_else(unmade)?;
        let text = format!("Bearer {signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
        let mut value = HeaderValue::from_str(&text).map_err(|_| unmade())?;
        value.set_sensitive(true);
        Ok(value)
    }
}
