//! Paths of fields in canonical records.

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};
use proto::lookup::v1::Sensitivity;
use proto::rules::field_rule;

use super::agreement::GrantOperation;
use super::nearest;

/// The word that stands for every field that is not sensitive.
pub(super) const EVERY: &str = "*";

/// A record with the registry and the operations that lookup methods declare for it.
pub(super) struct Record {
    pub(super) descriptor: MessageDescriptor,
    pub(super) operations: Vec<GrantOperation>,
}

impl Record {
    /// The record of a registry, by full name; none when no lookup method is about it.
    pub(super) fn find(pool: &DescriptorPool, registry: &str, name: &str) -> Option<Self> {
        let methods = pool
            .services()
            .flat_map(|service| service.methods().collect::<Vec<_>>());
        let lookups: Vec<_> = methods
            .filter_map(|method| proto::rules::lookup_method(&method))
            .filter(|lookup| lookup.registry == registry && lookup.record == name)
            .collect();
        let offered = |operation: &GrantOperation| {
            lookups
                .iter()
                .any(|lookup| lookup.operation() == operation.wire())
        };
        let all = [
            GrantOperation::Get,
            GrantOperation::Confirm,
            GrantOperation::Check,
        ];
        let operations: Vec<_> = all.into_iter().filter(offered).collect();
        let descriptor = pool.get_message_by_name(name)?;
        (!operations.is_empty()).then_some(Self {
            descriptor,
            operations,
        })
    }

    /// Whether every field of it is open data.
    pub(super) fn is_open(&self) -> bool {
        let mut fields = self.descriptor.fields();
        fields.all(|field| field_rule(&field).sensitivity() == Sensitivity::Open)
    }

    /// What is wrong with a path, if anything. `claimed`: the fields are only compared, never given.
    pub(super) fn path_problem(&self, path: &str, claimed: bool) -> Option<String> {
        match walk(&self.descriptor, path) {
            Err(message) => Some(message),
            Ok(fields) => {
                let within = fields.last().is_some_and(claimable);
                let above = fields.iter().any(|field| field_rule(field).r#match != 0);
                (claimed && !within && !above).then(|| {
                    format!("found {path:?}, which can't be claimed, wanted a field that can, or the operation \"get\"")
                })
            }
        }
    }
}

/// The fields that a path goes through, outer ones first.
fn walk(record: &MessageDescriptor, path: &str) -> Result<Vec<FieldDescriptor>, String> {
    if let Some(message) = path.strip_suffix(".*") {
        return Err(format!(
            "found {path:?}, wanted {message:?}, which covers what is in it"
        ));
    }
    let mut fields: Vec<FieldDescriptor> = Vec::new();
    let mut within = Some(record.clone());
    for name in path.split('.') {
        let before: String = fields.iter().map(|field| format!("{}.", field.name())).collect();
        let Some(message) = within else {
            let parent = before.trim_end_matches('.');
            return Err(format!(
                "found {path:?}, but {parent:?} has no fields in it, wanted {parent:?}"
            ));
        };
        let Some(field) = message.get_field_by_name(name) else {
            let valid: Vec<_> = message
                .fields()
                .map(|field| format!("{before}{}", field.name()))
                .collect();
            let near = nearest::suggestion(&format!("{before}{name}"), valid.iter().map(String::as_str));
            let whole = record.full_name();
            return Err(format!(
                "found {path:?}, wanted the path of a field of {whole}{near}"
            ));
        };
        within = inner(&field);
        fields.push(field);
    }
    Ok(fields)
}

/// The message in a field; none for plain values, dates and the standard types, which are given as a whole.
fn inner(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    let Kind::Message(message) = field.kind() else {
        return None;
    };
    let whole = message.full_name() == "lienthong.lookup.v1.PartialDate"
        || message.full_name().starts_with("google.protobuf.");
    (!whole).then_some(message)
}

/// Whether a claim can be made about the field or about something in it.
fn claimable(field: &FieldDescriptor) -> bool {
    deep_claimable(field, 8)
}

fn deep_claimable(field: &FieldDescriptor, depth: usize) -> bool {
    field_rule(field).r#match != 0
        || depth > 0
            && inner(field)
                .is_some_and(|message| message.fields().any(|field| deep_claimable(&field, depth - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::schema::Schema;

    const RECORDS: [(&str, &str); 4] = [
        ("population", "lienthong.population.v1.Citizen"),
        ("criminal-record", "lienthong.criminalrecord.v1.ConvictionStatus"),
        ("criminal-record", "lienthong.criminalrecord.v1.Certificate"),
        ("business", "lienthong.business.v1.Enterprise"),
    ];

    fn paths(message: &MessageDescriptor, before: &str) -> Vec<String> {
        let mut found = Vec::new();
        for field in message.fields() {
            let path = format!("{before}{}", field.name());
            if let Kind::Message(message) = field.kind() {
                found.extend(paths(&message, &format!("{path}.")));
            }
            found.push(path);
        }
        found
    }

    #[test]
    fn a_path_is_accepted_exactly_when_a_view_can_be_compiled_from_it() {
        for (registry, name) in RECORDS {
            let record = Record::find(&proto::descriptors(), registry, name).expect("a lookup is about it");
            let schema = Schema::compile(&record.descriptor).expect("it compiles");
            for path in paths(&record.descriptor, "") {
                let accepted = record.path_problem(&path, false).is_none();
                assert_eq!(accepted, schema.field(&path).is_some(), "{name} {path}");
            }
        }
    }

    #[test]
    fn a_record_is_found_only_under_its_own_registry() {
        let pool = proto::descriptors();
        assert!(Record::find(&pool, "business", "lienthong.population.v1.Citizen").is_none());
        let citizen =
            Record::find(&pool, "population", "lienthong.population.v1.Citizen").expect("it is there");
        assert_eq!(citizen.operations, [GrantOperation::Get, GrantOperation::Confirm]);
    }
}
