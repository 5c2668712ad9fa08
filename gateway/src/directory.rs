//! One consistent state of everything that a call is decided from. Swapped whole on reload.

mod compile;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use adapters::settings::Scope;
use adapters::{Measures, Registry};
use tonic::service::Routes;

use crate::authorization::Agreements;
use crate::cache::{Answers, Given};
use crate::catalog::Catalog;
use crate::identity::Identity;
use crate::record::method::Methods;
pub use compile::CompileError;

/// What the configuration says, compiled.
pub struct Directory {
    /// Version of the configuration tree; it stands in every entry and answer.
    pub version: Arc<str>,
    /// How connections are made: the gateway's own certificate, and the authorities of its callers.
    pub tls: Arc<rustls::ServerConfig>,
    /// Who may call.
    pub identity: Identity,
    /// Who may ask what.
    pub agreements: Agreements,
    /// The lookup methods, by path: the built-in ones, and those of the tree's schemas.
    pub methods: Methods,
    /// Tells callers of all schemas.
    pub reflection: Routes,
    /// What there is to ask.
    pub catalog: Catalog,
    /// Published procedures, each with the components of its dossier.
    pub procedures: HashMap<String, HashSet<String>>,
    /// The registries, by name.
    pub registries: HashMap<Arc<str>, Arc<Source>>,
}

impl Directory {
    /// The registries that are opened from something else than in `before`, by name.
    pub fn opened_anew(&self, before: &Self) -> Vec<Arc<str>> {
        let same = |source: &Source| {
            let known = before.registries.get(&source.name);
            known.is_some_and(|known| known.made_from == source.made_from)
        };
        let anew = self.registries.values().filter(|source| !same(source));
        let mut names: Vec<_> = anew.map(|source| source.name.clone()).collect();
        names.sort();
        names
    }
}

/// One registry and its kept answers.
pub struct Source {
    /// Its name.
    pub name: Arc<str>,
    /// What asks it.
    pub registry: Arc<dyn Registry>,
    /// What is counted of it and of its routes.
    pub measures: Arc<Measures>,
    /// What it answered.
    pub answers: Answers,
    /// Whence its answers were given.
    pub given: Given,
    /// Who shares a kept answer.
    pub scope: Scope,
    /// Longest time for one answer.
    pub timeout: Duration,
    /// Whether it is told of the call that a question is asked for.
    pub wants_call: bool,
    /// SHA-256 over all that it was opened from.
    made_from: [u8; 32],
}

#[cfg(test)]
impl Source {
    /// A source out of thin air, for tests of what asks it.
    pub(crate) fn for_tests(
        name: &str,
        registry: Arc<dyn Registry>,
        policy: &adapters::settings::CachePolicy,
    ) -> Self {
        Self {
            name: name.into(),
            registry,
            measures: Arc::default(),
            answers: Answers::new(policy),
            given: Given::default(),
            scope: Scope::Shared,
            timeout: Duration::from_secs(5),
            wants_call: false,
            made_from: [0; 32],
        }
    }
}
