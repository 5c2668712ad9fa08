//! From PostgreSQL's rows to a canonical record.

use std::time::Instant;

use futures_util::TryStreamExt as _;
use futures_util::future::{join, join3, try_join_all};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, Statement};

use super::outage::outage;
use super::statements::MOST_ITEMS;
use crate::error::Error;
use crate::mapping::{List, Plan, Source, Value};
use crate::registry::Found;
use crate::trace::Trace;

/// One moment of the database for all statements of a question, and no right to write.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A question's statements, prepared on the connection that carries them out.
pub(super) struct Prepared {
    /// Sets the time that is left.
    pub(super) limit: Statement,
    pub(super) row: Statement,
    pub(super) items: Vec<Statement>,
}

/// Looks one subject up, the row in one exchange and all lists in another. `millis` is what the
/// database may take for each statement.
pub(super) async fn look_up(
    client: &Client,
    plan: &Plan,
    prepared: &Prepared,
    key: &str,
    millis: u64,
    longest: usize,
    trace: &Trace,
) -> Result<Found, Error> {
    let began = Instant::now();
    let millis = millis.max(1).to_string();
    let limits: [&(dyn ToSql + Sync); 1] = [&millis];
    // Sent one after the other without waiting in between.
    let (begun, limited, rows) = join3(
        client.batch_execute(BEGIN),
        client.execute(&prepared.limit, &limits),
        rows(client, &prepared.row, &[key], longest),
    )
    .await;
    begun.map_err(|error| outage(&error))?;
    limited.map_err(|error| outage(&error))?;
    let rows = rows?;
    let row = match rows.as_slice() {
        [] => return Err(Error::NotFound),
        [one] => one,
        _ => return Err(Error::Several),
    };
    let mut record = Vec::with_capacity(1024);
    plan.write_row(row, &mut record, trace)?;
    let day = plan.day(row);
    let lists = plan.lists.iter().zip(&prepared.items);
    let asked = lists.filter_map(|(list, statement)| Some((list, statement, parent(row, list)?)));
    let asked: Vec<_> = asked.collect();
    let items = asked.iter().map(|(list, statement, parent)| {
        let mut parameters = vec![parent.as_str()];
        parameters.extend(list.only.iter().map(|(_, value)| value.as_str()));
        async move { rows_of(client, statement, parameters, longest).await }
    });
    // The transaction is given up by the caller when anything failed.
    let (items, committed) = join(try_join_all(items), client.batch_execute("COMMIT")).await;
    let items = items?;
    committed.map_err(|error| outage(&error))?;
    for ((list, ..), items) in asked.iter().zip(&items) {
        if items.len() > MOST_ITEMS {
            return Err(Error::garbled("a list of the record is too long"));
        }
        for item in items {
            list.write_row(item, day, &mut record, trace)?;
        }
    }
    trace.exchanged(began);
    Ok(Found {
        as_of: plan.as_of(row),
        record: record.into(),
        transaction: None,
        route: None,
        retrieved: None,
    })
}

/// What names the record's own row in a list.
fn parent(row: &Cells, list: &List) -> Option<String> {
    match row.0.get(list.equals) {
        Some(Cell::Integer(number)) => Some(number.to_string()),
        Some(Cell::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

async fn rows_of(
    client: &Client,
    statement: &Statement,
    parameters: Vec<&str>,
    longest: usize,
) -> Result<Vec<Cells>, Error> {
    rows(client, statement, &parameters, longest).await
}

/// All rows, as long as they are not larger than an answer may be.
async fn rows(
    client: &Client,
    statement: &Statement,
    parameters: &[&str],
    longest: usize,
) -> Result<Vec<Cells>, Error> {
    let stream = client
        .query_raw(statement, parameters)
        .await
        .map_err(|error| outage(&error))?;
    let mut stream = std::pin::pin!(stream);
    let (mut rows, mut size) = (Vec::new(), 0_usize);
    while let Some(row) = stream.try_next().await.map_err(|error| outage(&error))? {
        size = size.saturating_add(row.raw_size_bytes());
        if size > longest {
            return Err(Error::garbled("the answer is larger than max_answer"));
        }
        rows.push(Cells::from(&row));
    }
    Ok(rows)
}

/// A row.
struct Cells(Vec<Cell>);

enum Cell {
    Absent,
    Boolean(bool),
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
    Other,
}

impl From<&Row> for Cells {
    fn from(row: &Row) -> Self {
        let columns = row.columns().iter().enumerate();
        Self(
            columns
                .map(|(place, column)| cell(row, place, column.type_()))
                .collect(),
        )
    }
}

fn cell(row: &Row, place: usize, of: &Type) -> Cell {
    let read = match *of {
        Type::BOOL => row
            .try_get(place)
            .map(|value: Option<_>| value.map(Cell::Boolean)),
        Type::INT8 => row
            .try_get(place)
            .map(|value: Option<_>| value.map(Cell::Integer)),
        Type::TEXT => row.try_get(place).map(|value: Option<_>| value.map(Cell::Text)),
        Type::BYTEA => row.try_get(place).map(|value: Option<_>| value.map(Cell::Bytes)),
        _ => return Cell::Other,
    };
    match read {
        Ok(Some(cell)) => cell,
        Ok(None) => Cell::Absent,
        Err(_) => Cell::Other,
    }
}

impl Source for Cells {
    fn value(&self, column: usize) -> Value<'_> {
        match self.0.get(column) {
            Some(Cell::Absent) => Value::Absent,
            Some(Cell::Boolean(value)) => Value::Boolean(*value),
            Some(Cell::Integer(number)) => Value::Integer(*number),
            Some(Cell::Text(text)) => Value::Text(text),
            Some(Cell::Bytes(bytes)) => Value::Bytes(bytes),
            Some(Cell::Other) | None => Value::Other,
        }
    }
}
