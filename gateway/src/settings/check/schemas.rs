//! `schemas/`: what `proto::schemas` says about them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proto::schemas::{Content, File, Schemas};

use super::Draft;
use crate::record::method;
use crate::settings::problem::{Problem, Severity};
use crate::settings::source::Source;
use crate::settings::tree::{SCHEMAS, SchemaFile, is_text};

/// The schemas, and whether nothing is wrong with them.
pub(super) fn compiled(files: &[SchemaFile], problems: &mut Vec<Problem>) -> (Schemas, bool) {
    let mut sources = BTreeMap::new();
    let mut read = Vec::new();
    let mut whole = true;
    for file in files {
        let within = file.path.strip_prefix(SCHEMAS).unwrap_or(&file.path);
        let name = within.to_string_lossy().replace('\\', "/");
        let content = if is_text(&file.path) {
            let text = String::from_utf8_lossy(&file.bytes).into_owned();
            let source = Source {
                path: file.path.clone(),
                text,
            };
            if let Err(error) = std::str::from_utf8(&file.bytes) {
                let at = error.valid_up_to();
                let message = "found bytes that are not UTF-8, wanted text in UTF-8".to_owned();
                problems.push(source.problem(at..at, Severity::Error, message));
                whole = false;
                continue;
            }
            let text = source.text.clone();
            sources.insert(name.clone(), source);
            Content::Text(text)
        } else {
            Content::Set(file.bytes.clone())
        };
        read.push(File { name, content });
    }
    let (schemas, found) = proto::schemas::compile(read);
    whole &= found.is_empty();
    for problem in found {
        let told = match (sources.get(&problem.file), problem.span) {
            (Some(source), Some((start, end))) => {
                source.problem(start..end, Severity::Error, problem.message)
            }
            _ => about(
                &Path::new(SCHEMAS).join(&problem.file),
                Severity::Error,
                problem.message,
            ),
        };
        problems.push(told);
    }
    if whole && let Err(error) = method::methods(&schemas.pool) {
        problems.push(about(Path::new(SCHEMAS), Severity::Error, error.to_string()));
        whole = false;
    }
    (schemas, whole)
}

/// Tells of lookups whose registry has no file: nobody can be answered.
pub(super) fn check(draft: &Draft, problems: &mut Vec<Problem>) {
    if !draft.schemas_whole {
        return;
    }
    let built_in = proto::descriptors();
    let mut told = BTreeSet::new();
    for service in draft.schemas.pool.services() {
        let file = service.parent_file();
        if built_in.get_file_by_name(file.name()).is_some() {
            continue;
        }
        for lookup in service
            .methods()
            .filter_map(|method| proto::rules::lookup_method(&method))
        {
            if !draft.names.registries.contains(&lookup.registry) && told.insert(lookup.registry.clone()) {
                let message = format!(
                    "{} asks registry {:?}, which has no file in registries/: nobody is answered",
                    service.full_name(),
                    lookup.registry
                );
                problems.push(about(
                    &Path::new(SCHEMAS).join(file.name()),
                    Severity::Warning,
                    message,
                ));
            }
        }
    }
}

fn about(path: &Path, severity: Severity, message: String) -> Problem {
    Problem {
        path: path.to_owned(),
        position: None,
        severity,
        message,
        excerpt: None,
    }
}
