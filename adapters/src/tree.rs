//! A registry's answer as a tree, whatever language it was written in.
//!
//! A kind whose registry answers in JSON, XML or protobuf messages reads its answer into a [`Node`]
//! ([`json`], [`xml`], `message`) and leaves the rest to the mapping. Reading is bounded: an answer that is too large, too deep or
//! of too many pieces is refused before it can fill the memory.

#[cfg(any(feature = "rest", feature = "soap", feature = "grpc"))]
mod aside;
pub(crate) mod breath;
#[cfg(feature = "http")]
mod compression;
mod intake;
pub mod json;
#[cfg(feature = "grpc")]
pub mod message;
mod path;
pub mod xml;

#[cfg(any(feature = "rest", feature = "soap", feature = "grpc"))]
pub(crate) use aside::{AT_ONCE, Aside};
#[cfg(feature = "http")]
pub(crate) use compression::{Compression, Unfolded};
pub use intake::AnswerLimits;
#[cfg(feature = "http")]
pub(crate) use intake::Intake;
#[cfg(feature = "http")]
pub(crate) use path::Omission;
pub use path::{Path, PathError, Unclear};

/// One value, and all that is in it.
#[derive(Clone, PartialEq)]
pub enum Node {
    /// Nothing: JSON's `null`, an XML element without content or with `xsi:nil`.
    Absent,
    /// JSON's `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
    /// Bytes as they are.
    Bytes(Vec<u8>),
    /// Something that no conversion reads, such as a fraction.
    Other,
    /// Several values.
    List(Vec<Self>),
    /// Values by name, in the order of the answer. No name occurs twice.
    Fields(Vec<(Box<str>, Self)>),
}

impl Node {
    /// The value with this name. `None` as well when this is no object.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Fields(fields) => fields
                .iter()
                .find(|(given, _)| **given == *name)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// Whether nothing is said here: absent, a blank text, no item, no field.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Fields(fields) => fields.is_empty(),
            Self::Boolean(_) | Self::Integer(_) | Self::Bytes(_) | Self::Other => false,
        }
    }

    /// The text of a text, of a whole number, or of an element whose attributes stand beside it.
    #[must_use]
    pub fn text(&self) -> Option<std::borrow::Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(text.as_str().into()),
            Self::Integer(number) => Some(number.to_string().into()),
            Self::Fields(_) => self.field(xml::TEXT)?.text(),
            _ => None,
        }
    }
}

/// Shapes alone: values are personal.
impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => f.write_str("absent"),
            Self::Boolean(_) => f.write_str("boolean"),
            Self::Integer(_) => f.write_str("integer"),
            Self::Text(text) => write!(f, "text of {} bytes", text.len()),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Other => f.write_str("other"),
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Fields(fields) => f
                .debug_map()
                .entries(fields.iter().map(|(name, node)| (name, node)))
                .finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_shape_and_no_value() {
        let node = Node::Fields(vec![
            ("SoDinhDanh".into(), Node::Text("079090123456".into())),
            ("Tuoi".into(), Node::Integer(36)),
        ]);
        let shown = format!("{node:?}");
        assert!(
            shown.contains("SoDinhDanh") && shown.contains("text of 12 bytes"),
            "{shown}"
        );
        assert!(
            !shown.contains("079090123456") && !shown.contains("36"),
            "{shown}"
        );
    }

    #[test]
    fn blank_is_what_says_nothing() {
        for node in [
            Node::Absent,
            Node::Text(" \n".into()),
            Node::List(vec![]),
            Node::Fields(vec![]),
        ] {
            assert!(node.is_blank(), "{node:?}");
        }
        assert!(!Node::Integer(0).is_blank() && !Node::Boolean(false).is_blank());
    }
}
