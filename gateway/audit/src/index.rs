//! The index of a log: a SQLite file that says which entries may fit a question. It is rebuilt from the log at will, and
//! nothing is believed on its word: entries are read from the log itself, compared with what the tree holds of them, and
//! asked again whether they fit.
//!
//! | file | idea |
//! |---|---|
//! | `schema` | the tables, and how a file is opened |
//! | `words` | names that come again and again, as small numbers |
//! | `position` | how far the index went, and of which log it is |
//! | `fill` | entries into tables, a batch a transaction |
//! | `follow` | the thread that goes after a log at work |
//! | `rebuild` | the whole index from the files of a log |
//! | `query`, `sql`, `narrow` | from a question to places in the log |
//! | `scope` | the agencies that an auditor's sight ends at |
//! | `at` | one entry of a log's files by its place |
//!
//! No value of a record and no identifier stands in it, since none stands in the log. A subject is the first eight bytes of
//! its pseudonym, a dossier and a request the first eight bytes of a hash: enough to narrow, and no more.

mod at;
mod fill;
mod follow;
mod narrow;
mod position;
mod query;
pub(crate) mod rebuild;
mod schema;
mod scope;
mod sql;
#[cfg(test)]
mod tests;
mod words;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

pub use at::EntriesAt;
pub use follow::Follower;
pub use narrow::Narrowed;
pub use query::{Order, Question};
pub use rebuild::{Rebuilt, rebuild};
pub use scope::Scope;

/// Why the index gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// SQLite refused.
    #[error("audit index: {0}")]
    Database(#[from] rusqlite::Error),
    /// The system refused.
    #[error("audit index: {0}")]
    File(#[from] std::io::Error),
    /// It is being built and can't be asked yet.
    #[error("audit index is being built")]
    Building,
    /// Somebody else writes it.
    #[error("audit index is written by another process")]
    Locked,
    /// It is of another log, ahead of this one, or of another version.
    #[error("audit index does not belong to this log: {0}")]
    Foreign(&'static str),
    /// The log can't be read.
    #[error(transparent)]
    Log(#[from] crate::reader::ReaderError),
}

/// The index for those who ask. Connections are kept and only read.
#[derive(Debug)]
pub struct Index {
    file: PathBuf,
    /// Counts how often the file was put anew: a connection to one before is not used again.
    renewed: AtomicU64,
    idle: Mutex<Vec<(u64, Connection)>>,
}

/// Connections that are kept while nobody asks.
const IDLE: usize = 4;

impl Index {
    /// The index in `file`, which need not be there yet.
    #[must_use]
    pub fn new(file: PathBuf) -> Self {
        Self {
            file,
            renewed: AtomicU64::new(0),
            idle: Mutex::default(),
        }
    }

    /// Where the index of the log in `folder` lies when nobody says otherwise: beside the folder.
    #[must_use]
    pub fn usual_file(folder: &Path) -> PathBuf {
        let mut name = folder.file_name().unwrap_or_else(|| "audit".as_ref()).to_owned();
        name.push(".index.sqlite");
        folder.with_file_name(name)
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Entries of the log that it knows.
    ///
    /// # Errors
    /// When it is not there, being built, or can't be read.
    pub fn size(&self) -> Result<u64, IndexError> {
        self.with(|connection| Ok(position::ready(connection)?.size))
    }

    /// The hash of the last entry that it knows, and that entry's place; none of an empty index.
    ///
    /// # Errors
    /// As [`Self::size`].
    pub fn last_leaf(&self) -> Result<Option<(u64, crate::Hash)>, IndexError> {
        self.with(|connection| {
            let position = position::ready(connection)?;
            Ok(position
                .size
                .checked_sub(1)
                .map(|last| (last, position.last_leaf)))
        })
    }

    fn with<T>(&self, ask: impl FnOnce(&Connection) -> Result<T, IndexError>) -> Result<T, IndexError> {
        let renewed = self.renewed.load(Ordering::Acquire);
        let kept = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.retain(|(of, _)| *of == renewed);
            idle.pop()
        };
        let connection = match kept {
            Some((_, connection)) => connection,
            None => schema::open_to_read(&self.file)?,
        };
        let answer = ask(&connection)?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push((renewed, connection));
        }
        Ok(answer)
    }

    /// Says that the file is another one from now on.
    fn renew(&self) {
        self.renewed.fetch_add(1, Ordering::AcqRel);
    }
}
