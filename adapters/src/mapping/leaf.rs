//! One entry of `fields`, typed by the descriptor of its field.

use std::sync::Arc;

use prost::encoding::{WireType, encode_varint};
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind};
use proto::lookup::v1::MatchRule;
use toml::Spanned;

use super::Value;
use super::codes::{Codes, Moment, claims_nothing, number_of};
use super::convert::{Convert, Sought};
use super::nearest::suggestion;
use super::plan::Made;
use super::taken::Taken;
use crate::check::Problem;
use crate::codes::{CodeTable, CodeTables};
use crate::settings::{Conversion, FieldSettings};

const DATE: &str = "lienthong.lookup.v1.PartialDate";
const TIMESTAMP: &str = "google.protobuf.Timestamp";
const CODED: &str = "lienthong.lookup.v1.CodedValue";

/// Whether a field holds one value, although its type may be a message.
pub(super) fn is_value(field: &FieldDescriptor) -> bool {
    match field.kind() {
        Kind::Message(message) => matches!(message.full_name(), DATE | TIMESTAMP),
        _ => true,
    }
}

/// Whether a field is made of a code and its table as a whole.
pub(super) fn is_coded(field: &FieldDescriptor, settings: &FieldSettings) -> bool {
    settings.table.is_some() && matches!(field.kind(), Kind::Message(message) if message.full_name() == CODED)
}

/// How the field is made of what is taken for it.
pub(super) fn of_columns(
    field: &FieldDescriptor,
    entry: &Spanned<FieldSettings>,
    taken: Taken,
    codes: &CodeTables,
    problems: &mut Vec<Problem>,
) -> Option<Made> {
    let settings = entry.get_ref();
    let conversion = conversion(field, entry, problems)?;
    let table = table(field, entry, conversion, codes, problems);
    check_companions(field, entry, conversion, problems);
    let is_enum = matches!(field.kind(), Kind::Enum(_));
    if !is_enum && (settings.codes.is_some() || settings.unknown.is_some()) {
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
        Conversion::NormalName => Convert::NormalName,
        Conversion::AgencyCode => Convert::AgencyCode,
        Conversion::ProcedureCode => Convert::ProcedureCode,
        Conversion::Digits => Convert::Digits,
        Conversion::Label if is_coded(field, settings) => Convert::CodedValue(table?, Sought::Recorded),
        Conversion::Label => Convert::LabelText(table?),
        Conversion::Edition => Convert::EditionText(table?),
        Conversion::CurrentCode if is_coded(field, settings) => Convert::CodedValue(table?, Sought::Current),
        Conversion::CurrentCode => Convert::CodeText(table?, Sought::Current),
        Conversion::CodeOfName if is_coded(field, settings) => Convert::CodedValue(table?, Sought::ByName),
        Conversion::CodeOfName => Convert::CodeText(table?, Sought::ByName),
        Conversion::Code => match field.kind() {
            Kind::Enum(values) => Convert::Code(words(field, &values, entry, table, problems)?),
            _ => Convert::CodeText(table?, Sought::Recorded),
        },
    };
    check_default(field, entry, &convert, problems);
    Some(Made::Of { taken, convert })
}

/// The table that an entry names, or needs.
fn table(
    field: &FieldDescriptor,
    entry: &Spanned<FieldSettings>,
    conversion: Conversion,
    codes: &CodeTables,
    problems: &mut Vec<Problem>,
) -> Option<Arc<CodeTable>> {
    let Some(name) = &entry.get_ref().table else {
        let text = !matches!(field.kind(), Kind::Enum(_));
        if text && of_table(conversion) {
            let message = format!("{} wants table, the name of a file in codes", field.name());
            problems.push(Problem::at(entry.span(), message));
        }
        return None;
    };
    if !of_table(conversion) {
        let message =
            "a table is for enums and for code, current_code, code_of_name, label and edition".to_owned();
        problems.push(Problem::at(name.span(), message));
        return None;
    }
    let found = codes.get(name.get_ref()).cloned();
    if found.is_none() {
        let near = suggestion(name.get_ref(), codes.keys().map(String::as_str));
        let message = format!(
            "found {:?}, wanted the name of a file in codes{near}",
            name.get_ref()
        );
        problems.push(Problem::at(name.span(), message));
    }
    found
}

/// Whether a conversion reads by a table.
fn of_table(conversion: Conversion) -> bool {
    use Conversion as C;
    matches!(
        conversion,
        C::Code | C::CurrentCode | C::CodeOfName | C::Label | C::Edition
    )
}

