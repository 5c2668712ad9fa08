//! A message with places for arguments, typed when the file is read.

use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_reflect::{Cardinality, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::Value;

use crate::error::Error;
use crate::http::{Arguments, Template, plain};

/// The fields of a message. What has no place in it is encoded already.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<Field>);

#[derive(Debug)]
enum Field {
    Fixed(Vec<u8>),
    /// A text, or bytes.
    Text(u32, Template),
    /// The identifier as a whole number of this many bits at most.
    Number(u32, Template, u32),
    Message(u32, Fields),
}

impl Fields {
    /// Adds a field of `message`. `digits`: whether the identifier is made of digits. The error says
    /// what was wanted.
    pub(super) fn add(
        &mut self,
        message: &MessageDescriptor,
        name: &str,
        value: &Value,
        digits: bool,
    ) -> Result<(), String> {
        let field = message
            .get_field_by_name(name)
            .or_else(|| message.get_field_by_json_name(name))
            .ok_or_else(|| unknown(message, name))?;
        match value {
            Value::Array(items) if field.is_list() && has_place(value) => {
                for item in items {
                    self.place(&field, item, digits)?;
                }
                Ok(())
            }
            value if has_place(value) => {
                if field.is_list() || field.is_map() {
                    return Err(format!("wanted a list for {name}, and no place in a map"));
                }
                self.place(&field, value, digits)
            }
            value => {
                self.0.push(Field::Fixed(fixed(message, &field, value)?));
                Ok(())
            }
        }
    }

    /// One value that holds a place, or an item beside one.
    fn place(&mut self, field: &FieldDescriptor, value: &Value, digits: bool) -> Result<(), String> {
        let number = field.number();
        let name = field.name();
        let made = match (value, field.kind()) {
            (Value::String(text), Kind::String | Kind::Bytes) => Field::Text(number, Template::parse(text)?),
            (Value::String(text), kind) if text == "{key}" && digits => match bits(&kind) {
                Some(bits) => Field::Number(number, Template::parse(text)?, bits),
                None => {
                    return Err(format!(
                        "found {{key}} in {name}, wanted it in a text or a whole number"
                    ));
                }
            },
            (Value::Object(members), Kind::Message(inner)) => {
                let mut fields = Self::default();
                for (name, value) in members {
                    fields.add(&inner, name, value, digits)?;
                }
                complete(&inner, members.keys().map(String::as_str))?;
                Field::Message(number, fields)
            }
            (Value::String(_), _) => {
                return Err(format!(
                    "found a place in {name}, wanted it in a text, or {{key}} with digits = … alone in a whole number"
                ));
            }
            _ => return Err(format!("found something else than {name} holds")),
        };
        self.0.push(made);
        Ok(())
    }

    /// Whether the identifier stands in it.
    pub(super) fn takes_key(&self) -> bool {
        self.0.iter().any(|field| match field {
            Field::Fixed(_) => false,
            Field::Text(_, template) | Field::Number(_, template, _) => template.takes_key(),
            Field::Message(_, fields) => fields.takes_key(),
        })
    }

    /// Writes the message of these arguments: each is as long as it is, whatever stands in it.
    pub(super) fn fill(&self, arguments: &Arguments<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        for field in &self.0 {
            match field {
                Field::Fixed(bytes) => out.extend_from_slice(bytes),
                Field::Text(number, template) => {
                    delimited(*number, template.fill(arguments, plain)?.as_bytes(), out);
                }
                Field::Number(number, template, bits) => {
                    let text = template.fill(arguments, plain)?;
                    // What fits into no such number can't be asked for by one.
                    let whole = text
                        .parse::<u64>()
                        .ok()
                        .filter(|whole| whole.checked_shr(*bits).unwrap_or(0) == 0);
                    encode_key(*number, WireType::Varint, out);
                    encode_varint(whole.ok_or_else(Error::not_asked)?, out);
                }
                Field::Message(number, fields) => {
                    let mut inner = Vec::new();
                    fields.fill(arguments, &mut inner)?;
                    delimited(*number, &inner, out);
                }
            }
        }
        Ok(())
    }
}

/// What is missing or too much among the fields of a message that are given.
pub(super) fn complete<'a>(
    message: &MessageDescriptor,
    given: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), String> {
    let stands = |field: &FieldDescriptor| {
        given
            .clone()
            .any(|name| name == field.name() || name == field.json_name())
    };
    for field in message.fields() {
        if field.cardinality() == Cardinality::Required && !stands(&field) {
            return Err(format!("{} wants {}", message.full_name(), field.name()));
        }
    }
    for oneof in message.oneofs() {
        if oneof.fields().filter(|field| stands(field)).count() > 1 {
            return Err(format!("found several fields of {}, wanted one", oneof.name()));
        }
    }
    Ok(())
}

fn unknown(message: &MessageDescriptor, name: &str) -> String {
    let valid: Vec<_> = message.fields().map(|field| field.name().to_owned()).collect();
    let near = crate::mapping::suggestion(name, valid.iter().map(String::as_str));
    format!("found {name:?}, wanted a field of {}{near}", message.full_name())
}

/// Bits of a whole number that is written as a plain varint.
fn bits(kind: &Kind) -> Option<u32> {
    match kind {
        Kind::Int32 => Some(31),
        Kind::Uint32 => Some(32),
        Kind::Int64 => Some(63),
        Kind::Uint64 => Some(64),
        _ => None,
    }
}

/// Whether an argument, or something that is no template, stands in a value.
fn has_place(value: &Value) -> bool {
    match value {
        Value::String(text) => Template::parse(text).map_or(true, |template| template.takes_anything()),
        Value::Array(items) => items.iter().any(has_place),
        Value::Object(members) => members.values().any(has_place),
        _ => false,
    }
}

/// The texts of a value as they are sent: `{{` is a brace.
fn literal(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let template = Template::parse(text).unwrap_or_else(|_| Template::empty());
            Value::String(template.literals().collect())
        }
        Value::Array(items) => items.iter().map(literal).collect(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| (name.clone(), literal(value));
            Value::Object(members.iter().map(member).collect())
        }
        other => other.clone(),
    }
}

/// A field with a value of canonical JSON, encoded.
fn fixed(message: &MessageDescriptor, field: &FieldDescriptor, value: &Value) -> Result<Vec<u8>, String> {
    let mut object = serde_json::Map::new();
    object.insert(field.name().to_owned(), literal(value));
    let made = DynamicMessage::deserialize(message.clone(), Value::Object(object));
    let made = made.map_err(|error| format!("{} can't be made of this: {error}", field.name()))?;
    Ok(made.encode_to_vec())
}

fn delimited(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}
