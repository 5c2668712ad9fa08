//! One registry of a tree, opened for a few questions.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adapters::trace::Probe;
use adapters::{Call, Error, Found, Question, Registry, RegistrySettings, Trace};
use anyhow::{Context as _, Result, anyhow};
use prost_reflect::{DynamicMessage, MessageDescriptor};
use tokio::runtime::Runtime;

use crate::settings::{self, Settings};

/// A registry, and what it gives.
pub(super) struct Opened {
    registry: Arc<dyn Registry>,
    runtime: Runtime,
    timeout: Duration,
}

/// One answer, and how long it took.
pub(super) struct Answer {
    pub(super) outcome: Result<Found, Error>,
    pub(super) time: Duration,
    /// How it came about.
    pub(super) probe: Probe,
}

/// The tree, read and checked.
pub(super) fn settings(config: &Path) -> Result<Settings> {
    settings::load(config).map_err(|problems| {
        let told: Vec<_> = problems
            .problems
            .iter()
            .map(|problem| problem.shown(&problems.base).to_string())
            .collect();
        anyhow!("{}", told.join("\n"))
    })
}

/// The file of a registry in the tree.
pub(super) fn file<'a>(settings: &'a Settings, name: &str) -> Result<&'a RegistrySettings> {
    settings
        .registries
        .get(name)
        .with_context(|| format!("there is no registry {name:?} in this tree"))
}

impl Opened {
    /// Opens the registry as a file says, which may be another than the tree's.
    pub(super) fn of(settings: &Settings, name: &str, file: &RegistrySettings) -> Result<Self> {
        let pool = &settings.schemas.pool;
        let registry = adapters::connect(name, file, &settings.base, pool, &settings.codes);
        let registry = registry.map_err(|error| match error {
            adapters::ConnectError::Settings(problems) => {
                let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
                anyhow!("{}", told.join("\n"))
            }
            unreachable @ adapters::ConnectError::Unreachable { .. } => anyhow!(unreachable),
        })?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("no runtime")?;
        Ok(Self {
            registry,
            runtime,
            timeout: file.protection.timeout.0,
        })
    }

    /// Whether it can be asked.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.runtime.block_on(self.registry.check())
    }

    /// Asks for one subject's record, on behalf of whom a call names.
    pub(super) fn ask(&self, record: &str, key: &str, call: Option<Arc<Call>>) -> Answer {
        let trace = Trace::probing();
        let began = Instant::now();
        let question = Question {
            record: record.into(),
            key: key.into(),
            deadline: began + self.timeout,
            call,
            trace: trace.clone(),
        };
        let outcome = self.runtime.block_on(self.registry.look_up(question));
        Answer {
            outcome,
            time: began.elapsed(),
            probe: trace.probe(),
        }
    }
}

/// The canonical record that is asked for: the named one, or the only one of the file.
pub(super) fn record(
    settings: &Settings,
    file: &RegistrySettings,
    named: Option<&str>,
) -> Result<MessageDescriptor> {
    let names: Vec<_> = file.records.keys().map(|name| name.get_ref().as_str()).collect();
    let name = match (named, names.as_slice()) {
        (Some(named), _) if names.contains(&named) => named,
        (None, [only]) => only,
        _ => return Err(anyhow!("say --record, one of {}", names.join(", "))),
    };
    settings
        .schemas
        .pool
        .get_message_by_name(name)
        .with_context(|| format!("there is no canonical record {name}"))
}

/// What was found, as a message.
pub(super) fn message(record: &MessageDescriptor, found: &Found) -> Result<DynamicMessage> {
    DynamicMessage::decode(record.clone(), found.record.clone()).context("the record can't be decoded")
}
