//! One gateway's identity: two agencies, two issuers, an authority.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use jiff::civil::date;

use crate::clock::Moment;
use crate::development::pki::{Authority, Issued};
use crate::identity::corpus::{Case, Facts, Forge, Keys};
use crate::identity::*;
use crate::status::Reason;

/// 2027-01-15 15:00 in Viet Nam.
pub(super) const NOW: Moment = Moment(1_800_000_000 * 1_000_000);
pub(super) const DAY: Duration = Duration::from_secs(86_400);

pub(super) struct Scene {
    pub(super) trust: Arc<ClientTrust>,
    pub(super) identity: Identity,
    pub(super) verified: Arc<VerifiedTokens>,
    pub(super) own: PeerCertificate,
    pub(super) other: PeerCertificate,
    pub(super) keys: Keys,
    pub(super) facts: Facts,
}

/// The scene that tests share which change nothing of it.
pub(super) static SCENE: LazyLock<Scene> = LazyLock::new(Scene::new);

impl Scene {
    pub(super) fn new() -> Self {
        let authority = Authority::create("test authority", NOW).unwrap();
        let trust = Arc::new(trust_of(&[("agencies", &authority)]));
        let read = |uri: &str| peer(&client(&authority, &[uri]), &trust).unwrap();
        let (own, other) = (read("urn:test:H29.12"), read("urn:test:H30"));
        let keys = Keys::generate();
        let facts = Facts {
            issuer: "https://issuer.test/realms/one".into(),
            other_issuer: "https://issuer.test/realms/two".into(),
            audience: "urn:test:gateway".into(),
            client: "h29-one-stop".into(),
            other_client: "h30-one-stop".into(),
            roles: ["receiver".into(), "decider".into()],
            certificate: *own.fingerprint(),
            other_certificate: *other.fingerprint(),
            now: NOW.unix_seconds(),
        };
        let verified = VerifiedTokens::new(1000);
        let identity =
            Identity::new(snapshot(&keys, &facts), Arc::clone(&trust), Arc::clone(&verified)).unwrap();
        Self {
            trust,
            identity,
            verified,
            own,
            other,
            keys,
            facts,
        }
    }

    /// The identity of the scene, with other authorities.
    pub(super) fn identity_under(&self, trust: &Arc<ClientTrust>) -> Identity {
        let snapshot = snapshot(&self.keys, &self.facts);
        Identity::new(snapshot, Arc::clone(trust), VerifiedTokens::new(10)).unwrap()
    }

    pub(super) fn forge(&self) -> Forge<'_> {
        Forge {
            keys: &self.keys,
            facts: &self.facts,
        }
    }

    pub(super) fn token(&self) -> HeaderMap {
        headers(&[format!("Bearer {}", self.forge().token()).into_bytes()])
    }

    pub(super) fn try_case(&self, case: &Case) -> Result<Arc<Caller>, Rejected> {
        self.identity
            .identify(&self.own, &headers(&case.authorization), NOW)
    }
}

pub(super) fn snapshot(keys: &Keys, facts: &Facts) -> IdentitySnapshot {
    let agency = |id: &str, issuer: &str, client: &str| AgencyIdentity {
        id: id.into(),
        certificates: vec![name_of("agencies", &format!("urn:test:{id}"))],
        issuer: issuer.into(),
        clients: vec!["another-system".into(), client.into()],
        role_claim: "role".into(),
        unit_claim: Some("unit".into()),
        roles: facts.roles.to_vec(),
        auditor: false,
        auditor_scope: Vec::new(),
        valid_from: Some(date(2026, 1, 1)),
        valid_to: Some(date(2027, 12, 31)),
    };
    let issuer = |name: &str, value: &str, jwks: serde_json::Value| TokenIssuer {
        name: name.into(),
        issuer: value.into(),
        keys: KeySet::parse(jwks.to_string().as_bytes()).unwrap(),
    };
    IdentitySnapshot {
        agencies: vec![
            agency("H29.12", "one", &facts.client),
            agency("H30", "two", &facts.other_client),
        ],
        issuers: vec![
            issuer("one", &facts.issuer, keys.jwks()),
            issuer("two", &facts.other_issuer, keys.other_jwks()),
        ],
        rules: TokenRules {
            audience: facts.audience.clone(),
            ..TokenRules::default()
        },
    }
}

pub(super) fn name_of(ca: &str, uri: &str) -> ClientCertificateName {
    ClientCertificateName {
        ca: ca.into(),
        san_uri: uri.into(),
    }
}

pub(super) fn client(authority: &Authority, uris: &[&str]) -> Issued {
    let uris: Vec<String> = uris.iter().map(|uri| (*uri).to_owned()).collect();
    authority
        .client("a common name that decides nothing", &uris, NOW, 30 * DAY)
        .unwrap()
}

pub(super) fn trust_of(authorities: &[(&str, &Authority)]) -> ClientTrust {
    let folder = tempfile::tempdir().unwrap();
    let named: Vec<NamedCa> = authorities
        .iter()
        .map(|(name, authority)| {
            let pem = folder.path().join(name);
            std::fs::write(&pem, authority.certificate_pem()).unwrap();
            NamedCa {
                name: (*name).to_owned(),
                pem,
                ..NamedCa::default()
            }
        })
        .collect();
    ClientTrust::load(&named, NOW).unwrap()
}

pub(super) fn peer(issued: &Issued, trust: &ClientTrust) -> Result<PeerCertificate, CertificateError> {
    PeerCertificate::read(std::slice::from_ref(&issued.certificate_der), trust, NOW)
}

pub(super) fn headers(authorization: &[Vec<u8>]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for value in authorization {
        map.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
    }
    map
}

pub(super) fn reason(result: Result<Arc<Caller>, Rejected>) -> Reason {
    result.unwrap_err().refusal.reason
}
