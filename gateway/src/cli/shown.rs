//! Answers as people read them: Vietnamese labels from the descriptors, the field's name beside them.

use comfy_table::{Table, presets};
use prost_reflect::{DynamicMessage, MessageDescriptor, ReflectMessage as _, Value};
use proto::rules::field_rule;
use serde_json::json;

use super::client::Refused;
use crate::clock::Moment;

/// One row: label, path, value.
pub(crate) type ShownField = (String, String, String);

/// The fields that a record holds.
pub(crate) fn record(message: &DynamicMessage) -> Vec<ShownField> {
    let mut rows = Vec::new();
    add_fields(message, "", "", &mut rows);
    rows
}

/// The record of a lookup answer, which stands at field 1.
pub(crate) fn answered_record(answer: &DynamicMessage) -> Vec<ShownField> {
    let record_of = answer.get_field_by_number(1);
    record_of
        .as_ref()
        .and_then(|value| value.as_message())
        .map(record)
        .unwrap_or_default()
}

/// One verdict: label, path, the wire's word.
pub(crate) fn verdicts(answer: &DynamicMessage, record: Option<&MessageDescriptor>) -> Vec<ShownField> {
    let Some(list) = answer.get_field_by_name("verdicts") else {
        return Vec::new();
    };
    let list = list.as_list().unwrap_or_default();
    list.iter()
        .filter_map(Value::as_message)
        .map(|verdict| {
            let path = text(verdict, "path");
            (
                record.map(|record| label_of(record, &path)).unwrap_or_default(),
                path,
                word(verdict, "verdict"),
            )
        })
        .collect()
}

/// What an officer makes of a verdict.
pub(crate) fn verdict_vi(word: &str) -> &'static str {
    match word {
        "AGREE" => "Đúng",
        "DISAGREE" => "Không đúng",
        "SAME_WITHOUT_MARKS" => "Giống nếu bỏ dấu: cán bộ xem lại",
        "PARTIAL" => "Đúng phần đã biết",
        "NOT_RECORDED" => "Không có dữ liệu",
        "CANNOT_SAY" => "Không xác định được",
        _ => "",
    }
}

/// Where an answer came from, one row a fact.
pub(crate) fn provenance(answer: &DynamicMessage, now: Moment) -> Vec<(String, String)> {
    let Some(provenance) = answer.get_field_by_name("provenance") else {
        return Vec::new();
    };
    let Some(provenance) = provenance.as_message() else {
        return Vec::new();
    };
    let mut rows = vec![
        ("Nguồn · source".to_owned(), source(provenance, now)),
        (
            "Cơ sở dữ liệu · registry".to_owned(),
            text(provenance, "registry"),
        ),
    ];
    if let Some(moment) = timestamp(provenance, "as_of") {
        rows.push(("Thời điểm dữ liệu · as of".to_owned(), in_viet_nam(moment)));
    }
    rows.push((
        "Mã yêu cầu · request id".to_owned(),
        text(provenance, "request_id"),
    ));
    rows.push((
        "Số nhật ký · audit index".to_owned(),
        audit_index(answer).unwrap_or(0).to_string(),
    ));
    rows
}

/// "registry", or "cache" with the age of what it held.
pub(crate) fn source(provenance: &DynamicMessage, now: Moment) -> String {
    let word = word(provenance, "source").to_lowercase();
    match timestamp(provenance, "retrieved_at") {
        Some(at) if word != "registry" => {
            format!("{word}, {} old", age(Moment(now.0 - at.as_microsecond())))
        }
        _ => word,
    }
}

/// The source of a whole answer.
pub(crate) fn source_of(answer: &DynamicMessage, now: Moment) -> String {
    let provenance = answer.get_field_by_name("provenance");
    provenance
        .as_ref()
        .and_then(|value| value.as_message())
        .map(|p| source(p, now))
        .unwrap_or_default()
}

/// The entry of an answer in the log.
pub(crate) fn audit_index(answer: &DynamicMessage) -> Option<u64> {
    let provenance = answer.get_field_by_name("provenance")?;
    provenance
        .as_message()?
        .get_field_by_name("audit_index")?
        .as_u64()
}

