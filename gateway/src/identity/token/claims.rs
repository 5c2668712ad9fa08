//! The claims of a token, required and typed (RFC 9068 §2.2, RFC 8705 §3.1).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::form::malformed;
use super::times::Times;
use crate::identity::agency::Agency;
use crate::identity::{json, refuse};
use crate::status::{Reason, Refusal};

/// Longest name of an officer, a system, a unit or a token, so that audit entries stay small.
const MAX_NAME: usize = 256;

/// What the token says, well typed, not believed yet.
pub(super) struct Claims {
    pub(super) issuer: String,
    pub(super) audience: Vec<String>,
    pub(super) officer: String,
    pub(super) client: String,
    pub(super) token_id: String,
    pub(super) times: Times,
    /// SHA-256 of the certificate that the token is bound to.
    pub(super) confirmation: [u8; 32],
    pub(super) unit: Option<String>,
    roles: Vec<String>,
}

impl Claims {
    /// Reads the claims; the role and the unit stand in claims that the agency's file names.
    pub(super) fn read(text: &[u8], role_claim: &str, unit_claim: Option<&str>) -> Result<Self, Refusal> {
        let members = json::object(text)
            .ok_or_else(|| malformed("the claims are not a JSON object without duplicate members"))?;
        let unit = unit_claim.map(|claim| name(&members, claim)).transpose()?;
        Ok(Self {
            issuer: name(&members, "iss")?,
            audience: texts(&members, "aud")?,
            officer: name(&members, "sub")?,
            client: name(&members, "client_id")?,
            token_id: name(&members, "jti")?,
            times: Times::read(&members)?,
            confirmation: confirmation(&members)?,
            unit,
            roles: texts(&members, role_claim)?,
        })
    }

    /// The one role of the token that the agency lists.
    pub(super) fn role(&self, agency: &Agency) -> Result<Arc<str>, Refusal> {
        let mut listed = agency
            .roles
            .iter()
            .filter(|role| self.roles.iter().any(|own| *own == ***role));
        match (listed.next(), listed.next()) {
            (Some(role), None) => Ok(Arc::clone(role)),
            (Some(_), Some(_)) => Err(refuse(
                Reason::RoleNotAgreed,
                "the token names several roles of the agency; a call is made in one",
            )
            .naming(agency.role_claim.clone())),
            _ => Err(
                refuse(Reason::RoleNotAgreed, "the agency lists no role of the token")
                    .naming(agency.role_claim.clone()),
            ),
        }
    }
}

fn name(members: &Map<String, Value>, claim: &str) -> Result<String, Refusal> {
    members
        .get(claim)
        .and_then(Value::as_str)
        .filter(|text| is_name(text))
        .map(str::to_owned)
        .ok_or_else(|| {
            malformed("a required claim is missing, or is not a text of 1 to 256 bytes").naming(claim)
        })
}

/// One text, or a list of texts; `aud` and roles come in both forms (RFC 7519 §4.1.3).
fn texts(members: &Map<String, Value>, claim: &str) -> Result<Vec<String>, Refusal> {
    let wrong =
        || malformed("a required claim is missing, or is not a text or a list of texts").naming(claim);
    let own = |value: &Value| {
        value
            .as_str()
            .filter(|text| is_name(text))
            .map(str::to_owned)
            .ok_or_else(wrong)
    };
    match members.get(claim) {
        Some(Value::Array(list)) if !list.is_empty() => list.iter().map(own).collect(),
        Some(value) => Ok(vec![own(value)?]),
        None => Err(wrong()),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_NAME && !text.chars().any(char::is_control)
}

/// `cnf."x5t#S256"`: 32 bytes in base64url without padding.
fn confirmation(members: &Map<String, Value>) -> Result<[u8; 32], Refusal> {
    let confirmation = members
        .get("cnf")
        .ok_or_else(|| {
            refuse(
                Reason::TokenBinding,
                "the token is bound to no client certificate",
            )
        })?
        .as_object()
        .ok_or_else(|| malformed("a required claim is not an object").naming("cnf"))?;
    confirmation
        .get("x5t#S256")
        .and_then(Value::as_str)
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| {
            refuse(
                Reason::TokenBinding,
                "the token does not name its client certificate by x5t#S256",
            )
        })
}
