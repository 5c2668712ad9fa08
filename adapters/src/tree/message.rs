//! A protobuf message into a tree, by its descriptor.
//!
//! Read by hand: a decoded message takes many times the memory of its bytes, so that a small answer of
//! empty messages could fill it. Names are those of the .proto file. A field without presence says its
//! zero: `false`, or the enum's zero value by name; a number that is 0 or a text that is empty is
//! absent. A message without any field that is known says nothing at all.

use std::collections::{BTreeMap, HashSet};

use prost::Message as _;
use prost::bytes::Buf;
use prost::encoding::{WireType, decode_key, decode_varint};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use proto::lookup::v1::PartialDate;

use super::{AnswerLimits, Node, breath};
use crate::error::Error;
use crate::guarded::wire::{content as content_of, wire_type};

const NO_MESSAGE: &str = "the answer is no message";
const WRONG_TYPE: &str = "a field of the answer has another type than its schema says";
const NOT_TEXT: &str = "a text of the answer is not UTF-8";
const TOO_DEEP: &str = "the answer is nested too deep";
const TOO_MANY: &str = "the answer has too many values";
const TWICE: &str = "a field of the answer that occurs once stands twice";

/// Reads one message. A date and a moment become texts, a wrapper the value in it, the value of an enum
/// its name, or its number where it has none. A field that stands twice though it occurs once is
/// refused, since neither value counts more than the other.
///
/// # Errors
/// [`Error::Garbled`] when it is no such message, too deep or of too many values.
pub fn read(bytes: &[u8], message: &MessageDescriptor, limits: AnswerLimits) -> Result<Node, Error> {
    let mut reader = Reader { left: limits.nodes };
    reader
        .message(bytes, message, limits.depth)
        .map_err(Error::garbled)
}

/// Whether a message is read as one value.
pub(crate) fn is_value(message: &MessageDescriptor) -> bool {
    Special::of(message).is_some() || wrapped(message).is_some()
}

/// Messages that are read as one text.
#[derive(Clone, Copy)]
enum Special {
    Moment,
    Date,
}

impl Special {
    fn of(message: &MessageDescriptor) -> Option<Self> {
        match message.full_name() {
            "google.protobuf.Timestamp" => Some(Self::Moment),
            "google.type.Date" | "lienthong.lookup.v1.PartialDate" => Some(Self::Date),
            _ => None,
        }
    }

    fn read(self, bytes: &[u8]) -> Result<Node, &'static str> {
        let text = match self {
            Self::Moment => {
                let moment = prost_types::Timestamp::decode(bytes).map_err(|_| NO_MESSAGE)?;
                let moment = jiff::Timestamp::new(moment.seconds, moment.nanos);
                moment.ok().map(|moment| moment.to_string())
            }
            // Both number their parts alike.
            Self::Date => {
                let date = PartialDate::decode(bytes).map_err(|_| NO_MESSAGE)?;
                let (year, month, day) = (date.year, date.month, date.day);
                match (year, month, day) {
                    (0, 0, 0) => return Ok(Node::Absent),
                    (1..=9_999, 0, 0) => Some(format!("{year:04}")),
                    (1..=9_999, 1..=12, 0) => Some(format!("{year:04}-{month:02}")),
                    (1..=9_999, 1..=12, 1..=31) => Some(format!("{year:04}-{month:02}-{day:02}")),
                    _ => None,
                }
            }
        };
        Ok(text.map_or(Node::Other, Node::Text))
    }
}

/// The field of a wrapper such as `google.protobuf.StringValue`.
fn wrapped(message: &MessageDescriptor) -> Option<FieldDescriptor> {
    let name = message.full_name().strip_prefix("google.protobuf.")?;
    name.strip_suffix("Value")
        .filter(|name| {
            matches!(
                *name,
                "Double" | "Float" | "Int64" | "UInt64" | "Int32" | "UInt32" | "Bool" | "String" | "Bytes"
            )
        })
        .and_then(|_| message.get_field(1))
}

struct Reader {
    left: usize,
}

