//! The one agency that a client certificate stands for.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::{IdentityError, PeerCertificate};
use crate::clock::Moment;

/// What identity needs of an agency's file.
#[derive(Clone, Debug, Default)]
pub struct AgencyIdentity {
    /// The electronic identifier, such as `H29.12`.
    pub id: String,
    /// The certificates that stand for the agency; any one of them does.
    pub certificates: Vec<ClientCertificateName>,
    /// The name of the one issuer whose tokens the agency's systems bring.
    pub issuer: String,
    /// The `client_id` of each of the agency's systems.
    pub clients: Vec<String>,
    /// The claim that holds the officer's role.
    pub role_claim: String,
    /// The claim that holds the officer's unit; none when tokens do not say it.
    pub unit_claim: Option<String>,
    /// The roles that officers of this agency may have.
    pub roles: Vec<String>,
    /// Whether the agency may read the access log.
    pub auditor: bool,
    /// The agencies whose entries an auditor sees, each with those under it. None: all.
    pub auditor_scope: Vec<String>,
    /// The first day, in Viet Nam, on which the agency may call.
    pub valid_from: Option<Date>,
    /// The last day on which it may.
    pub valid_to: Option<Date>,
}

/// A certificate by what is in it: the authority that its chain leads to and one exact SAN URI.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientCertificateName {
    /// The name of a configured authority.
    pub ca: String,
    /// The URI, byte for byte.
    pub san_uri: String,
}

/// An agency, ready for the request path.
#[derive(Debug)]
pub(super) struct Agency {
    pub(super) id: Arc<str>,
    pub(super) issuer: Arc<str>,
    pub(super) clients: Vec<Arc<str>>,
    pub(super) role_claim: String,
    pub(super) unit_claim: Option<String>,
    pub(super) roles: Vec<Arc<str>>,
    /// What an auditor sees of the log; none for an agency that is no auditor.
    pub(super) sight: Option<Arc<audit::Scope>>,
    valid_from: Option<Date>,
    valid_to: Option<Date>,
}

impl Agency {
    pub(super) fn is_valid_on(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|first| first <= day) && self.valid_to.is_none_or(|last| day <= last)
    }

    /// The first moment after its last day.
    pub(super) fn ends(&self) -> Option<Moment> {
        Moment::start_of_viet_nam_day(self.valid_to?.tomorrow().ok()?)
    }
}

/// All agencies, found by authority name and SAN URI.
#[derive(Debug)]
pub(super) struct Agencies {
    by_certificate: HashMap<Arc<str>, HashMap<Arc<str>, Arc<Agency>>>,
    all: Vec<Arc<Agency>>,
}

impl Agencies {
    pub(super) fn index(agencies: Vec<AgencyIdentity>) -> Result<Self, IdentityError> {
        let mut index = Self {
            by_certificate: HashMap::new(),
            all: Vec::with_capacity(agencies.len()),
        };
        for agency in agencies {
            index.add(agency)?;
        }
        Ok(index)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Agency>> {
        self.all.iter()
    }

    /// The agency to which the names of a certificate of this authority lead; none when they lead to
    /// two.
    pub(super) fn of(&self, authority: &str, peer: &PeerCertificate) -> Option<&Arc<Agency>> {
        let of_ca = self.by_certificate.get(authority)?;
        let mut found: Option<&Arc<Agency>> = None;
        for agency in peer.san_uris().filter_map(|uri| of_ca.get(uri)) {
            if found.is_some_and(|other| !Arc::ptr_eq(other, agency)) {
                return None;
            }
            found = Some(agency);
        }
        found
    }

    fn add(&mut self, settings: AgencyIdentity) -> Result<(), IdentityError> {
        if self.all.iter().any(|other| *other.id == *settings.id) {
            return Err(IdentityError::AgencyTwice(settings.id));
        }
        let agency = Arc::new(Agency {
            id: settings.id.into(),
            issuer: settings.issuer.into(),
            clients: settings.clients.into_iter().map(Arc::from).collect(),
            role_claim: settings.role_claim,
            unit_claim: settings.unit_claim,
            roles: settings.roles.into_iter().map(Arc::from).collect(),
            sight: settings
                .auditor
                .then(|| Arc::new(audit::Scope::under(settings.auditor_scope))),
            valid_from: settings.valid_from,
            valid_to: settings.valid_to,
        });
        for name in settings.certificates {
            let of_ca = self.by_certificate.entry(name.ca.as_str().into()).or_default();
            if let Some(other) = of_ca.insert(name.san_uri.as_str().into(), Arc::clone(&agency))
                && !Arc::ptr_eq(&other, &agency)
            {
                return Err(IdentityError::CertificateTwice(
                    other.id.to_string(),
                    agency.id.to_string(),
                    name.san_uri,
                ));
            }
        }
        self.all.push(agency);
        Ok(())
    }
}
