//! The named conversions: one value of a source in, one encoded field out.

use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use proto::lookup::v1::PartialDate;
use unicode_normalization::UnicodeNormalization as _;

use super::Value;
use super::codes::Codes;
use crate::text::{date, personal_id, tax_code};

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
    Bytes,
}

/// The value can't be read as what it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

impl Convert {
    /// Writes the field if the value says anything, and tells whether it does. A value that is the
    /// type's zero says something, although nothing is written for it.
    pub(super) fn write(&self, number: u32, value: Value<'_>, out: &mut Vec<u8>) -> Result<bool, Unreadable> {
        if matches!(value, Value::Absent) || matches!(value, Value::Text(text) if text.trim().is_empty()) {
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
                let code = codes.read(&text_of(value)?);
                varint(number, i64::from(code), out);
                return Ok(code != 0);
            }
            Self::Bytes => match value {
                Value::Bytes(bytes) => delimited(number, bytes, out),
                _ => return Err(Unreadable),
            },
        }
        Ok(true)
    }
}

/// A whole number is text too: codes are often kept as numbers. No zero is put back.
fn text_of(value: Value<'_>) -> Result<String, Unreadable> {
    match value {
        Value::Text(text) => Ok(text.to_owned()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Absent | Value::Bytes(_) | Value::Other => Err(Unreadable),
    }
}

fn plain(text: &str) -> String {
    text.trim().nfc().collect()
}

fn one_blank(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
        Value::Absent | Value::Bytes(_) | Value::Other => Err(Unreadable),
    }
}

fn boolean(value: Value<'_>) -> Result<bool, Unreadable> {
    match value {
        Value::Integer(0) => Ok(false),
        Value::Integer(1) => Ok(true),
        Value::Text(text) => match text.trim() {
            "0" | "false" => Ok(false),
            "1" | "true" => Ok(true),
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
