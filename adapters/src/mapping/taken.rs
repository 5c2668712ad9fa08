//! What is taken of a source for one field, before it is converted.

use super::codes::Moment;
use super::convert::{Convert, Unreadable, is_blank};
use super::{Source, Value};
use crate::text::encoding::Encoding;

/// Where a field's value is taken from, and how it is made readable.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) columns: Columns,
    pub(super) encoding: Encoding,
    pub(super) default: Option<Box<str>>,
    pub(super) required: bool,
    /// Column of the day on which a code was recorded.
    pub(super) on: Option<usize>,
    /// Column of the edition by which a code was recorded.
    pub(super) edition: Option<usize>,
}

/// Places in the plan's list of columns.
#[derive(Debug)]
pub(super) enum Columns {
    One(usize),
    FirstOf(Vec<usize>),
    Join(Vec<usize>),
}

impl Taken {
    /// The column whose value is the field's when it says anything.
    pub(super) fn first(&self) -> Option<usize> {
        match &self.columns {
            Columns::One(column) => Some(*column),
            Columns::FirstOf(columns) => columns.first().copied(),
            Columns::Join(_) => None,
        }
    }

    /// The text that is converted, when it is one; none for nothing.
    pub(super) fn text(&self, row: &impl Source) -> Result<Option<String>, Unreadable> {
        let value = match &self.columns {
            Columns::Join(columns) => return self.joined(columns, row).map(Some),
            Columns::One(column) => row.value(*column),
            Columns::FirstOf(columns) => {
                let mut values = columns.iter().map(|column| row.value(*column));
                values.find(|value| !is_blank(value)).unwrap_or(Value::Absent)
            }
        };
        match (self.decoded(&value)?, value) {
            (Some(decoded), _) => Ok(Some(decoded)),
            (None, Value::Text(text)) => Ok(Some(text.to_owned())),
            (None, Value::Integer(number)) => Ok(Some(number.to_string())),
            (None, _) => Ok(None),
        }
    }

    /// Takes, converts and writes the field, and tells whether the source says anything about it.
    pub(super) fn write(
        &self,
        number: u32,
        convert: &Convert,
        row: &impl Source,
        record: Option<jiff::civil::Date>,
        out: &mut Vec<u8>,
    ) -> Result<bool, Unreadable> {
        let joined;
        let mut value = match &self.columns {
            Columns::One(column) => row.value(*column),
            Columns::FirstOf(columns) => {
                let values = columns.iter().map(|column| row.value(*column));
                values
                    .into_iter()
                    .find(|value| !is_blank(value))
                    .unwrap_or(Value::Absent)
            }
            Columns::Join(columns) => {
                joined = self.joined(columns, row)?;
                Value::Text(&joined)
            }
        };
        let decoded;
        // Parts were decoded before they were joined; bytes that stay bytes are no text.
        let is_text = !matches!(
            (&self.columns, convert),
            (Columns::Join(_), _) | (_, Convert::Bytes)
        );
        if is_text && let Some(text) = self.decoded(&value)? {
            decoded = text;
            value = Value::Text(&decoded);
        }
        if is_blank(&value) {
            match &self.default {
                Some(default) => value = Value::Text(default),
                None if self.required => return Err(Unreadable),
                None => return Ok(false),
            }
        }
        let moment = Moment {
            on: self.on.map(|column| row.value(column)),
            edition: self.edition.map(|column| row.value(column)),
            record,
        };
        convert.write(number, value, &moment, out)
    }

    fn joined(&self, columns: &[usize], row: &impl Source) -> Result<String, Unreadable> {
        let mut joined = String::new();
        for column in columns {
            let value = row.value(*column);
            if is_blank(&value) {
                continue;
            }
            let part = match (self.decoded(&value)?, value) {
                (Some(decoded), _) => decoded,
                (None, Value::Text(text)) => text.to_owned(),
                (None, Value::Integer(number)) => number.to_string(),
                (None, _) => return Err(Unreadable),
            };
            if !joined.is_empty() {
                joined.push(' ');
            }
            joined.push_str(part.trim());
        }
        Ok(joined)
    }

    /// A text or bytes in the declared encoding, undone. `None` when there is nothing to undo.
    fn decoded(&self, value: &Value<'_>) -> Result<Option<String>, Unreadable> {
        let decoded = match (self.encoding, value) {
            (Encoding::Unicode, _) => return Ok(None),
            (encoding, Value::Text(text)) => encoding.decode_text(text),
            (encoding, Value::Bytes(bytes)) => encoding.decode_bytes(bytes),
            _ => return Ok(None),
        };
        decoded.map(Some).map_err(|_| Unreadable)
    }
}
