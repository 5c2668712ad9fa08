//! The SQL of a plan: fixed once the tables are known, with bound parameters alone.

use crate::check::Problem;
use crate::mapping::{Column, List, Plan};

use super::schema::{Form, Tables};

/// Most items of one list. More would be no record of a person or an enterprise.
pub(super) const MOST_ITEMS: usize = 10_000;

/// The statements of one record.
#[derive(Debug)]
pub(super) struct Statements {
    /// By identifier.
    pub(super) row: Vec<String>,
    /// By list.
    pub(super) items: Vec<String>,
}

impl Statements {
    /// The statements for tables that were checked. No column gives more than `longest` letters or
    /// bytes.
    pub(super) fn of(plan: &Plan, tables: &Tables, longest: usize) -> Self {
        let keys = plan.key_columns.iter().map(|key| row(plan, key, tables, longest));
        let lists = plan.lists.iter().map(|list| items(list, tables, longest));
        Self {
            row: keys.collect(),
            items: lists.collect(),
        }
    }
}

/// Two rows are enough to know that there are several.
fn row(plan: &Plan, key: &Column, tables: &Tables, longest: usize) -> String {
    format!(
        "SELECT {} FROM {} AS t WHERE {} LIMIT 2",
        columns(&plan.table, &plan.columns, tables, longest),
        table(&plan.table.name),
        equals(&plan.table, key, tables),
    )
}

fn items(list: &List, tables: &Tables, longest: usize) -> String {
    let key = list.key.as_ref().map(|key| equals(&list.table, key, tables));
    let only: String = (2..)
        .zip(&list.only)
        .map(|(place, (column, _))| format!(" AND t.{}::text = ${place}::text", quoted(&column.name)))
        .collect();
    let absent: String = list
        .absent
        .iter()
        .map(|column| quoted(&column.name))
        .map(|column| format!(" AND (t.{column} IS NULL OR t.{column}::text = '')"))
        .collect();
    let direction = if list.descending { "DESC" } else { "ASC" };
    let order = list.order.as_ref().map(|order| quoted(&order.name));
    format!(
        "SELECT {} FROM {} AS t WHERE {}{only}{absent} ORDER BY t.{} {direction} LIMIT {}",
        columns(&list.table, &list.columns, tables, longest),
        table(&list.table.name),
        key.unwrap_or_default(),
        order.unwrap_or_default(),
        MOST_ITEMS + 1,
    )
}

/// The parameter is a text and takes the column's type in the database, so that an index is used.
fn equals(of: &Column, column: &Column, tables: &Tables) -> String {
    let cast = match tables.form(&of.name, &column.name) {
        Some(Form::Padded) => "::bpchar",
        Some(Form::Integer) => "::int8",
        Some(Form::Written(own)) => return format!("t.{} = $1::text::{own}", quoted(&column.name)),
        _ => "",
    };
    format!("t.{} = $1::text{cast}", quoted(&column.name))
}

fn columns(of: &Column, columns: &[Column], tables: &Tables, longest: usize) -> String {
    let read = |column: &Column| {
        let name = quoted(&column.name);
        match tables.form(&of.name, &column.name) {
            Some(Form::Text | Form::Padded) => format!("left(t.{name}::text, {})", longest.saturating_add(1)),
            Some(Form::Bytes) => format!("substr(t.{name}, 1, {})", longest.saturating_add(1)),
            Some(Form::Integer) => format!("t.{name}::int8"),
            Some(Form::Boolean) => format!("t.{name}::bool"),
            Some(Form::Moment) => format!("(t.{name} AT TIME ZONE 'UTC')::text || 'Z'"),
            Some(Form::Written(_)) | None => format!("t.{name}::text"),
        }
    };
    columns.iter().map(read).collect::<Vec<_>>().join(", ")
}

/// Safe because [`check_names`] lets no quotation mark through.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// A table's name, with its schema where one stands before it.
pub(super) fn table(name: &str) -> String {
    name.split('.').map(quoted).collect::<Vec<_>>().join(".")
}

/// Whether a name is a plain word.
pub(super) fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    let starts = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    // PostgreSQL cuts longer names off.
    starts && name.len() < 64 && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Names of tables and columns are plain words; a table's may have its schema before it.
pub(super) fn check_names(plan: &Plan, problems: &mut Vec<Problem>) {
    for (table, columns) in tables(plan) {
        let parts: Vec<_> = table.name.split('.').collect();
        if parts.len() > 2 || !parts.into_iter().all(is_plain) {
            tell(table, problems);
        }
        for column in columns.into_iter().filter(|column| !is_plain(&column.name)) {
            tell(column, problems);
        }
    }
}

fn tell(name: &Column, problems: &mut Vec<Problem>) {
    let message = format!(
        "found {:?}, wanted a name of letters without marks, digits and _",
        name.name
    );
    problems.push(Problem::at(name.span.clone(), message));
}

/// Each table with the columns that are read of it.
pub(super) fn tables(plan: &Plan) -> Vec<(&Column, Vec<&Column>)> {
    let row = (
        &plan.table,
        plan.columns.iter().chain(&plan.key_columns).collect(),
    );
    let lists = plan.lists.iter().map(|list| {
        let only = list.only.iter().map(|(column, _)| column);
        let columns = list.columns.iter().chain(&list.key).chain(&list.order);
        (&list.table, columns.chain(only).chain(&list.absent).collect())
    });
    std::iter::once(row).chain(lists).collect()
}
