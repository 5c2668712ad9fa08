//! The cast's certificates in the criminal record registry.

use super::citizens::{self, Citizen};

/// A certificate of the cast.
#[derive(Debug)]
pub struct Certificate {
    /// Number of the certificate.
    pub number: &'static str,
    /// 1 or 2.
    pub kind: u8,
    /// The person it was issued to.
    pub citizen: &'static Citizen,
    /// Whether it was revoked.
    pub revoked: bool,
    /// What is special about it.
    pub special: &'static str,
}

/// Certificate no. 1 of the owner: valid, nothing on it, and no ban.
pub static OWNER_FIRST: Certificate = Certificate {
    number: "PL1-2026-0000101",
    kind: 1,
    citizen: &citizens::OWNER,
    revoked: false,
    special: "Certificate no. 1 of the owner: valid, nothing on it, and no ban.",
};

/// Certificate no. 1 that lists an unspent conviction.
pub static CONVICTED_FIRST: Certificate = Certificate {
    number: "PL1-2026-0000113",
    kind: 1,
    citizen: &citizens::CONVICTED,
    revoked: false,
    special: "Certificate no. 1 that lists an unspent conviction.",
};

/// Certificate no. 1 that lists a ban in force.
pub static BANNED_FIRST: Certificate = Certificate {
    number: "PL1-2026-0000114",
    kind: 1,
    citizen: &citizens::BANNED,
    revoked: false,
    special: "Certificate no. 1 that lists a ban in force.",
};

/// Certificate no. 1 that was revoked.
pub static REVOKED: Certificate = Certificate {
    number: "PL1-2025-0000116",
    kind: 1,
    citizen: &citizens::REVOKED_CERTIFICATE,
    revoked: true,
    special: "Certificate no. 1 that was revoked.",
};

/// Certificate no. 2, with a spent conviction on it: refused whoever asks.
pub static SECOND: Certificate = Certificate {
    number: "PL2-2026-0000117",
    kind: 2,
    citizen: &citizens::SECOND_CERTIFICATE,
    revoked: false,
    special: "Certificate no. 2, with a spent conviction on it: refused whoever asks.",
};

/// All of them.
pub static CERTIFICATES: [&Certificate; 5] =
    [&OWNER_FIRST, &CONVICTED_FIRST, &BANNED_FIRST, &REVOKED, &SECOND];
