//! Rows into SQLite, as fast as it takes them: no journal, indexes after the load, and the file gets
//! its name only when it is whole.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

use super::people::Reference;
use super::places::Address;

const INDEXES: &str = "-- Indexes: made after the load.";

/// A registry's file in the making.
pub(super) struct Load {
    connection: Connection,
    indexes: &'static str,
    partial: PathBuf,
    target: PathBuf,
}

impl Load {
    /// Starts `target` with the tables of `schema`; what stood there before stays until [`Self::finish`].
    pub(super) fn begin(target: &Path, schema: &'static str) -> Result<Self> {
        let partial = target.with_extension("partial");
        if partial.exists() {
            fs::remove_file(&partial)?;
        }
        let (tables, indexes) = schema.split_once(INDEXES).unwrap_or((schema, ""));
        let connection = Connection::open(&partial).context("the registry's file can't be made")?;
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA cache_size = -65536; PRAGMA temp_store = FILE;",
        )?;
        connection.execute_batch(tables)?;
        connection.execute_batch("BEGIN")?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Self {
            connection,
            indexes,
            partial,
            target: target.to_owned(),
        })
    }

    /// Inserts one row; its values are in the order of the table's columns.
    pub(super) fn insert(&self, table: &'static Table, row: Row) -> Result<()> {
        debug_assert_eq!(row.0.len(), table.columns, "{}", table.insert);
        self.connection
            .prepare_cached(table.insert)?
            .execute(params_from_iter(row.0))?;
        Ok(())
    }

    /// Makes the indexes and gives the file its name.
    pub(super) fn finish(self) -> Result<()> {
        self.connection.execute_batch("COMMIT")?;
        self.connection.execute_batch(self.indexes)?;
        let whole: Option<String> = self
            .connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .optional()?;
        ensure!(whole.as_deref() == Some("ok"), "the registry's file is not whole");
        self.connection.close().map_err(|(_, error)| error)?;
        fs::File::open(&self.partial)?.sync_all()?;
        fs::rename(&self.partial, &self.target)?;
        Ok(())
    }
}

/// A table that rows go to.
pub(super) struct Table {
    pub(super) insert: &'static str,
    pub(super) columns: usize,
}

/// The values of one row, in the order of the columns.
#[derive(Default)]
pub(super) struct Row(Vec<Value>);

impl Row {
    #[must_use]
    pub(super) fn text(mut self, value: impl Into<String>) -> Self {
        self.0.push(Value::Text(value.into()));
        self
    }

    /// A text or NULL.
    #[must_use]
    pub(super) fn maybe(mut self, value: Option<impl Into<String>>) -> Self {
        self.0
            .push(value.map_or(Value::Null, |value| Value::Text(value.into())));
        self
    }

    #[must_use]
    pub(super) fn number(mut self, value: impl Into<i64>) -> Self {
        self.0.push(Value::Integer(value.into()));
        self
    }

    #[must_use]
    pub(super) fn maybe_number(mut self, value: Option<i64>) -> Self {
        self.0.push(value.map_or(Value::Null, Value::Integer));
        self
    }

    #[must_use]
    pub(super) fn bytes(mut self, value: Option<Vec<u8>>) -> Self {
        self.0.push(value.map_or(Value::Null, Value::Blob));
        self
    }

    /// Ten columns: detail, commune, district, province, country, text, edition.
    #[must_use]
    pub(super) fn address(self, address: Option<&Address>) -> Self {
        let Some(address) = address else {
            return (0..10).fold(self, |row, _| row.maybe(None::<String>));
        };
        self.maybe(address.detail.clone())
            .pair(address.commune.clone())
            .pair(address.district.clone())
            .pair(Some(address.province.clone()))
            .text("VN")
            .text(address.text())
            .text(address.edition)
    }

    /// Five columns: name, number, former number, nationality, birth date.
    #[must_use]
    pub(super) fn person(self, person: Option<&Reference>) -> Self {
        let Some(person) = person else {
            return (0..5).fold(self, |row, _| row.maybe(None::<String>));
        };
        self.text(person.full_name.clone())
            .maybe(person.personal_id.clone())
            .maybe(person.old_id9.clone())
            .text("VN")
            .maybe(person.birth_date.clone())
    }

    #[must_use]
    fn pair(self, pair: Option<(String, String)>) -> Self {
        let (code, name) = pair.unzip();
        self.maybe(code).maybe(name)
    }
}
