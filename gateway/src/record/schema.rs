//! What is known of a record's fields, compiled once from its descriptor.

use std::ops::Range;
use std::sync::Arc;

use adapters::text;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use proto::lookup::v1::{MatchRule, Sensitivity};

use super::view::{Leaves, Names};
use super::wire::{self, Garbled};

/// Records nest no deeper than this; a deeper or recursive message type is refused at load, so that
/// every walk over a record is bounded.
const MAX_DEPTH: usize = 8;

const PARTIAL_DATE: &str = "lienthong.lookup.v1.PartialDate";

/// A record type that can't be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// The message type nests too deep or contains itself.
    #[error("message {0} nests deeper than {MAX_DEPTH} levels or contains itself")]
    TooDeep(String),
}

/// One record type.
#[derive(Debug)]
pub struct Schema {
    /// Full message name.
    pub name: Arc<str>,
    /// What it was compiled from.
    pub descriptor: MessageDescriptor,
    /// Its fields.
    pub root: Node,
    /// How many leaves it has.
    pub leaves: usize,
}

/// The fields of one message, by number.
#[derive(Debug, Default)]
pub struct Node {
    fields: Vec<FieldNode>,
}

/// One field.
#[derive(Debug)]
pub struct FieldNode {
    /// Field number.
    pub number: u32,
    /// Field name.
    pub name: Arc<str>,
    /// Path from the record, such as `head_of_household.person.full_name`.
    pub path: Arc<str>,
    /// May occur several times.
    pub repeated: bool,
    /// Of a class that no wildcard covers, by itself or because of what it stands in.
    pub sensitive: bool,
    /// Enum value that is claimed for a caller who claims nothing here; 0 for none.
    pub assumed_claim: u64,
    /// The leaves that it is or contains, by index in the record.
    pub leaves: Range<usize>,
    /// What it holds.
    pub content: Content,
}

/// What a field holds.
#[derive(Debug)]
pub enum Content {
    /// A value that is given or compared as a whole.
    Leaf {
        /// How a claim is compared; unspecified when it can't be claimed.
        rule: MatchRule,
        /// Enum values that say that the registry can't say.
        cannot_say: Vec<u64>,
        /// Field numbers of a value that is a message itself, such as a date.
        inside: Option<Vec<u32>>,
    },
    /// A message with fields of its own.
    Message(Node),
}

impl Schema {
    /// Compiles the descriptor of a record.
    pub fn compile(message: &MessageDescriptor) -> Result<Self, SchemaError> {
        let mut leaves = 0;
        let root = Node::compile(message, "", false, MAX_DEPTH, &mut leaves)?;
        Ok(Self {
            name: message.full_name().into(),
            descriptor: message.clone(),
            root,
            leaves,
        })
    }

    /// The field at a dotted path.
    pub fn field(&self, path: &str) -> Option<&FieldNode> {
        let mut node = Some(&self.root);
        let mut found = None;
        for name in path.split('.') {
            let field = node?.fields.iter().find(|field| &*field.name == name)?;
            node = match &field.content {
                Content::Message(below) => Some(below),
                Content::Leaf { .. } => None,
            };
            found = Some(field);
        }
        found
    }

    /// Every leaf, in the order of its index.
    pub fn each_leaf(&self) -> Vec<&FieldNode> {
        let mut found = Vec::with_capacity(self.leaves);
        self.root.each_leaf(&mut found);
        found
    }

    /// The paths of a set of leaves.
    pub fn names(&self, leaves: &Leaves) -> Names {
        self.each_leaf()
            .into_iter()
            .filter(|leaf| leaves.contains(leaf.leaves.start))
            .map(|leaf| leaf.path.clone())
            .collect()
    }

