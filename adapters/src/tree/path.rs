//! The way from a node to a value in it.

use super::{Node, xml};

/// Names joined by dots: `DiaChiTruSo[0].DiaChi.MaTinh`, `@kind` for an XML attribute, a name with a
/// dot in it in quotation marks, `.` for the node itself. One that begins with `/` wants quotation marks too: a file
/// writes `/` before a way from the answer's root, where such a way may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(Box<str>),
    /// From 0.
    Place(usize),
}

/// When it says that a list is empty, that the list isn't there.
#[cfg(feature = "http")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Omission {
    /// Never: the language has a word for it.
    Never,
    /// Where nothing stands beside it either: what does may say why nothing could be given.
    Alone,
    /// Always: the answer says of itself that all is well.
    Always,
}

/// A text is no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("wanted names joined by dots, such as \"HoVaTen.Ten\", \"DiaChi[0].MaTinh\" or \"@kind\"")]
pub struct PathError;

/// The answer has another shape than the path wants: several values where one was wanted, a value
/// where an object was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unclear;

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// [`PathError`] when it is none.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text == "." {
            return Ok(Self(Vec::new()));
        }
        if text.starts_with('/') {
            return Err(PathError);
        }
        let mut steps = Vec::new();
        let mut rest = text;
        loop {
            rest = name(rest, &mut steps)?;
            while let Some(after) = rest.strip_prefix('[') {
                let (place, after) = after.split_once(']').ok_or(PathError)?;
                // What parses also as "+1" is no place.
                if place.is_empty() || !place.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(PathError);
                }
                steps.push(Step::Place(place.parse().map_err(|_| PathError)?));
                rest = after;
            }
            if rest.is_empty() {
                return Ok(Self(steps));
            }
            rest = rest.strip_prefix('.').ok_or(PathError)?;
        }
    }

    /// The one value at the end of the path; [`Node::Absent`] when there is none. A list of one is
    /// as good as its item: registries write one value as the one or the other.
    ///
    /// # Errors
    /// [`Unclear`] when a list on the way holds several, none of which is preferred, or when a value
    /// stands where an object was wanted.
    pub fn one<'a>(&self, from: &'a Node) -> Result<&'a Node, Unclear> {
        let mut node = from;
        for step in &self.0 {
            node = match step {
                Step::Place(place) => match node {
                    Node::List(items) => items.get(*place).unwrap_or(&Node::Absent),
                    only if *place == 0 => only,
                    _ => &Node::Absent,
                },
                Step::Name(name) => within(only(node)?, name)?,
            };
        }
        only(node)
    }

    /// Every value at the end of the path, through every list on the way.
    ///
    /// # Errors
    /// [`Unclear`] when a value stands where an object was wanted.
    pub fn all<'a>(&self, from: &'a Node) -> Result<Vec<&'a Node>, Unclear> {
        let mut nodes = vec![from];
        for step in &self.0 {
            let mut next = Vec::new();
            for node in nodes {
                match (step, node) {
                    (Step::Place(place), Node::List(items)) => next.extend(items.get(*place)),
                    (Step::Place(0), only) => next.push(only),
                    (Step::Place(_), _) => {}
                    (Step::Name(name), Node::List(items)) => {
                        for item in items {
                            next.push(within(item, name)?);
                        }
                    }
                    (Step::Name(name), node) => next.push(within(node, name)?),
                }
            }
            nodes = next;
        }
        let mut found = Vec::new();
        for node in nodes {
            match node {
                Node::List(items) => found.extend(items.iter().filter(|item| !item.is_blank())),
                node if node.is_blank() => {}
                node => found.push(node),
            }
        }
        Ok(found)
    }

    /// Whether an answer says anything about what stands at the path, be it that there is nothing. What is blank on the
    /// way says that; so does, behind a first name that is there, a last name that is not, as `omission` has it.
    #[cfg(feature = "http")]
    pub(crate) fn is_told(&self, from: &Node, omission: Omission) -> bool {
        // An answer that is nothing at all says nothing, except that a list of what was found is empty.
        match (from, self.0.first()) {
            (Node::List(_), _) => told(&self.0, from, omission),
            (Node::Fields(_), Some(Step::Name(first))) if from.field(first).is_some() => {
                told(&self.0, from, omission)
            }
            _ => false,
        }
    }

    /// Whether this way goes through the end of another. That the first of several is meant may be said or left out.
    pub(crate) fn goes_through(&self, other: &Self) -> bool {
        let named = |path: &'_ Self| {
            path.0
                .iter()
                .filter(|step| **step != Step::Place(0))
                .cloned()
                .collect::<Vec<_>>()
        };
        named(self).starts_with(&named(other))
    }

    /// The names on the way; `None` for a place in a list.
    #[cfg(feature = "grpc")]
    pub(crate) fn steps(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().map(|step| match step {
            Step::Name(name) => Some(&**name),
            Step::Place(_) => None,
        })
    }

    /// The node at the end of the path, to be changed; lists of one are gone through.
    pub(crate) fn one_mut<'a>(&self, from: &'a mut Node) -> Option<&'a mut Node> {
        let mut node = from;
        for step in &self.0 {
            node = match (step, node) {
                (Step::Place(place), Node::List(items)) => items.get_mut(*place)?,
                (Step::Place(0), only) => only,
                (Step::Name(name), Node::Fields(fields)) => fields
                    .iter_mut()
                    .find(|(given, _)| given == name)
                    .map(|(_, node)| node)?,
                (Step::Name(name), Node::List(items)) if items.len() == 1 => match items.first_mut()? {
                    Node::Fields(fields) => fields
                        .iter_mut()
                        .find(|(given, _)| given == name)
                        .map(|(_, node)| node)?,
                    _ => return None,
                },
                _ => return None,
            };
        }
        Some(node)
    }
}

