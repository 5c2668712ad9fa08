//! Texts with places for arguments, fixed when the file is read.

use std::fmt::Write as _;

use crate::trace::Trace;

/// What a place of a template can be filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    /// `{key}`: the identifier asked for.
    Key,
    /// `{request_id}`: the id of this question, made for it.
    RequestId,
}

/// The arguments of one question.
#[derive(Clone, Copy)]
pub(crate) struct Arguments<'a> {
    pub(crate) key: &'a str,
    pub(crate) request_id: &'a str,
    /// Where it is told that the id is sent.
    pub(crate) trace: Option<&'a Trace>,
}

impl<'a> Arguments<'a> {
    /// The id of this question, which is sent with it.
    pub(crate) fn sent_id(self) -> &'a str {
        if let Some(trace) = self.trace {
            trace.sent_as(self.request_id);
        }
        self.request_id
    }

    fn of(self, argument: Argument) -> &'a str {
        match argument {
            Argument::Key => self.key,
            Argument::RequestId => self.sent_id(),
        }
    }
}

/// A text with places. `{{` and `}}` are braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(Argument),
}

impl Template {
    /// Reads a template. The error says what was wanted.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(at);
            literal.push_str(before);
            if let Some(after) = after.strip_prefix("{{") {
                literal.push('{');
                rest = after;
            } else if let Some(after) = after.strip_prefix("}}") {
                literal.push('}');
                rest = after;
            } else {
                let place = after.strip_prefix('{').and_then(|after| after.split_once('}'));
                let argument = place.and_then(|(name, after)| match name {
                    "key" => Some((Argument::Key, after)),
                    "request_id" => Some((Argument::RequestId, after)),
                    _ => None,
                });
                let (argument, after) =
                    argument.ok_or("wanted {key} or {request_id}, and {{ or }} for a brace")?;
                if !literal.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut literal)));
                }
                pieces.push(Piece::Place(argument));
                rest = after;
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Ok(Self(pieces))
    }

    /// The template of nothing.
    pub(crate) fn empty() -> Self {
        Self(Vec::new())
    }

    /// Whether the identifier stands in it.
    pub(crate) fn takes_key(&self) -> bool {
        self.0.contains(&Piece::Place(Argument::Key))
    }

    /// Whether any argument stands in it.
    #[cfg(feature = "grpc")]
    pub(crate) fn takes_anything(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Place(_)))
    }

    /// The texts between the places.
    pub(crate) fn literals(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Place(_) => None,
        })
    }

    /// The text with every argument written by `encode`; the texts between are as in the file.
    pub(crate) fn fill(&self, arguments: Arguments<'_>, encode: fn(&str, &mut String)) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Place(argument) => encode(arguments.of(*argument), &mut out),
            }
        }
        out
    }
}

/// As it is: for places that are encoded as a whole afterwards.
pub(crate) fn plain(text: &str, out: &mut String) {
    out.push_str(text);
}

/// For a path, a query or a form: all but the unreserved characters of RFC 3986 §2.3 by their bytes.
pub(crate) fn percent(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a text can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// For text and attribute values of XML. What XML 1.0 has no character for becomes U+FFFD.
#[cfg(feature = "soap")]
pub(crate) fn xml(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            control if control.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGUMENTS: Arguments<'static> = Arguments {
        key: "a/../b?c=d&e\r\n<{request_id}>",
        request_id: "1",
        trace: None,
    };

    #[test]
    fn an_argument_is_data_alone() {
        let template = Template::parse("/x/{key}/{{y}}/{request_id}").expect("it is one");
        assert_eq!(
            template.fill(ARGUMENTS, percent),
            "/x/a%2F..%2Fb%3Fc%3Dd%26e%0D%0A%3C%7Brequest_id%7D%3E/{y}/1"
        );
        assert!(template.takes_key());
    }

    #[cfg(feature = "soap")]
    #[test]
    fn markup_and_controls_stay_text_in_xml() {
        let template = Template::parse("<a>{key}</a>").expect("it is one");
        assert_eq!(
            template.fill(ARGUMENTS, xml),
            "<a>a/../b?c=d&amp;e\u{fffd}\u{fffd}&lt;{request_id}&gt;</a>"
        );
    }

    #[test]
    fn other_places_are_refused() {
        for text in ["{", "}", "{}", "{name}", "{key", "x}y", "{ key }"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
