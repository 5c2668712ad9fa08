//! One entry of `fields`, typed by the descriptor of its field.

use prost::encoding::{WireType, encode_varint};
use prost_reflect::{FieldDescriptor, Kind};
use proto::lookup::v1::MatchRule;
use toml::Spanned;

use super::codes::{Codes, number_of};
use super::convert::Convert;
use super::plan::Made;
use crate::check::Problem;
use crate::settings::{Conversion, FieldSettings};

const DATE: &str = "lienthong.lookup.v1.PartialDate";
const TIMESTAMP: &str = "google.protobuf.Timestamp";

/// Whether a field holds one value, although its type may be a message.
pub(super) fn is_value(field: &FieldDescriptor) -> bool {
    match field.kind() {
        Kind::Message(message) => matches!(message.full_name(), DATE | TIMESTAMP),
        _ => true,
    }
}

/// How the field is made of the column with place `column`.
pub(super) fn of_column(
    field: &FieldDescriptor,
    entry: &Spanned<FieldSettings>,
    column: usize,
    problems: &mut Vec<Problem>,
) -> Option<Made> {
    let settings = entry.get_ref();
    let conversion = conversion(field, entry, problems)?;
    if conversion != Conversion::Code && (settings.codes.is_some() || settings.unknown.is_some()) {
        problems.push(Problem::at(
            entry.span(),
            format!("codes and unknown are for enums, and {} is none", field.name()),
        ));
    }
    let convert = match conversion {
        Conversion::Text => Convert::Text,
        Conversion::Name => Convert::Name,
        Conversion::PersonalId => Convert::PersonalId,
        Conversion::TaxCode => Convert::TaxCode,
        Conversion::Date => Convert::Date,
        Conversion::Instant => Convert::Instant,
        Conversion::Boolean => Convert::Boolean,
        Conversion::Bytes => Convert::Bytes,
        Conversion::Integer => match field.kind() {
            Kind::Int32 => Convert::Integer {
                least: i32::MIN.into(),
                most: i32::MAX.into(),
            },
            Kind::Uint32 => Convert::Integer {
                least: 0,
                most: u32::MAX.into(),
            },
            Kind::Uint64 => Convert::Integer {
                least: 0,
                most: i64::MAX,
            },
            _ => Convert::Integer {
                least: i64::MIN,
                most: i64::MAX,
            },
        },
        Conversion::Code => {
            let Kind::Enum(values) = field.kind() else {
                return None;
            };
            let Some(words) = &settings.codes else {
                problems.push(Problem::at(
                    entry.span(),
                    format!(
                        "{} is an enum, wanted codes = {{ \"word\" = \"VALUE\" }}",
                        field.name()
                    ),
                ));
                return None;
            };
            Convert::Code(Codes::compile(
                &values,
                words.get_ref(),
                settings.unknown.as_ref(),
                problems,
            ))
        }
    };
    Some(Made::Of { column, convert })
}

/// How the field is made of nothing but its settings.
pub(super) fn of_constant(
    field: &FieldDescriptor,
    constant: &Spanned<String>,
    problems: &mut Vec<Problem>,
) -> Option<Made> {
    let text = constant.get_ref();
    let mut bytes = Vec::new();
    match field.kind() {
        Kind::String => {
            encode_varint(text.len() as u64, &mut bytes);
            bytes.extend_from_slice(text.as_bytes());
            Some(Made::Always {
                wire: WireType::LengthDelimited,
                bytes,
            })
        }
        Kind::Enum(values) => {
            let number = number_of(&values, text, constant.span(), problems)?;
            encode_varint(i64::from(number).cast_unsigned(), &mut bytes);
            Some(Made::Always {
                wire: WireType::Varint,
                bytes,
            })
        }
        _ => {
            problems.push(Problem::at(
                constant.span(),
                format!(
                    "a constant is for text and enums, and {} is neither",
                    field.name()
                ),
            ));
            None
        }
    }
}

/// The conversion that is written, if it gives what the field holds; else the one that the field's
/// type and match rule suggest.
fn conversion(
    field: &FieldDescriptor,
    entry: &Spanned<FieldSettings>,
    problems: &mut Vec<Problem>,
) -> Option<Conversion> {
    let fitting = fitting(field);
    let Some(written) = &entry.get_ref().conversion else {
        if fitting.is_empty() {
            problems.push(Problem::at(
                entry.span(),
                format!("{} has a type that no conversion gives", field.name()),
            ));
        }
        return fitting.first().copied();
    };
    if fitting.contains(written.get_ref()) {
        return Some(*written.get_ref());
    }
    problems.push(Problem::at(
        written.span(),
        format!(
            "{:?} doesn't give what {} holds, wanted one of {fitting:?}",
            written.get_ref(),
            field.name()
        )
        .to_lowercase(),
    ));
    None
}

/// The conversions that give what a field holds, the usual one first.
fn fitting(field: &FieldDescriptor) -> Vec<Conversion> {
    use Conversion as C;
    match field.kind() {
        Kind::String => {
            let usual = match proto::rules::field_rule(field).r#match() {
                MatchRule::Name => C::Name,
                MatchRule::PersonalId => C::PersonalId,
                MatchRule::TaxCode => C::TaxCode,
                _ => C::Text,
            };
            vec![usual, C::Text, C::Name, C::PersonalId, C::TaxCode]
        }
        Kind::Bytes => vec![C::Bytes],
        Kind::Bool => vec![C::Boolean],
        Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 => vec![C::Integer],
        Kind::Enum(_) => vec![C::Code],
        Kind::Message(message) if message.full_name() == DATE => vec![C::Date],
        Kind::Message(message) if message.full_name() == TIMESTAMP => vec![C::Instant],
        _ => Vec::new(),
    }
}