/// Whether the rest of a path is told from here on. A shape that the path can't go through is the mapping's to refuse.
#[cfg(feature = "http")]
fn told(steps: &[Step], node: &Node, omission: Omission) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return true;
    };
    match (step, node) {
        (_, node) if node.is_blank() => true,
        (Step::Name(_), Node::List(items)) => items.iter().any(|item| told(steps, item, omission)),
        (Step::Name(name), Node::Fields(fields)) => match node.field(name) {
            Some(node) => told(rest, node, omission),
            None if !rest.is_empty() => false,
            None => match omission {
                Omission::Never => false,
                Omission::Alone => fields.iter().all(|(name, _)| name.starts_with('@')),
                Omission::Always => true,
            },
        },
        (Step::Place(place), Node::List(items)) => {
            items.get(*place).is_none_or(|node| told(rest, node, omission))
        }
        (Step::Place(_), only) => told(rest, only, omission),
        (Step::Name(_), _) => true,
    }
}

fn name<'t>(text: &'t str, steps: &mut Vec<Step>) -> Result<&'t str, PathError> {
    let (name, rest) = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or(PathError)?,
        None => text.split_at(text.find(['.', '[']).unwrap_or(text.len())),
    };
    let plain = !name.is_empty() && !name.chars().any(|c| c.is_control() || matches!(c, '"' | ']'));
    if !plain || name.trim() != name {
        return Err(PathError);
    }
    steps.push(Step::Name(name.into()));
    Ok(rest)
}

fn only(node: &Node) -> Result<&Node, Unclear> {
    match node {
        Node::List(items) => match items.as_slice() {
            [] => Ok(&Node::Absent),
            [one] => only(one),
            _ => Err(Unclear),
        },
        node => Ok(node),
    }
}

