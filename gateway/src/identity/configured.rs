//! From the operator's files to what identity is decided from. Adds no rule of its own.

use std::path::{Path, PathBuf};

use super::key_set::KeySetError;
use super::tls::{ServerCertificate, server_config};
use super::{
    AgencyIdentity, ClientCertificateName, ClientTrust, IdentitySnapshot, KeySet, NamedCa, TokenIssuer,
    TokenRules,
};
use crate::clock::Moment;
use crate::settings::{AgencySettings, RevocationSettings, Settings, TlsSettings, TokenSettings};

/// An issuer's key set that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("key set of token issuer {issuer}")]
pub struct IssuerKeysError {
    /// The issuer's name.
    pub issuer: String,
    /// What is wrong.
    #[source]
    pub source: KeySetError,
}

/// Reads the issuers' key sets; relative paths start from `base`.
pub fn snapshot<'a>(
    token: &TokenSettings,
    agencies: impl IntoIterator<Item = &'a AgencySettings>,
    base: &Path,
) -> Result<IdentitySnapshot, IssuerKeysError> {
    let issuers = token.issuers.get_ref().iter().map(|issuer| {
        let name = issuer.name.get_ref().clone();
        match KeySet::load(&base.join(issuer.jwks.get_ref())) {
            Ok(keys) => Ok(TokenIssuer {
                name,
                issuer: issuer.issuer.get_ref().clone(),
                keys,
            }),
            Err(source) => Err(IssuerKeysError { issuer: name, source }),
        }
    });
    Ok(IdentitySnapshot {
        agencies: agencies.into_iter().map(agency).collect(),
        issuers: issuers.collect::<Result<_, _>>()?,
        rules: TokenRules {
            audience: token.audience.get_ref().clone(),
            max_lifetime: token.max_lifetime.get_ref().0,
            leeway: token.leeway.get_ref().0,
            issued_ahead: token.max_ahead.get_ref().0,
            remember: token.cache_time.get_ref().0,
        },
    })
}

/// The authorities of `[tls]`, for `ClientTrust::load`.
pub fn authorities(tls: &TlsSettings, base: &Path) -> Vec<NamedCa> {
    let named = |ca: &crate::settings::ClientCa| NamedCa {
        name: ca.name.get_ref().clone(),
        pem: base.join(ca.file.get_ref()),
        intermediates: ca.intermediates.as_ref().map(|path| base.join(path.get_ref())),
        lists: ca.revocation.as_ref().map(|lists| {
            let files = lists.get_ref().iter();
            files.map(|list| base.join(list.file.get_ref())).collect()
        }),
    };
    tls.client_ca.get_ref().iter().map(named).collect()
}

/// What a start would refuse of the certificates, lists and key sets that the settings name. A list
/// that is fetched need not be there yet.
pub fn problems(settings: &Settings, now: Moment) -> Vec<String> {
    let tls = &settings.gateway.tls;
    let mut named = authorities(tls, &settings.base);
    for (ca, named) in tls.client_ca.get_ref().iter().zip(&mut named) {
        let is_coming = |file: &PathBuf| {
            let of_file = |list: &&RevocationSettings| settings.path(list.file.get_ref()) == *file;
            !file.exists() && ca.lists().iter().any(|list| of_file(&list) && list.url.is_some())
        };
        if named
            .lists
            .as_ref()
            .is_some_and(|files| files.iter().any(is_coming))
        {
            named.lists = None;
        }
    }
    let own = server_certificate(tls, &settings.base);
    let served = ClientTrust::load(&named, now).and_then(|trust| server_config(&own, &trust));
    let mut token = settings.gateway.token.clone();
    token
        .issuers
        .get_mut()
        .retain(|issuer| issuer.url.is_none() || settings.path(issuer.jwks.get_ref()).exists());
    let keys = snapshot(&token, [], &settings.base);
    let told = |error: &dyn std::error::Error| {
        let sources = std::iter::successors(Some(error), |error| error.source());
        sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    };
    let mut problems = Vec::new();
    problems.extend(served.err().map(|error| told(&error)));
    problems.extend(keys.err().map(|error| told(&error)));
    problems
}

/// The gateway's own certificate of `[tls]`, for `tls::server_config`.
pub fn server_certificate(tls: &TlsSettings, base: &Path) -> ServerCertificate {
    ServerCertificate {
        chain: base.join(tls.certificate.get_ref()),
        key: base.join(tls.key.get_ref()),
    }
}

