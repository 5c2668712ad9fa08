//! The SQL of a plan: fixed when the settings are read, with bound parameters alone.

use std::collections::BTreeSet;

use rusqlite::Connection;

use crate::check::Problem;
use crate::mapping::{Column, List, Plan, suggestion};

/// The statements of one record.
#[derive(Debug)]
pub(super) struct Statements {
    /// By identifier.
    pub(super) row: Vec<String>,
    /// By list.
    pub(super) items: Vec<String>,
}

impl Statements {
    pub(super) fn of(plan: &Plan) -> Self {
        Self {
            row: plan.key_columns.iter().map(|key| row(plan, key)).collect(),
            items: plan.lists.iter().map(items).collect(),
        }
    }
}

/// Two rows are enough to know that there are several.
fn row(plan: &Plan, key: &Column) -> String {
    let columns = columns(&plan.columns);
    format!(
        "SELECT {columns} FROM {} AS t WHERE t.{} = ?1 LIMIT 2",
        quoted(&plan.table),
        quoted(key)
    )
}

fn items(list: &List) -> String {
    let only: String = (2..)
        .zip(&list.only)
        .map(|(place, (column, _))| format!(" AND t.{} = ?{place}", quoted(column)))
        .collect();
    let absent: String = list
        .absent
        .iter()
        .map(quoted)
        .map(|column| format!(" AND (t.{column} IS NULL OR t.{column} = '')"))
        .collect();
    let direction = if list.descending { "DESC" } else { "ASC" };
    let key = list.key.as_ref().map(quoted).unwrap_or_default();
    let order = list.order.as_ref().map(quoted).unwrap_or_default();
    format!(
        "SELECT {} FROM {} AS t WHERE t.{key} = ?1{only}{absent} ORDER BY t.{order} {direction}",
        columns(&list.columns),
        quoted(&list.table),
    )
}

fn columns(columns: &[Column]) -> String {
    columns
        .iter()
        .map(|column| format!("t.{}", quoted(column)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Safe because [`check_names`] lets no quotation mark through.
fn quoted(name: &Column) -> String {
    format!("\"{}\"", name.name)
}

/// Names of tables and columns are plain words.
pub(super) fn check_names(plan: &Plan, problems: &mut Vec<Problem>) {
    for (table, columns) in tables(plan) {
        for name in std::iter::once(table).chain(columns) {
            let mut bytes = name.name.bytes();
            let starts = bytes
                .next()
                .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
            if !starts || !bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                problems.push(Problem::at(
                    name.span.clone(),
                    format!(
                        "found {:?}, wanted a name of letters without marks, digits and _",
                        name.name
                    ),
                ));
            }
        }
    }
}

/// Tells every table and column that the database doesn't have.
pub(super) fn check_tables(
    connection: &Connection,
    plan: &Plan,
    problems: &mut Vec<Problem>,
) -> rusqlite::Result<()> {
    let existing = names(
        connection,
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')",
        [],
    )?;
    let before = problems.len();
    for (table, columns) in tables(plan) {
        if !existing.contains(&table.name) {
            tell(table, "table or view of the database", &existing, problems);
            continue;
        }
        let valid = names(
            connection,
            "SELECT name FROM pragma_table_info(?1)",
            [&table.name],
        )?;
        for column in columns.into_iter().filter(|column| !valid.contains(&column.name)) {
            tell(column, &format!("column of {}", table.name), &valid, problems);
        }
    }
    if problems.len() == before && reads_whole_tables(connection, plan)? {
        tracing::warn!(
            table = %plan.table.name,
            "a question reads a whole table: an index on a key column is missing"
        );
    }
    Ok(())
}

/// Prepares every statement, and says whether one of them can't go by an index.
pub(super) fn reads_whole_tables(connection: &Connection, plan: &Plan) -> rusqlite::Result<bool> {
    let statements = Statements::of(plan);
    let mut whole = false;
    for sql in statements.row.iter().chain(&statements.items) {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let unbound = rusqlite::params_from_iter(vec![rusqlite::types::Null; explain.parameter_count()]);
        let mut steps = explain.query(unbound)?;
        while let Some(step) = steps.next()? {
            whole |= step.get::<_, String>("detail")?.starts_with("SCAN");
        }
    }
    Ok(whole)
}

/// Each table with the columns that are read of it.
fn tables(plan: &Plan) -> Vec<(&Column, Vec<&Column>)> {
    let row = (
        &plan.table,
        plan.columns.iter().chain(&plan.key_columns).collect(),
    );
    let lists = plan.lists.iter().map(|list| {
        let only = list.only.iter().map(|(column, _)| column);
        (
            &list.table,
            list.columns
                .iter()
                .chain(list.key.iter().chain(&list.order))
                .chain(only)
                .collect(),
        )
    });
    std::iter::once(row).chain(lists).collect()
}

fn names(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> rusqlite::Result<BTreeSet<String>> {
    connection
        .prepare(sql)?
        .query_map(parameters, |row| row.get(0))?
        .collect()
}

fn tell(name: &Column, what: &str, valid: &BTreeSet<String>, problems: &mut Vec<Problem>) {
    let near = suggestion(&name.name, valid.iter().map(String::as_str));
    problems.push(Problem::at(
        name.span.clone(),
        format!("found {:?}, wanted a {what}{near}", name.name),
    ));
}