fn within<'a>(node: &'a Node, name: &str) -> Result<&'a Node, Unclear> {
    match node {
        Node::Fields(_) => Ok(node.field(name).unwrap_or(&Node::Absent)),
        // An element without attributes is its text.
        Node::Text(_) if name == xml::TEXT => Ok(node),
        node if node.is_blank() => Ok(&Node::Absent),
        _ => Err(Unclear),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{AnswerLimits, json};

    fn tree(text: &str) -> Node {
        json::read(text.as_bytes(), AnswerLimits::default()).expect("JSON")
    }

    fn one(tree: &Node, path: &str) -> Result<String, Unclear> {
        let path = Path::parse(path).expect("a path");
        path.one(tree)
            .map(|node| node.text().map_or_else(|| format!("{node:?}"), Into::into))
    }

    #[test]
    fn an_object_and_a_list_of_one_are_the_same() {
        for text in [
            r#"{"a":{"b":"x"}}"#,
            r#"{"a":[{"b":"x"}]}"#,
            r#"{"a":[{"b":["x"]}]}"#,
            r#"[{"a":[{"b":["x"]}]}]"#,
        ] {
            let tree = tree(text);
            assert_eq!(one(&tree, "a.b"), Ok("x".into()), "{text}");
            assert_eq!(one(&tree, "a[0].b"), Ok("x".into()), "{text}");
            let all = Path::parse("a").and_then(|path| path.all(&tree).map_err(|_| PathError));
            assert_eq!(all.map(|all| all.len()), Ok(1), "{text}");
        }
    }

    #[test]
    fn none_of_several_is_chosen_unless_the_path_says_which() {
        let tree = tree(r#"{"a":[{"b":"x"},{"b":"y"}]}"#);
        assert_eq!(one(&tree, "a.b"), Err(Unclear));
        assert_eq!(one(&tree, "a[1].b"), Ok("y".into()));
        assert_eq!(one(&tree, "a[2].b"), Ok("absent".into()));
    }

    #[test]
    fn what_is_not_there_is_absent_and_another_shape_is_unclear() {
        let tree = tree(r#"{"a":"","b":"x","c":null,"d":[]}"#);
        for path in ["a.x", "c.x", "d.x", "e.x.y"] {
            assert_eq!(one(&tree, path), Ok("absent".into()), "{path}");
        }
        assert_eq!(one(&tree, "b.x"), Err(Unclear));
    }

    #[test]
    fn a_list_is_gathered_through_lists() {
        let tree = tree(r#"{"a":[{"b":[{"c":1},{"c":2}]},{"b":{"c":3}},{"b":null}]}"#);
        let path = Path::parse("a.b").expect("a path");
        let found = path.all(&tree).expect("clear");
        let texts: Vec<_> = found.iter().filter_map(|node| node.field("c")?.text()).collect();
        assert_eq!(texts, ["1", "2", "3"]);
    }

    #[cfg(feature = "http")]
    #[test]
    fn an_answer_tells_of_a_record_only_where_it_says_that_there_is_none() {
        let path = Path::parse("ketQua.congDan.hoSo").expect("a path");
        for (text, told) in [
            (r#"{"loi":"x"}"#, [false; 3]),
            (r#"{"ketQua":{"loi":"x"}}"#, [false; 3]),
            (r#"{"ketQua":{"congDan":{"loi":"x"}}}"#, [false, false, true]),
            (
                r##"{"ketQua":{"congDan":{"@so":"0","#text":"x"}}}"##,
                [false, false, true],
            ),
            (r#"{"ketQua":{"congDan":{"@so":"0"}}}"#, [false, true, true]),
            (r#"{"ketQua":{"congDan":{"hoSo":null}}}"#, [true; 3]),
            (r#"{"ketQua":{"congDan":{"hoSo":[]}}}"#, [true; 3]),
            (r#"{"ketQua":{"congDan":[]}}"#, [true; 3]),
            (r#"{"ketQua":null}"#, [true; 3]),
            (r#"{"ketQua":[{"loi":"x"},{"congDan":""}]}"#, [true; 3]),
            ("[]", [true; 3]),
            ("{}", [false; 3]),
            ("null", [false; 3]),
        ] {
            let node = tree(text);
            let omissions = [Omission::Never, Omission::Alone, Omission::Always];
            assert_eq!(
                omissions.map(|omission| path.is_told(&node, omission)),
                told,
                "{text}"
            );
        }
        let short = Path::parse("congDan").expect("a path");
        assert!(
            !short.is_told(&tree(r#"{"loi":"x"}"#), Omission::Always),
            "a first name must be there in any language"
        );
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "", "/", "/a.b", "a.", ".a", "a..b", "a[", "a[x]", "a[+1]", "a[]", "\"a", "a b\n", " a", "a]b",
        ] {
            assert_eq!(Path::parse(text), Err(PathError), "{text:?}");
        }
        assert!(Path::parse("\"a.b\".@c").is_ok() && Path::parse(".").is_ok());
        assert!(Path::parse("\"/a\".b/c").is_ok());
    }

    #[test]
    fn a_way_goes_through_what_stands_on_it() {
        let through = |long: &str, short: &str| {
            let path = |text| Path::parse(text).expect("a path");
            path(long).goes_through(&path(short))
        };
        for (long, short) in [
            ("a.b.c", "a.b"),
            ("a.b", "a.b"),
            ("a[0].b.c", "a.b"),
            ("a.b.c", "a[0].b[0]"),
        ] {
            assert!(through(long, short), "{long} {short}");
        }
        for (long, short) in [("a.b", "a.b.c"), ("a.c", "a.b"), ("a[1].b", "a.b")] {
            assert!(!through(long, short), "{long} {short}");
        }
    }
}
