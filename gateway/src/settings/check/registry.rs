//! `registries/<name>.toml`: what the adapters say about them.

use super::Draft;
use crate::settings::problem::Problem;
use crate::settings::report::Report;

pub(super) fn check(draft: &Draft, problems: &mut Vec<Problem>) {
    // A mapping that was mended would only bring mistakes that nobody made.
    for file in draft.registries.values().filter(|file| file.whole) {
        let mut report = Report::new(&file.source, problems);
        for problem in adapters::check(&file.value, &draft.base, &draft.pool, &draft.codes) {
            report.error(problem.span.unwrap_or(0..0), problem.message);
        }
    }
}
