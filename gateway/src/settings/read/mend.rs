//! A parsed file in which a mistake can be cut out or filled in, so that reading gets past it.

use std::collections::HashSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue, Error, ValueDeserializer};

use super::place::{Place, find_key, find_table, find_value, parent};
use super::wording;

/// A parsed file. Spans past the end of the text mark values that were filled in.
pub(super) struct Tree<'i> {
    root: Spanned<DeValue<'i>>,
    text_length: usize,
    /// For each value filled in, how many of the [`FILLINGS`] were tried before it.
    tried: Vec<usize>,
    /// Table and key of each value that was cut out for a mistake already told.
    cut: HashSet<(Range<usize>, String)>,
}

/// What became of a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mended {
    /// It follows from another one that was told.
    pub(super) told_already: bool,
    /// Reading gets past it.
    pub(super) readable: bool,
}

/// What is tried, in turn, where a needed value is missing: each type and unit in use, as TOML.
const FILLINGS: [&str; 8] = ["''", "{}", "[]", "1", "false", "2000-01-01", "'1s'", "'1 MiB'"];

impl<'i> Tree<'i> {
    pub(super) fn new(root: DeTable<'i>, text_length: usize) -> Self {
        Self {
            root: Spanned::new(0..0, DeValue::Table(root)),
            text_length,
            tried: Vec::new(),
            cut: HashSet::new(),
        }
    }

    pub(super) fn deserializer(&self) -> ValueDeserializer<'i> {
        self.root.clone().into()
    }

    /// Changes the tree at the place of the mistake.
    pub(super) fn mend(&mut self, error: &Error) -> Mended {
        let Some(span) = error.span() else {
            return Mended {
                told_already: false,
                readable: false,
            };
        };
        let filled_in = span.start > self.text_length;
        let missing = wording::missing_key(error.message());
        let told_already =
            filled_in || missing.is_some_and(|key| self.cut.contains(&(span.clone(), key.to_owned())));
        let mended = match missing {
            Some(key) => self.fill_in(&span, key),
            None if filled_in => self.fill_in_otherwise(&span, error.message()),
            None => self.cut_out(&span, error.message()),
        };
        Mended {
            told_already,
            readable: mended.is_some(),
        }
    }

    /// Puts the first filling where a key is missing.
    fn fill_in(&mut self, table: &Range<usize>, key: &str) -> Option<()> {
        let place = find_table(&self.root, table, key)?;
        self.tried.push(0);
        let span = self.span_of(self.tried.len() - 1);
        let value = Spanned::new(span.clone(), filling(0)?);
        let key = Spanned::new(span, DeString::Owned(key.to_owned()));
        table_at(&mut self.root, &place)?.insert(key, value);
        Some(())
    }

    /// Puts the next filling where one did not do.
    fn fill_in_otherwise(&mut self, span: &Range<usize>, message: &str) -> Option<()> {
        let place = find_value(&self.root, span, message)?;
        let number = span.start.checked_sub(self.span_of(0).start)?;
        let tried = self.tried.get_mut(number)?;
        *tried += 1;
        let value = match wording::first_variant(message) {
            Some(word) if *tried <= FILLINGS.len() => DeValue::String(DeString::Owned(word.to_owned())),
            _ => filling(*tried)?,
        };
        *at(&mut self.root, &place)?.get_mut() = value;
        Some(())
    }

    /// Takes away the value, or the key with its value, that can't be read.
    fn cut_out(&mut self, span: &Range<usize>, message: &str) -> Option<()> {
        let place = if message.starts_with("unknown field") {
            find_key(&self.root, span)?
        } else {
            find_value(&self.root, span, message).or_else(|| find_key(&self.root, span))?
        };
        let (parent, last) = parent(&place)?;
        let holder = at(&mut self.root, parent)?;
        let holder_span = holder.span();
        match (holder.get_mut(), last) {
            (DeValue::Table(table), Place::Key(key)) => {
                table.remove(key.as_str());
                self.cut.insert((holder_span, key.clone()));
            }
            (DeValue::Array(array), Place::Item(number)) => {
                let items = std::mem::replace(array, DeArray::new()).into_iter().enumerate();
                *array = items
                    .filter(|(at, _)| at != number)
                    .map(|(_, item)| item)
                    .collect();
            }
            _ => return None,
        }
        Some(())
    }

    fn span_of(&self, number: usize) -> Range<usize> {
        let start = self.text_length + 1 + number;
        start..start + 1
    }
}

fn filling(number: usize) -> Option<DeValue<'static>> {
    DeValue::parse(FILLINGS.get(number)?)
        .ok()
        .map(Spanned::into_inner)
}

fn at<'t, 'i>(root: &'t mut Spanned<DeValue<'i>>, place: &[Place]) -> Option<&'t mut Spanned<DeValue<'i>>> {
    place
        .iter()
        .try_fold(root, |value, step| match (value.get_mut(), step) {
            (DeValue::Table(table), Place::Key(key)) => table.get_mut(key.as_str()),
            (DeValue::Array(array), Place::Item(number)) => array.get_mut(*number),
            _ => None,
        })
}

fn table_at<'t, 'i>(root: &'t mut Spanned<DeValue<'i>>, place: &[Place]) -> Option<&'t mut DeTable<'i>> {
    match at(root, place)?.get_mut() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}
