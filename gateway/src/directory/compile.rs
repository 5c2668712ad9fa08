//! From checked settings to a directory.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use adapters::{Change, RegistrySettings};

use super::{Directory, Source};
use crate::authorization::{AgreementError, Agreements};
use crate::cache::{Answers, Given};
use crate::catalog::Catalog;
use crate::clock::Moment;
use crate::identity::tls::server_config;
use crate::identity::trust::TrustError;
use crate::identity::{ClientTrust, Identity, VerifiedTokens, configured};
use crate::record::method::{self, MethodError, Methods};
use crate::rpc;
use crate::settings::{ProcedureSettings, Settings};

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
    /// An agreement can't be compiled.
    #[error(transparent)]
    Agreement(#[from] AgreementError),
    /// A lookup method of the schemas can't be served.
    #[error(transparent)]
    Method(#[from] MethodError),
    /// The schemas can't be told of.
    #[error("the schemas can't be told of: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

impl Directory {
    /// Compiles settings. Blocks while registries are opened: all but those that `before` has
    /// already opened from the same file, which keep their connection and their answers.
    pub fn compile(
        settings: &Settings,
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
        let agencies = settings.agencies.keys().map(String::as_str);
        let methods: Methods = Arc::new(method::methods(&settings.schemas.pool)?);
        let agreements = Agreements::compile(&settings.agreements, agencies, &methods)?;
        let mut registries = HashMap::new();
        for (name, registry) in &settings.registries {
            let made_from = settings.registry_file(name);
            let open_already = before
                .and_then(|before| before.registries.get(name.as_str()))
                .filter(|source| source.made_from == made_from);
            let source = match open_already {
                Some(source) => source.clone(),
                None => followed(open(name, registry, settings, made_from)?, registry),
            };
            registries.insert(source.name.clone(), source);
        }
        Ok(Self {
            version: settings.version.as_str().into(),
            tls,
            identity: Identity::new(snapshot, trust, verified)?,
            agreements,
            catalog: Catalog::compile(settings, &methods),
            methods,
            reflection: rpc::reflection(&settings.schemas)?,
            procedures: settings.procedures.iter().map(components).collect(),
            registries,
        })
    }
}

/// A procedure's code, and the identifiers of its dossier's components.
fn components((code, procedure): (&String, &ProcedureSettings)) -> (String, HashSet<String>) {
    let components = procedure.components.get_ref().iter();
    let ids = components.map(|component| component.id.get_ref().clone());
    (code.clone(), ids.collect())
}

/// Has the registry's own changes remove what is kept of it, for as long as it is in force.
fn followed(source: Source, settings: &RegistrySettings) -> Arc<Source> {
    let source = Arc::new(source);
    let records: Vec<_> = settings
        .records
        .keys()
        .map(|name| name.get_ref().clone())
        .collect();
    let kept = Arc::downgrade(&source);
    source.registry.follow_changes(Arc::new(move |change| {
        if let Some(source) = kept.upgrade() {
            match change {
                Change::Subject(identifier) => {
                    source.answers.forget_subject(source.scope, &records, &identifier);
                }
                Change::Everything => source.answers.forget_all(),
            }
        }
    }));
    source
}

fn open(
    name: &str,
    registry: &RegistrySettings,
    settings: &Settings,
    made_from: [u8; 32],
) -> Result<Source, CompileError> {
    let (connected, measures) = adapters::connect_measured(
        name,
        registry,
        &settings.base,
        &settings.schemas.pool,
        &settings.codes,
    )
    .map_err(|error| CompileError::Registry(name.to_owned(), error))?;
    Ok(Source {
        name: name.into(),
        registry: connected,
        measures,
        answers: Answers::new(&registry.cache),
        given: Given::default(),
        scope: registry.cache.scope,
        timeout: registry.protection.timeout.0,
        wants_call: registry.wants_call(),
        made_from,
    })
}
