//! Fields with their Vietnamese labels.

use std::collections::HashMap;
use std::sync::Arc;

use prost_reflect::{Kind, MessageDescriptor};
use proto::catalog::v1::Field;

use crate::record::schema::{Content, Node, Schema};

/// Stands between the label of a field and that of a field in it.
const WITHIN: &str = " › ";

/// The fields of one record type.
#[derive(Debug, Default)]
pub(super) struct Fields {
    all: Vec<Field>,
    by_path: HashMap<Arc<str>, usize>,
}

impl Fields {
    /// Every field of a record, each before those in it.
    pub(super) fn of(schema: &Schema) -> Self {
        let mut fields = Self::default();
        fields.walk(&schema.root, &schema.descriptor, "");
        fields
    }

    /// All of them.
    pub(super) fn all(&self) -> &[Field] {
        &self.all
    }

    /// Those of these paths, in their order; `*` stands for every field that is not sensitive.
    pub(super) fn named<'a>(&self, paths: impl IntoIterator<Item = &'a str>) -> Vec<Field> {
        let mut named = Vec::new();
        for path in paths {
            if path == "*" {
                let outermost = self
                    .all
                    .iter()
                    .filter(|field| !field.path.contains('.') && !field.sensitive);
                named.extend(outermost.cloned());
            } else if let Some(field) = self.by_path.get(path).and_then(|at| self.all.get(*at)) {
                named.push(field.clone());
            }
        }
        named
    }

    fn walk(&mut self, node: &Node, message: &MessageDescriptor, before: &str) {
        for field in node.fields() {
            let Some(descriptor) = message.get_field(field.number) else {
                continue;
            };
            let label = proto::rules::field_rule(&descriptor).label_vi;
            let label_vi = match before {
                "" => label,
                _ => format!("{before}{WITHIN}{label}"),
            };
            self.by_path.insert(field.path.clone(), self.all.len());
            self.all.push(Field {
                path: field.path.to_string(),
                label_vi: label_vi.clone(),
                sensitive: field.sensitive,
            });
            if let (Content::Message(below), Kind::Message(inner)) = (&field.content, descriptor.kind()) {
                self.walk(below, &inner, &label_vi);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_every_record_has_a_label() {
        for method in crate::record::method::methods(&proto::descriptors())
            .expect("compile")
            .values()
        {
            let fields = Fields::of(&method.record);
            for field in fields.all() {
                let labels = field.label_vi.split(WITHIN);
                assert!(labels.into_iter().all(|label| !label.is_empty()), "{field:?}");
            }
            assert_eq!(
                fields.named(["*"]).iter().filter(|field| field.sensitive).count(),
                0
            );
        }
    }
}
