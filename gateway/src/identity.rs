//! Who calls: client certificate + token → `Caller`, compared anew on every request.
//!
//! | file | idea |
//! |---|---|
//! | `trust` | the certificate authorities of the agencies, their lists, and which of them a chain leads to |
//! | `revocation` | revocation lists, and who signed them |
//! | `handshake` | what TLS asks about a client certificate |
//! | `tls` | the TLS side of the listener: 1.3 only, client certificate mandatory |
//! | `certificate` | the facts of a client certificate, read once a connection |
//! | `agency` | the one agency that a certificate stands for |
//! | `key_set` | the keys with which a token issuer signs |
//! | `json` | JSON in which no member stands twice |
//! | `token` | every rule that a token must keep, cheap ones first |
//! | `caller` | the outcome |
//! | `configured` | from the operator's files to the inputs of all these |
//!
//! What a connection keeps is the certificate alone. Where its chain leads, its agency, its validity
//! and the token are looked at again on each request, so that a changed configuration acts at once.

pub mod agency;
pub mod caller;
pub mod certificate;
pub mod configured;
pub(crate) mod handshake;
mod json;
pub mod key_set;
pub mod revocation;
pub mod tls;
pub mod token;
pub mod trust;

#[cfg(test)]
pub(crate) mod corpus;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use subtle::ConstantTimeEq as _;

use crate::clock::Moment;
use crate::status::{Reason, Refusal};

pub use agency::{AgencyIdentity, ClientCertificateName};
pub use caller::Caller;
pub use certificate::PeerCertificate;
pub use key_set::KeySet;
pub use token::{TokenRules, UnknownKeys, VerifiedTokens};
pub use trust::{ClientTrust, ListState, NamedCa};

use agency::{Agencies, Agency};
use certificate::CertificateError;
use token::cache::VerifiedToken;

/// An authorization server whose tokens agencies may bring.
#[derive(Clone, Debug)]
pub struct TokenIssuer {
    /// The name by which agency files mean it.
    pub name: String,
    /// The exact value of the `iss` claim.
    pub issuer: String,
    /// The keys with which it signs.
    pub keys: KeySet,
}

/// One consistent state of everything that identity is decided from.
#[derive(Clone, Debug, Default)]
pub struct IdentitySnapshot {
    /// The agencies that may call.
    pub agencies: Vec<AgencyIdentity>,
    /// The issuers that agencies name.
    pub issuers: Vec<TokenIssuer>,
    /// What a token must keep.
    pub rules: TokenRules,
}

/// Why a snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Two issuers share a name.
    #[error("token issuer {0} is declared twice")]
    IssuerTwice(String),
    /// Two issuers share the value of `iss`, so that a token would not say whose keys count.
    #[error("token issuers {0} and {1} have the same issuer value")]
    IssuerValueTwice(String, String),
    /// An agency names an issuer that is not declared.
    #[error("agency {agency} names token issuer {issuer}, which is not declared")]
    UnknownIssuer {
        /// The agency's identifier.
        agency: String,
        /// The name that leads nowhere.
        issuer: String,
    },
    /// Two agencies share an identifier.
    #[error("agency {0} is declared twice")]
    AgencyTwice(String),
    /// Two agencies claim the same certificate name under the same authority.
    #[error("agencies {0} and {1} claim the same certificate name {2}")]
    CertificateTwice(String, String, String),
    /// No audience is set, so that tokens for anybody would do.
    #[error("the audience of tokens is empty")]
    NoAudience,
}

/// Why a request has no caller.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// The answer.
    pub refusal: Refusal,
    /// The agency, where the certificate alone told it; for the audit entry.
    pub agency: Option<Arc<str>>,
}

impl From<Refusal> for Rejected {
    /// Of nobody knows whom.
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            agency: None,
        }
    }
}

/// Decides who calls, from one snapshot of the configuration.
pub struct Identity {
    trust: Arc<ClientTrust>,
    agencies: Agencies,
    issuers: HashMap<Arc<str>, TokenIssuer>,
    rules: TokenRules,
    verified: Arc<VerifiedTokens>,
    generation: u64,
}

impl Identity {
    /// Checks the snapshot whole. `verified` is kept over snapshots for its memory and its counter;
    /// tokens that were verified under an earlier snapshot are not found under this one.
    pub fn new(
        snapshot: IdentitySnapshot,
        trust: Arc<ClientTrust>,
        verified: Arc<VerifiedTokens>,
    ) -> Result<Self, IdentityError> {
        if snapshot.rules.audience.is_empty() {
            return Err(IdentityError::NoAudience);
        }
        let mut issuers: HashMap<Arc<str>, TokenIssuer> = HashMap::new();
        for issuer in snapshot.issuers {
            if let Some(other) = issuers.values().find(|other| other.issuer == issuer.issuer) {
                return Err(IdentityError::IssuerValueTwice(other.name.clone(), issuer.name));
            }
            if issuers.contains_key(issuer.name.as_str()) {
                return Err(IdentityError::IssuerTwice(issuer.name));
            }
            issuers.insert(issuer.name.as_str().into(), issuer);
        }
        let agencies = Agencies::index(snapshot.agencies)?;
        if let Some(agency) = agencies
            .iter()
            .find(|agency| !issuers.contains_key(&agency.issuer))
        {
            return Err(IdentityError::UnknownIssuer {
                agency: agency.id.to_string(),
                issuer: agency.issuer.to_string(),
            });
        }
        let generation = verified.begin_generation();
        Ok(Self {
            trust,
            agencies,
            issuers,
            rules: snapshot.rules,
            verified,
            generation,
        })
    }

