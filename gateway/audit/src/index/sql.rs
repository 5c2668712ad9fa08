//! A question as SQL. Values are bound, never written.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::query::{Order, Question};
use super::words::{first_eight, number_of, short_hash};

/// A statement that narrows a window of places, and what is bound to it: the window's two ends and the most rows come last.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) text: String,
    pub(super) bound: Vec<Value>,
}

/// The statement for a question; none when it names a word that no entry holds.
pub(super) fn statement(connection: &Connection, question: &Question) -> rusqlite::Result<Option<Statement>> {
    let filter = &question.filter;
    let mut conditions = Conditions::default();
    // The one that is thought to leave the fewest comes first, and its index is used.
    if !filter.subject_pseudonyms.is_empty() {
        let subjects = filter.subject_pseudonyms.iter();
        let subjects: Vec<_> = subjects.filter_map(|pseudonym| first_eight(pseudonym)).collect();
        if subjects.is_empty() {
            return Ok(None);
        }
        conditions.any("subject", subjects);
    }
    for (column, wanted) in [("request", &filter.request_id), ("dossier", &filter.dossier)] {
        if let Some(wanted) = wanted {
            match short_hash(wanted) {
                Some(hash) => conditions.any(column, vec![hash]),
                None => conditions.is_null(column),
            }
        }
    }
    for (column, wanted) in [
        ("officer", &filter.officer),
        ("procedure", &filter.procedure),
        ("outcome", &filter.outcome),
        ("operation", &filter.operation),
        ("agency", &filter.agency),
        ("registry", &filter.registry),
    ] {
        let Some(wanted) = wanted else { continue };
        if wanted.is_empty() {
            conditions.is_null(column);
            continue;
        }
        match number_of(connection, wanted)? {
            Some(number) => conditions.any(column, vec![number]),
            None => return Ok(None),
        }
    }
    if let Some(field) = &filter.field_given {
        let Some(field) = number_of(connection, field)? else {
            return Ok(None);
        };
        let sets = connection
            .prepare_cached("SELECT given FROM given_fields WHERE field = ?1")?
            .query_map([field], |row| row.get(0))?
            .collect::<Result<Vec<i64>, _>>()?;
        if sets.is_empty() {
            return Ok(None);
        }
        conditions.any("given", sets);
    }
    if let Some(kind) = filter.kind {
        conditions.compare("kind =", i64::from(i32::from(kind)));
    }
    if let Some(from) = filter.from_unix_micros {
        conditions.compare("time >=", from);
    }
    if let Some(until) = filter.until_unix_micros {
        conditions.compare("time <", until);
    }
    if !question.scope.is_everything() {
        let seen = agencies(connection, question)?;
        if seen.is_empty() {
            return Ok(None);
        }
        conditions.seen(&seen);
    }
    Ok(Some(conditions.statement(question.order)))
}

/// The numbers of the agencies in the asker's sight: the words that lie under it, whatever they name.
fn agencies(connection: &Connection, question: &Question) -> rusqlite::Result<Vec<i64>> {
    let mut seen = Vec::new();
    for over in question.scope.agencies() {
        // Everything that begins with `H26.` stands before `H26/`, the character after the dot.
        let found = connection
            .prepare_cached(
                "SELECT id FROM words WHERE word = ?1 OR (word >= ?1 || '.' AND word < ?1 || '/')",
            )?
            .query_map([over], |row| row.get(0))?
            .collect::<Result<Vec<i64>, _>>()?;
        seen.extend(found);
    }
    Ok(seen)
}

#[derive(Default)]
struct Conditions {
    texts: Vec<String>,
    bound: Vec<Value>,
    driver: Option<&'static str>,
}

impl Conditions {
    /// The column is one of these; the first such column is the one whose index is used.
    fn any(&mut self, column: &'static str, values: Vec<i64>) {
        let marks = self.marks(&values);
        let plus = if self.driver.is_some() { "+" } else { "" };
        self.driver.get_or_insert(column);
        match values.len() {
            1 => self.texts.push(format!("{plus}{column} = {marks}")),
            _ => self.texts.push(format!("{plus}{column} IN ({marks})")),
        }
    }

    fn is_null(&mut self, column: &'static str) {
        self.texts.push(format!("+{column} IS NULL"));
    }

    fn compare(&mut self, left: &str, value: i64) {
        let mark = self.marks(&[value]);
        self.texts.push(format!("+{left} {mark}"));
    }

    fn seen(&mut self, agencies: &[i64]) {
        // Written as numbers: they are the index's own, and SQLite binds no more than 32,766.
        let list = agencies.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        self.texts.push(format!(
            "(+agency IN ({list}) OR +receiving IN ({list}) OR +competent IN ({list}))"
        ));
    }

    fn marks(&mut self, values: &[i64]) -> String {
        let mut marks = Vec::with_capacity(values.len());
        for value in values {
            self.bound.push(Value::Integer(*value));
            marks.push(format!("?{}", self.bound.len()));
        }
        marks.join(", ")
    }

    fn statement(mut self, order: Order) -> Statement {
        let next = self.bound.len() + 1;
        self.texts
            .push(format!("place >= ?{next} AND place <= ?{}", next + 1));
        let hint = match self.driver {
            Some(column) => format!("INDEXED BY by_{column}"),
            None => "NOT INDEXED".to_owned(),
        };
        let direction = match order {
            Order::NewestFirst => "DESC",
            Order::OldestFirst => "ASC",
        };
        let text = format!(
            "SELECT place FROM entries {hint} WHERE {} ORDER BY place {direction} LIMIT ?{}",
            self.texts.join(" AND "),
            next + 2
        );
        Statement {
            text,
            bound: self.bound,
        }
    }
}
