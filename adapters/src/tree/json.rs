//! JSON (RFC 8259) into a tree.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{AnswerLimits, Node, breath};
use crate::error::Error;

/// Reads one JSON text. A whole number that is too large for 64 bits, and a fraction, are
/// [`Node::Other`]; a name that occurs twice in one object is refused, since neither value counts
/// more than the other.
///
/// # Errors
/// [`Error::Garbled`] when it is no JSON, too deep or of too many pieces.
pub fn read(bytes: &[u8], limits: AnswerLimits) -> Result<Node, Error> {
    let left = Cell::new(limits.nodes);
    let seed = Value {
        left: &left,
        depth: limits.depth,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let node = seed
        .deserialize(&mut deserializer)
        .map_err(|error| refusal(&error))?;
    deserializer.end().map_err(|error| refusal(&error))?;
    Ok(node)
}

/// The error's own text may quote the answer, so it is not passed on.
fn refusal(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    for known in [TOO_DEEP, TOO_MANY, TWICE] {
        if text.starts_with(known) {
            return Error::garbled(known);
        }
    }
    Error::garbled("the answer is no JSON")
}

const TOO_DEEP: &str = "the answer is nested too deep";
const TOO_MANY: &str = "the answer has too many values";
const TWICE: &str = "a name of the answer occurs twice in one object";

#[derive(Clone, Copy)]
struct Value<'a> {
    left: &'a Cell<usize>,
    depth: usize,
}

impl Value<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom(TOO_DEEP))?;
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let left = self
            .left
            .get()
            .checked_sub(1)
            .ok_or_else(|| D::Error::custom(TOO_MANY))?;
        self.left.set(left);
        breath::piece();
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Absent)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(i64::try_from(value).map_or(Node::Other, Node::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Node, E> {
        Ok(Node::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let item = self.deeper()?;
        let mut nodes = Vec::new();
        while let Some(node) = items.next_element_seed(item)? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let value = self.deeper()?;
        let mut fields: Vec<(Box<str>, Node)> = Vec::new();
        let mut names = std::collections::HashSet::new();
        while let Some(name) = entries.next_key::<Box<str>>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(TWICE));
            }
            fields.push((name, entries.next_value_seed(value)?));
        }
        Ok(Node::Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: AnswerLimits = AnswerLimits {
        bytes: 1 << 20,
        depth: 4,
        nodes: 20,
    };

    fn garbled(text: &str) -> String {
        match read(text.as_bytes(), LIMITS) {
            Err(Error::Garbled { what }) => what,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn every_value_has_its_node() {
        let node = read(br#"{"a":[null,true,-7,"x",1.5,18446744073709551615]}"#, LIMITS);
        let items = vec![
            Node::Absent,
            Node::Boolean(true),
            Node::Integer(-7),
            Node::Text("x".into()),
            Node::Other,
            Node::Other,
        ];
        assert!(node == Ok(Node::Fields(vec![("a".into(), Node::List(items))])));
    }

    #[test]
    fn bombs_are_refused() {
        assert_eq!(garbled("[[[[[]]]]]"), TOO_DEEP);
        assert_eq!(garbled(&"[".repeat(1 << 19)), TOO_DEEP);
        assert_eq!(garbled(&"{\"a\":".repeat(1 << 17)), TOO_DEEP);
        assert_eq!(garbled("[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0]"), TOO_MANY);
    }

    #[test]
    fn a_name_that_occurs_twice_is_refused() {
        assert_eq!(garbled(r#"{"a":{"b":1,"b":2}}"#), TWICE);
        assert_eq!(garbled(r#"{"b":1,"\u0062":2}"#), TWICE);
    }

    #[test]
    fn what_is_no_json_is_refused_without_being_repeated() {
        for text in [
            "",
            "<html>",
            "{\"a\":}",
            "{} {}",
            "\u{feff}{}",
            "NaN",
            "'079090123456'",
        ] {
            assert_eq!(garbled(text), "the answer is no JSON", "{text}");
        }
    }
}
