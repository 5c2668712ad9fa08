//! The rows that a simulated registry answers from: the tables that a registry's file of kind `embedded` maps.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use adapters::RegistrySettings;
use adapters::settings::{ListSettings, RecordSettings};
use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::tree::Tree;

/// Most subjects that are given for one identifier: two are already several.
const MOST_SUBJECTS: usize = 2;

/// A registry's file and how its records lie in it.
pub(super) struct Rows {
    file: Mutex<Connection>,
    pub(super) records: Vec<Record>,
}

/// How one record lies in tables.
#[derive(Debug)]
pub(super) struct Record {
    /// Full name of the canonical record.
    pub(super) name: String,
    pub(super) table: String,
    pub(super) keys: Vec<Key>,
    lists: Vec<List>,
}

/// A column that a subject can be asked by.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) column: String,
    /// The canonical field.
    pub(super) field: String,
}

#[derive(Debug)]
struct List {
    table: String,
    key: String,
    equals: String,
    order: String,
    descending: bool,
}

/// A row of a subject: its columns, and under `ds_<table>` the rows that belong to it.
pub(super) type Row = Vec<(String, Tree)>;

impl Rows {
    /// Opens the file, and reads nowhere else.
    pub(super) fn open(file: &Path, settings: &RegistrySettings) -> Result<Self> {
        let records = settings
            .records
            .iter()
            .map(|(name, record)| Record::new(name.get_ref(), record))
            .collect::<Result<_>>()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let file = Connection::open_with_flags(file, flags)
            .with_context(|| format!("{} can't be opened", file.display()))?;
        Ok(Self {
            file: Mutex::new(file),
            records,
        })
    }

    /// The rows of the subject with this identifier, one or none if it is unique.
    pub(super) fn find(&self, record: &Record, column: &str, key: &str) -> Result<Vec<Row>> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let table = &record.table;
        let statement = format!("SELECT * FROM {table} WHERE {column} = ?1 LIMIT {MOST_SUBJECTS}");
        let mut found = rows(&file, &statement, key)?;
        for row in &mut found {
            for list in &record.lists {
                let of = text_at(row, &list.equals).to_owned();
                let List {
                    table, key, order, ..
                } = list;
                let direction = if list.descending { "DESC" } else { "ASC" };
                let statement =
                    format!("SELECT * FROM {table} WHERE {key} = ?1 ORDER BY {order} {direction}");
                let items = rows(&file, &statement, &of)?.into_iter().map(Tree::Named);
                row.push((format!("ds_{table}"), Tree::Several(items.collect())));
            }
        }
        Ok(found)
    }
}

impl Rows {
    /// The columns of a table with the types that they are declared to have.
    pub(super) fn columns(&self, table: &str) -> Result<Vec<(String, String)>> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = file.prepare("SELECT name, type FROM pragma_table_info(?1)")?;
        let mut columns = Vec::new();
        let mut rows = statement.query([table])?;
        while let Some(row) = rows.next()? {
            columns.push((plain(&row.get::<_, String>(0)?)?, row.get(1)?));
        }
        ensure!(!columns.is_empty(), "{table} is no table of the registry's file");
        Ok(columns)
    }
}

impl Record {
    /// The tables with rows that belong to a subject.
    pub(super) fn list_tables(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().map(|list| list.table.as_str())
    }

    fn new(name: &str, settings: &RecordSettings) -> Result<Self> {
        let keys: Vec<_> = settings
            .keys
            .get_ref()
            .iter()
            .map(|key| {
                Ok(Key {
                    column: plain(key.from.get_ref())?,
                    field: key.field.get_ref().clone(),
                })
            })
            .collect::<Result<_>>()?;
        let first = keys
            .first()
            .with_context(|| format!("{name} has no key"))?
            .column
            .clone();
        Ok(Self {
            name: name.to_owned(),
            table: plain(settings.from.get_ref())?,
            lists: settings
                .lists
                .values()
                .map(|list| List::new(list, &first))
                .collect::<Result<_>>()?,
            keys,
        })
    }
}

impl List {
    fn new(settings: &ListSettings, first_key: &str) -> Result<Self> {
        let table = plain(settings.from.get_ref())?;
        let wanted = |what: Option<&toml::Spanned<String>>, word: &str| {
            plain(what.with_context(|| format!("{table} has no {word}"))?.get_ref())
        };
        let equals = settings
            .equals
            .as_ref()
            .map_or(first_key, |equals| equals.get_ref().as_str());
        Ok(Self {
            key: wanted(settings.key.as_ref(), "key")?,
            order: wanted(settings.order.as_ref(), "order")?,
            equals: plain(equals)?,
            descending: settings.descending,
            table,
        })
    }
}

/// The text of a column; empty where there is none.
pub(super) fn text_at<'a>(row: &'a Row, column: &str) -> &'a str {
    let found = row.iter().find(|(name, _)| name == column);
    match found {
        Some((_, Tree::Text(text))) => text,
        _ => "",
    }
}

/// A name that can stand in a statement, as the name of an element and of a member.
fn plain(name: &str) -> Result<String> {
    let right = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.starts_with(|first: char| first.is_ascii_alphabetic());
    ensure!(
        right,
        "{name:?} can't be simulated, wanted a name of letters, digits and underscores"
    );
    Ok(name.to_owned())
}

/// Absent columns are left out.
fn rows(file: &Connection, statement: &str, key: &str) -> Result<Vec<Row>> {
    let mut statement = file.prepare_cached(statement)?;
    let names: Vec<_> = statement.column_names().map(str::to_owned).collect();
    let mut found = Vec::new();
    let mut rows = statement.query([key])?;
    while let Some(row) = rows.next()? {
        let mut read = Vec::with_capacity(names.len());
        for (place, name) in names.iter().enumerate() {
            let value = match row.get_ref(place)? {
                ValueRef::Null => continue,
                ValueRef::Integer(number) => Tree::Number(number),
                ValueRef::Real(number) => Tree::text(number.to_string()),
                ValueRef::Text(text) => Tree::text(String::from_utf8_lossy(text)),
                ValueRef::Blob(bytes) => Tree::text(BASE64_STANDARD.encode(bytes)),
            };
            read.push((name.clone(), value));
        }
        found.push(read);
    }
    Ok(found)
}
