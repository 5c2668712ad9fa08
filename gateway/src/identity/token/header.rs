//! The token's header (RFC 7515 §4, RFC 9068 §2.1).

use jsonwebtoken::Algorithm;
use serde_json::Value;

use super::form::malformed;
use crate::identity::{json, refuse};
use crate::status::{Reason, Refusal};

/// Members that change how a token is to be read, or bring a key along. None is understood here:
/// `crit` demands that they are (RFC 7515 §4.1.11), and a key from the token itself proves
/// nothing (RFC 8725 §2.2, §3.10).
const REFUSED: [&str; 8] = ["crit", "jwk", "jku", "x5u", "x5c", "b64", "zip", "enc"];

/// What the header says about the signature.
pub(super) struct Header {
    /// One of the three that are accepted.
    pub(super) algorithm: Algorithm,
    /// Which key of the issuer.
    pub(super) kid: String,
}

impl Header {
    pub(super) fn read(text: &[u8]) -> Result<Self, Refusal> {
        let members = json::object(text)
            .ok_or_else(|| malformed("the header is not a JSON object without duplicate members"))?;
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        if REFUSED.iter().any(|name| members.contains_key(*name)) {
            return Err(malformed("the header has a member that is not accepted"));
        }
        if !matches!(text("typ"), Some("at+jwt" | "application/at+jwt")) {
            return Err(refuse(Reason::TokenType, "the token is not of the type at+jwt"));
        }
        let algorithm = match text("alg") {
            Some("ES256") => Algorithm::ES256,
            Some("PS256") => Algorithm::PS256,
            Some("EdDSA") => Algorithm::EdDSA,
            _ => {
                return Err(refuse(
                    Reason::TokenSignature,
                    "the algorithm of the token is not accepted",
                ));
            }
        };
        let kid = text("kid").ok_or_else(|| malformed("the header names no key"))?;
        Ok(Self {
            algorithm,
            kid: kid.to_owned(),
        })
    }
}