    /// The caller of one request.
    ///
    /// Checked on each request, whether the token was seen before or not: where the certificate's
    /// chain leads, its revocation and validity, its agency and the agency's validity on this day in Viet Nam, that the token is
    /// bound to this certificate (RFC 8705 §3), and the token's times.
    pub fn identify(
        &self,
        peer: &PeerCertificate,
        headers: &http::HeaderMap,
        now: Moment,
    ) -> Result<Arc<Caller>, Rejected> {
        let agency = self.agency_of(peer, now)?;
        self.caller(agency, peer, headers, now)
            .map_err(|refusal| Rejected {
                refusal,
                agency: Some(Arc::clone(&agency.id)),
            })
    }

    /// Whether a connection with this certificate may go on: what `identify` asks of the
    /// certificate alone. The agency's identifier when it may.
    pub fn admits(&self, peer: &PeerCertificate, now: Moment) -> Result<Arc<str>, Rejected> {
        self.agency_of(peer, now).map(|agency| Arc::clone(&agency.id))
    }

    /// As [`Self::admits`], with the first moment at which time alone may change the outcome.
    pub fn admits_until(&self, peer: &PeerCertificate, now: Moment) -> Result<Moment, Rejected> {
        let agency = self.agency_of(peer, now)?;
        let until = peer.standing(&self.trust, now).until;
        Ok(agency.ends().map_or(until, |end| end.min(until)))
    }

    /// Whether the certificate's chain still leads to an authority, whomever it stands for.
    pub fn trusts(&self, peer: &PeerCertificate, now: Moment) -> Result<(), Refusal> {
        match peer.standing(&self.trust, now).refused {
            Some(refused) => Err(not_trusted(refused)),
            None => Ok(()),
        }
    }

    /// The authorities and their revocation lists.
    pub fn trust(&self) -> &Arc<ClientTrust> {
        &self.trust
    }

    /// The issuers whose tokens agencies may bring, with their keys.
    pub fn issuers(&self) -> impl Iterator<Item = &TokenIssuer> {
        self.issuers.values()
    }

    fn agency_of(&self, peer: &PeerCertificate, now: Moment) -> Result<&Arc<Agency>, Rejected> {
        let standing = peer.standing(&self.trust, now);
        let agency = self
            .agencies
            .of(&standing.authority, peer)
            .ok_or_else(|| Rejected {
                refusal: refuse(
                    Reason::CertificateUnknown,
                    "the client certificate does not stand for exactly one agency",
                ),
                agency: None,
            })?;
        let refused = |refusal| Rejected {
            refusal,
            agency: Some(Arc::clone(&agency.id)),
        };
        if !peer.is_valid_at(now) {
            return Err(refused(refuse(
                Reason::CertificateExpired,
                "the client certificate is not valid at this moment",
            )));
        }
        if let Some(reason) = standing.refused {
            return Err(refused(not_trusted(reason)));
        }
        if !agency.is_valid_on(now.viet_nam_day()) {
            return Err(refused(refuse(
                Reason::CertificateUnknown,
                "the agency of the client certificate is not valid on this day",
            )));
        }
        Ok(agency)
    }

    fn caller(
        &self,
        agency: &Arc<Agency>,
        peer: &PeerCertificate,
        headers: &http::HeaderMap,
        now: Moment,
    ) -> Result<Arc<Caller>, Refusal> {
        let token = token::form::bearer(headers)?;
        let issuer = self
            .issuers
            .get(&agency.issuer)
            .ok_or_else(|| refuse(Reason::TokenIssuer, "the agency's token issuer is not known"))?;
        let verified: VerifiedToken =
            self.verified
                .find_or_verify(token, peer, self.generation, now, &self.rules, || {
                    token::verify(token, peer, agency, issuer, &self.rules, now, &self.verified)
                })?;
        // The cache is keyed by both, so these two cannot fail; they stand here so that the rule
        // does not hang on the form of a cache key.
        let bound: bool = verified.caller.certificate().ct_eq(peer.fingerprint()).into();
        if !bound || verified.caller.agency() != &*agency.id {
            return Err(refuse(
                Reason::TokenBinding,
                "the token is bound to another client certificate",
            ));
        }
        verified.times.check(&self.rules, now)?;
        Ok(verified.caller)
    }
}

fn not_trusted(refused: CertificateError) -> Refusal {
    match refused {
        CertificateError::Revoked => refuse(
            Reason::CertificateRevoked,
            "the client certificate, or one between it and its authority, is revoked",
        ),
        CertificateError::RevocationUnknown => refuse(
            Reason::RevocationUnknown,
            "the gateway can't tell now whether the client certificate is revoked",
        ),
        CertificateError::Expired | CertificateError::NotYetValid => refuse(
            Reason::CertificateExpired,
            "a certificate of the client's chain is not valid at this moment",
        ),
        _ => refuse(
            Reason::CertificateUnknown,
            "the client certificate does not lead to exactly one authority",
        ),
    }
}

/// A refusal in fixed words: whatever came from outside cannot get into it.
fn refuse(reason: Reason, message: &'static str) -> Refusal {
    Refusal::new(reason, message)
}