fn agency(settings: &AgencySettings) -> AgencyIdentity {
    let texts = |list: &toml::Spanned<Vec<toml::Spanned<String>>>| {
        list.get_ref().iter().map(|text| text.get_ref().clone()).collect()
    };
    let certificates = settings
        .certificates
        .get_ref()
        .iter()
        .map(|certificate| ClientCertificateName {
            ca: certificate.ca.get_ref().clone(),
            san_uri: certificate.san_uri.get_ref().clone(),
        });
    AgencyIdentity {
        id: settings.id.get_ref().clone(),
        certificates: certificates.collect(),
        issuer: settings.token.issuer.get_ref().clone(),
        clients: texts(&settings.token.clients),
        role_claim: settings.token.role_claim.clone(),
        unit_claim: Some(settings.token.unit_claim.clone()).filter(|claim| !claim.is_empty()),
        roles: texts(&settings.token.roles),
        auditor: settings.auditor,
        auditor_scope: settings
            .auditor_scope
            .iter()
            .map(|agency| agency.get_ref().clone())
            .collect(),
        valid_from: settings.valid_from.as_ref().map(|day| day.get_ref().0),
        valid_to: settings.valid_to.as_ref().map(|day| day.get_ref().0),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::civil::date;

    use super::*;
    use crate::development::folder::KeyFolder;
    use crate::development::token::issuer;

    #[test]
    fn every_setting_of_token_and_agency_reaches_identity() {
        let root = tempfile::tempdir().unwrap();
        issuer(&KeyFolder::new(root.path(), false), "dev").unwrap();
        let token: TokenSettings = toml::from_str(
            r#"
            audience = "urn:gateway"
            max_lifetime = "1m"
            leeway = "2s"
            max_ahead = "3s"
            cache_time = "4s"
            issuers = [{ name = "dev", issuer = "urn:issuer", jwks = "issuers/dev.jwks.json" }]
            "#,
        )
        .unwrap();
        let agency: AgencySettings = toml::from_str(
            r#"
            id = "H29.12"
            name_vi = "Sở"
            name_en = "Department"
            valid_from = 2026-01-01
            valid_to = 2026-12-31
            auditor = true
            certificate = [{ ca = "agencies", san_uri = "urn:agency" }]
            token = { issuer = "dev", clients = ["one-stop"], role_claim = "r", unit_claim = "", roles = ["x"] }
            "#,
        )
        .unwrap();
        let snapshot = snapshot(&token, [&agency], root.path()).unwrap();

        let rules = &snapshot.rules;
        let seconds = [
            rules.max_lifetime,
            rules.leeway,
            rules.issued_ahead,
            rules.remember,
        ]
        .map(|time| time.as_secs());
        assert_eq!((rules.audience.as_str(), seconds), ("urn:gateway", [60, 2, 3, 4]));
        assert_eq!(snapshot.issuers[0].issuer, "urn:issuer");
        assert_eq!(snapshot.issuers[0].keys.len(), 1);
        let agency = &snapshot.agencies[0];
        assert_eq!(
            (agency.id.as_str(), agency.issuer.as_str(), agency.auditor),
            ("H29.12", "dev", true)
        );
        assert_eq!(agency.certificates[0].san_uri, "urn:agency");
        assert_eq!(
            (agency.clients.as_slice(), agency.roles.as_slice()),
            (&["one-stop".into()][..], &["x".into()][..])
        );
        assert_eq!((agency.role_claim.as_str(), &agency.unit_claim), ("r", &None));
        assert_eq!(agency.valid_from, Some(date(2026, 1, 1)));
        assert_eq!(agency.valid_to, Some(date(2026, 12, 31)));
    }

    #[test]
    fn rules_that_are_not_written_are_those_of_identity() {
        let token: TokenSettings = toml::from_str("audience = \"a\"\nissuers = []").unwrap();
        let snapshot = snapshot(&token, [], Path::new("/nowhere")).unwrap();
        let (rules, usual) = (snapshot.rules, TokenRules::default());
        assert_eq!(rules.max_lifetime, usual.max_lifetime);
        assert_eq!(
            (rules.leeway, rules.issued_ahead),
            (usual.leeway, usual.issued_ahead)
        );
        assert_eq!(rules.remember, Duration::from_secs(60));
    }
}
