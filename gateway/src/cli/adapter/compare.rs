//! Two answers about one subject, field by field.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use prost_reflect::MessageDescriptor;
use serde::Serialize;
use serde_json::Value;

use super::opened::{Answer, message};

/// A field that is not the same by both files.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    /// Path of the field in canonical JSON.
    pub(super) field: String,
    /// By the tree's file, as JSON.
    pub(super) present: String,
    /// By the proposed one.
    pub(super) proposed: String,
}

/// Every field that differs; where one answer is no record, every field of the other.
pub(super) fn differences(
    record: &MessageDescriptor,
    present: &Answer,
    proposed: &Answer,
) -> Result<Vec<Difference>> {
    let leaves = |answer: &Answer| -> Result<BTreeMap<String, String>> {
        let mut leaves = BTreeMap::new();
        if let Ok(found) = &answer.outcome {
            walk("", &serde_json::to_value(message(record, found)?)?, &mut leaves);
        }
        Ok(leaves)
    };
    Ok(between(&leaves(present)?, &leaves(proposed)?))
}

fn between(present: &BTreeMap<String, String>, proposed: &BTreeMap<String, String>) -> Vec<Difference> {
    let fields: BTreeSet<_> = present.keys().chain(proposed.keys()).collect();
    let value = |leaves: &BTreeMap<String, String>, field: &String| {
        leaves.get(field).map_or("absent", String::as_str).to_owned()
    };
    fields
        .into_iter()
        .filter(|field| present.get(*field) != proposed.get(*field))
        .map(|field| Difference {
            field: field.clone(),
            present: value(present, field),
            proposed: value(proposed, field),
        })
        .collect()
}

fn walk(path: &str, value: &Value, leaves: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                walk(&format!("{path}{dot}{name}"), value, leaves);
            }
        }
        Value::Array(items) => {
            for (place, value) in items.iter().enumerate() {
                walk(&format!("{path}[{place}]"), value, leaves);
            }
        }
        leaf => {
            leaves.insert(path.to_owned(), leaf.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_field_that_differs_is_told_and_no_other() {
        let leaves = |value| {
            let mut leaves = BTreeMap::new();
            walk("", &value, &mut leaves);
            leaves
        };
        let present = leaves(json!({"name": "A", "place": {"code": "15"}, "names": ["x", "y"]}));
        let proposed = leaves(json!({"name": "A", "place": {"code": "16"}, "names": ["x"], "sex": "M"}));
        let told: Vec<_> = between(&present, &proposed)
            .into_iter()
            .map(|found| format!("{} {} {}", found.field, found.present, found.proposed))
            .collect();
        assert_eq!(
            told,
            [
                "names[1] \"y\" absent",
                "place.code \"15\" \"16\"",
                "sex absent \"M\""
            ]
        );
        assert_eq!(between(&present, &present), []);
    }
}
