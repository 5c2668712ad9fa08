//! The outer form of a token: header, length, characters, three parts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::identity::refuse;
use crate::status::{Reason, Refusal};

/// Longest token, so that a long one costs no work.
const MAX_TOKEN: usize = 8 * 1024;
const SCHEME: &[u8] = b"Bearer ";

/// The token of the one `Authorization: Bearer` header (RFC 6750 §2.1).
pub(in crate::identity) fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values
        .next()
        .ok_or_else(|| refuse(Reason::TokenMissing, "the call has no authorization header"))?;
    if values.next().is_some() {
        return Err(malformed("the call has more than one authorization header"));
    }
    let token = value
        .as_bytes()
        .split_at_checked(SCHEME.len())
        // RFC 9110 §11.1: the name of a scheme is case-insensitive.
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME))
        .map(|(_, token)| token)
        .ok_or_else(|| {
            refuse(
                Reason::TokenMissing,
                "the authorization header has no bearer token",
            )
        })?;
    if token.len() > MAX_TOKEN {
        return Err(malformed("the token is longer than 8 KiB"));
    }
    std::str::from_utf8(token).map_err(|_| malformed("the token has a character that is not allowed"))
}

/// A token taken apart, nothing of it believed yet.
pub(super) struct Parts<'token> {
    /// The first two parts and the dot between them: what the signature covers.
    pub(super) signed: &'token str,
    /// The header, decoded.
    pub(super) header: Vec<u8>,
    /// The claims, decoded.
    pub(super) claims: Vec<u8>,
    /// The signature, in base64url.
    pub(super) signature: &'token str,
}

impl<'token> Parts<'token> {
    /// Three parts in base64url without padding, in the one spelling that base64url allows: the
    /// unused bits of a last character are zero (RFC 4648 §3.5).
    pub(super) fn split(token: &'token str) -> Result<Self, Refusal> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if !token.bytes().all(allowed) {
            return Err(malformed("the token has a character that is not allowed"));
        }
        let three = || malformed("the token has not exactly three parts");
        let (signed, signature) = token.rsplit_once('.').ok_or_else(three)?;
        let (header, claims) = signed.split_once('.').ok_or_else(three)?;
        if claims.contains('.') || [header, claims, signature].iter().any(|part| part.is_empty()) {
            return Err(three());
        }
        let decode = |part: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|_| malformed("a part of the token is not base64url without padding"))
        };
        decode(signature)?;
        Ok(Self {
            signed,
            header: decode(header)?,
            claims: decode(claims)?,
            signature,
        })
    }
}

pub(super) fn malformed(message: &'static str) -> Refusal {
    refuse(Reason::TokenMalformed, message)
}
