//! XML 1.0 into a tree.
//!
//! An element without attributes and child elements is its text, or absent when it has none. Any
//! other element is an object: its attributes by `@name`, its child elements by their local name (a
//! list when a name occurs more than once), its own text by `#text`. Prefixes don't matter;
//! namespaces do where two elements beside each other have one local name in different ones: that
//! is refused, since a path could mean either.

mod bounded;

use std::collections::HashMap;

use roxmltree::{Document, ParsingOptions};

use super::{AnswerLimits, Node, breath};
use crate::error::Error;
use bounded::{TOO_DEEP, TOO_MANY, bound_declarations, bound_elements};

/// Name of an element's own text where attributes or elements stand beside it.
pub const TEXT: &str = "#text";

const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Reads one document. The node is an object with the root element's local name as its only field.
/// No DTD is read, so there is no entity but the five of XML itself.
///
/// # Errors
/// [`Error::Garbled`] when it is no XML, has a DTD, is too deep or of too many pieces.
pub fn read(bytes: &[u8], limits: AnswerLimits) -> Result<Node, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::garbled("the answer is no text in UTF-8"))?;
    // A byte order mark says nothing that UTF-8 doesn't.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    bound_elements(text, limits)?;
    bound_declarations(text)?;
    let options = ParsingOptions {
        allow_dtd: false,
        // The parser counts texts between elements too; what is kept is counted below.
        nodes_limit: u32::try_from(limits.nodes.saturating_mul(3)).unwrap_or(u32::MAX),
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|error| refusal(&error))?;
    let root = document.root_element();
    let mut left = limits.nodes;
    let node = element(root, limits.depth, &mut left)?;
    Ok(Node::Fields(vec![(root.tag_name().name().into(), node)]))
}

/// Errors of the parser name places and names of the answer, which are not passed on.
fn refusal(error: &roxmltree::Error) -> Error {
    Error::garbled(match error {
        roxmltree::Error::DtdDetected => "the answer has a DTD",
        roxmltree::Error::NodesLimitReached => TOO_MANY,
        _ => "the answer is no XML",
    })
}

/// Recursion is bounded by `depth`; the parser itself does not recurse (roxmltree 0.21.2).
fn element(element: roxmltree::Node<'_, '_>, depth: usize, left: &mut usize) -> Result<Node, Error> {
    let depth = depth.checked_sub(1).ok_or_else(|| Error::garbled(TOO_DEEP))?;
    *left = left.checked_sub(1).ok_or_else(|| Error::garbled(TOO_MANY))?;
    breath::piece();
    if element
        .attribute((INSTANCE, "nil"))
        .is_some_and(|nil| matches!(nil, "true" | "1"))
    {
        return Ok(Node::Absent);
    }
    let mut fields: Vec<(Box<str>, Node)> = Vec::new();
    for attribute in element
        .attributes()
        .filter(|attribute| attribute.namespace().is_none())
    {
        *left = left.checked_sub(1).ok_or_else(|| Error::garbled(TOO_MANY))?;
        let value = Node::Text(attribute.value().to_owned());
        fields.push((format!("@{}", attribute.name()).into(), value));
    }
    let mut text = String::new();
    let mut places: HashMap<&str, (usize, Option<&str>)> = HashMap::new();
    for child in element.children() {
        if child.is_text() {
            text.push_str(child.text().unwrap_or(""));
        }
        if !child.is_element() {
            continue;
        }
        let (name, namespace) = (child.tag_name().name(), child.tag_name().namespace());
        let node = self::element(child, depth, left)?;
        match places.get(name) {
            None => {
                places.insert(name, (fields.len(), namespace));
                fields.push((name.into(), node));
            }
            Some((_, other)) if *other != namespace => {
                return Err(Error::garbled(
                    "two elements of one name are of different namespaces",
                ));
            }
            Some((place, _)) => add(&mut fields, *place, node),
        }
    }
    if fields.is_empty() {
        return Ok(if text.trim().is_empty() {
            Node::Absent
        } else {
            Node::Text(text)
        });
    }
    if !text.trim().is_empty() {
        fields.push((TEXT.into(), Node::Text(text)));
    }
    Ok(Node::Fields(fields))
}

