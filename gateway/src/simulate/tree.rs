//! What a registry answers, before it is written as JSON or XML.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// A value of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    /// Nothing: JSON's `null`, an empty element.
    Nothing,
    Text(String),
    Number(i64),
    Several(Vec<Self>),
    /// Values by name, in order.
    Named(Vec<(String, Self)>),
}

impl Tree {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn named<const N: usize>(parts: [(&str, Self); N]) -> Self {
        Self::Named(parts.map(|(name, part)| (name.to_owned(), part)).into())
    }

    /// As JSON.
    pub(super) fn json(self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Text(text) => Value::String(text),
            Self::Number(number) => number.into(),
            Self::Several(items) => items.into_iter().map(Self::json).collect(),
            Self::Named(parts) => Value::Object(
                parts
                    .into_iter()
                    .map(|(name, part)| (name, part.json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    /// As XML: an element with this name, or several.
    pub(super) fn write_xml(&self, name: &str, out: &mut String) {
        match self {
            Self::Several(items) => {
                for item in items {
                    item.write_xml(name, out);
                }
            }
            Self::Nothing => {
                let _ = write!(out, "<{name}/>");
            }
            value => {
                let _ = write!(out, "<{name}>");
                value.write_content(out);
                let _ = write!(out, "</{name}>");
            }
        }
    }

    fn write_content(&self, out: &mut String) {
        match self {
            Self::Text(text) => escaped(text, out),
            Self::Number(number) => {
                let _ = write!(out, "{number}");
            }
            Self::Named(parts) => {
                for (name, part) in parts {
                    part.write_xml(name, out);
                }
            }
            Self::Nothing | Self::Several(_) => {}
        }
    }
}

fn escaped(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_tree_is_written_in_either_language() {
        let tree = Tree::named([
            ("so", Tree::Number(7)),
            ("ten", Tree::text("A & <B>")),
            ("khong", Tree::Nothing),
            ("ds", Tree::Several(vec![Tree::text("1"), Tree::text("2")])),
        ]);
        let mut xml = String::new();
        tree.write_xml("x", &mut xml);
        assert_eq!(
            xml,
            "<x><so>7</so><ten>A &amp; &lt;B&gt;</ten><khong/><ds>1</ds><ds>2</ds></x>"
        );
        assert_eq!(
            tree.json(),
            serde_json::json!({"so": 7, "ten": "A & <B>", "khong": null, "ds": ["1", "2"]})
        );
    }
}
