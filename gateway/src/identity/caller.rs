//! The caller of one request, as the certificate and the token prove it.

use std::sync::Arc;

/// An agency's system, and the officer on whose behalf it calls. Made by `Identity` alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller {
    pub(super) agency: Arc<str>,
    pub(super) system: Arc<str>,
    pub(super) officer: Arc<str>,
    pub(super) role: Arc<str>,
    pub(super) unit: Option<Arc<str>>,
    pub(super) certificate: [u8; 32],
    pub(super) token_id_hash: [u8; 32],
    pub(super) sight: Option<Arc<audit::Scope>>,
}

impl Caller {
    /// The agency's electronic identifier (QĐ 20/2020), from the certificate.
    pub fn agency(&self) -> &str {
        &self.agency
    }

    /// The same, to keep.
    pub fn shared_agency(&self) -> Arc<str> {
        Arc::clone(&self.agency)
    }

    /// The agency system: the token's `client_id`.
    pub fn system(&self) -> &str {
        &self.system
    }

    /// The officer: the token's `sub`.
    pub fn officer(&self) -> &str {
        &self.officer
    }

    /// The officer's role, one of those that the agency's file lists.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The officer's unit, where the agency's file names a claim for it.
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// SHA-256 of the client certificate's DER.
    pub fn certificate(&self) -> &[u8; 32] {
        &self.certificate
    }

    /// SHA-256 of the token's issuer, a zero byte and its `jti`.
    pub fn token_id_hash(&self) -> &[u8; 32] {
        &self.token_id_hash
    }

    /// Whether the agency may read the access log.
    pub fn is_auditor(&self) -> bool {
        self.sight.is_some()
    }

    /// What the agency may see of the access log; none when it may not read it.
    pub fn sight(&self) -> Option<&Arc<audit::Scope>> {
        self.sight.as_ref()
    }

    /// A caller out of thin air, for tests of what comes after identity.
    #[cfg(test)]
    pub(crate) fn for_tests(agency: &str, system: &str, officer: &str, role: &str) -> Self {
        Self {
            agency: agency.into(),
            system: system.into(),
            officer: officer.into(),
            role: role.into(),
            unit: None,
            certificate: [7; 32],
            token_id_hash: [8; 32],
            sight: None,
        }
    }
}

/// Says the agency and nothing of the officer.
impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller")
            .field("agency", &self.agency)
            .finish_non_exhaustive()
    }
}
