//! What a new configuration changes, by the names of files.

use std::path::Path;

use crate::settings::Settings;

/// The longest list that is told whole.
const MOST: usize = 20;

/// Names the files that were added, changed or removed, such as
/// `changed agreements/population.toml; removed agencies/H29.12.toml`. Nothing of what stands in them.
pub(super) fn told(before: &Settings, after: &Settings) -> String {
    let mut told: Vec<String> = Vec::new();
    for (path, hash) in &after.files {
        match before.files.get(path) {
            None => told.push(format!("added {}", shown(path))),
            Some(old) if old != hash => told.push(format!("changed {}", shown(path))),
            Some(_) => {}
        }
    }
    let gone = before
        .files
        .keys()
        .filter(|path| !after.files.contains_key(*path));
    told.extend(gone.map(|path| format!("removed {}", shown(path))));
    let rest = told.len().saturating_sub(MOST);
    told.truncate(MOST);
    if rest > 0 {
        told.push(format!("and {rest} more"));
    }
    told.join("; ")
}

/// The settings that a running gateway does not take over, where they changed.
pub(super) fn need_restart(before: &Settings, after: &Settings) -> Vec<&'static str> {
    let (before, after) = (&before.gateway, &after.gateway);
    let mut sections = Vec::new();
    if before.listener != after.listener {
        sections.push("listener");
    }
    if before.audit != after.audit {
        sections.push("audit");
    }
    if before.telemetry != after.telemetry {
        sections.push("telemetry");
    }
    sections
}

/// The path as it is written in the settings, without control characters.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string().replace(char::is_control, "?")
}
