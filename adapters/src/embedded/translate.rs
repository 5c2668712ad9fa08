//! From SQLite's rows to a canonical record.

use std::time::Instant;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, ToSql};

use super::file::outage;
use super::statements::Statements;
use crate::error::Error;
use crate::mapping::{List, Plan, Source, Value};
use crate::registry::Found;
use crate::trace::Trace;

/// Most items of one list. More would be no record of a person or an enterprise.
const MOST_ITEMS: usize = 10_000;

/// Looks one subject up. All statements see the same moment of the database.
pub(super) fn look_up(
    connection: &Connection,
    plan: &Plan,
    statements: &Statements,
    key_place: usize,
    key: &str,
    trace: &Trace,
) -> Result<Found, Error> {
    let began = Instant::now();
    let moment = connection
        .unchecked_transaction()
        .map_err(|error| outage(&error))?;
    let sql = statements.row.get(key_place).map_or("", String::as_str);
    let row = only_row(&moment, sql, key)?;
    let mut record = Vec::with_capacity(1024);
    plan.write_row(&row, &mut record, trace)?;
    let day = plan.day(&row);
    for (list, sql) in plan.lists.iter().zip(&statements.items) {
        write_items(&moment, list, sql, &row, day, &mut record, trace)?;
    }
    trace.exchanged(began);
    Ok(Found {
        as_of: plan.as_of(&row),
        record: record.into(),
        transaction: None,
        route: None,
        retrieved: None,
    })
}

fn only_row(connection: &Connection, sql: &str, key: &str) -> Result<Kept, Error> {
    let mut statement = connection.prepare_cached(sql).map_err(|error| outage(&error))?;
    let mut rows = statement.query([key]).map_err(|error| outage(&error))?;
    let Some(first) = rows.next().map_err(|error| outage(&error))? else {
        return Err(Error::NotFound);
    };
    let kept = Kept::from(first);
    match rows.next().map_err(|error| outage(&error))? {
        None => Ok(kept),
        Some(_) => Err(Error::Several),
    }
}

fn write_items(
    connection: &Connection,
    list: &List,
    sql: &str,
    row: &Kept,
    day: Option<jiff::civil::Date>,
    out: &mut Vec<u8>,
    trace: &Trace,
) -> Result<(), Error> {
    let Some(parent @ (Cell::Integer(_) | Cell::Text(_))) = row.0.get(list.equals) else {
        return Ok(());
    };
    let mut parameters: Vec<&dyn ToSql> = vec![parent];
    parameters.extend(list.only.iter().map(|(_, value)| value as &dyn ToSql));

    let mut statement = connection.prepare_cached(sql).map_err(|error| outage(&error))?;
    let mut rows = statement
        .query(parameters.as_slice())
        .map_err(|error| outage(&error))?;
    let mut items = 0;
    while let Some(item) = rows.next().map_err(|error| outage(&error))? {
        items += 1;
        if items > MOST_ITEMS {
            return Err(Error::garbled("a list of the record is too long"));
        }
        list.write_row(item, day, out, trace)?;
    }
    Ok(())
}

/// A row that outlives its statement.
struct Kept(Vec<Cell>);

enum Cell {
    Absent,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
    Other,
}

impl From<&Row<'_>> for Kept {
    fn from(row: &Row<'_>) -> Self {
        let places = 0..row.as_ref().column_count();
        Self(
            places
                .map(|place| match row.value(place) {
                    Value::Absent => Cell::Absent,
                    Value::Integer(number) => Cell::Integer(number),
                    Value::Text(text) => Cell::Text(text.to_owned()),
                    Value::Bytes(bytes) => Cell::Bytes(bytes.to_owned()),
                    Value::Boolean(_) | Value::Other => Cell::Other,
                })
                .collect(),
        )
    }
}

impl Source for Kept {
    fn value(&self, column: usize) -> Value<'_> {
        match self.0.get(column) {
            Some(Cell::Absent) => Value::Absent,
            Some(Cell::Integer(number)) => Value::Integer(*number),
            Some(Cell::Text(text)) => Value::Text(text),
            Some(Cell::Bytes(bytes)) => Value::Bytes(bytes),
            Some(Cell::Other) | None => Value::Other,
        }
    }
}

impl Source for Row<'_> {
    fn value(&self, column: usize) -> Value<'_> {
        match self.get_ref(column) {
            Ok(ValueRef::Null) => Value::Absent,
            Ok(ValueRef::Integer(number)) => Value::Integer(number),
            Ok(ValueRef::Text(bytes)) => std::str::from_utf8(bytes).map_or(Value::Other, Value::Text),
            Ok(ValueRef::Blob(bytes)) => Value::Bytes(bytes),
            Ok(ValueRef::Real(_)) | Err(_) => Value::Other,
        }
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        match self {
            Self::Integer(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
            Self::Bytes(bytes) => bytes.to_sql(),
            Self::Absent | Self::Other => rusqlite::types::Null.to_sql(),
        }
    }
}
