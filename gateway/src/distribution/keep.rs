//! A fetched list that is good takes the place of the file.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use crate::clock::Moment;
use crate::identity::NamedCa;
use crate::identity::revocation::RevocationError;
use crate::identity::trust::{self, TrustError};

/// Why a fetched list is not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// It is not good.
    #[error("what came is not taken: {0}")]
    NotGood(#[source] RevocationError),
    /// The authority's certificates can't be read.
    #[error("the authority's certificates: {0}")]
    Authority(#[source] TrustError),
    /// The file can't be written.
    #[error("the file of the list can't be written: {0}")]
    Write(#[source] io::Error),
}

/// Whether the file holds lists that count now.
pub(super) fn is_usable(authority: &NamedCa, file: &Path) -> bool {
    matches!(trust::try_lists(authority, file, None, Moment::now()), Ok(Ok(())))
}

/// Puts the bytes in the file's place, if they are lists that count now, that the authority signed,
/// and that are not older than those in the file.
pub(super) fn keep(authority: &NamedCa, file: &Path, bytes: &[u8]) -> Result<(), KeepError> {
    trust::try_lists(authority, file, Some(bytes), Moment::now())
        .map_err(KeepError::Authority)?
        .map_err(KeepError::NotGood)?;
    if fs::read(file).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    replace(file, bytes).map_err(KeepError::Write)
}

/// Writes beside the file, then renames: whoever reads sees the old list or the new one.
fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new~");
    let beside = folder.join(name);
    let mut new = File::create(&beside)?;
    new.write_all(bytes)?;
    new.sync_all()?;
    fs::rename(&beside, file)?;
    File::open(folder)?.sync_all()
}