    /// Whether a state in the record is "cannot say": such a record is never kept.
    pub fn cannot_say(&self, record: &[u8]) -> Result<bool, Garbled> {
        for field in wire::fields(record) {
            let field = field?;
            if let Some(Content::Leaf { cannot_say, .. }) = self.root.field(field.number).map(|f| &f.content)
                && let wire::Value::Varint(value) = field.value
                && cannot_say.contains(&value)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Node {
    /// The fields, by ascending number.
    pub fn fields(&self) -> &[FieldNode] {
        &self.fields
    }

    /// The field of a number.
    pub fn field(&self, number: u32) -> Option<&FieldNode> {
        let at = self
            .fields
            .binary_search_by_key(&number, |field| field.number)
            .ok()?;
        self.fields.get(at)
    }

    fn each_leaf<'a>(&'a self, found: &mut Vec<&'a FieldNode>) {
        for field in &self.fields {
            match &field.content {
                Content::Leaf { .. } => found.push(field),
                Content::Message(below) => below.each_leaf(found),
            }
        }
    }

    fn compile(
        message: &MessageDescriptor,
        parent: &str,
        sensitive: bool,
        depth: usize,
        leaves: &mut usize,
    ) -> Result<Self, SchemaError> {
        if depth == 0 {
            return Err(SchemaError::TooDeep(message.full_name().to_owned()));
        }
        let mut descriptors: Vec<_> = message.fields().collect();
        descriptors.sort_by_key(FieldDescriptor::number);
        let fields = descriptors
            .iter()
            .map(|field| FieldNode::compile(field, parent, sensitive, depth, leaves))
            .collect::<Result<_, _>>()?;
        Ok(Self { fields })
    }
}

impl FieldNode {
    fn compile(
        field: &FieldDescriptor,
        parent: &str,
        parent_sensitive: bool,
        depth: usize,
        leaves: &mut usize,
    ) -> Result<Self, SchemaError> {
        let rule = proto::rules::field_rule(field);
        let sensitive = parent_sensitive || rule.sensitivity() == Sensitivity::Sensitive;
        let path = if parent.is_empty() {
            field.name().to_owned()
        } else {
            format!("{parent}.{}", field.name())
        };
        let first_leaf = *leaves;
        let content = match field.kind() {
            Kind::Message(message) if is_nested(&message) => {
                Content::Message(Node::compile(&message, &path, sensitive, depth - 1, leaves)?)
            }
            Kind::Message(value) => Content::Leaf {
                rule: rule.r#match(),
                cannot_say: Vec::new(),
                inside: Some(value.fields().map(|field| field.number()).collect()),
            },
            Kind::Enum(values) => Content::Leaf {
                rule: rule.r#match(),
                cannot_say: values
                    .values()
                    .filter(|value| {
                        value.name().ends_with("_CANNOT_SAY") || value.name().ends_with("_UNKNOWN")
                    })
                    .filter_map(|value| u64::try_from(value.number()).ok())
                    .collect(),
                inside: None,
            },
            _ => Content::Leaf {
                rule: rule.r#match(),
                cannot_say: Vec::new(),
                inside: None,
            },
        };
        if matches!(content, Content::Leaf { .. }) {
            *leaves += 1;
        }
        Ok(Self {
            number: field.number(),
            name: field.name().into(),
            path: path.into(),
            repeated: field.is_list(),
            sensitive,
            assumed_claim: u64::try_from(rule.assumed_claim).unwrap_or(0),
            leaves: first_leaf..*leaves,
            content,
        })
    }
}

/// Dates and the well-known types are values; other messages have fields of their own.
fn is_nested(message: &MessageDescriptor) -> bool {
    message.full_name() != PARTIAL_DATE && message.package_name() != "google.protobuf"
}

/// The canonical text of an identifier under its match rule, or what is wrong with it.
pub fn canonical_identifier(rule: MatchRule, received: &str) -> Result<String, &'static str> {
    match rule {
        MatchRule::PersonalId => text::personal_id::parse(received)
            .map(|id| id.as_str().to_owned())
            .map_err(|error| error.code()),
        MatchRule::TaxCode => text::tax_code::parse(received)
            .map(|code| code.canonical())
            .map_err(|error| error.code()),
        _ => {
            let trimmed = received.trim();
            let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '/' | '_');
            if trimmed.is_empty() || trimmed.len() > 100 || !trimmed.chars().all(plain) {
                return Err("bad_form");
            }
            Ok(trimmed.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(name: &str) -> Schema {
        Schema::compile(
            &proto::descriptors()
                .get_message_by_name(name)
                .expect("the record exists"),
        )
        .expect("the record compiles")
    }

    #[test]
    fn what_stands_in_a_sensitive_field_is_sensitive_too() {
        let citizen = schema("lienthong.population.v1.Citizen");
        assert!(citizen.field("ethnicity.code").expect("exists").sensitive);
        assert!(
            !citizen
                .field("permanent_residence.province.code")
                .expect("exists")
                .sensitive
        );
        assert!(citizen.field("nothing").is_none());
        assert!(citizen.field("full_name.nothing").is_none());
    }

    #[test]
    fn every_built_in_record_compiles_within_the_depth_limit() {
        for method in proto::descriptors()
            .services()
            .flat_map(|s| s.methods().collect::<Vec<_>>())
        {
            if let Some(lookup) = proto::rules::lookup_method(&method) {
                schema(&lookup.record);
            }
        }
    }
}
