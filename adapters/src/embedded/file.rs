//! The database file: opened for reading alone, and opened again when another one took its place.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::settings::Settings;
use crate::check::Records;
use crate::error::Error;

/// Where the database is and how it is opened.
#[derive(Clone, Debug)]
pub(super) struct Database {
    path: PathBuf,
    page_cache_kibibytes: i64,
    busy_timeout: Duration,
    statements: usize,
}

/// An open connection, and the file that it has open.
pub(super) struct Opened {
    pub(super) connection: Connection,
    identity: Identity,
}

/// Device and inode: a file of the same name may be another one.
type Identity = (u64, u64);

impl Database {
    pub(super) fn new(path: &Path, settings: &Settings, records: &Records) -> Self {
        let statements = records
            .values()
            .map(|record| record.plan.keys.len() + record.plan.lists.len());
        Self {
            path: path.to_owned(),
            page_cache_kibibytes: i64::try_from(settings.page_cache.0 >> 10).unwrap_or(i64::MAX),
            busy_timeout: settings.busy_timeout.0.min(Duration::from_secs(60)),
            statements: statements.sum::<usize>() + 4,
        }
    }

    pub(super) fn open(&self) -> Result<Opened, Error> {
        let identity = self.identity()?;
        let connection = self.connection().map_err(|error| outage(&error))?;
        Ok(Opened { connection, identity })
    }

    /// Whether the file that is open is still the one under the name.
    pub(super) fn is_current(&self, opened: &Opened) -> Result<bool, Error> {
        Ok(self.identity()? == opened.identity)
    }

    fn identity(&self) -> Result<Identity, Error> {
        match fs::metadata(&self.path) {
            Ok(metadata) if metadata.is_file() => Ok((metadata.dev(), metadata.ino())),
            Ok(_) => Err(Error::unavailable("the database is no file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Error::unavailable("there is no database file"))
            }
            Err(error) => Err(Error::unavailable(format!(
                "the database file can't be seen: {}",
                error.kind()
            ))),
        }
    }

    fn connection(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(self.busy_timeout)?;
        // A misspelt column in quotation marks would else be taken for a text.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        // What stands in the file's own views and triggers is not trusted with side effects.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        // Memory stays bounded: a mapped file would count as resident memory.
        connection.pragma_update(None, "mmap_size", 0)?;
        connection.pragma_update(None, "cache_size", -self.page_cache_kibibytes)?;
        connection.set_prepared_statement_cache_capacity(self.statements);
        Ok(connection)
    }
}

/// What SQLite's refusal means to the asker. No text of SQLite's own is passed on: it may quote.
pub(super) fn outage(error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => Error::DeadlineExceeded,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::unavailable("the database is locked")
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            Error::unavailable("the database file is damaged")
        }
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            Error::unavailable("the database file can't be opened")
        }
        Some(code) => Error::unavailable(format!("the database refuses: {code:?}")),
        None => Error::unavailable("the database gives what it shouldn't"),
    }
}
