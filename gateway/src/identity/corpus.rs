//! Tokens to try a gateway with: hostile ones, each broken in one clause and otherwise whole and
//! well signed, and honest ones. Made from keys and facts alone, knowing nothing of the code that
//! reads them.
//!
//! | file | breaks |
//! |---|---|
//! | `form` | the authorization header, the parts, base64url, JSON |
//! | `header` | algorithm, type, key identifier, members that are not accepted |
//! | `claims` | every claim, absent, mistyped or wrong |
//! | `signature` | the signature |
//! | `honest` | nothing |

mod claims;
mod form;
mod header;
mod honest;
mod signature;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// One case: authorization header values, and the answer word; none for an honest case.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) authorization: Vec<Vec<u8>>,
    pub(crate) reason: Option<&'static str>,
}

/// The facts that an honest token tells.
#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) issuer: String,
    pub(crate) other_issuer: String,
    pub(crate) audience: String,
    pub(crate) client: String,
    pub(crate) other_client: String,
    pub(crate) roles: [String; 2],
    pub(crate) certificate: [u8; 32],
    pub(crate) other_certificate: [u8; 32],
    /// Seconds since the Unix epoch.
    pub(crate) now: i64,
}

/// Private keys: three of the issuer, one of another issuer, one of nobody.
pub(crate) struct Keys {
    es256: Vec<u8>,
    other_es256: Vec<u8>,
    nobody_es256: Vec<u8>,
    es384: Vec<u8>,
    eddsa: Ed25519KeyPair,
    rsa: RsaKeyPair,
}

/// Signing input → signature.
type Sign<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

impl Keys {
    pub(crate) fn generate() -> Self {
        let ec = |algorithm| {
            EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())
                .unwrap()
                .as_ref()
                .to_vec()
        };
        Self {
            es256: ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
            other_es256: ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
            nobody_es256: ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
            es384: ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
            eddsa: Ed25519KeyPair::generate().unwrap(),
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
        }
    }

    /// The issuer's key set: `es`, `ed` and `rsa`.
    pub(crate) fn jwks(&self) -> Value {
        let rsa = RsaPublicKeyComponents::<Vec<u8>>::from(self.rsa.public_key());
        json!({"keys": [
            p256_jwk(&self.es256, "es"),
            {"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": b64(self.eddsa.public_key().as_ref())},
            {"kty": "RSA", "kid": "rsa", "alg": "PS256", "use": "sig", "n": b64(&rsa.n), "e": b64(&rsa.e)},
        ]})
    }

    /// The other issuer's key set: `other`.
    pub(crate) fn other_jwks(&self) -> Value {
        json!({"keys": [p256_jwk(&self.other_es256, "other")]})
    }

    fn es256(&self, input: &[u8]) -> Vec<u8> {
        ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.es256, input)
    }

    fn es256_der(&self, input: &[u8]) -> Vec<u8> {
        ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.es256, input)
    }

    fn es384(&self, input: &[u8]) -> Vec<u8> {
        ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, &self.es384, input)
    }

    fn other_es256(&self, input: &[u8]) -> Vec<u8> {
        ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.other_es256, input)
    }

    fn nobody_es256(&self, input: &[u8]) -> Vec<u8> {
        ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.nobody_es256, input)
    }

    fn eddsa(&self, input: &[u8]) -> Vec<u8> {
        self.eddsa.sign(input).as_ref().to_vec()
    }

    fn ps256(&self, input: &[u8]) -> Vec<u8> {
        self.rsa_signature(&RSA_PSS_SHA256, input)
    }

    fn rsa_signature(&self, encoding: &'static dyn RsaEncoding, input: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        self.rsa
            .sign(encoding, &SystemRandom::new(), input, &mut signature)
            .unwrap();
        signature
    }

    /// The issuer's public P-256 point.
    fn es256_point(&self) -> Vec<u8> {
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.es256).unwrap();
        key.public_key().as_ref().to_vec()
    }
}

