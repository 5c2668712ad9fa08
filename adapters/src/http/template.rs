//! Texts with places for arguments, fixed when the file is read.

use std::fmt::Write as _;

use super::argument::Argument;
use super::arguments::Arguments;
use crate::error::Error;

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
                let (name, after) = place.ok_or("wanted a place in braces, and {{ or }} for a brace")?;
                let argument = Argument::parse(name)?;
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
        self.arguments().any(Argument::is_key)
    }

    /// Whether any argument stands in it.
    #[cfg(feature = "grpc")]
    pub(crate) fn takes_anything(&self) -> bool {
        self.arguments().next().is_some()
    }

    /// What stands in its places.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &Argument> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Place(argument) => Some(argument),
        })
    }

    /// The one argument that it is, without any text.
    #[cfg(feature = "rest")]
    pub(crate) fn alone(&self) -> Option<&Argument> {
        match self.0.as_slice() {
            [Piece::Place(argument)] => Some(argument),
            _ => None,
        }
    }

    /// The texts between the places.
    pub(crate) fn literals(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Place(_) => None,
        })
    }

    /// The text with every argument written by `encode`; the texts between are as in the file.
    ///
    /// # Errors
    /// [`Error::Wanting`] when an argument isn't there: none is left empty.
    pub(crate) fn fill(
        &self,
        arguments: &Arguments<'_>,
        encode: fn(&str, &mut String),
    ) -> Result<String, Error> {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Place(argument) => encode(&arguments.of(argument)?, &mut out),
            }
        }
        Ok(out)
    }

    /// The text with the same word in every place.
    #[cfg(feature = "soap")]
    pub(crate) fn filled_with(&self, word: &str) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Place(_) => word,
        });
        pieces.collect()
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
    use super::super::arguments::Secrets;
    use super::*;

    fn filled(template: &str, encode: fn(&str, &mut String)) -> String {
        let template = Template::parse(template).expect("it is one");
        let secrets = Secrets::default();
        let arguments = Arguments::new("a/../b?c=d&e\r\n<{request_id}>", "1", None, &secrets);
        template.fill(&arguments, encode).expect("it can be filled")
    }

    #[test]
    fn an_argument_is_data_alone() {
        assert_eq!(
            filled("/x/{key}/{{y}}/{request_id}", percent),
            "/x/a%2F..%2Fb%3Fc%3Dd%26e%0D%0A%3C%7Brequest_id%7D%3E/{y}/1"
        );
        assert!(Template::parse("/x/{key}").is_ok_and(|template| template.takes_key()));
    }

    #[cfg(feature = "soap")]
    #[test]
    fn markup_and_controls_stay_text_in_xml() {
        assert_eq!(
            filled("<a>{key}</a>", xml),
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
