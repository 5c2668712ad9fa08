//! What is wrong in a tree beyond the form of its files: names that lead nowhere, things claimed
//! twice, fields that do not exist.

mod agency;
mod agreement;
mod codes;
mod files;
mod gateway;
mod procedure;
mod registry;
mod schemas;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use adapters::RegistrySettings;
use adapters::codes::CodeTables;
use proto::schemas::Schemas;
use serde::de::DeserializeOwned;

use super::day::Day;
use super::problem::Problem;
use super::read::read;
use super::source::Source;
use super::tree::Files;
use super::{AgencySettings, AgreementSettings, GatewaySettings, ProcedureSettings};

/// One file and what it says.
pub(super) struct Parsed<T> {
    pub(super) source: Source,
    pub(super) value: T,
    /// Whether the file was read without a problem.
    whole: bool,
}

/// All files that could be read at all, by name.
pub(super) struct Draft {
    pub(super) gateway: Option<Parsed<GatewaySettings>>,
    pub(super) registries: BTreeMap<String, Parsed<RegistrySettings>>,
    pub(super) agencies: BTreeMap<String, Parsed<AgencySettings>>,
    pub(super) agreements: BTreeMap<String, Parsed<AgreementSettings>>,
    pub(super) procedures: BTreeMap<String, Parsed<ProcedureSettings>>,
    /// The code tables that are right.
    pub(super) codes: CodeTables,
    /// Names of files, those that could not be read included: a name in one of these leads somewhere.
    names: Names,
    /// The built-in schemas and those of the tree.
    pub(super) schemas: Schemas,
    /// Whether nothing is wrong with the tree's schemas. Else a record that nobody knows may be one of theirs.
    schemas_whole: bool,
    today: Day,
    /// Where paths start.
    base: PathBuf,
}

/// Names of files, by folder.
struct Names {
    registries: BTreeSet<String>,
    agencies: BTreeSet<String>,
    procedures: BTreeSet<String>,
}

impl Draft {
    /// Reads the text of each file.
    pub(super) fn read(files: Files, base: &Path, today: Day, problems: &mut Vec<Problem>) -> Self {
        let (schemas, schemas_whole) = schemas::compiled(&files.schemas, problems);
        Self {
            names: Names {
                registries: files.registries.keys().cloned().collect(),
                agencies: files.agencies.keys().cloned().collect(),
                procedures: files.procedures.keys().cloned().collect(),
            },
            gateway: files.gateway.and_then(|source| parsed(source, problems)),
            registries: folder(files.registries, problems),
            agencies: folder(files.agencies, problems),
            agreements: folder(files.agreements, problems),
            procedures: folder(files.procedures, problems),
            codes: codes::tables(folder(files.codes, problems), problems),
            schemas,
            schemas_whole,
            today,
            base: base.to_owned(),
        }
    }

    /// Checks everything that needs no other file than those of the tree.
    pub(super) fn check(&self, problems: &mut Vec<Problem>) {
        gateway::check(self, problems);
        schemas::check(self, problems);
        registry::check(self, problems);
        agency::check(self, problems);
        procedure::check(self, problems);
        agreement::check(self, problems);
    }

    /// Checks that the files which settings name are there and are kept as they should be.
    pub(super) fn check_files(&self, base: &Path, problems: &mut Vec<Problem>) {
        files::check(self, base, problems);
    }
}

fn folder<T: DeserializeOwned>(
    sources: BTreeMap<String, Option<Source>>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Parsed<T>> {
    let parse = |(name, source): (String, Option<Source>)| Some((name, parsed(source?, problems)?));
    sources.into_iter().filter_map(parse).collect()
}

fn parsed<T: DeserializeOwned>(source: Source, problems: &mut Vec<Problem>) -> Option<Parsed<T>> {
    let (value, found) = read(&source);
    let whole = found.is_empty();
    problems.extend(found);
    let value = value?;
    Some(Parsed { source, value, whole })
}
