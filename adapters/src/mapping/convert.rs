//! The named conversions: one value of a source in, one encoded field out.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use proto::lookup::v1::{CodedValue, PartialDate};
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use super::Value;
use super::codes::{Codes, Moment};
use crate::codes::{Code, CodeTable, Reading, When};
use crate::text::plain::text_key;
use crate::text::{agency_code, date, name, personal_id, procedure_code, tax_code};

/// How a value is read, typed for the field that it goes to.
#[derive(Debug)]
pub(super) enum Convert {
    Text,
    Name,
    PersonalId,
    TaxCode,
    Date,
    Instant,
    /// A whole number within these bounds.
    Integer {
        least: i64,
        most: i64,
    },
    Boolean,
    Code(Codes),
    NormalName,
    AgencyCode,
    ProcedureCode,
    Digits,
    /// A code as its table writes it.
    CodeText(Arc<CodeTable>, Sought),
    LabelText(Arc<CodeTable>),
    EditionText(Arc<CodeTable>),
    /// A code with its table, edition and label.
    CodedValue(Arc<CodeTable>, Sought),
    Bytes,
}

/// Which code of a table a text leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sought {
    /// The one that it is.
    Recorded,
    /// The one that stands for it on the record's own day.
    Current,
    /// The one that it is the name of.
    ByName,
}

/// The value can't be read as what it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

impl Convert {
    /// Writes the field if the value says anything, and tells whether it does. A value that is the
    /// type's zero says something, although nothing is written for it.
    pub(super) fn write(
        &self,
        number: u32,
        value: Value<'_>,
        moment: &Moment<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, Unreadable> {
        if is_blank(&value) {
            return Ok(false);
        }
        match self {
            Self::Text => delimited(number, plain(&text_of(value)?).as_bytes(), out),
            Self::Name => delimited(number, one_blank(&plain(&text_of(value)?)).as_bytes(), out),
            Self::PersonalId => {
                let id = personal_id::parse(&text_of(value)?).map_err(|_| Unreadable)?;
                delimited(number, id.as_str().as_bytes(), out);
            }
            Self::TaxCode => {
                let code = tax_code::parse(&text_of(value)?).map_err(|_| Unreadable)?;
                delimited(number, code.canonical().as_bytes(), out);
            }
            Self::Date => delimited(number, &partial_date(&text_of(value)?)?.encode_to_vec(), out),
            Self::Instant => delimited(number, &instant(&text_of(value)?)?.encode_to_vec(), out),
            Self::Integer { least, most } => {
                let whole = integer(value)?;
                if whole < *least || whole > *most {
                    return Err(Unreadable);
                }
                varint(number, whole, out);
            }
            Self::Boolean => varint(number, i64::from(boolean(value)?), out),
            Self::Code(codes) => {
                let code = codes.read(&text_of(value)?, moment)?;
                varint(number, i64::from(code), out);
                return Ok(code != 0);
            }
            Self::NormalName => delimited(number, name::normal_form(&text_of(value)?).as_bytes(), out),
            Self::AgencyCode => {
                let code = agency_code::parse(&text_of(value)?).map_err(|_| Unreadable)?;
                delimited(number, code.as_str().as_bytes(), out);
            }
            Self::ProcedureCode => {
                let code = procedure_code::parse(&text_of(value)?).map_err(|_| Unreadable)?;
                delimited(number, code.as_str().as_bytes(), out);
            }
            Self::Digits => delimited(number, digits(&text_of(value)?)?.as_bytes(), out),
            Self::CodeText(table, sought) => {
                let text = text_of(value)?;
                let code = match sought.code(table, &text, moment)? {
                    Some(code) => code.code.clone(),
                    // A name stands in no field of codes.
                    None if *sought == Sought::ByName => return Err(Unreadable),
                    None => table.padded(&text),
                };
                delimited(number, code.as_bytes(), out);
            }
            Self::LabelText(table) => {
                let text = text_of(value)?;
                return Ok(said(number, coded(table, &text, moment)?.label, out));
            }
            Self::EditionText(table) => {
                let text = text_of(value)?;
                return Ok(said(number, coded(table, &text, moment)?.list_version, out));
            }
            Self::CodedValue(table, sought) => {
                let value = sought.coded(table, &text_of(value)?, moment)?;
                delimited(number, &value.encode_to_vec(), out);
            }
            Self::Bytes => match value {
                Value::Bytes(bytes) => delimited(number, bytes, out),
                // A language of texts writes bytes so (RFC 4648 §4), at times with line ends in it.
                Value::Text(text) => {
                    let whole: String = text.split_ascii_whitespace().collect();
                    let bytes = BASE64_STANDARD.decode(whole).map_err(|_| Unreadable)?;
                    delimited(number, &bytes, out);
                }
                _ => return Err(Unreadable),
            },
        }
        Ok(true)
    }
}

impl Convert {
    /// The code table that values are read by, if there is one.
    pub(super) fn table(&self) -> Option<&CodeTable> {
        match self {
            Self::Code(codes) => codes.table(),
            Self::CodeText(table, _)
            | Self::LabelText(table)
            | Self::EditionText(table)
            | Self::CodedValue(table, _) => Some(table),
            _ => None,
        }
    }

