//! From a question to the places of entries that may fit.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::types::Value;

use super::fill::BLOCK;
use super::position;
use super::query::{Order, Question};
use super::sql::{Statement, statement};
use super::{Index, IndexError};

/// The first window of places that is looked through, and the widest: a statement looks at a window's entries at most.
const WINDOW: u64 = 1 << 14;
const WIDEST: u64 = 1 << 20;

/// The longest that one question looks. What is left is for the next page.
const PATIENCE: Duration = Duration::from_secs(1);

/// Places that may fit, in the question's order.
#[derive(Debug, PartialEq, Eq)]
pub struct Narrowed {
    /// Where the entries stand in the log.
    pub places: Vec<u64>,
    /// Where to go on; none when everything was looked through.
    pub next: Option<u64>,
    /// Entries of the log that were looked through for it.
    pub size: u64,
}

impl Index {
    /// At most `most` places of entries that may fit, in a log of `end` entries. Every entry that fits is among the places
    /// of one page or another: those that the index does not know yet may all fit.
    ///
    /// # Errors
    /// When the index is not there, being built, or can't be read.
    pub fn narrow(&self, question: &Question, most: usize, end: u64) -> Result<Narrowed, IndexError> {
        self.with(|connection| narrow(connection, question, most, end))
    }
}

fn narrow(
    connection: &Connection,
    question: &Question,
    most: usize,
    end: u64,
) -> Result<Narrowed, IndexError> {
    // One transaction: the position and the entries are those of one moment.
    let transaction = connection.unchecked_transaction()?;
    let size = position::ready(&transaction)?.size;
    let end = end.max(size);
    let mut narrowed = match question.order {
        Order::NewestFirst => {
            let newest = question.from.map_or(end, |from| end.min(from.saturating_add(1)));
            let low = newest.saturating_sub(most as u64).max(size);
            let places: Vec<u64> = (low..newest).rev().collect();
            let from = low.min(newest).checked_sub(1);
            let rest = Question {
                from,
                ..question.clone()
            };
            match from {
                None => Narrowed::of(places, None),
                Some(from) if places.len() == most => Narrowed::of(places, Some(from)),
                Some(_) => known(&transaction, &rest, size, most - places.len())?.behind(places),
            }
        }
        Order::OldestFirst => {
            let known = known(&transaction, question, size, most)?;
            if known.next.is_some() {
                known
            } else {
                let first = question.from.unwrap_or(0).max(size);
                let last = end.min(first.saturating_add((most - known.places.len()) as u64));
                Narrowed::of((first..last).collect(), (last < end).then_some(last)).behind(known.places)
            }
        }
    };
    narrowed.size = end;
    Ok(narrowed)
}

impl Narrowed {
    fn of(places: Vec<u64>, next: Option<u64>) -> Self {
        Self {
            places,
            next,
            size: 0,
        }
    }

    /// The same, with these places before them.
    fn behind(mut self, mut places: Vec<u64>) -> Self {
        places.append(&mut self.places);
        Self { places, ..self }
    }
}

/// What the index knows.
fn known(
    transaction: &Connection,
    question: &Question,
    size: u64,
    most: usize,
) -> Result<Narrowed, IndexError> {
    let mut narrowed = Narrowed::of(Vec::new(), None);
    let (Some(range), Some(statement)) = (
        range(transaction, question, size)?,
        statement(transaction, question)?,
    ) else {
        return Ok(narrowed);
    };
    let begun = Instant::now();
    let mut left = Some(range);
    let mut width = WINDOW;
    while let Some(range) = left {
        let (window, rest) = cut(range, width, question.order);
        let wanted = most - narrowed.places.len();
        let found = look(transaction, &statement, window, wanted)?;
        let full = found.len() == wanted;
        narrowed.places.extend(found);
        if full {
            narrowed.next = narrowed
                .places
                .last()
                .and_then(|last| after(*last, range, question.order));
            return Ok(narrowed);
        }
        left = rest;
        width = (width * 4).min(WIDEST);
        if begun.elapsed() > PATIENCE {
            narrowed.next = left.map(|(low, high)| match question.order {
                Order::NewestFirst => high,
                Order::OldestFirst => low,
            });
            return Ok(narrowed);
        }
    }
    Ok(narrowed)
}

/// The first and last place to look at.
fn range(connection: &Connection, question: &Question, size: u64) -> Result<Option<(u64, u64)>, IndexError> {
    let Some(mut high) = size.checked_sub(1) else {
        return Ok(None);
    };
    let mut low = 0;
    match (question.order, question.from) {
        (_, None) => {}
        (Order::NewestFirst, Some(from)) => high = high.min(from),
        (Order::OldestFirst, Some(from)) => low = from,
    }
    let (from, until) = (
        question.filter.from_unix_micros,
        question.filter.until_unix_micros,
    );
    if from.is_some() || until.is_some() {
        let (first, last): (Option<i64>, Option<i64>) = connection
            .prepare_cached("SELECT min(block), max(block) FROM blocks WHERE latest >= ?1 AND earliest < ?2")?
            .query_row((from.unwrap_or(i64::MIN), until.unwrap_or(i64::MAX)), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(None);
        };
        low = low.max(first.cast_unsigned() * BLOCK);
        high = high.min(last.cast_unsigned() * BLOCK + (BLOCK - 1));
    }
    Ok((low <= high).then_some((low, high)))
}

/// The window at the end where the order begins, and what is left behind it.
fn cut((low, high): (u64, u64), width: u64, order: Order) -> ((u64, u64), Option<(u64, u64)>) {
    if high - low < width {
        return ((low, high), None);
    }
    match order {
        Order::NewestFirst => ((high - width + 1, high), Some((low, high - width))),
        Order::OldestFirst => ((low, low + width - 1), Some((low + width, high))),
    }
}

/// The place behind one, when there is one left to look at.
fn after(place: u64, (low, high): (u64, u64), order: Order) -> Option<u64> {
    match order {
        Order::NewestFirst => place.checked_sub(1).filter(|next| *next >= low),
        Order::OldestFirst => Some(place + 1).filter(|next| *next <= high),
    }
}

fn look(
    connection: &Connection,
    statement: &Statement,
    (low, high): (u64, u64),
    most: usize,
) -> Result<Vec<u64>, IndexError> {
    let mut bound = statement.bound.clone();
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    bound.extend([low.cast_signed(), high.cast_signed(), most].map(Value::Integer));
    let mut prepared = connection.prepare_cached(&statement.text)?;
    let found = prepared.query_map(rusqlite::params_from_iter(bound), |row| row.get::<_, i64>(0))?;
    Ok(found
        .map(|place| place.map(i64::cast_unsigned))
        .collect::<Result<_, _>>()?)
}
