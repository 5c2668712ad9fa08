//! What was fetched and is good takes the place of the file.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::Content;
use crate::clock::Moment;
use crate::identity::KeySet;
use crate::identity::key_set::KeySetError;
use crate::identity::revocation::RevocationError;
use crate::identity::trust::{self, TrustError};

/// Why what was fetched is not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// It is not good.
    #[error("what came is not taken: {0}")]
    NotGood(#[source] RevocationError),
    /// It is no key set, or one with a key that can't be used.
    #[error("what came is not taken: {0}")]
    Keys(#[source] KeySetError),
    /// The authority's certificates can't be read.
    #[error("the authority's certificates: {0}")]
    Authority(#[source] TrustError),
    /// The file can't be written.
    #[error("the file can't be written: {0}")]
    Write(#[source] io::Error),
}

/// Whether the file holds what counts now.
pub(super) fn is_usable(content: &Content, file: &Path) -> bool {
    match content {
        Content::Lists(authority) => {
            matches!(trust::try_lists(authority, file, None, Moment::now()), Ok(Ok(())))
        }
        Content::Keys(_) => KeySet::load(file).is_ok(),
    }
}

/// Puts the bytes in the file's place, if they are lists that count now, that the authority signed,
/// and that are not older than those in the file; or a whole key set.
pub(super) fn keep(content: &Content, file: &Path, bytes: &[u8]) -> Result<(), KeepError> {
    match content {
        Content::Lists(authority) => trust::try_lists(authority, file, Some(bytes), Moment::now())
            .map_err(KeepError::Authority)?
            .map_err(KeepError::NotGood)?,
        Content::Keys(_) => drop(KeySet::parse(bytes).map_err(KeepError::Keys)?),
    }
    if fs::read(file).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    replace(file, bytes).map_err(KeepError::Write)
}

/// Writes beside the file, then renames: whoever reads sees the old file or the new one.
fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // The configuration and the fetching have a thread each, and may want the same file.
    static WRITING: Mutex<()> = Mutex::new(());
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new~");
    let beside = folder.join(name);
    let mut new = File::create(&beside)?;
    new.write_all(bytes)?;
    new.sync_all()?;
    fs::rename(&beside, file)?;
    File::open(folder)?.sync_all()
}