/// A refusal, one row a fact.
pub(crate) fn refusal(refused: &Refused) -> Vec<(String, String)> {
    let optional = [
        ("Thiếu · missing", &refused.missing),
        ("Mã yêu cầu · request id", &refused.request_id),
        ("Số nhật ký · audit index", &refused.audit_index),
    ];
    let mut rows = vec![
        ("Từ chối · refused".to_owned(), refused.word.clone()),
        ("Lý do · reason".to_owned(), refused.message.clone()),
    ];
    rows.extend(
        optional
            .into_iter()
            .filter_map(|(what, value)| Some((what.to_owned(), value.clone()?))),
    );
    rows
}

/// A refusal for machines.
pub(crate) fn refusal_json(refused: &Refused) -> serde_json::Value {
    json!({"refused": {
        "code": format!("{:?}", refused.code),
        "reason": refused.word,
        "message": refused.message,
        "missing": refused.missing,
        "requestId": refused.request_id,
        "auditIndex": refused.audit_index,
    }})
}

/// A table without lines, for a terminal and for `grep`.
pub(crate) fn plain<R>(header: &[&str], rows: R) -> Table
where
    R: IntoIterator,
    R::Item: Into<comfy_table::Row>,
{
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if !header.is_empty() {
        table.set_header(header.to_vec());
    }
    for row in rows {
        table.add_row(row);
    }
    table
}

/// The label of a path such as `representatives[0].full_name`.
pub(crate) fn label_of(record: &MessageDescriptor, path: &str) -> String {
    let mut message = Some(record.clone());
    let mut labels = Vec::new();
    for part in path.split('.') {
        let name = part.split('[').next().unwrap_or_default();
        let Some(field) = message
            .as_ref()
            .and_then(|message| message.get_field_by_name(name))
        else {
            break;
        };
        labels.push(field_rule(&field).label_vi);
        message = field.kind().as_message().cloned();
    }
    labels.join(" › ")
}

fn add_fields(message: &DynamicMessage, labels: &str, path: &str, rows: &mut Vec<ShownField>) {
    for (field, value) in message.fields() {
        let label = field_rule(&field).label_vi;
        let labels = if labels.is_empty() {
            label
        } else {
            format!("{labels} › {label}")
        };
        let path = if path.is_empty() {
            field.name().to_owned()
        } else {
            format!("{path}.{}", field.name())
        };
        match value {
            Value::List(values) => {
                for (place, value) in values.iter().enumerate() {
                    add_value(value, &field, &labels, &format!("{path}[{place}]"), rows);
                }
            }
            value => add_value(value, &field, &labels, &path, rows),
        }
    }
}

