//! `codes/<name>.toml`: what the adapters say about them.

use std::collections::BTreeMap;
use std::sync::Arc;

use adapters::codes::{CodeTable, CodeTableSettings, CodeTables};

use super::Parsed;
use crate::settings::problem::Problem;
use crate::settings::report::Report;

/// The tables that are right. Nothing is said twice about a file that could not be read.
pub(super) fn tables(
    files: BTreeMap<String, Parsed<CodeTableSettings>>,
    problems: &mut Vec<Problem>,
) -> CodeTables {
    let mut tables = CodeTables::new();
    for (name, file) in files.into_iter().filter(|(_, file)| file.whole) {
        match CodeTable::compile(&name, &file.value) {
            Ok(table) => {
                tables.insert(name, Arc::new(table));
            }
            Err(found) => {
                let mut report = Report::new(&file.source, problems);
                for problem in found {
                    report.error(problem.span.unwrap_or(0..0), problem.message);
                }
            }
        }
    }
    tables
}
