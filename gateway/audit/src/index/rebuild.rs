//! The whole index from the files of a log, in a new file that takes the old one's place when it is done.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use super::fill::Filling;
use super::{IndexError, schema};
use crate::layout::{Layout, segment_name};
use crate::reader::{ReaderError, entries};
use crate::segment::{self, OpeningError};
use crate::storage::Disk;
use crate::tree::Tree;

/// Entries of a transaction.
const BATCH: usize = 8192;

/// What was built.
#[derive(Clone, Copy, Debug)]
pub struct Rebuilt {
    /// Entries indexed.
    pub entries: u64,
    /// The root over them.
    pub root: crate::Hash,
    /// How long it took.
    pub duration: Duration,
}

/// Builds the index of the log in `folder` anew and puts it at `file`. `progress` hears how many entries are in.
///
/// # Errors
/// When the log can't be read, the index not written, or a gateway at work holds it.
pub fn rebuild(folder: &Path, file: &Path, mut progress: impl FnMut(u64)) -> Result<Rebuilt, IndexError> {
    let begun = Instant::now();
    let _lock = lock(file)?;
    let new = schema::beside(file, ".new");
    let mut filling = Filling::resume(schema::create_at_once(&new)?)?;
    if let Some(before) = beginning(folder)? {
        filling.begin_behind(before);
    }
    let mut batch = Vec::with_capacity(BATCH);
    for entry in entries(folder) {
        batch.push(entry?);
        if batch.len() == BATCH {
            filling.add(&batch)?;
            batch.clear();
            progress(filling.size());
        }
    }
    filling.add(&batch)?;
    filling.finish()?;
    progress(filling.size());
    let rebuilt = Rebuilt {
        entries: filling.size(),
        root: filling.root(),
        duration: begun.elapsed(),
    };
    // The last connection takes the write-ahead log in and away.
    drop(filling);
    schema::remove(file)?;
    std::fs::rename(&new, file)?;
    Ok(rebuilt)
}

/// The tree of the entries that retention removed; none of a log without segments.
pub(crate) fn beginning(folder: &Path) -> Result<Option<Tree>, ReaderError> {
    let layout = Layout::new(folder);
    let Some(first) = segment::list(&Disk, &layout)?.first().copied() else {
        return Ok(None);
    };
    let file = segment::open(&Disk, &layout, first)?;
    let opening = segment::read_opening(&file, first).map_err(|error| match error {
        OpeningError::File(error) => ReaderError::File(error),
        damaged => ReaderError::Damaged {
            file: segment_name(first),
            offset: 0,
            what: damaged.to_string(),
        },
    })?;
    Ok(Some(opening.tree))
}

/// The right to write the index, as long as the file given is open.
pub(super) fn lock(file: &Path) -> Result<File, IndexError> {
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(schema::beside(file, ".lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(IndexError::Locked),
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}
