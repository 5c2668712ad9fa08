//! A compiled mapping, and its carrying out: columns in, encoded record out.

use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::convert::Convert;
use super::key::Key;
use super::person::Person;
use super::taken::Taken;
use super::{Source, Value};
use crate::error::Error;
use crate::settings::TextForm;
use crate::trace::Trace;
use crate::tree::{Path, breath};

/// How one canonical record is made.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The table of the record's own row.
    pub(crate) table: Column,
    /// Its columns, in the order in which a source numbers them.
    pub(crate) columns: Vec<Column>,
    /// The identifiers, and the column of each.
    pub(crate) keys: Vec<Key>,
    pub(crate) key_columns: Vec<Column>,
    /// The repeated fields.
    pub(crate) lists: Vec<List>,
    /// Places of the columns that hold the registry's own moment; the first that says one counts.
    pub(crate) as_of: Vec<usize>,
    /// Where number, sex and birth date of a person stand in the record.
    pub(super) person: Option<Person>,
    /// Texts of an answer that are read in place, in this order.
    pub(crate) unpack: Vec<Unpack>,
    pub(super) message: MessagePlan,
}

/// A text of an answer that is itself an answer.
#[derive(Debug)]
pub(crate) struct Unpack {
    pub(crate) path: Path,
    pub(crate) form: TextForm,
    /// Whether the way to the record goes through it: without it the answer says nothing about a record.
    pub(crate) needed: bool,
}

/// A name of the registry, and where in its file it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) span: Range<usize>,
    /// The way to it in an answer; in rows there is none but the name.
    pub(crate) path: Option<Path>,
    /// Whether the way begins at the answer's root, not at the record or the item.
    pub(crate) at_root: bool,
}

/// How a repeated field is made: one item a row.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) table: Column,
    /// In rows. An answer holds its items by itself.
    pub(crate) key: Option<Column>,
    /// Place of the column of the record's own row that `key` equals.
    pub(crate) equals: usize,
    pub(crate) only: Vec<(Column, String)>,
    pub(crate) absent: Vec<Column>,
    pub(crate) order: Option<Column>,
    pub(crate) descending: bool,
    pub(crate) columns: Vec<Column>,
    pub(super) item: FieldPlan,
}

/// The fields of one message that are made, by number.
#[derive(Debug, Default)]
pub(super) struct MessagePlan {
    pub(super) fields: Vec<FieldPlan>,
}

/// How one field is made.
#[derive(Debug)]
pub(super) struct FieldPlan {
    pub(super) number: u32,
    /// For people.
    pub(super) path: Arc<str>,
    /// Alone, it doesn't make its message present.
    pub(super) companion: bool,
    pub(super) made: Made,
}

#[derive(Debug)]
pub(super) enum Made {
    /// Of columns.
    Of { taken: Taken, convert: Convert },
    /// Always the same: the bytes behind the field's tag.
    Always { wire: WireType, bytes: Vec<u8> },
    /// Of its own fields.
    Message(MessagePlan),
}

impl Plan {
    /// Writes the record's own row. The repeated fields are written beside it, by [`List::write`].
    pub(crate) fn write(&self, row: &impl Source, out: &mut Vec<u8>, trace: &Trace) -> Result<(), Error> {
        trace.remark(|remarks| self.remarks(row, remarks));
        let before = out.len();
        self.message.write(row, self.day(row), out)?;
        trace.remark(|remarks| {
            let record = out.get(before..).unwrap_or_default();
            remarks.extend(self.person.and_then(|person| person.remark(record)));
        });
        Ok(())
    }

    /// Writes the row of a database that is the record's own, and shows it to who probes.
    pub(crate) fn write_row(&self, row: &impl Source, out: &mut Vec<u8>, trace: &Trace) -> Result<(), Error> {
        trace.row(|| self.line(row));
        self.write(row, out, trace)
    }

    /// The day of the record in Viet Nam, by which its codes are read where they have no other.
    pub(crate) fn day(&self, row: &impl Source) -> Option<Date> {
        let moment = jiff::Timestamp::from_microsecond(self.as_of(row)?).ok()?;
        Some(crate::text::date::VIET_NAM.to_datetime(moment).date())
    }

    /// The registry's own moment, microseconds since 1970.
    pub(crate) fn as_of(&self, row: &impl Source) -> Option<i64> {
        self.as_of.iter().find_map(|column| match row.value(*column) {
            Value::Text(text) => {
                let moment = crate::text::date::parse(text).ok()??.instant()?;
                Some(moment.as_microsecond())
            }
            _ => None,
        })
    }
}

impl List {
    /// Writes one item of a record of this day.
    pub(crate) fn write(
        &self,
        row: &impl Source,
        day: Option<Date>,
        out: &mut Vec<u8>,
        trace: &Trace,
    ) -> Result<(), Error> {
        trace.remark(|remarks| self.remarks(row, day, remarks));
        let before = out.len();
        self.item.write(row, day, out)?;
        if out.len() == before {
            // An item of which nothing is known is still an item: the count must be right.
            self.item.write_empty(out);
        }
        Ok(())
    }
}

impl List {
    /// Writes an item that is a row of a database, and shows it to who probes.
    pub(crate) fn write_row(
        &self,
        row: &impl Source,
        day: Option<Date>,
        out: &mut Vec<u8>,
        trace: &Trace,
    ) -> Result<(), Error> {
        trace.row(|| self.line(row));
        self.write(row, day, out, trace)
    }
}

impl MessagePlan {
    /// Whether anything but companions was written or said.
    fn write(&self, row: &impl Source, day: Option<Date>, out: &mut Vec<u8>) -> Result<bool, Error> {
        let mut present = false;
        for field in &self.fields {
            breath::piece();
            let said = field.write(row, day, out)?;
            present |= said && !field.companion;
        }
        Ok(present)
    }
}

impl FieldPlan {
    /// Whether the source says anything about this field.
    fn write(&self, row: &impl Source, day: Option<Date>, out: &mut Vec<u8>) -> Result<bool, Error> {
        match &self.made {
            Made::Of { taken, convert } => {
                taken
                    .write(self.number, convert, row, day, out)
                    .map_err(|_| Error::Incomplete {
                        field: self.path.to_string(),
                    })
            }
            Made::Always { wire, bytes } => {
                encode_key(self.number, *wire, out);
                out.extend_from_slice(bytes);
                Ok(true)
            }
            Made::Message(message) => {
                let mut inner = Vec::new();
                let present = message.write(row, day, &mut inner)?;
                if present {
                    encode_key(self.number, WireType::LengthDelimited, out);
                    encode_varint(inner.len() as u64, out);
                    out.extend_from_slice(&inner);
                }
                Ok(present)
            }
        }
    }

    fn write_empty(&self, out: &mut Vec<u8>) {
        if matches!(self.made, Made::Message(_)) {
            encode_key(self.number, WireType::LengthDelimited, out);
            encode_varint(0, out);
        }
    }
}
