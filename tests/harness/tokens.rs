//! An issuer of tokens (RFC 9068), honest or not as the test wants it.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};
use uuid::Uuid;

/// The `aud` of the gateway under test.
pub const AUDIENCE: &str = "urn:lienthong:under-test";
/// The `iss` of the tokens.
pub const ISSUER: &str = "https://issuer.example";
const KEY_ID: &str = "key-of-the-test";

/// An authorization server with one ES256 key.
pub struct TokenIssuer {
    signing: EncodingKey,
    public: Vec<u8>,
}

/// What the honest token of an officer says.
pub struct Officer<'a> {
    /// The `client_id` of the agency's system.
    pub client: &'a str,
    /// `sub`.
    pub officer: &'a str,
    /// The officer's role.
    pub role: &'a str,
    /// SHA-256 of the certificate that the token is bound to.
    pub certificate: [u8; 32],
}

impl TokenIssuer {
    /// An issuer with a new key.
    #[must_use]
    pub fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a P-256 key");
        Self {
            signing: EncodingKey::from_ec_der(key.serialized_der()),
            public: key.public_key_raw().to_vec(),
        }
    }

    /// The public half as a key set (RFC 7517).
    #[must_use]
    pub fn key_set(&self) -> Value {
        // The point is uncompressed (SEC 1 §2.3.3): 4, x, y.
        let (x, y) = self.public[1..].split_at(32);
        json!({"keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KEY_ID,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        }]})
    }

    /// The public half under another key id, beside the keys of another set.
    #[must_use]
    pub fn beside(&self, mut others: Value, key_id: &str) -> Value {
        let mut own = self.key_set()["keys"][0].clone();
        own["kid"] = key_id.into();
        if let Some(keys) = others["keys"].as_array_mut() {
            keys.push(own);
        }
        others
    }

    /// A token with exactly these claims, under an honest header.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_under(&header(), claims)
    }

    /// A token with exactly this header and these claims.
    #[must_use]
    pub fn sign_under(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &self.signing, Algorithm::ES256)
            .expect("a signature");
        format!("{signed}.{signature}")
    }
}

impl Default for TokenIssuer {
    fn default() -> Self {
        Self::new()
    }
}

/// The header of an honest token.
#[must_use]
pub fn header() -> Value {
    json!({"alg": "ES256", "typ": "at+jwt", "kid": KEY_ID})
}

/// The claims of an honest token that counts for five minutes.
#[must_use]
pub fn claims(officer: &Officer<'_>) -> Value {
    let now = unix_seconds();
    json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": officer.officer,
        "client_id": officer.client,
        "iat": now,
        "exp": now + 300,
        "jti": Uuid::now_v7().to_string(),
        "cnf": {"x5t#S256": URL_SAFE_NO_PAD.encode(officer.certificate)},
        "role": officer.role,
        "unit": "counter-3",
    })
}

/// Seconds since 1970.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the harness does not know the gateway, so it has a clock of its own"
)]
pub fn unix_seconds() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a clock of this age")
}
