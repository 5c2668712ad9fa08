//! `registries/<name>.toml`: what the adapters say about them.

use super::Draft;
use crate::settings::problem::Problem;
use crate::settings::report::Report;

pub(super) fn check(draft: &Draft, problems: &mut Vec<Problem>) {
    // A mapping that was mended would only bring mistakes that nobody made.
    for file in draft.registries.values().filter(|file| file.whole) {
        let mut report = Report::new(&file.source, problems);
        let known = |name: &str| draft.schemas.pool.get_message_by_name(name).is_some();
        if !draft.schemas_whole && !file.value.records.keys().all(|name| known(name.get_ref())) {
            // It waits for its schema.
            continue;
        }
        for problem in adapters::check(&file.value, &draft.base, &draft.schemas.pool, &draft.codes) {
            report.error(problem.span.unwrap_or(0..0), problem.message);
        }
    }
}
