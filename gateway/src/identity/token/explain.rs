//! What a token says and which rules it keeps, for the people who make tokens. By the same rules
//! as a call; it decides nothing.

use serde_json::{Map, Value};

use super::claims::Claims;
use super::form::Parts;
use super::header::Header;
use super::{TokenRules, check_audience, check_binding, check_signature};
use crate::clock::Moment;
use crate::identity::{KeySet, json};
use crate::status::Refusal;

/// What a token is held against; a rule without its fact is not asked.
#[derive(Clone, Debug, Default)]
pub struct Against {
    /// The gateway's audience.
    pub audience: Option<String>,
    /// SHA-256 of the client certificate.
    pub certificate: Option<[u8; 32]>,
    /// The issuer's keys.
    pub keys: Option<KeySet>,
    /// The claim that holds the role.
    pub role_claim: String,
}

/// A token, explained. The signature is not part of it, so that it cannot be used again.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The members of the header, as far as they can be read.
    pub header: Map<String, Value>,
    /// The claims, as far as they can be read.
    pub claims: Map<String, Value>,
    /// Each rule by name, in the order of a call, and how the token keeps it.
    pub rules: Vec<(&'static str, Kept)>,
}

/// How a token keeps a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It does.
    Yes,
    /// It does not: the answer that a call would get.
    No(Refusal),
    /// The fact to compare with was not given, or an earlier rule failed.
    NotAsked,
}

impl Explanation {
    /// Whether no rule that was asked is broken.
    pub fn is_kept(&self) -> bool {
        !self.rules.iter().any(|(_, kept)| matches!(kept, Kept::No(_)))
    }
}

/// Explains a token at a moment.
pub fn explain(token: &str, against: &Against, now: Moment) -> Explanation {
    let parts = Parts::split(token);
    let read = |parts: &Parts<'_>| Header::read(&parts.header);
    let header = parts.as_ref().ok().map(read);
    let claims = parts
        .as_ref()
        .ok()
        .map(|parts| Claims::read(&parts.claims, &against.role_claim, None));
    let known = claims.as_ref().and_then(|claims| claims.as_ref().ok());

    let times = known.map(|claims| claims.times.check(&TokenRules::default(), now));
    let audience = known
        .zip(against.audience.as_ref())
        .map(|(claims, own)| check_audience(claims, own));
    let binding = known
        .zip(against.certificate.as_ref())
        .map(|(claims, own)| check_binding(claims, own));
    let signature = match (&parts, &header, &against.keys) {
        (Ok(parts), Some(Ok(header)), Some(keys)) => Some(check_signature(parts, header, keys)),
        _ => None,
    };
    Explanation {
        header: parts
            .as_ref()
            .ok()
            .and_then(|parts| json::object(&parts.header))
            .unwrap_or_default(),
        claims: parts
            .as_ref()
            .ok()
            .and_then(|parts| json::object(&parts.claims))
            .unwrap_or_default(),
        rules: vec![
            (
                "form",
                kept(Some(parts.as_ref().map(|_| ()).map_err(Clone::clone))),
            ),
            ("header", kept(header.map(|outcome| outcome.map(|_| ())))),
            (
                "claims",
                kept(
                    claims
                        .as_ref()
                        .map(|claims| claims.as_ref().map(|_| ()).map_err(Clone::clone)),
                ),
            ),
            ("audience", kept(audience)),
            ("times", kept(times)),
            ("binding", kept(binding)),
            ("signature", kept(signature)),
        ],
    }
}

fn kept(outcome: Option<Result<(), Refusal>>) -> Kept {
    match outcome {
        Some(Ok(())) => Kept::Yes,
        Some(Err(refusal)) => Kept::No(refusal),
        None => Kept::NotAsked,
    }
}
