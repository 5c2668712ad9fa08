//! The subject keys that the log goes on with.

use anyhow::Context as _;
use audit::periods::KeyFolderError;
use audit::{Appender, AuditorKey, Sealer, SubjectKeyFolder, SubjectKeys};

use crate::clock::Moment;
use crate::exchange::Subjects;
use crate::settings::Settings;

/// Entries of a bundle (c2sp.org/tlog-tiles). The newest full one is looked through for the period that was in use, until an entry
/// names it: refusals and operations name none. What is in no full bundle would be looked for in the journal from its
/// segment's beginning, and the start does not wait for that.
const BUNDLE: u64 = 256;

/// Takes the keys up that the log was written under, and makes those of the present period when they are missing.
/// Keys that the newest entries need and that are gone without having been destroyed are a mistake, and not made anew: nobody
/// could find the subjects of the log any more, and nobody would notice.
pub(super) fn open(settings: &Settings, log: &Appender) -> anyhow::Result<Subjects> {
    let audit = &settings.gateway.audit;
    let keys = SubjectKeyFolder::new(settings.path(audit.subject_keys.get_ref()));
    if let Some(period) = last_period(log)?
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
        sealer: Sealer::new(AuditorKey::load(&auditors).context("the auditors' key")?),
    })
}

/// The period that the newest entry with a subject names.
fn last_period(log: &Appender) -> anyhow::Result<Option<String>> {
    let size = log.durable().size;
    let end = if size < BUNDLE { size } else { size - size % BUNDLE };
    for index in (end.saturating_sub(BUNDLE)..end).rev() {
        let entry = log.entry(index).context("the newest entries of the access log")?;
        if !entry.subject_period.is_empty() {
            return Ok(Some(entry.subject_period));
        }
    }
    Ok(None)
}
