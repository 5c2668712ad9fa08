//! Entries as security tools read them: OCSF API Activity (schema.ocsf.io, class 6003, version 1.3.0) and ArcSight CEF:0.

use audit::{Entry, EntryKind};
use serde_json::{Value, json};

use super::told;

const OCSF: &str = "1.3.0";
/// Activity of class 6003: a record is read.
const READ: u32 = 2;
const OTHER: u32 = 99;

/// The OCSF event of an entry.
pub(super) fn ocsf(index: u64, entry: &Entry) -> Value {
    let activity = if entry.kind() == EntryKind::Operation {
        OTHER
    } else {
        READ
    };
    let (status_id, status) = match (entry.kind(), entry.outcome.as_str()) {
        (EntryKind::Intent, _) => (99, "Intent"),
        (_, "OK") => (1, "Success"),
        _ => (2, "Failure"),
    };
    json!({
        "category_uid": 6, "category_name": "Application Activity",
        "class_uid": 6003, "class_name": "API Activity",
        "activity_id": activity,
        "activity_name": if activity == READ { "Read" } else { entry.operation.as_str() },
        "type_uid": 600_300 + activity,
        "time": entry.time_unix_micros.div_euclid(1000),
        "severity_id": severity(entry), "status_id": status_id, "status": status, "status_code": entry.outcome,
        "duration": entry.latency_micros / 1000,
        "metadata": {
            "version": OCSF, "uid": index.to_string(), "correlation_uid": entry.request_id,
            "product": {
                "name": "Liên Thông", "vendor_name": "Liên Thông", "version": env!("CARGO_PKG_VERSION"),
            },
        },
        "actor": {
            "user": { "uid": named(&entry.officer), "org": { "uid": entry.agency }, "groups": [{ "name": entry.role }] },
            "app_uid": entry.system,
        },
        "api": {
            "operation": named(&entry.operation),
            "service": { "name": entry.registry },
            "request": { "uid": entry.request_id },
            "response": { "error": if entry.outcome == "OK" { "" } else { entry.outcome.as_str() } },
        },
        "src_endpoint": { "uid": named(&entry.system), "name": entry.agency },
        "resources": [{
            "type": entry.record_type, "uid": hex::encode(&entry.subject_pseudonym), "labels": entry.fields_given,
        }],
        "unmapped": told::json(index, entry),
    })
}

/// The CEF line of an entry.
pub(super) fn cef(index: u64, entry: &Entry) -> String {
    let severity = if severity(entry) > 1 { 5 } else { 2 };
    let head = [
        "Lien Thong",
        "gateway",
        env!("CARGO_PKG_VERSION"),
        named(&entry.operation),
        &format!("{} {}", told::kind(entry), named(&entry.operation)),
    ];
    let head: Vec<_> = head.iter().map(|part| escaped(part, '|')).collect();
    let parts = [
        ("rt", entry.time_unix_micros.div_euclid(1000).to_string()),
        ("externalId", index.to_string()),
        ("suser", entry.officer.clone()),
        ("spriv", entry.role.clone()),
        ("shost", entry.system.clone()),
        ("outcome", entry.outcome.clone()),
        ("cs1Label", "agency".to_owned()),
        ("cs1", entry.agency.clone()),
        ("cs2Label", "dossier".to_owned()),
        ("cs2", entry.dossier.clone()),
        ("cs3Label", "agreement".to_owned()),
        ("cs3", entry.agreement.clone()),
        ("cs4Label", "registry".to_owned()),
        ("cs4", entry.registry.clone()),
        ("cs5Label", "fields".to_owned()),
        ("cs5", entry.fields_given.join(" ")),
        ("cs6Label", "subject".to_owned()),
        ("cs6", hex::encode(&entry.subject_pseudonym)),
        ("requestContext", entry.request_id.clone()),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", escaped(value, '=')))
        .collect();
    format!("CEF:0|{}|{severity}|{}", head.join("|"), parts.join(" "))
}

/// Refusals are low, the rest is informational.
fn severity(entry: &Entry) -> u32 {
    let refused = entry.kind() != EntryKind::Intent && entry.outcome != "OK";
    if refused { 2 } else { 1 }
}

/// A text that must say something.
fn named(text: &str) -> &str {
    if text.is_empty() { "gateway" } else { text }
}

fn escaped(text: &str, separator: char) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            other if other == separator => {
                escaped.push('\\');
                escaped.push(other);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            officer: "a=b|c\nd".to_owned(),
            operation: "ge|t".to_owned(),
            outcome: "NOT_FOUND".to_owned(),
            system: "one-stop".to_owned(),
            ..Entry::new(EntryKind::Outcome, 1_700_000_000_123_456)
        }
    }

    #[test]
    fn an_event_has_all_that_the_class_requires() {
        let event = ocsf(7, &entry());
        for required in [
            "activity_id",
            "actor",
            "api",
            "category_uid",
            "class_uid",
            "metadata",
            "severity_id",
            "src_endpoint",
            "time",
            "type_uid",
        ] {
            assert!(!event[required].is_null(), "{required}");
        }
        assert_eq!(
            (&event["class_uid"], &event["type_uid"]),
            (&json!(6003), &json!(600_302))
        );
        assert_eq!(
            (&event["time"], &event["status_id"]),
            (&json!(1_700_000_000_123_i64), &json!(2))
        );
        assert_eq!(event["metadata"]["version"], OCSF);
        assert_eq!(event["api"]["operation"], "ge|t");
    }

    #[test]
    fn a_line_is_one_line_and_its_separators_are_escaped() {
        let line = cef(7, &entry());
        assert!(line.starts_with("CEF:0|Lien Thong|gateway|"), "{line}");
        assert!(
            line.contains(r"|ge\|t|") && line.contains(r"suser=a\=b|c\nd "),
            "{line}"
        );
        assert!(!line.contains('\n'), "{line}");
    }
}