/// Everything that a list of cases is made from.
pub(crate) struct Forge<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) facts: &'a Facts,
}

impl Forge<'_> {
    /// Every hostile case.
    pub(crate) fn hostile(&self) -> Vec<Case> {
        [
            form::cases(self),
            header::cases(self),
            claims::cases(self),
            signature::cases(self),
        ]
        .concat()
    }

    /// Every honest case.
    pub(crate) fn honest(&self) -> Vec<Case> {
        honest::cases(self)
    }

    /// The honest header of an ES256 token.
    fn header(&self) -> Value {
        json!({"alg": "ES256", "typ": "at+jwt", "kid": "es"})
    }

    /// The claims of an honest token.
    fn claims(&self) -> Value {
        let facts = self.facts;
        json!({
            "iss": facts.issuer, "aud": facts.audience, "sub": "officer-17", "client_id": facts.client,
            "iat": facts.now, "exp": facts.now + 300, "jti": "token-1",
            "cnf": {"x5t#S256": b64(&facts.certificate)},
            "role": facts.roles[0], "unit": "one-stop",
            // Makes `-` and `_` appear in base64url at every alignment.
            "note": "???>>>~~~ ???>>>~~~  ???>>>~~~",
        })
    }

    /// A whole, honest ES256 token.
    pub(crate) fn token(&self) -> String {
        self.with_claims(|_| {})
    }

    /// A token with a changed header, signed by ES256.
    fn with_header(&self, change: impl Fn(&mut Value)) -> String {
        self.with_header_signed(change, &|input| self.keys.es256(input))
    }

    fn with_header_signed(&self, change: impl Fn(&mut Value), sign: Sign<'_>) -> String {
        let mut header = self.header();
        change(&mut header);
        raw(header.to_string(), self.claims().to_string(), sign)
    }

    /// A token with changed claims, signed by ES256.
    fn with_claims(&self, change: impl Fn(&mut Value)) -> String {
        let mut claims = self.claims();
        change(&mut claims);
        self.signed(self.header().to_string(), claims.to_string())
    }

    /// A token of any two texts, signed by ES256.
    fn signed(&self, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        raw(header, claims, &|input| self.keys.es256(input))
    }
}

impl Clone for Case {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            authorization: self.authorization.clone(),
            reason: self.reason,
        }
    }
}

/// A hostile case of one well-formed bearer header.
fn hostile(reason: &'static str, name: impl Into<String>, token: impl AsRef<str>) -> Case {
    headers(
        Some(reason),
        name,
        &[format!("Bearer {}", token.as_ref()).as_bytes()],
    )
}

fn headers(reason: Option<&'static str>, name: impl Into<String>, values: &[&[u8]]) -> Case {
    Case {
        name: name.into(),
        authorization: values.iter().map(|value| value.to_vec()).collect(),
        reason,
    }
}

fn raw(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>, sign: Sign<'_>) -> String {
    let input = format!("{}.{}", b64(header.as_ref()), b64(claims.as_ref()));
    let signature = b64(&sign(input.as_bytes()));
    format!("{input}.{signature}")
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm, key: &[u8], input: &[u8]) -> Vec<u8> {
    let key = EcdsaKeyPair::from_pkcs8(algorithm, key).unwrap();
    key.sign(&SystemRandom::new(), input).unwrap().as_ref().to_vec()
}

fn hmac_of(algorithm: hmac::Algorithm, secret: &[u8], input: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, secret), input)
        .as_ref()
        .to_vec()
}

fn p256_jwk(pkcs8: &[u8], kid: &str) -> Value {
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).unwrap();
    let point = key.public_key().as_ref();
    json!({
        "kty": "EC", "crv": "P-256", "kid": kid, "alg": "ES256", "use": "sig",
        "x": b64(&point[1..33]), "y": b64(&point[33..]),
    })
}