impl Reader {
    fn message(
        &mut self,
        bytes: &[u8],
        message: &MessageDescriptor,
        depth: usize,
    ) -> Result<Node, &'static str> {
        self.count()?;
        if let Some(special) = Special::of(message) {
            return special.read(bytes);
        }
        let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
        let mut fields: Vec<(Box<str>, Node)> = Vec::new();
        let mut places: BTreeMap<u32, usize> = BTreeMap::new();
        let mut names: HashSet<(u32, Box<str>)> = HashSet::new();
        let mut rest = bytes;
        while rest.has_remaining() {
            breath::piece();
            let (number, wire) = decode_key(&mut rest).map_err(|_| NO_MESSAGE)?;
            let content = content_of(&mut rest, wire).map_err(|_| NO_MESSAGE)?;
            let Some(field) = message.get_field(number) else {
                continue;
            };
            let place = places.get(&number).copied();
            let repeats = field.is_list() || field.is_map();
            if place.is_some() && !repeats {
                return Err(TWICE);
            }
            let place = place.unwrap_or_else(|| {
                let empty = if field.is_map() {
                    Node::Fields(Vec::new())
                } else {
                    Node::List(Vec::new())
                };
                fields.push((field.name().into(), empty));
                places.insert(number, fields.len() - 1);
                fields.len() - 1
            });
            let Some((_, node)) = fields.get_mut(place) else {
                continue;
            };
            match node {
                Node::List(items) if field.is_list() => self.items(&field, wire, content, depth, items)?,
                Node::Fields(entries) if field.is_map() => {
                    let (name, node) = self.entry(&field, wire, content, depth)?;
                    if !names.insert((number, name.clone())) {
                        return Err(TWICE);
                    }
                    entries.push((name, node));
                }
                single => *single = self.value(&field, wire, content, depth)?,
            }
        }
        if !fields.is_empty() {
            for field in message.fields() {
                if !field.supports_presence() && !field.is_list() && !places.contains_key(&field.number()) {
                    self.zero(&field, &mut fields)?;
                }
            }
        }
        match wrapped(message) {
            Some(field) => {
                let node = fields.pop().map(|(_, node)| node);
                Ok(node
                    .filter(|node| *node != Node::Absent)
                    .unwrap_or_else(|| zero_of_wrapper(&field)))
            }
            None => Ok(Node::Fields(fields)),
        }
    }

    /// What a field says that isn't there and has no presence.
    fn zero(
        &mut self,
        field: &FieldDescriptor,
        fields: &mut Vec<(Box<str>, Node)>,
    ) -> Result<(), &'static str> {
        let node = match field.kind() {
            Kind::Bool => Node::Boolean(false),
            Kind::Enum(values) => Node::Text(values.default_value().name().to_owned()),
            _ => return Ok(()),
        };
        self.count()?;
        fields.push((field.name().into(), node));
        Ok(())
    }

    fn items(
        &mut self,
        field: &FieldDescriptor,
        wire: WireType,
        content: &[u8],
        depth: usize,
        items: &mut Vec<Node>,
    ) -> Result<(), &'static str> {
        let single = wire_type(field);
        if wire == single || single == WireType::LengthDelimited {
            items.push(self.value(field, wire, content, depth)?);
            return Ok(());
        }
        if wire != WireType::LengthDelimited {
            return Err(WRONG_TYPE);
        }
        // Packed: the items of a number's type behind each other.
        let mut rest = content;
        while rest.has_remaining() {
            let item = content_of(&mut rest, single).map_err(|_| NO_MESSAGE)?;
            items.push(self.value(field, single, item, depth)?);
        }
        Ok(())
    }

    fn entry(
        &mut self,
        field: &FieldDescriptor,
        wire: WireType,
        content: &[u8],
        depth: usize,
    ) -> Result<(Box<str>, Node), &'static str> {
        let Kind::Message(entry) = field.kind() else {
            return Err(WRONG_TYPE);
        };
        if wire != WireType::LengthDelimited {
            return Err(WRONG_TYPE);
        }
        let (mut key, mut value) = (None, None);
        let mut rest = content;
        while rest.has_remaining() {
            let (number, wire) = decode_key(&mut rest).map_err(|_| NO_MESSAGE)?;
            let content = content_of(&mut rest, wire).map_err(|_| NO_MESSAGE)?;
            let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
            let part = match number {
                1 => &mut key,
                2 => &mut value,
                _ => continue,
            };
            let Some(field) = entry.get_field(number) else {
                continue;
            };
            *part = Some(self.value(&field, wire, content, depth)?);
        }
        let key = key.unwrap_or(Node::Absent);
        let key = match key {
            Node::Boolean(key) => key.to_string(),
            key => key.text().unwrap_or_default().into_owned(),
        };
        Ok((key.into(), value.unwrap_or(Node::Absent)))
    }

    fn value(
        &mut self,
        field: &FieldDescriptor,
        wire: WireType,
        content: &[u8],
        depth: usize,
    ) -> Result<Node, &'static str> {
        if wire != wire_type(field) {
            return Err(WRONG_TYPE);
        }
        if let Kind::Message(message) = field.kind() {
            return self.message(content, &message, depth);
        }
        self.count()?;
        let node = match field.kind() {
            Kind::Message(_) | Kind::Double | Kind::Float => Node::Other,
            Kind::String => Node::Text(std::str::from_utf8(content).map_err(|_| NOT_TEXT)?.to_owned()),
            Kind::Bytes => Node::Bytes(content.to_vec()),
            Kind::Bool => Node::Boolean(varint(content)? != 0),
            Kind::Int32 | Kind::Int64 => Node::Integer(varint(content)?.cast_signed()),
            Kind::Uint32 | Kind::Uint64 => whole(varint(content)?),
            Kind::Sint32 | Kind::Sint64 => {
                let folded = varint(content)?;
                Node::Integer((folded >> 1).cast_signed() ^ -((folded & 1).cast_signed()))
            }
            Kind::Fixed32 => Node::Integer(u32::from_le_bytes(fixed(content)?).into()),
            Kind::Sfixed32 => Node::Integer(i32::from_le_bytes(fixed(content)?).into()),
            Kind::Fixed64 => whole(u64::from_le_bytes(fixed(content)?)),
            Kind::Sfixed64 => Node::Integer(i64::from_le_bytes(fixed(content)?)),
            Kind::Enum(values) => {
                let number = varint(content)?.cast_signed();
                let value = i32::try_from(number)
                    .ok()
                    .and_then(|number| values.get_value(number));
                value.map_or(Node::Integer(number), |value| Node::Text(value.name().to_owned()))
            }
        };
        // Written or not, it is the same.
        let unsaid = !field.supports_presence() && !field.is_list() && node == Node::Integer(0);
        let is_enum = matches!(field.kind(), Kind::Enum(_));
        Ok(if unsaid && !is_enum { Node::Absent } else { node })
    }

    fn count(&mut self) -> Result<(), &'static str> {
        self.left = self.left.checked_sub(1).ok_or(TOO_MANY)?;
        Ok(())
    }
}

/// A wrapper that is there and empty holds its type's zero.
fn zero_of_wrapper(field: &FieldDescriptor) -> Node {
    match field.kind() {
        Kind::Bool => Node::Boolean(false),
        Kind::String => Node::Text(String::new()),
        Kind::Bytes => Node::Bytes(Vec::new()),
        Kind::Double | Kind::Float => Node::Other,
        _ => Node::Integer(0),
    }
}

fn varint(mut content: &[u8]) -> Result<u64, &'static str> {
    decode_varint(&mut content).map_err(|_| NO_MESSAGE)
}

fn fixed<const N: usize>(content: &[u8]) -> Result<[u8; N], &'static str> {
    content.try_into().map_err(|_| NO_MESSAGE)
}

/// A number that is too large for 63 bits is read by nothing.
fn whole(number: u64) -> Node {
    i64::try_from(number).map_or(Node::Other, Node::Integer)
}

#[cfg(test)]
mod tests;
