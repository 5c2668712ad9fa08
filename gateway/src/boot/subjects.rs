//! The subject keys that the log goes on with.

use std::path::Path;

use anyhow::Context as _;
use audit::periods::KeyFolderError;
use audit::{Appender, AuditorKey, SubjectKeyFolder, SubjectKeys, entries};

use crate::clock::Moment;
use crate::exchange::Subjects;
use crate::settings::Settings;

/// How many of the newest entries are looked through for the period that was in use: refusals and operations name none.
const NEWEST: u64 = 10_000;

/// Takes the keys up that the log in `folder` was written under, and makes those of the present period when they are missing.
/// Keys that the newest entries need and that are gone without having been destroyed are a mistake, and not made anew: nobody
/// could find the subjects of the log any more, and nobody would notice.
pub(super) fn open(settings: &Settings, folder: &Path, log: &Appender) -> anyhow::Result<Subjects> {
    let audit = &settings.gateway.audit;
    let keys = SubjectKeyFolder::new(settings.path(audit.subject_keys.get_ref()));
    if let Some(period) = last_period(folder, log.durable().size)?
        && let Err(KeyFolderError::Missing(_)) = keys.read(&period)
        && !keys.path().join(format!("{period}.lost")).exists()
    {
        anyhow::bail!(
            "the newest entries of the access log were written under the subject keys of {period}, and {period}.key is not in \
             {}: put it back. If it is lost for good, make an empty file {period}.lost there; whom those entries are about can \
             then never be told",
            keys.path().display()
        );
    }
    let auditors = settings.path(audit.auditor_key.get_ref());
    Ok(Subjects {
        keys: SubjectKeys::open(keys, audit.subject_period.into(), Moment::now().0)
            .context("the subject keys")?,
        auditors: AuditorKey::load(&auditors).context("the auditors' key")?,
    })
}

/// The period that the newest entry with a subject names.
fn last_period(folder: &Path, size: u64) -> anyhow::Result<Option<String>> {
    let mut last = None;
    for entry in entries(folder).from(size.saturating_sub(NEWEST)) {
        let (_, entry) = entry.context("the newest entries of the access log")?;
        if !entry.subject_period.is_empty() {
            last = Some(entry.subject_period);
        }
    }
    Ok(last)
}
