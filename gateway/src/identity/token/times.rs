//! The times of a token, in whole seconds since the Unix epoch (RFC 7519 §2).

use serde_json::{Map, Value};

use super::TokenRules;
use super::form::malformed;
use crate::clock::Moment;
use crate::identity::refuse;
use crate::status::{Reason, Refusal};

/// When a token was made, when it begins and when it ends.
#[derive(Clone, Copy, Debug)]
pub(in crate::identity) struct Times {
    issued: i64,
    begins: Option<i64>,
    pub(super) ends: i64,
}

impl Times {
    pub(super) fn read(members: &Map<String, Value>) -> Result<Self, Refusal> {
        Ok(Self {
            issued: seconds(members, "iat")?,
            begins: members
                .contains_key("nbf")
                .then(|| seconds(members, "nbf"))
                .transpose()?,
            ends: seconds(members, "exp")?,
        })
    }

    /// Whether the token counts at this moment.
    pub(in crate::identity) fn check(self, rules: &TokenRules, now: Moment) -> Result<(), Refusal> {
        let now = now.unix_seconds();
        let leeway = whole(rules.leeway);
        // `seconds` gives no negative number, so no difference of two of them overflows.
        if now.saturating_sub(leeway) >= self.ends {
            return Err(refuse(Reason::TokenExpired, "the token has expired"));
        }
        if self
            .begins
            .is_some_and(|begins| begins > now.saturating_add(leeway))
        {
            return Err(refuse(Reason::TokenNotYetValid, "the token does not count yet"));
        }
        if self.issued > now.saturating_add(whole(rules.issued_ahead)) {
            return Err(refuse(
                Reason::TokenNotYetValid,
                "the token was issued in the future",
            ));
        }
        let lifetime = self.ends.saturating_sub(self.issued);
        if lifetime <= 0 || lifetime > whole(rules.max_lifetime) {
            return Err(refuse(
                Reason::TokenLifetime,
                "the token does not end within the allowed lifetime",
            ));
        }
        Ok(())
    }
}

fn seconds(members: &Map<String, Value>, claim: &'static str) -> Result<i64, Refusal> {
    members
        .get(claim)
        .and_then(Value::as_i64)
        .filter(|seconds| *seconds >= 0)
        .ok_or_else(|| {
            malformed("a required claim is missing, or is not a whole number of seconds").naming(claim)
        })
}

fn whole(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
