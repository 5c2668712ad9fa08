//! Questions and answers in gRPC: a method for each record, whose messages are the tables.
//!
//! | file | idea |
//! |---|---|
//! | `schema` | the tables as messages, and how a row is written as one |
//! | `spoiled` | an answer with a fault in it |

mod schema;
mod spoiled;

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use bytes::{BufMut as _, Bytes, BytesMut};
use http::Uri;

use super::language::Question;
use super::rows::{Record, Row, Rows};
pub(super) use schema::Schema;
pub(super) use spoiled::spoiled;

/// Name of the service.
const SERVICE: &str = "simulated.v1.TraCuu";
/// The number of a question's first key; before it stands the question's own id.
const FIRST_KEY: usize = 2;

/// Codes of gRPC that are answered.
const NOT_FOUND: u8 = 5;
const FAILED_PRECONDITION: u8 = 9;
const INTERNAL: u8 = 13;

/// What is answered, before it is framed.
pub(super) enum Reply {
    Message(Vec<u8>),
    /// A code, and the service's own reason for it.
    Status(u8, Option<&'static str>),
}

/// The question of a call; none when it is not one that the schema has.
pub(super) fn question<'a>(rows: &'a Rows, uri: &Uri, body: &Bytes) -> Option<Question<'a>> {
    let (service, method) = uri.path().strip_prefix('/')?.rsplit_once('/')?;
    let record = rows
        .records
        .iter()
        .find(|record| service == SERVICE && method_name(record) == method)?;
    let texts = texts(unframed(body)?)?;
    let mut given = record.keys.iter().zip(FIRST_KEY..);
    given.find_map(|(key, number)| {
        let text = texts.get(&u64::try_from(number).ok()?)?;
        Some(Question {
            record,
            column: &key.column,
            key: text.clone(),
            given: BTreeMap::new(),
        })
    })
}

/// The answer that holds these rows.
pub(super) fn answer(schema: &Schema, record: &Record, found: &[Row], id: &str) -> Reply {
    if found.is_empty() {
        return Reply::Status(NOT_FOUND, None);
    }
    match schema.written(record, found, id) {
        Some(message) => Reply::Message(message),
        None => Reply::Status(INTERNAL, None),
    }
}

/// What the adapter file says of the questions.
pub(super) fn requests(record: &Record) -> String {
    let mut out = String::new();
    for key in &record.keys {
        out.push_str(&format!(
            "\n[[connection.requests]]\nrecord = \"{}\"\nkey = \"{}\"\nmethod = \"{SERVICE}/{}\"\n\
             metadata = {{ \"x-request-id\" = \"{{request_id}}\" }}\n\
             message = {{ {} = \"{{key}}\", ma_yeu_cau = \"{{request_id}}\" }}\n",
            record.name,
            key.field,
            method_name(record),
            key.column,
        ));
    }
    out
}

/// A message with its head before it.
fn framed(packed: bool, message: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(5 + message.len());
    out.put_u8(packed.into());
    out.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    out.put_slice(message);
    out.freeze()
}

/// The message in a frame; none when it is packed or not whole.
fn unframed(body: &Bytes) -> Option<&[u8]> {
    let (head, message) = body.split_first_chunk::<5>()?;
    let [0, length @ ..] = *head else { return None };
    let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
    (message.len() == length).then_some(message)
}

/// The texts of a message by their numbers; none when it holds anything else.
fn texts(mut message: &[u8]) -> Option<BTreeMap<u64, String>> {
    let mut texts = BTreeMap::new();
    while !message.is_empty() {
        let tag = number(&mut message)?;
        let length = usize::try_from(number(&mut message)?).ok()?;
        let (text, rest) = message.split_at_checked(length)?;
        message = rest;
        if tag & 7 != 2 {
            return None;
        }
        texts.insert(tag >> 3, String::from_utf8(text.to_vec()).ok()?);
    }
    Some(texts)
}

/// A number of variable length.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn method_name(record: &Record) -> String {
    format!("TraCuu{}", message_name(&record.table))
}

/// The name of a table's message: `cong_dan` is `CongDan`.
fn message_name(table: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    table.split('_').map(capital).collect()
}

/// A table has one message, so it can be the table of one record.
fn check(records: &[Record]) -> Result<()> {
    for (place, record) in records.iter().enumerate() {
        let again = records
            .iter()
            .take(place)
            .any(|other| other.table == record.table);
        ensure!(
            !again,
            "{} is the table of two records, which can't be simulated in gRPC",
            record.table
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_a_question_are_read_by_their_numbers() {
        let message = b"\x0a\x03abc\x12\x02\xc3\xa1";
        let body = framed(false, message);
        let read = texts(unframed(&body).unwrap()).unwrap();
        assert_eq!(read, BTreeMap::from([(1, "abc".to_owned()), (2, "á".to_owned())]));
        for wrong in [&b"\x0a\x04abc"[..], b"\x08\x01", b"\x0a", b"\x12\x01\xff"] {
            assert_eq!(texts(wrong), None, "{wrong:?}");
        }
        assert_eq!(unframed(&framed(true, message)), None);
        assert_eq!(unframed(&body.slice(..body.len() - 1)), None);
    }

    #[test]
    fn a_message_is_named_after_its_table() {
        assert_eq!(message_name("cong_dan"), "CongDan");
        assert_eq!(message_name("gplx"), "Gplx");
    }
}
