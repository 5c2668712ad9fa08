//! The tables of a registry as messages: a field for each column, in the order of the table.

use std::fmt::Write as _;

use anyhow::Result;

use super::super::rows::{Record, Row, Rows};
use super::super::tree::Tree;
use super::{FIRST_KEY, check, message_name, method_name};

/// What stands before the messages of every schema.
const HEAD: &str = "\
// Of a simulated registry, made by `lienthong simulate grpc`.
syntax = \"proto3\";
package simulated.v1;
";
/// What an answer may hold beside the record. Simulated registries have none but as a fault.
const ANNEX: &str = "
// An annex, which may have an annex.
message PhuLuc {
  PhuLuc phu_luc = 1;
}
";
/// Numbers of an answer's fields.
const ID: u64 = 1;
pub(super) const FOUND: u64 = 2;
pub(super) const ANNEXES: u64 = 3;

/// The messages of a registry's records.
pub(in crate::simulate) struct Schema {
    messages: Vec<Message>,
    text: String,
}

/// A row of one table.
struct Message {
    name: String,
    fields: Vec<Field>,
}

struct Field {
    name: String,
    what: What,
}

#[derive(Clone, PartialEq, Eq)]
enum What {
    Text,
    Number,
    /// Rows of another message.
    Rows(String),
}

impl Schema {
    /// The schema of the tables as they are.
    pub(in crate::simulate) fn of(rows: &Rows) -> Result<Self> {
        check(&rows.records)?;
        let mut messages: Vec<Message> = Vec::new();
        for record in &rows.records {
            let mut fields = columns(rows, &record.table)?;
            for table in record.list_tables() {
                let name = format!("Ds{}", message_name(table));
                fields.push(Field {
                    name: format!("ds_{table}"),
                    what: What::Rows(name.clone()),
                });
                if messages.iter().all(|message| message.name != name) {
                    let fields = columns(rows, table)?;
                    messages.push(Message { name, fields });
                }
            }
            let name = message_name(&record.table);
            messages.push(Message { name, fields });
        }
        let text = text(&rows.records, &messages);
        Ok(Self { messages, text })
    }

    /// The `.proto` file.
    pub(in crate::simulate) fn text(&self) -> &str {
        &self.text
    }

    /// An answer with these rows; none when a column holds something else than it is declared to.
    pub(super) fn written(&self, record: &Record, found: &[Row], id: &str) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        put_bytes(ID, id.as_bytes(), &mut out);
        for row in found {
            let row = self.row(&message_name(&record.table), row)?;
            put_bytes(FOUND, &row, &mut out);
        }
        Some(out)
    }

    fn row(&self, name: &str, row: &Row) -> Option<Vec<u8>> {
        let message = self.messages.iter().find(|message| message.name == name)?;
        let mut out = Vec::new();
        for (field, number) in message.fields.iter().zip(1..) {
            let Some((_, value)) = row.iter().find(|(column, _)| *column == field.name) else {
                continue;
            };
            match (&field.what, value) {
                (What::Text, Tree::Text(text)) => put_bytes(number, text.as_bytes(), &mut out),
                (What::Text, Tree::Number(value)) => {
                    put_bytes(number, value.to_string().as_bytes(), &mut out);
                }
                (What::Number, Tree::Number(value)) => {
                    put_number(number << 3, &mut out);
                    // A negative one takes ten bytes, as the format has it.
                    put_number(value.cast_unsigned(), &mut out);
                }
                (What::Rows(inner), Tree::Several(items)) => {
                    for item in items {
                        let Tree::Named(item) = item else { return None };
                        put_bytes(number, &self.row(inner, item)?, &mut out);
                    }
                }
                _ => return None,
            }
        }
        Some(out)
    }
}

fn columns(rows: &Rows, table: &str) -> Result<Vec<Field>> {
    let columns = rows.columns(table)?.into_iter();
    let field = |(name, declared): (String, String)| Field {
        name,
        what: match declared.as_str() {
            "INTEGER" => What::Number,
            _ => What::Text,
        },
    };
    Ok(columns.map(field).collect())
}

fn text(records: &[Record], messages: &[Message]) -> String {
    let mut out = format!("{HEAD}\nservice TraCuu {{\n");
    for record in records {
        let method = method_name(record);
        let _ = writeln!(out, "  rpc {method}({method}Request) returns ({method}Response);");
    }
    out.push_str("}\n");
    for record in records {
        let (method, table) = (method_name(record), &record.table);
        let _ = writeln!(out, "\nmessage {method}Request {{\n  string ma_yeu_cau = 1;");
        for (key, number) in record.keys.iter().zip(FIRST_KEY..) {
            let _ = writeln!(out, "  string {} = {number};", key.column);
        }
        let name = message_name(table);
        let _ = write!(
            out,
            "}}\n\nmessage {method}Response {{\n  string id = {ID};\n  repeated {name} {table} = {FOUND};\n  \
             PhuLuc phu_luc = {ANNEXES};\n}}\n"
        );
    }
    for message in messages {
        let _ = writeln!(out, "\nmessage {} {{", message.name);
        for (field, number) in message.fields.iter().zip(1..) {
            let name = &field.name;
            let _ = match &field.what {
                What::Text => writeln!(out, "  string {name} = {number};"),
                What::Number => writeln!(out, "  optional int64 {name} = {number};"),
                What::Rows(inner) => writeln!(out, "  repeated {inner} {name} = {number};"),
            };
        }
        out.push_str("}\n");
    }
    out + ANNEX
}

/// A text or a message under a number.
pub(super) fn put_bytes(number: u64, bytes: &[u8], out: &mut Vec<u8>) {
    put_number(number << 3 | 2, out);
    put_number(u64::try_from(bytes.len()).unwrap_or(u64::MAX), out);
    out.extend_from_slice(bytes);
}

/// A number of variable length.
fn put_number(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}
