//! An issuer's key pair, its key set, and tokens bound to a client certificate.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::folder::{FolderError, KeyFiles, KeyFolder};
use crate::clock::Moment;

/// Why a key or token cannot be made.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum TokenError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("{} cannot be read", .path.display())]
    Unreadable {
        path: std::path::PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the key is not a P-256 private key (PKCS #8 in PEM)")]
    BadKey(#[source] rcgen::Error),
    #[error("the key is not on the curve P-256")]
    WrongCurve,
    #[error("the token cannot be signed")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

/// The key pair of a development token issuer: ES256.
pub struct IssuerKey {
    key: KeyPair,
    signing: EncodingKey,
    kid: String,
}

/// What a token is to say.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// `client_id`: the agency's system.
    pub client: String,
    /// `sub`: the officer.
    pub officer: String,
    /// The claim for the role, and the role.
    pub role: (String, String),
    /// The claim for the unit, and the unit.
    pub unit: Option<(String, String)>,
    /// `exp − iat`.
    pub lifetime: Duration,
    /// SHA-256 of the client certificate that the token is bound to.
    pub certificate: [u8; 32],
}

impl IssuerKey {
    /// A new key pair.
    pub fn generate() -> Result<Self, TokenError> {
        Self::from_key(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(TokenError::BadKey)?)
    }

    /// The key pair of a file.
    pub fn load(path: &Path) -> Result<Self, TokenError> {
        let pem = std::fs::read_to_string(path).map_err(|source| TokenError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::from_key(KeyPair::from_pem(&pem).map_err(TokenError::BadKey)?)
    }

    /// The key's identifier: its thumbprint (RFC 7638).
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half, as a JWK set.
    pub fn jwks(&self) -> Value {
        let (x, y) = coordinates(&self.key);
        json!({"keys": [{
            "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": self.kid, "alg": "ES256", "use": "sig",
        }]})
    }

    /// The private half: PKCS #8 in PEM.
    pub fn key_pem(&self) -> SecretString {
        self.key.serialize_pem().into()
    }

    /// A token of the profile RFC 9068, bound to a certificate as RFC 8705 §3.1 says.
    pub fn issue(&self, request: &TokenRequest, now: Moment) -> Result<String, TokenError> {
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": self.kid});
        let issued = now.unix_seconds();
        let lifetime = i64::try_from(request.lifetime.as_secs()).unwrap_or(i64::MAX);
        let mut claims = Map::new();
        claims.insert("iss".into(), request.issuer.as_str().into());
        claims.insert("aud".into(), request.audience.as_str().into());
        claims.insert("sub".into(), request.officer.as_str().into());
        claims.insert("client_id".into(), request.client.as_str().into());
        claims.insert("iat".into(), issued.into());
        claims.insert("exp".into(), issued.saturating_add(lifetime).into());
        claims.insert("jti".into(), Uuid::now_v7().to_string().into());
        claims.insert(
            "cnf".into(),
            json!({"x5t#S256": URL_SAFE_NO_PAD.encode(request.certificate)}),
        );
        for (claim, value) in [Some(&request.role), request.unit.as_ref()].into_iter().flatten() {
            claims.insert(claim.clone(), value.as_str().into());
        }
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(Value::Object(claims)));
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &self.signing, Algorithm::ES256)
            .map_err(TokenError::Sign)?;
        Ok(format!("{signed}.{signature}"))
    }

    fn from_key(key: KeyPair) -> Result<Self, TokenError> {
        if !key.is_compatible(&PKCS_ECDSA_P256_SHA256) {
            return Err(TokenError::WrongCurve);
        }
        let (x, y) = coordinates(&key);
        // RFC 7638 §3: the required members alone, in the order of their names, without spaces.
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        Ok(Self {
            signing: EncodingKey::from_ec_der(key.serialized_der()),
            kid: URL_SAFE_NO_PAD.encode(Sha256::digest(members)),
            key,
        })
    }
}

/// Makes an issuer's key pair and key set in the folder.
pub fn issuer(folder: &KeyFolder, name: &str) -> Result<KeyFiles, TokenError> {
    let files = folder.issuer(name)?;
    folder.check_free(&[&files])?;
    let key = IssuerKey::generate()?;
    folder.write(&files, &format!("{:#}\n", key.jwks()), &key.key_pem())?;
    Ok(files)
}

/// The value of `iss` that tokens of a development issuer carry.
pub fn issuer_value(name: &str) -> String {
    format!("urn:lienthong:issuer:{name}")
}

/// The coordinates of the public point: it is uncompressed (SEC 1 §2.3.3), 4 ‖ x ‖ y.
fn coordinates(key: &KeyPair) -> (String, String) {
    let point = key.public_key_raw();
    let (x, y) = point[1..].split_at((point.len() - 1) / 2);
    (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::development::pki;
    use crate::identity::{
        AgencyIdentity, ClientCertificateName, ClientTrust, Identity, IdentitySnapshot, KeySet, NamedCa,
        PeerCertificate, TokenIssuer, TokenRules, VerifiedTokens,
    };

    #[test]
    fn what_a_development_folder_holds_is_accepted_by_identity() {
        use rustls::pki_types::CertificateDer;
        use rustls::pki_types::pem::PemObject as _;

        let root = tempfile::tempdir().unwrap();
        let folder = KeyFolder::new(root.path(), false);
        let (now, day) = (Moment::now(), Duration::from_secs(86_400));
        let [authority, _] = pki::init(&folder, &["localhost".into()], now, day).unwrap();
        let client = pki::client(&folder, "H29.12", &pki::agency_uri("H29.12"), now, day).unwrap();
        let keys = issuer(&folder, "dev").unwrap();

        let named = NamedCa {
            name: "dev".into(),
            pem: authority.public,
            ..NamedCa::default()
        };
        let trust = ClientTrust::load(&[named], now).unwrap();
        let chain = [CertificateDer::from_pem_file(&client.public).unwrap()];
        let peer = PeerCertificate::read(&chain, &trust, now).unwrap();
        let snapshot = IdentitySnapshot {
            agencies: vec![AgencyIdentity {
                id: "H29.12".into(),
                certificates: vec![ClientCertificateName {
                    ca: "dev".into(),
                    san_uri: pki::agency_uri("H29.12"),
                }],
                issuer: "dev".into(),
                clients: vec!["h29-one-stop".into()],
                role_claim: "role".into(),
                unit_claim: Some("unit".into()),
                roles: vec!["receiver".into()],
                ..AgencyIdentity::default()
            }],
            issuers: vec![TokenIssuer {
                name: "dev".into(),
                issuer: issuer_value("dev"),
                keys: KeySet::load(&keys.public).unwrap(),
            }],
            rules: TokenRules {
                audience: "urn:gateway".into(),
                ..TokenRules::default()
            },
        };
        let identity = Identity::new(snapshot, trust.into(), VerifiedTokens::new(10)).unwrap();

        let request = TokenRequest {
            issuer: issuer_value("dev"),
            audience: "urn:gateway".into(),
            client: "h29-one-stop".into(),
            officer: "officer-1".into(),
            role: ("role".into(), "receiver".into()),
            unit: Some(("unit".into(), "counter-3".into())),
            lifetime: Duration::from_secs(300),
            certificate: pki::fingerprint_of(&client.public).unwrap(),
        };
        let token = IssuerKey::load(&keys.private)
            .unwrap()
            .issue(&request, now)
            .unwrap();
        let mut headers = http::HeaderMap::new();
        headers.insert(
            http::header::AUTHORIZATION,
            format!("Bearer {token}").parse().unwrap(),
        );
        let caller = identity.identify(&peer, &headers, now).unwrap();
        assert_eq!(
            (caller.officer(), caller.unit()),
            ("officer-1", Some("counter-3"))
        );
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638() {
        let key = IssuerKey::generate().unwrap();
        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(key.jwks()["keys"][0].clone()).unwrap();
        let other = jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap();
        assert_eq!(key.kid(), other);
    }
}
