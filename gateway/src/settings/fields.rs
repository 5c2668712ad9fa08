//! Paths of fields in canonical records.

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};
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

/// The message in a field; none for plain values and for the standard types, which are values too.
fn inner(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    match field.kind() {
        Kind::Message(message) if !message.full_name().starts_with("google.protobuf.") => Some(message),
        _ => None,
    }
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
