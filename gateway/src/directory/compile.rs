//! From checked settings to a directory.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use adapters::RegistrySettings;
use jiff::civil::Date;

use super::{Directory, Source};
use crate::authorization::Agreements;
use crate::authorization::agreement::Grant;
use crate::cache::Answers;
use crate::clock::Moment;
use crate::identity::tls::server_config;
use crate::identity::trust::TrustError;
use crate::identity::{ClientTrust, Identity, VerifiedTokens, configured};
use crate::record::method::Method;
use crate::record::view::View;
use crate::settings::{AgreementSettings, SecondFact, Settings};

/// Why checked settings could still not be put in force.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// An authority, a revocation list or the gateway's own certificate can't be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// An issuer's keys can't be used.
    #[error(transparent)]
    Keys(#[from] configured::IssuerKeysError),
    /// Identities contradict each other.
    #[error(transparent)]
    Identity(#[from] crate::identity::IdentityError),
    /// A registry can't be opened.
    #[error("registry {0}: {1}")]
    Registry(String, #[source] adapters::ConnectError),
    /// An agreement lists what the record does not have.
    #[error("agreement {0}: {1}")]
    Agreement(String, #[source] crate::record::view::UnknownPath),
    /// An agreement is about a record that no method serves.
    #[error("agreement {0} is about {1}, which no method serves")]
    Record(String, String),
}

impl Directory {
    /// Compiles settings. Blocks while registries are opened: all but those that `before` has
    /// already opened from the same file, which keep their connection and their answers.
    pub fn compile(
        settings: &Settings,
        methods: &HashMap<Arc<str>, Arc<Method>>,
        verified: Arc<VerifiedTokens>,
        before: Option<&Self>,
    ) -> Result<Self, CompileError> {
        let snapshot = configured::snapshot(
            &settings.gateway.token,
            settings.agencies.values(),
            &settings.base,
        )?;
        let tls = &settings.gateway.tls;
        let authorities = configured::authorities(tls, &settings.base);
        let trust = match before {
            Some(before) => ClientTrust::renew(before.identity.trust(), &authorities, Moment::now())?,
            None => Arc::new(ClientTrust::load(&authorities, Moment::now())?),
        };
        let own = configured::server_certificate(tls, &settings.base);
        let tls = Arc::new(server_config(&own, &trust)?);
        let mut grants = Vec::new();
        for (name, agreement) in &settings.agreements {
            compile_agreement(name, agreement, methods, &mut grants)?;
        }
        let mut registries = HashMap::new();
        for (name, registry) in &settings.registries {
            let made_from = settings.registry_file(name);
            let open_already = before
                .and_then(|before| before.registries.get(name.as_str()))
                .filter(|source| source.made_from == made_from);
            let source = match open_already {
                Some(source) => source.clone(),
                None => Arc::new(open(name, registry, &settings.base, made_from)?),
            };
            registries.insert(source.name.clone(), source);
        }
        Ok(Self {
            version: settings.version.as_str().into(),
            tls,
            identity: Identity::new(snapshot, trust, verified)?,
            agreements: Agreements::new(grants),
            procedures: settings.procedures.keys().cloned().collect::<HashSet<_>>(),
            registries,
        })
    }
}

fn open(
    name: &str,
    registry: &RegistrySettings,
    base: &Path,
    made_from: [u8; 32],
) -> Result<Source, CompileError> {
    let connected = adapters::connect(name, registry, base, &proto::descriptors())
        .map_err(|error| CompileError::Registry(name.to_owned(), error))?;
    Ok(Source {
        name: name.into(),
        registry: connected,
        answers: Answers::new(&registry.cache),
        scope: registry.cache.scope,
        timeout: registry.protection.timeout.0,
        made_from,
    })
}

fn compile_agreement(
    name: &str,
    agreement: &AgreementSettings,
    methods: &HashMap<Arc<str>, Arc<Method>>,
    grants: &mut Vec<(Arc<str>, Arc<Grant>)>,
) -> Result<(), CompileError> {
    for grant in agreement.grants.get_ref() {
        let record = grant.record.get_ref();
        let method = methods
            .values()
            .find(|method| *method.record.name == **record)
            .ok_or_else(|| CompileError::Record(name.to_owned(), record.clone()))?;
        let paths = grant.fields.get_ref().iter().map(|path| path.get_ref().as_str());
        let view = View::compile(&method.record, paths)
            .map_err(|error| CompileError::Agreement(name.to_owned(), error))?;
        let compiled = Arc::new(Grant {
            agreement: name.into(),
            version: agreement.version.get_ref().as_str().into(),
            legal_basis: agreement.legal_basis.get_ref().as_str().into(),
            record: method.record.name.clone(),
            operations: grant
                .operations
                .get_ref()
                .iter()
                .map(|op| op.get_ref().wire())
                .collect(),
            view: Arc::new(view),
            procedures: agreement
                .procedures
                .get_ref()
                .iter()
                .map(|p| p.get_ref().clone())
                .collect(),
            steps: grant
                .steps
                .get_ref()
                .iter()
                .map(|step| step.get_ref().wire())
                .collect(),
            roles: grant
                .roles
                .get_ref()
                .iter()
                .map(|role| role.get_ref().clone())
                .collect(),
            valid_from: agreement
                .valid_from
                .as_ref()
                .map_or(Date::MIN, |day| day.get_ref().0),
            valid_to: agreement.valid_to.as_ref().map(|day| day.get_ref().0),
            second_fact: grant.second_fact == SecondFact::Required,
            max_age_micros: grant
                .max_age
                .as_ref()
                .map(|age| i64::try_from(age.get_ref().0.as_micros()).unwrap_or(i64::MAX)),
        });
        for agency in agreement.agencies.get_ref() {
            grants.push((agency.get_ref().as_str().into(), compiled.clone()));
        }
    }
    Ok(())
}