/// What goes only with something else.
fn check_companions(
    field: &FieldDescriptor,
    entry: &Spanned<FieldSettings>,
    conversion: Conversion,
    problems: &mut Vec<Problem>,
) {
    let settings = entry.get_ref();
    if settings.table.is_none() {
        for (word, given) in [("on", &settings.on), ("edition", &settings.edition)] {
            if let Some(given) = given {
                problems.push(Problem::at(
                    given.span(),
                    format!("{word} is for a table, and there is none"),
                ));
            }
        }
    }
    if let Some(join) = &settings.join
        && !matches!(
            conversion,
            Conversion::Text | Conversion::Name | Conversion::NormalName
        )
    {
        let message = format!("join is for names and texts, and {} is neither", field.name());
        problems.push(Problem::at(join.span(), message));
    }
    if let Some(default) = &settings.default
        && settings.required
    {
        let message = format!("{} is required, so no default is ever taken", field.name());
        problems.push(Problem::at(default.span(), message));
    }
}

/// The words of an enum.
fn words(
    field: &FieldDescriptor,
    values: &EnumDescriptor,
    entry: &Spanned<FieldSettings>,
    table: Option<Arc<CodeTable>>,
    problems: &mut Vec<Problem>,
) -> Option<Codes> {
    let settings = entry.get_ref();
    match (&settings.codes, &settings.table) {
        (Some(words), None) => Some(Codes::compile(
            values,
            words.get_ref(),
            settings.unknown.as_ref(),
            problems,
        )),
        (None, Some(name)) => Some(Codes::of_table(
            values,
            &table?,
            name.span(),
            settings.unknown.as_ref(),
            problems,
        )),
        _ => {
            problems.push(Problem::at(
                entry.span(),
                format!(
                    "{} is an enum, wanted codes = {{ \"word\" = \"VALUE\" }} or table",
                    field.name()
                ),
            ));
            None
        }
    }
}

/// A default is converted once, when the file is read: what can't be, no record may meet.
fn check_default(
    field: &FieldDescriptor,
    entry: &Spanned<FieldSettings>,
    convert: &Convert,
    problems: &mut Vec<Problem>,
) {
    let Some(default) = &entry.get_ref().default else {
        return;
    };
    let unsaid = Moment {
        on: None,
        edition: None,
        record: None,
    };
    let mut out = Vec::new();
    let value = Value::Text(default.get_ref());
    if default.get_ref().trim().is_empty() || convert.write(field.number(), value, &unsaid, &mut out).is_err()
    {
        let message = format!(
            "found {:?}, which {} can't be made of",
            default.get_ref(),
            field.name()
        );
        problems.push(Problem::at(default.span(), message));
    }
    if let (Kind::Enum(values), Convert::Code(codes)) = (field.kind(), convert) {
        let number = codes.read(default.get_ref(), &unsaid).unwrap_or(0);
        if !claims_nothing(&values, number) {
            let message = format!(
                "what is absent may not become a definite value of {}",
                field.name()
            );
            problems.push(Problem::at(default.span(), message));
        }
    }
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
    let fitting = fitting(field, entry.get_ref().table.is_some());
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
            "{} doesn't give what {} holds, wanted one of {}",
            written.get_ref().word(),
            field.name(),
            fitting
                .iter()
                .map(|conversion| conversion.word())
                .collect::<Vec<_>>()
                .join(", ")
        ),
    ));
    None
}

/// The conversions that give what a field holds, the usual one first.
fn fitting(field: &FieldDescriptor, table: bool) -> Vec<Conversion> {
    use Conversion as C;
    match field.kind() {
        Kind::String => {
            let usual = match proto::rules::field_rule(field).r#match() {
                MatchRule::Name => C::Name,
                MatchRule::PersonalId => C::PersonalId,
                MatchRule::TaxCode => C::TaxCode,
                _ => C::Text,
            };
            let usual = if table { C::Code } else { usual };
            vec![
                usual,
                C::Text,
                C::Name,
                C::NormalName,
                C::PersonalId,
                C::TaxCode,
                C::AgencyCode,
                C::ProcedureCode,
                C::Digits,
                C::Code,
                C::CurrentCode,
                C::CodeOfName,
                C::Label,
                C::Edition,
            ]
        }
        Kind::Bytes => vec![C::Bytes],
        Kind::Bool => vec![C::Boolean],
        Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 => vec![C::Integer],
        Kind::Enum(_) => vec![C::Code],
        Kind::Message(message) if message.full_name() == DATE => vec![C::Date],
        Kind::Message(message) if message.full_name() == TIMESTAMP => vec![C::Instant],
        Kind::Message(message) if message.full_name() == CODED => {
            vec![C::Label, C::CurrentCode, C::CodeOfName]
        }
        _ => Vec::new(),
    }
}