    /// Which code of the table a value leads to.
    pub(super) fn sought(&self) -> Sought {
        match self {
            Self::CodeText(_, sought) | Self::CodedValue(_, sought) => *sought,
            _ => Sought::Recorded,
        }
    }

    /// Whether a word is one that the file itself names, where it names any.
    pub(super) fn knows(&self, word: &str) -> bool {
        match self {
            Self::Code(codes) => codes.knows(word),
            _ => true,
        }
    }
}

/// Whether a value says nothing.
pub(super) fn is_blank(value: &Value<'_>) -> bool {
    matches!(value, Value::Absent) || matches!(value, Value::Text(text) if text.trim().is_empty())
}

impl Sought {
    /// The code, when the table says for sure which it is. None for a code that is taken as recorded.
    pub(super) fn code<'a>(
        self,
        table: &'a CodeTable,
        text: &str,
        moment: &Moment<'_>,
    ) -> Result<Option<&'a Code>, Unreadable> {
        let when = moment.when()?;
        Ok(match (self, moment.record) {
            (Self::Recorded, _) | (Self::Current, None) => None,
            (Self::Current, Some(day)) => match table.read(text, when) {
                Reading::Valid(code) | Reading::Closed(code) => match table.on_day(code, day).as_slice() {
                    [one] => Some(*one),
                    _ => None,
                },
                Reading::Unsure | Reading::Unknown => None,
            },
            (Self::ByName, _) => table.named(text, when),
        })
    }

    fn coded(self, table: &CodeTable, text: &str, moment: &Moment<'_>) -> Result<CodedValue, Unreadable> {
        let code = self.code(table, text, moment)?;
        let day = match (self, moment.when()?) {
            (Self::Current, _) => moment.record,
            (_, When::Day(day)) => Some(day),
            _ => None,
        };
        let edition = match (self, moment.when()?) {
            (Self::ByName, When::Edition(version)) => Some(version),
            _ => day.and_then(|day| table.edition_on(day)),
        };
        match code {
            Some(code) => Ok(CodedValue {
                code: code.code.clone(),
                list: table.name().to_owned(),
                list_version: edition.unwrap_or("").to_owned(),
                label: code.label.clone(),
            }),
            // A name that may be anybody's stays a name.
            None if self == Self::ByName => Ok(CodedValue {
                list: table.name().to_owned(),
                label: one_blank(&plain(text)).into_owned(),
                ..CodedValue::default()
            }),
            None => coded(table, text, moment),
        }
    }
}

/// A code of a table, with as much beside it as the table says for sure.
fn coded(table: &CodeTable, text: &str, moment: &Moment<'_>) -> Result<CodedValue, Unreadable> {
    let when = moment.when()?;
    let reading = table.read(text, when);
    let label = match reading {
        Reading::Valid(code) | Reading::Closed(code) => code.label.clone(),
        Reading::Unsure | Reading::Unknown => String::new(),
    };
    Ok(CodedValue {
        code: table.padded(text),
        list: table.name().to_owned(),
        list_version: table.edition_of(reading, when).unwrap_or("").to_owned(),
        label,
    })
}