/// Makes a list of what has one name. No element is a list by itself.
fn add(fields: &mut [(Box<str>, Node)], place: usize, node: Node) {
    let Some((_, before)) = fields.get_mut(place) else {
        return;
    };
    match before {
        Node::List(items) => items.push(node),
        _ => {
            let first = std::mem::replace(before, Node::Absent);
            *before = Node::List(vec![first, node]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Path;

    const LIMITS: AnswerLimits = AnswerLimits {
        bytes: 1 << 20,
        depth: 6,
        nodes: 40,
    };

    fn garbled(text: &str) -> String {
        match read(text.as_bytes(), LIMITS) {
            Err(Error::Garbled { what }) => what,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn text(tree: &Node, path: &str) -> Option<String> {
        let path = Path::parse(path).expect("a path");
        path.one(tree).expect("clear").text().map(Into::into)
    }

    #[test]
    fn elements_attributes_and_repetitions_have_their_paths() {
        let tree = read(
            "\u{feff}<?xml version=\"1.0\"?><s:R xmlns:s=\"urn:a\" xmlns=\"urn:b\"><!-- </s:R> --><A k=\"1\">x &amp; <![CDATA[<y>]]></A>\
             <B>1</B><B>2</B><C/><D xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:nil=\"true\">z</D></s:R>"
                .as_bytes(),
            LIMITS,
        )
        .expect("XML");
        assert_eq!(text(&tree, "R.A.@k").as_deref(), Some("1"));
        assert_eq!(text(&tree, "R.A").as_deref(), Some("x & <y>"));
        assert_eq!(text(&tree, "R.B[1]").as_deref(), Some("2"));
        for absent in ["R.C", "R.D", "R.E"] {
            assert_eq!(text(&tree, absent), None, "{absent}");
        }
    }

    #[test]
    fn one_name_in_two_namespaces_is_refused() {
        let said = garbled("<r><a xmlns=\"urn:a\">1</a><a xmlns=\"urn:b\">2</a></r>");
        assert_eq!(said, "two elements of one name are of different namespaces");
    }

    #[test]
    fn entities_and_outside_references_are_refused_with_the_dtd() {
        for text in [
            "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><r>&x;</r>",
            "<!DOCTYPE r SYSTEM \"http://localhost/x.dtd\"><r/>",
            "<!DOCTYPE r [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]><r>&b;</r>",
        ] {
            assert_eq!(garbled(text), "the answer has a DTD");
        }
        assert_eq!(garbled("<r>&x;</r>"), "the answer is no XML");
    }

    #[test]
    fn bombs_are_refused() {
        assert_eq!(garbled(&"<a>".repeat(1 << 17)), TOO_DEEP);
        assert_eq!(
            garbled("<a><a><a><a><a><a><a/></a></a></a></a></a></a>"),
            TOO_DEEP
        );
        assert_eq!(garbled(&format!("<r>{}</r>", "<a/>".repeat(50))), TOO_MANY);
        let deep = AnswerLimits {
            nodes: 1 << 20,
            ..LIMITS
        };
        let text = format!("{}{}", "<a>".repeat(1 << 17), "</a>".repeat(1 << 17));
        assert_eq!(read(text.as_bytes(), deep), Err(Error::garbled(TOO_DEEP)));
    }

    #[test]
    fn what_is_no_xml_is_refused_without_being_repeated() {
        for text in ["", "{}", "<r>", "<r></s>", "079090123456"] {
            assert_eq!(garbled(text), "the answer is no XML", "{text}");
        }
        assert!(read(b"<r>\xff</r>", LIMITS).is_err());
    }
}
