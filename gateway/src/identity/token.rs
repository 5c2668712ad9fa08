//! Every rule that a token must keep (RFC 9068, RFC 8705, RFC 8725), cheap ones first.
//!
//! The signature is checked last, by `jsonwebtoken`; all else is checked here, because a library
//! looks at a claim only where it is told to and only where the claim is there.

pub mod cache;
mod claims;
pub mod explain;
pub(super) mod form;
mod header;
mod times;
pub mod unknown_keys;

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::agency::Agency;
use super::{Caller, KeySet, PeerCertificate, TokenIssuer, refuse};
use crate::clock::Moment;
use crate::status::{Reason, Refusal};

use cache::VerifiedToken;
pub use cache::VerifiedTokens;
use claims::Claims;
use form::Parts;
use header::Header;
pub use unknown_keys::UnknownKeys;

/// What a token must keep, beside what the RFCs say.
#[derive(Clone, Debug)]
pub struct TokenRules {
    /// The value that `aud` must hold: this gateway.
    pub audience: String,
    /// The longest `exp − iat`.
    pub max_lifetime: Duration,
    /// How far clocks may differ, for `exp` and `nbf`.
    pub leeway: Duration,
    /// How far `iat` may lie ahead.
    pub issued_ahead: Duration,
    /// How long a verified token is remembered, if it does not expire before.
    pub remember: Duration,
}

impl Default for TokenRules {
    fn default() -> Self {
        Self {
            audience: String::new(),
            max_lifetime: Duration::from_secs(600),
            leeway: Duration::from_secs(10),
            issued_ahead: Duration::from_secs(60),
            remember: Duration::from_secs(60),
        }
    }
}

/// Every check of a token that has not been seen before.
pub(super) fn verify(
    token: &str,
    peer: &PeerCertificate,
    agency: &Agency,
    issuer: &TokenIssuer,
    rules: &TokenRules,
    now: Moment,
    verified: &VerifiedTokens,
) -> Result<VerifiedToken, Refusal> {
    let parts = Parts::split(token)?;
    let header = Header::read(&parts.header)?;
    let claims = Claims::read(&parts.claims, &agency.role_claim, agency.unit_claim.as_deref())?;

    if claims.issuer != issuer.issuer {
        return Err(refuse(
            Reason::TokenIssuer,
            "the token is not from the agency's issuer",
        ));
    }
    check_audience(&claims, &rules.audience)?;
    claims.times.check(rules, now)?;
    check_binding(&claims, peer.fingerprint())?;
    let system = agency
        .clients
        .iter()
        .find(|client| ***client == *claims.client)
        .ok_or_else(|| {
            refuse(
                Reason::ClientUnknown,
                "the client of the token does not belong to the agency",
            )
        })?;

    verified.count_signature_check();
    if issuer.keys.find(&header.kid).is_none() {
        verified.unknown_keys().tell(&issuer.name);
    }
    check_signature(&parts, &header, &issuer.keys)?;

    // The role is compared last: its refusal is about an officer, who must be proved first.
    let role = claims.role(agency)?;
    let caller = Caller {
        agency: Arc::clone(&agency.id),
        system: Arc::clone(system),
        officer: claims.officer.as_str().into(),
        role,
        unit: claims.unit.as_deref().map(Arc::from),
        certificate: *peer.fingerprint(),
        token_id_hash: Sha256::new()
            .chain_update(&issuer.issuer)
            .chain_update([0])
            .chain_update(&claims.token_id)
            .finalize()
            .into(),
        sight: agency.sight.clone(),
    };
    Ok(VerifiedToken {
        caller: Arc::new(caller),
        times: claims.times,
        verified_at: now,
    })
}

/// The one key of the set with the token's `kid`, and only under the algorithm that it is for.
fn check_signature(parts: &Parts<'_>, header: &Header, keys: &KeySet) -> Result<(), Refusal> {
    let key = keys
        .find(&header.kid)
        .filter(|key| key.algorithm == header.algorithm)
        .ok_or_else(|| refuse(Reason::TokenSignature, "no key of the issuer fits the token"))?;
    let signed =
        jsonwebtoken::crypto::verify(parts.signature, parts.signed.as_bytes(), &key.key, key.algorithm);
    if !matches!(signed, Ok(true)) {
        return Err(refuse(
            Reason::TokenSignature,
            "the signature of the token is wrong",
        ));
    }
    Ok(())
}

/// Compared in constant time, so that a near miss cannot be told from a far one.
fn check_binding(claims: &Claims, certificate: &[u8; 32]) -> Result<(), Refusal> {
    if !bool::from(claims.confirmation.ct_eq(certificate)) {
        return Err(refuse(
            Reason::TokenBinding,
            "the token is bound to another client certificate",
        ));
    }
    Ok(())
}

fn check_audience(claims: &Claims, audience: &str) -> Result<(), Refusal> {
    if !claims.audience.iter().any(|own| own == audience) {
        return Err(refuse(
            Reason::TokenAudience,
            "the token is not meant for this gateway",
        ));
    }
    Ok(())
}