/// Writes a text unless it is empty, and tells whether it did.
fn said(number: u32, text: String, out: &mut Vec<u8>) -> bool {
    if !text.is_empty() {
        delimited(number, text.as_bytes(), out);
    }
    !text.is_empty()
}

fn digits(text: &str) -> Result<String, Unreadable> {
    let left = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-'));
    left.map(|c| {
        if c.is_ascii_digit() {
            Ok(c)
        } else {
            Err(Unreadable)
        }
    })
    .collect()
}

/// A whole number is text too: codes are often kept as numbers. No zero is put back.
fn text_of(value: Value<'_>) -> Result<String, Unreadable> {
    match value {
        Value::Text(text) => Ok(text.to_owned()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Absent | Value::Boolean(_) | Value::Bytes(_) | Value::Other => Err(Unreadable),
    }
}

/// In NFC and without blanks at its ends; most text comes so.
fn plain(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// Every run of blanks made one space, in a text without blanks at its ends.
fn one_blank(text: &str) -> Cow<'_, str> {
    if text.contains("  ") || text.contains(|c: char| c != ' ' && c.is_whitespace()) {
        Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
    } else {
        Cow::Borrowed(text)
    }
}

fn partial_date(text: &str) -> Result<PartialDate, Unreadable> {
    let date = date::parse(text).ok().flatten().ok_or(Unreadable)?.date;
    Ok(PartialDate {
        year: i32::from(date.year()),
        month: date.month().map_or(0, i32::from),
        day: date.day().map_or(0, i32::from),
    })
}

fn instant(text: &str) -> Result<prost_types::Timestamp, Unreadable> {
    let parsed = date::parse(text).ok().flatten().ok_or(Unreadable)?;
    let moment = parsed.instant().ok_or(Unreadable)?;
    Ok(prost_types::Timestamp {
        seconds: moment.as_second(),
        nanos: moment.subsec_nanosecond(),
    })
}

fn integer(value: Value<'_>) -> Result<i64, Unreadable> {
    match value {
        Value::Integer(number) => Ok(number),
        Value::Text(text) => text.trim().parse().map_err(|_| Unreadable),
        Value::Absent | Value::Boolean(_) | Value::Bytes(_) | Value::Other => Err(Unreadable),
    }
}

fn boolean(value: Value<'_>) -> Result<bool, Unreadable> {
    match value {
        Value::Boolean(value) => Ok(value),
        Value::Integer(0) => Ok(false),
        Value::Integer(1) => Ok(true),
        Value::Text(text) => match text_key(text).as_str() {
            "0" | "FALSE" | "KHÔNG" => Ok(false),
            "1" | "TRUE" | "CÓ" => Ok(true),
            _ => Err(Unreadable),
        },
        Value::Integer(_) | Value::Absent | Value::Bytes(_) | Value::Other => Err(Unreadable),
    }
}

fn delimited(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Two's complement in 64 bits, as the wire format wants negative numbers of every width.
fn varint(number: u32, value: i64, out: &mut Vec<u8>) {
    if value != 0 {
        encode_key(number, WireType::Varint, out);
        encode_varint(value.cast_unsigned(), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_in_its_form_is_borrowed_and_other_text_is_brought_into_it() {
        for text in ["", "NGUYEN VAN DUC", "Nguyễn Văn Đức"] {
            assert!(matches!(plain(text), Cow::Borrowed(same) if same == text));
            assert!(matches!(one_blank(text), Cow::Borrowed(same) if same == text));
        }
        assert_eq!(plain(" Nguye\u{302}\u{303}n\u{a0}"), "Nguyễn");
        for text in ["Văn  Đức", "Văn\tĐức", "Văn\u{a0}Đức", "Văn \u{3000} Đức"] {
            assert_eq!(one_blank(text), "Văn Đức", "{text:?}");
        }
    }
}
