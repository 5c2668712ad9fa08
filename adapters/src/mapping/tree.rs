//! A plan carried out on an answer that is a tree.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::civil::Date;

use super::plan::{Column, List, Plan, Unpack};
use super::{Source, Value};
use crate::error::Error;
use crate::registry::Found;
use crate::settings::TextForm;
use crate::trace::Trace;
use crate::tree::{AnswerLimits, Node, Path, json, xml};

/// Most items of one list. More would be no record of a person or an enterprise.
const MOST_ITEMS: usize = 10_000;

/// A branch of an answer, read by the paths of a plan.
struct Branch<'a> {
    root: &'a Node,
    node: &'a Node,
    columns: &'a [Column],
}

impl Source for Branch<'_> {
    fn value(&self, column: usize) -> Value<'_> {
        let Some(column) = self.columns.get(column) else {
            return Value::Other;
        };
        let from = if column.at_root { self.root } else { self.node };
        column
            .path
            .as_ref()
            .map_or(Value::Other, |path| value(path, from))
    }
}

/// What stands at a path. Another shape than the path wants is something that nothing reads.
fn value<'a>(path: &Path, node: &'a Node) -> Value<'a> {
    match path.one(node) {
        Ok(Node::Absent) => Value::Absent,
        Ok(Node::Boolean(value)) => Value::Boolean(*value),
        Ok(Node::Integer(number)) => Value::Integer(*number),
        Ok(Node::Text(text)) => Value::Text(text),
        Ok(Node::Bytes(bytes)) => Value::Bytes(bytes),
        Ok(node @ Node::Fields(fields)) => match node.field(xml::TEXT) {
            Some(Node::Text(text)) => Value::Text(text),
            _ if fields.is_empty() => Value::Absent,
            // An element that has attributes and nothing in it.
            _ if fields.iter().all(|(name, _)| name.starts_with('@')) => Value::Absent,
            _ => Value::Other,
        },
        Ok(Node::List(_) | Node::Other) | Err(_) => Value::Other,
    }
}

impl Plan {
    /// Reads the texts of an answer that are answers themselves, in place. What the answer says beside them can be read
    /// when one of them can't.
    pub(crate) fn unpack(&self, answer: &mut Node, limits: AnswerLimits) -> Result<(), Error> {
        self.unpack.iter().try_for_each(|text| text.read(answer, limits))
    }

    /// Whether anything stands at the record's path of an answer that is unpacked.
    #[cfg(any(feature = "rest", feature = "soap", feature = "grpc"))]
    pub(crate) fn has_record(&self, answer: &Node) -> bool {
        let found = self.table.path.as_ref().map(|path| path.all(answer));
        !matches!(found, Some(Ok(found)) if found.is_empty())
    }

    /// The one record of an answer that is unpacked. Nothing at the record's path means that there is no such subject.
    pub(crate) fn map(&self, answer: &Node, trace: &Trace) -> Result<Found, Error> {
        let path = self.table.path.as_ref().ok_or_else(shapeless)?;
        let records = path.all(answer).map_err(|_| shapeless())?;
        let node = match records.as_slice() {
            [] => return Err(Error::NotFound),
            [one @ Node::Fields(_)] => *one,
            [_] => return Err(shapeless()),
            _ => return Err(Error::Several),
        };
        let branch = Branch {
            root: answer,
            node,
            columns: &self.columns,
        };
        let mut record = Vec::with_capacity(1024);
        self.write(&branch, &mut record, trace)?;
        let day = self.day(&branch);
        for list in &self.lists {
            list.write_all((answer, node), day, &mut record, trace)?;
        }
        Ok(Found {
            as_of: self.as_of(&branch),
            record: record.into(),
            transaction: None,
            route: None,
            retrieved: None,
        })
    }
}

impl List {
    /// Writes every item below the record, the second; some of what they hold may stand at the root, the first.
    fn write_all(
        &self,
        (root, record): (&Node, &Node),
        day: Option<Date>,
        out: &mut Vec<u8>,
        trace: &Trace,
    ) -> Result<(), Error> {
        let incomplete = || Error::Incomplete {
            field: self.item.path.to_string(),
        };
        let path = self.table.path.as_ref().ok_or_else(incomplete)?;
        let all = path.all(record).map_err(|_| incomplete())?;
        let mut items = Vec::with_capacity(all.len());
        for item in &all {
            // An item of which nobody can say whether it belongs here may not be left out.
            if self.takes(item).ok_or_else(incomplete)? {
                items.push(*item);
            }
        }
        trace.remark(|remarks| self.dropped(all.len() - items.len(), remarks));
        if items.len() > MOST_ITEMS {
            return Err(Error::garbled("a list of the record is too long"));
        }
        if let Some(path) = self.order.as_ref().and_then(|order| order.path.as_ref()) {
            items.sort_by(|left, right| {
                let order = compared(value(path, left), value(path, right));
                if self.descending { order.reverse() } else { order }
            });
        }
        for node in items {
            let branch = Branch {
                root,
                node,
                columns: &self.columns,
            };
            self.write(&branch, day, out, trace)?;
        }
        Ok(())
    }

    /// Whether `only` and `absent` let an item in; none when what they ask for can't be read.
    fn takes(&self, item: &Node) -> Option<bool> {
        for (column, wanted) in &self.only {
            if said(column, item)? != wanted.as_str() {
                return Some(false);
            }
        }
        for column in &self.absent {
            if !column.path.as_ref()?.one(item).ok()?.is_blank() {
                return Some(false);
            }
        }
        Some(true)
    }
}

/// What stands at the place of a column, blank for nothing; none when it is nothing that can be compared.
fn said<'a>(column: &Column, item: &'a Node) -> Option<Cow<'a, str>> {
    match column.path.as_ref()?.one(item).ok()? {
        Node::Boolean(said) => Some(said.to_string().into()),
        node if node.is_blank() => Some("".into()),
        node => node.text(),
    }
}

/// Numbers before texts, what is absent last.
fn compared(left: Value<'_>, right: Value<'_>) -> Ordering {
    let rank = |value: &Value<'_>| match value {
        Value::Integer(_) => 0,
        Value::Text(_) => 1,
        _ => 2,
    };
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => left.cmp(&right),
        (Value::Text(left), Value::Text(right)) => match (left.parse::<i64>(), right.parse::<i64>()) {
            (Ok(left), Ok(right)) => left.cmp(&right),
            _ => left.cmp(right),
        },
        (left, right) => rank(&left).cmp(&rank(&right)),
    }
}

impl Unpack {
    /// Reads the text in place. Nothing there is nothing to read, unless the record is wanted of it.
    fn read(&self, answer: &mut Node, limits: AnswerLimits) -> Result<(), Error> {
        let node = self.path.one_mut(answer).filter(|node| !node.is_blank());
        let text = match node {
            None if self.needed => {
                return Err(Error::garbled("the text that should hold the answer is empty"));
            }
            None => return Ok(()),
            Some(Node::Text(text)) => std::mem::take(text),
            Some(_) => return Err(Error::garbled("a part of the answer is no text to unpack")),
        };
        let read = match self.form {
            TextForm::Json => json::read(text.as_bytes(), limits)?,
            TextForm::Xml => xml::read(text.as_bytes(), limits)?,
        };
        if let Some(node) = self.path.one_mut(answer) {
            *node = read;
        }
        Ok(())
    }
}

fn shapeless() -> Error {
    Error::garbled("the answer has another shape than the mapping wants")
}
