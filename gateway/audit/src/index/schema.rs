//! The tables, and how a file is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::IndexError;

/// Raised with every change of the tables; a file of another version is built anew.
const VERSION: i64 = 1;

/// The tables without the indexes. Numbers in `entries` are words, except where a comment says otherwise.
const TABLES: &str = "
    CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);
    CREATE TABLE given (id INTEGER PRIMARY KEY, fields TEXT NOT NULL UNIQUE);
    CREATE TABLE given_fields (field INTEGER, given INTEGER, PRIMARY KEY (field, given)) WITHOUT ROWID;
    CREATE TABLE entries (
        place INTEGER PRIMARY KEY,
        time INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        agency INTEGER, receiving INTEGER, competent INTEGER,
        officer INTEGER, procedure INTEGER, registry INTEGER, operation INTEGER, outcome INTEGER,
        given INTEGER,
        dossier INTEGER, subject INTEGER, request INTEGER
    );
    CREATE TABLE blocks (block INTEGER PRIMARY KEY, earliest INTEGER NOT NULL, latest INTEGER NOT NULL);
    CREATE TABLE position (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        size INTEGER NOT NULL, root BLOB NOT NULL, last_leaf BLOB NOT NULL, edge BLOB NOT NULL,
        ready INTEGER NOT NULL
    );
";

/// Columns with an index of their own. Each holds the place too, SQLite's row number, and so answers alone; times are found
/// by `blocks`.
const INDEXED: [&str; 10] = [
    "agency",
    "officer",
    "procedure",
    "registry",
    "operation",
    "outcome",
    "given",
    "dossier",
    "subject",
    "request",
];

/// Pages that SQLite keeps of the file while it follows the log, in KiB: enough for what a batch touches, and the gateway does
/// not grow with its log.
const PAGES_WHILE_FOLLOWING: u32 = 8 << 10;
/// The same while all of it is made anew, in large batches.
const PAGES_WHILE_MADE: u32 = 64 << 10;

/// Opens the file for the one who writes; `None` when it holds no index of this version.
pub(super) fn open_to_write(file: &Path) -> Result<Option<Connection>, IndexError> {
    let connection = Connection::open(file)?;
    prepare(&connection)?;
    Ok((version(&connection)? == VERSION).then_some(connection))
}

/// A new file, for the one who makes all of it now.
pub(super) fn create_at_once(file: &Path) -> Result<Connection, IndexError> {
    let connection = create(file)?;
    keep_pages(&connection, PAGES_WHILE_MADE)?;
    Ok(connection)
}

/// A new file in the place of whatever is there.
pub(super) fn create(file: &Path) -> Result<Connection, IndexError> {
    remove(file)?;
    let connection = Connection::open(file)?;
    prepare(&connection)?;
    connection.execute_batch(&format!(
        "BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"
    ))?;
    Ok(connection)
}

/// Opens the file for one who asks.
pub(super) fn open_to_read(file: &Path) -> Result<Connection, IndexError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(Duration::from_secs(2))?;
    connection.set_prepared_statement_cache_capacity(64);
    match version(&connection)? {
        VERSION => Ok(connection),
        0 => Err(IndexError::Building),
        _ => Err(IndexError::Foreign("another version")),
    }
}

/// Makes the indexes that are not there.
pub(super) fn index(connection: &Connection) -> Result<(), IndexError> {
    for column in INDEXED {
        connection.execute_batch(&format!(
            "CREATE INDEX IF NOT EXISTS by_{column} ON entries ({column}) WHERE {column} IS NOT NULL;"
        ))?;
    }
    Ok(())
}

/// Takes the file away, with the two that SQLite keeps beside it.
pub(super) fn remove(file: &Path) -> Result<(), IndexError> {
    for path in [file.to_owned(), beside(file, "-wal"), beside(file, "-shm")] {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

/// The file's path with an ending more.
pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

fn version(connection: &Connection) -> Result<i64, IndexError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// The log beside it shares the disk with it: with a write-ahead log SQLite syncs once in thousands of entries, and what a
/// power cut takes from the index is read from the log again.
fn prepare(connection: &Connection) -> Result<(), IndexError> {
    connection.busy_timeout(Duration::from_secs(2))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;",
    )?;
    keep_pages(connection, PAGES_WHILE_FOLLOWING)
}

/// Below zero the number counts KiB, not pages.
fn keep_pages(connection: &Connection, kibibytes: u32) -> Result<(), IndexError> {
    connection.pragma_update(None, "cache_size", -i64::from(kibibytes))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_follows_the_log_keeps_few_pages_and_who_makes_the_index_anew_keeps_many() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let file = folder.path().join("index");
        let kept = |connection: Connection| -> i64 {
            let pages = connection.query_row("PRAGMA cache_size", [], |row| row.get(0));
            pages.expect("a number")
        };
        assert_eq!(kept(create(&file).expect("created")), -(8 << 10));
        let found = open_to_write(&file).expect("opened");
        assert_eq!(kept(found.expect("of this version")), -(8 << 10));
        assert_eq!(kept(create_at_once(&file).expect("created")), -(64 << 10));
    }
}
