//! The tables as the database has them, against what the mapping reads of them.

use std::collections::BTreeMap;

use tokio_postgres::{Client, Error};

use super::statements::{table, tables};
use crate::check::{Problem, Records};
use crate::mapping::{Column, Plan, suggestion};

/// Every column of a table: its name, its type (of a domain the one below it), what sort of type
/// that is, and whether the user may read it.
const COLUMNS: &str = "SELECT a.attname::text, coalesce(b.typname, t.typname)::text, \
     coalesce(b.typtype, t.typtype)::text, has_column_privilege(a.attrelid, a.attnum, 'SELECT') \
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid \
     LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype \
     WHERE a.attrelid = to_regclass($1::text) AND a.attnum > 0 AND NOT a.attisdropped";

/// The names by which tables and views can be read without a schema before them.
const NAMES: &str = "SELECT relname::text FROM pg_class \
     WHERE relkind IN ('r', 'v', 'm', 'p', 'f') AND pg_table_is_visible(oid) \
     AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)";

/// The tables that a mapping reads, as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tables(BTreeMap<String, BTreeMap<String, Kept>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    type_name: String,
    form: Option<Form>,
    readable: bool,
}

/// How a column's type is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    /// `char(n)`: filled up with blanks, which are no part of the value.
    Padded,
    Integer,
    Boolean,
    Bytes,
    /// A point in time.
    Moment,
    /// As the database writes it; the name of the type.
    Written(&'static str),
}

impl Form {
    fn of(type_name: &str, sort: &str) -> Option<Self> {
        Some(match type_name {
            "text" | "varchar" | "name" | "citext" => Self::Text,
            "bpchar" => Self::Padded,
            "int2" | "int4" | "int8" => Self::Integer,
            "bool" => Self::Boolean,
            "bytea" => Self::Bytes,
            "timestamptz" => Self::Moment,
            "date" => Self::Written("date"),
            "timestamp" => Self::Written("timestamp"),
            "numeric" => Self::Written("numeric"),
            "uuid" => Self::Written("uuid"),
            _ if sort == "e" => Self::Text,
            _ => return None,
        })
    }
}

impl Tables {
    /// Reads the tables of all records from the database's catalogue.
    pub(super) async fn read(client: &Client, records: &Records) -> Result<Self, Error> {
        let mut all = BTreeMap::new();
        for record in records.values() {
            for (of, _) in tables(&record.plan) {
                if all.contains_key(&of.name) {
                    continue;
                }
                let mut columns = BTreeMap::new();
                for row in client.query(COLUMNS, &[&table(&of.name)]).await? {
                    let type_name: String = row.try_get(1)?;
                    let form = Form::of(&type_name, row.try_get(2)?);
                    let readable = row.try_get(3)?;
                    columns.insert(
                        row.try_get(0)?,
                        Kept {
                            type_name,
                            form,
                            readable,
                        },
                    );
                }
                all.insert(of.name.clone(), columns);
            }
        }
        Ok(Self(all))
    }

    pub(super) fn form(&self, table: &str, column: &str) -> Option<Form> {
        self.0.get(table)?.get(column)?.form
    }

    /// Tells every table and column that the mapping reads and the database doesn't have, doesn't
    /// let be read, or has in a type that no conversion reads.
    pub(super) async fn check(
        &self,
        client: &Client,
        plan: &Plan,
        problems: &mut Vec<Problem>,
    ) -> Result<(), Error> {
        for (of, columns) in tables(plan) {
            let valid = self.0.get(&of.name).filter(|columns| !columns.is_empty());
            let Some(valid) = valid else {
                let rows = client.query(NAMES, &[]).await?;
                let names: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
                missing(
                    of,
                    "table or view of the database",
                    names.iter().map(String::as_str),
                    problems,
                );
                continue;
            };
            for column in columns {
                match valid.get(&column.name) {
                    None => missing(
                        column,
                        &format!("column of {}", of.name),
                        valid.keys().map(String::as_str),
                        problems,
                    ),
                    Some(kept) if !kept.readable => problems.push(Problem::at(
                        column.span.clone(),
                        format!(
                            "the user may not read column {:?} of {}",
                            column.name, of.name
                        ),
                    )),
                    Some(kept) if kept.form.is_none() => problems.push(Problem::at(
                        column.span.clone(),
                        format!(
                            "column {:?} of {} is a {}, wanted a text, whole number, truth value, date, time or bytes",
                            column.name, of.name, kept.type_name
                        ),
                    )),
                    Some(_) => {}
                }
            }
        }
        self.check_keys(plan, problems);
        Ok(())
    }

    /// An identifier is compared as a text, or as a whole number where it is made of digits alone.
    fn check_keys(&self, plan: &Plan, problems: &mut Vec<Problem>) {
        for (column, key) in plan.key_columns.iter().zip(&plan.keys) {
            let digits = key.digits.is_some_and(|digits| digits <= 18);
            match self.form(&plan.table.name, &column.name) {
                None | Some(Form::Text | Form::Padded) => {}
                Some(Form::Integer) if digits => {}
                Some(_) => problems.push(Problem::at(
                    column.span.clone(),
                    format!(
                        "column {:?} is no text, wanted one, or a whole number with digits = 1 to 18",
                        column.name
                    ),
                )),
            }
        }
    }

    /// The first thing that is not as it was when the mapping was checked, by its name.
    pub(super) fn drift(&self, now: &Self, records: &Records) -> Option<String> {
        for record in records.values() {
            for (of, columns) in tables(&record.plan) {
                for column in columns {
                    let kept = |tables: &Self| tables.0.get(&of.name)?.get(&column.name).cloned();
                    let (then, now) = (kept(self), kept(now));
                    if then != now {
                        let became = match now {
                            None => "is gone".to_owned(),
                            Some(now) if !now.readable => "may not be read any more".to_owned(),
                            Some(now) => format!("became a {}", now.type_name),
                        };
                        return Some(format!("column {} of {} {became}", column.name, of.name));
                    }
                }
            }
        }
        None
    }
}

fn missing<'a>(name: &Column, what: &str, valid: impl Iterator<Item = &'a str>, problems: &mut Vec<Problem>) {
    let near = suggestion(&name.name, valid);
    problems.push(Problem::at(
        name.span.clone(),
        format!("found {:?}, wanted a {what}{near}", name.name),
    ));
}
