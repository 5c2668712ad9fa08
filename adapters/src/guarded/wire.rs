//! A cheap walk over an encoded record: is it what its descriptor says, and how deep is it?

use prost::bytes::Buf;
use prost::encoding::{WireType, decode_key, decode_varint};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

/// What is wrong with an encoded record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Flaw {
    #[error("the record's bytes are no message")]
    NotAMessage,
    #[error("a field of the record has another type than its schema says")]
    WrongType,
    #[error("a text of the record is not UTF-8")]
    NotText,
    #[error("the record is nested deeper than max_depth")]
    TooDeep,
}

/// Checks that `bytes` are a message as described, at most `depth` messages deep. Fields that the
/// descriptor doesn't know are passed over.
pub(super) fn check(bytes: &[u8], message: &MessageDescriptor, depth: usize) -> Result<(), Flaw> {
    let depth = depth.checked_sub(1).ok_or(Flaw::TooDeep)?;
    let mut rest = bytes;
    while rest.has_remaining() {
        let (number, wire) = decode_key(&mut rest).map_err(|_| Flaw::NotAMessage)?;
        let content = content(&mut rest, wire)?;
        let Some(field) = message.get_field(number) else {
            continue;
        };
        match (wire, field.kind()) {
            (WireType::LengthDelimited, Kind::Message(inner)) => check(content, &inner, depth)?,
            (WireType::LengthDelimited, Kind::String) => {
                std::str::from_utf8(content).map_err(|_| Flaw::NotText)?;
            }
            (WireType::LengthDelimited, Kind::Bytes) => {}
            (WireType::LengthDelimited, _) if field.is_list() => packed(content, wire_type(&field))?,
            _ if wire == wire_type(&field) => {}
            _ => return Err(Flaw::WrongType),
        }
    }
    Ok(())
}

/// The text in field `number` of a checked record; the last one counts, as in every decoder.
pub(super) fn text(bytes: &[u8], number: u32) -> Option<&str> {
    let mut rest = bytes;
    let mut last = None;
    while rest.has_remaining() {
        let (found, wire) = decode_key(&mut rest).ok()?;
        let content = content(&mut rest, wire).ok()?;
        if found == number {
            last = std::str::from_utf8(content).ok();
        }
    }
    last
}

/// Takes one field's content off the front. Groups are no part of proto3.
pub(crate) fn content<'a>(rest: &mut &'a [u8], wire: WireType) -> Result<&'a [u8], Flaw> {
    let whole = *rest;
    let length = match wire {
        WireType::Varint => {
            let mut after = whole;
            decode_varint(&mut after).map_err(|_| Flaw::NotAMessage)?;
            whole.len() - after.len()
        }
        WireType::ThirtyTwoBit => 4,
        WireType::SixtyFourBit => 8,
        WireType::LengthDelimited => {
            let length = decode_varint(rest).map_err(|_| Flaw::NotAMessage)?;
            usize::try_from(length).map_err(|_| Flaw::NotAMessage)?
        }
        WireType::StartGroup | WireType::EndGroup => return Err(Flaw::NotAMessage),
    };
    let (content, after) = rest.split_at_checked(length).ok_or(Flaw::NotAMessage)?;
    *rest = after;
    Ok(content)
}

fn packed(mut items: &[u8], wire: WireType) -> Result<(), Flaw> {
    if wire == WireType::LengthDelimited {
        return Err(Flaw::WrongType);
    }
    while items.has_remaining() {
        content(&mut items, wire)?;
    }
    Ok(())
}

/// How a field's single value is written.
pub(crate) fn wire_type(field: &FieldDescriptor) -> WireType {
    match field.kind() {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => WireType::SixtyFourBit,
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => WireType::ThirtyTwoBit,
        Kind::String | Kind::Bytes | Kind::Message(_) => WireType::LengthDelimited,
        Kind::Int32
        | Kind::Int64
        | Kind::Uint32
        | Kind::Uint64
        | Kind::Sint32
        | Kind::Sint64
        | Kind::Bool
        | Kind::Enum(_) => WireType::Varint,
    }
}
