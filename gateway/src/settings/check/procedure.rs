//! `procedures/<code>.toml`: components that have names, replaced by what there is.

use std::collections::HashSet;

use adapters::text::procedure_code;
use toml::Spanned;

use super::Draft;
use super::agreement::{operations, record, registry};
use crate::settings::ReplacementSettings;
use crate::settings::problem::Problem;
use crate::settings::report::Report;

pub(super) fn check(draft: &Draft, problems: &mut Vec<Problem>) {
    for (name, file) in &draft.procedures {
        let mut report = Report::new(&file.source, problems);
        let procedure = &file.value;
        code(name, &procedure.code, &mut report);
        report.validity(
            procedure.valid_from.as_ref(),
            procedure.valid_to.as_ref(),
            draft.today,
        );
        report.said(&procedure.legal_basis, "the act that the procedure rests on");
        report.some(&procedure.components, "component");
        let mut seen = HashSet::new();
        for component in procedure.components.get_ref() {
            let id = &component.id;
            let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if id.get_ref().is_empty() || !id.get_ref().bytes().all(fits) {
                let found = id.get_ref();
                report.error(
                    id.span(),
                    format!("found {found:?}, wanted small letters, digits and hyphens"),
                );
            }
            if report.wrote(id) && !seen.insert(id.get_ref()) {
                report.error(
                    id.span(),
                    format!("found {:?} twice, wanted each component once", id.get_ref()),
                );
            }
            for replacement in &component.replaced_by {
                replaced_by(draft, replacement, &mut report);
            }
        }
    }
}

fn code(name: &str, code: &Spanned<String>, report: &mut Report<'_>) {
    let written = code.get_ref();
    match procedure_code::parse(written) {
        Err(error) => report.error(code.span(), format!("found {written:?}: {error}")),
        Ok(parsed) if parsed.as_str() != written => {
            report.error(
                code.span(),
                format!(
                    "found {written:?}, wanted the national code alone, {:?}",
                    parsed.as_str()
                ),
            );
        }
        Ok(_) if written != name => {
            report.error(
                code.span(),
                format!("found {written:?}, wanted the name of the file, {name:?}"),
            );
        }
        Ok(_) => {}
    }
}

fn replaced_by(draft: &Draft, replacement: &ReplacementSettings, report: &mut Report<'_>) {
    if !registry(draft, &replacement.registry, report) {
        return;
    }
    report.distinct(&replacement.fields, "field");
    let Some(record) = record(draft, &replacement.registry, &replacement.record, report) else {
        return;
    };
    let claimed = operations(&record, std::slice::from_ref(&replacement.operation), report);
    for path in replacement.fields.get_ref() {
        if let Some(message) = record.path_problem(path.get_ref(), claimed) {
            report.error(path.span(), message);
        }
    }
}