fn add_value(
    value: &Value,
    field: &prost_reflect::FieldDescriptor,
    labels: &str,
    path: &str,
    rows: &mut Vec<ShownField>,
) {
    let shown = match value {
        Value::Message(inner) => match whole(inner) {
            Some(text) => text,
            None => return add_fields(inner, labels, path, rows),
        },
        Value::EnumNumber(number) => enum_word(&field.kind(), *number),
        Value::String(text) => text.clone(),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Value::Bool(value) => value.to_string(),
        Value::I32(number) => number.to_string(),
        Value::I64(number) => number.to_string(),
        Value::U32(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        _ => String::new(),
    };
    rows.push((labels.to_owned(), path.to_owned(), shown));
}

/// Messages that people read as one value.
fn whole(message: &DynamicMessage) -> Option<String> {
    match message.descriptor().full_name() {
        "lienthong.lookup.v1.PartialDate" => {
            let part = |name: &str| message.get_field_by_name(name).and_then(|value| value.as_i32());
            let (year, month, day) = (part("year")?, part("month")?, part("day")?);
            Some(match (month, day) {
                (0, _) => format!("{year}"),
                (month, 0) => format!("{month:02}/{year}"),
                (month, day) => format!("{day:02}/{month:02}/{year}"),
            })
        }
        "lienthong.lookup.v1.CodedValue" => Some(
            format!("{} {}", text(message, "code"), text(message, "label"))
                .trim()
                .to_owned(),
        ),
        "lienthong.business.v1.Money" => {
            let amount = message.get_field_by_name("amount")?.as_i64()?;
            Some(format!("{amount} {}", text(message, "currency")))
        }
        "google.protobuf.Timestamp" => Some(in_viet_nam(instant(message)?)),
        _ => None,
    }
}

fn text(message: &DynamicMessage, field: &str) -> String {
    let value = message.get_field_by_name(field);
    value
        .as_ref()
        .and_then(|value| value.as_str())
        .unwrap_or_default()
        .to_owned()
}

/// An enum field's word, without what all words of the enum begin with.
pub(crate) fn word(message: &DynamicMessage, field: &str) -> String {
    let Some(descriptor) = message.descriptor().get_field_by_name(field) else {
        return String::new();
    };
    let number = message.get_field(&descriptor).as_enum_number().unwrap_or(0);
    enum_word(&descriptor.kind(), number)
}

fn enum_word(kind: &prost_reflect::Kind, number: i32) -> String {
    let Some(values) = kind.as_enum() else {
        return number.to_string();
    };
    let zero = values.default_value();
    let prefix = zero.name().trim_end_matches("UNSPECIFIED");
    let name = values.get_value(number).map(|value| value.name().to_owned());
    name.map(|name| name.strip_prefix(prefix).unwrap_or(&name).to_owned())
        .unwrap_or(number.to_string())
}

fn timestamp(message: &DynamicMessage, field: &str) -> Option<jiff::Timestamp> {
    let descriptor = message.descriptor().get_field_by_name(field)?;
    if !message.has_field(&descriptor) {
        return None;
    }
    instant(message.get_field(&descriptor).as_message()?)
}

fn instant(message: &DynamicMessage) -> Option<jiff::Timestamp> {
    let seconds = message.get_field_by_name("seconds")?.as_i64()?;
    let nanos = message.get_field_by_name("nanos")?.as_i32()?;
    jiff::Timestamp::new(seconds, nanos).ok()
}

/// A moment as an officer reads it.
pub(crate) fn in_viet_nam(moment: jiff::Timestamp) -> String {
    jiff::tz::offset(7)
        .to_datetime(moment)
        .strftime("%d/%m/%Y %H:%M:%S")
        .to_string()
}

fn age(age: Moment) -> String {
    let micros = age.0.max(0);
    match micros / 1_000_000 {
        0 => format!("{} ms", micros / 1_000),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use proto::business::v1::{Enterprise, LegalState};
    use proto::lookup::v1::{PartialDate, PersonReference};

    use super::*;

    fn dynamic(name: &str, message: &impl prost::Message) -> DynamicMessage {
        let descriptor = proto::descriptors().get_message_by_name(name).unwrap();
        DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).unwrap()
    }

    #[test]
    fn a_record_is_shown_with_the_labels_of_its_descriptor() {
        let enterprise = Enterprise {
            name_vi: "A".into(),
            legal_state: LegalState::Suspended.into(),
            first_registered: Some(PartialDate {
                year: 2019,
                month: 6,
                day: 0,
            }),
            representatives: vec![PersonReference {
                full_name: "B".into(),
                ..Default::default()
            }],
            ..Default::default()
        };
        let rows = record(&dynamic("lienthong.business.v1.Enterprise", &enterprise));
        let row = |path: &str| rows.iter().find(|(_, found, _)| found == path).cloned().unwrap();
        assert_eq!(
            row("legal_state"),
            (
                "Tình trạng pháp lý".into(),
                "legal_state".into(),
                "SUSPENDED".into()
            )
        );
        assert_eq!(row("first_registered").2, "06/2019");
        let (label, _, value) = row("representatives[0].full_name");
        assert_eq!(
            (label.as_str(), value.as_str()),
            ("Người đại diện theo pháp luật › Họ và tên", "B")
        );
    }

    #[test]
    fn an_age_is_told_in_the_unit_that_fits() {
        let ages = [40_000, 5_000_000, 300_000_000, 9_000_000_000].map(|micros| age(Moment(micros)));
        assert_eq!(ages, ["40 ms", "5 s", "5 min", "2 h"]);
    }
}
