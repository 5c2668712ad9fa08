//! What the samples left in the access log.

use std::path::Path;

use anyhow::{Context as _, Result};
use audit::{EntryKind, Report, VerifyOptions, VerifyingKey};

use super::page::Page;
use crate::cli::shown;
use crate::demo::cast::citizens::OWNER;
use crate::demo::folder::Folder;

/// Entries in the log before the samples.
pub(super) fn entries_so_far(folder: &Folder) -> u64 {
    audit::entries(&folder.audit())
        .filter(Result::is_ok)
        .count()
        .try_into()
        .unwrap_or(0)
}

/// The entries from `first` on.
pub(super) fn show_entries(folder: &Folder, first: u64, page: &mut Page<'_>) -> Result<()> {
    let mut rows = Vec::new();
    let (mut outcomes, mut leaks) = (0, 0);
    for found in audit::entries(&folder.audit()).from(first) {
        let (index, entry) = found?;
        if entry.kind == EntryKind::Operation as i32 {
            continue;
        }
        outcomes += usize::from(entry.kind == EntryKind::Outcome as i32);
        leaks += usize::from(names_the_owner(&entry.encode_canonical()));
        let fields = if entry.fields_given.is_empty() {
            &entry.fields_asked
        } else {
            &entry.fields_given
        };
        let moment = jiff::Timestamp::from_microsecond(entry.time_unix_micros)?;
        let subject: String = hex::encode(&entry.subject_pseudonym).chars().take(8).collect();
        let is_intent = entry.kind == EntryKind::Intent as i32;
        rows.push([
            index.to_string(),
            shown::in_viet_nam(moment)
                .split(' ')
                .next_back()
                .unwrap_or_default()
                .to_owned(),
            entry.agency.clone(),
            entry.officer.clone(),
            entry.registry.clone(),
            entry.operation.clone(),
            fields.join("\n"),
            if is_intent {
                "(asking)".to_owned()
            } else {
                entry.outcome.clone()
            },
            entry.source.clone(),
            subject,
        ]);
    }
    let header = [
        "No.",
        "Giờ · time",
        "Cơ quan",
        "Cán bộ",
        "registry",
        "operation",
        "Trường · fields",
        "outcome",
        "source",
        "subject",
    ];
    page.table(&header, rows)?;
    let words = "every answer and refusal has its entry; a subject is a keyed pseudonym, the number itself is not there";
    page.judge(outcomes >= 9 && leaks == 0, words)
}

/// Whether the bytes hold the number or the name of the person whom the samples are about.
fn names_the_owner(entry: &[u8]) -> bool {
    let holds = |needle: &str| {
        entry
            .windows(needle.len())
            .any(|window| window == needle.as_bytes())
    };
    holds(OWNER.personal_id) || holds(OWNER.full_name)
}

/// Verifies the log as an auditor would.
pub(super) fn show_verified(folder: &Folder, page: &mut Page<'_>) -> Result<()> {
    match verify_log(&folder.audit(), &folder.log_key()) {
        Ok(report) => {
            let root = hex::encode(report.root);
            page.table(
                &[
                    "Nhật ký · log",
                    "Số mục · entries",
                    "Gốc cây · root",
                    "Chữ ký đã kiểm · checkpoints",
                ],
                [[
                    report.origin,
                    report.entries.to_string(),
                    root,
                    report.checkpoints.to_string(),
                ]],
            )?;
            page.judge(true, "nothing was changed, removed or put in")
        }
        Err(error) => page.judge(false, &format!("{error:#}")),
    }
}

/// Verifies a log from its folder and the file of its public key.
fn verify_log(log: &Path, key: &Path) -> Result<Report> {
    let key: VerifyingKey = std::fs::read_to_string(key)?
        .trim()
        .parse()
        .context("the log's public key")?;
    Ok(audit::verify(log, &key, &VerifyOptions::default(), |_| {})?)
}
