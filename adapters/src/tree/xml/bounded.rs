//! What is known of a document before it is parsed: that it is not too deep, not of too many elements, and gives the
//! parser little to compare.

use super::{AnswerLimits, breath};
use crate::error::Error;

pub(super) const TOO_DEEP: &str = "the answer is nested too deep";
pub(super) const TOO_MANY: &str = "the answer has too many values";

/// Declarations of namespaces in one answer.
const MOST_DECLARATIONS: usize = 256;
/// Attributes of one element.
const MOST_ATTRIBUTES: usize = 256;

/// The parser compares each declaration and each attribute with all the others of its element, and gives every child the
/// declarations of its parents: both are bounded before it runs. Counted generously, wherever they stand.
pub(super) fn bound_declarations(text: &str) -> Result<(), Error> {
    let declarations = text.matches("xmlns").take(MOST_DECLARATIONS + 1).count();
    let crowded = text.split('<').any(|tag| {
        breath::piece();
        tag.matches('=').take(MOST_ATTRIBUTES + 1).count() > MOST_ATTRIBUTES && opens_with_name(tag)
    });
    if declarations > MOST_DECLARATIONS || crowded {
        return Err(Error::garbled(TOO_MANY));
    }
    Ok(())
}

/// Whether what follows a `<` is an element with attributes, not a comment, a section of characters or an end.
fn opens_with_name(tag: &str) -> bool {
    tag.chars()
        .next()
        .is_some_and(|first| !matches!(first, '!' | '?' | '/'))
}

/// Depth and number of elements, before the parser takes time and memory for all of them. What is no XML is left to it.
pub(super) fn bound_elements(text: &str, limits: AnswerLimits) -> Result<(), Error> {
    let (mut depth, mut left) = (0_usize, limits.nodes);
    let mut rest = text;
    while let Some(begin) = rest.find('<') {
        breath::piece();
        rest = rest.get(begin + 1..).unwrap_or_default();
        let skipped = [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>")];
        if let Some((_, end)) = skipped.iter().find(|(begin, _)| rest.starts_with(begin)) {
            match rest.split_once(end) {
                Some((_, after)) => rest = after,
                None => return Ok(()),
            }
        } else if rest.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if rest.starts_with('!') {
            return Ok(());
        } else {
            left = left.checked_sub(1).ok_or_else(|| Error::garbled(TOO_MANY))?;
            if !closes_itself(rest) {
                depth += 1;
            }
            if depth > limits.depth {
                return Err(Error::garbled(TOO_DEEP));
            }
        }
    }
    Ok(())
}

/// Whether the tag that begins here is a whole element. A value of an attribute may hold a `>`, but no `<`: so nothing
/// is looked at twice.
fn closes_itself(tag: &str) -> bool {
    let (mut quote, mut before) = (None, 0);
    for byte in tag.bytes().take_while(|byte| *byte != b'<') {
        match (quote, byte) {
            (None, b'>') => return before == b'/',
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
        before = byte;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    const LIMITS: AnswerLimits = AnswerLimits {
        bytes: 1 << 20,
        depth: 6,
        nodes: 40,
    };

    #[test]
    fn depth_and_number_are_known_before_the_document_is_parsed() {
        let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        for (text, told) in [
            (nested(100_000), TOO_DEEP),
            ("<a b='>'>".repeat(7), TOO_DEEP),
            (format!("<a>{}</a>", "<b/>".repeat(60_000)), TOO_MANY),
        ] {
            assert_eq!(bound_elements(&text, LIMITS), Err(Error::garbled(told)));
            assert_eq!(read(text.as_bytes(), LIMITS), Err(Error::garbled(told)));
        }
        for well in [
            nested(6),
            format!("<a>{}</a>", "<b x='/' y=\">\" />".repeat(12)),
            format!(
                "<a><!-- {} --><![CDATA[{}]]><?p <q><q> ?></a>",
                nested(50),
                "<b>".repeat(50)
            ),
            format!("<a>{}</a>", "<b></b>".repeat(39)),
        ] {
            assert_eq!(bound_elements(&well, LIMITS), Ok(()), "{well}");
            assert!(read(well.as_bytes(), LIMITS).is_ok(), "{well}");
        }
        // Quotation marks that never end are looked at once.
        let began = std::time::Instant::now();
        let _ = bound_elements(
            &"<a \"".repeat(200_000),
            AnswerLimits {
                depth: usize::MAX,
                nodes: usize::MAX,
                ..LIMITS
            },
        );
        assert!(began.elapsed() < std::time::Duration::from_secs(5));
    }

    #[test]
    fn declarations_and_attributes_that_the_parser_compares_with_each_other_are_few() {
        let declarations: String = (0..20_000).map(|n| format!(" xmlns:a{n}=\"u\"")).collect();
        let children = "<b xmlns:z=\"u\"/>".repeat(10_000);
        let attributes: String = (0..50_000).map(|n| format!(" a{n}=\"u\"")).collect();
        for bomb in [
            format!("<a{declarations}>{children}</a>"),
            format!("<a>{children}</a>"),
            format!("<a{attributes}/>"),
        ] {
            let begun = std::time::Instant::now();
            let read = read(bomb.as_bytes(), AnswerLimits::default());
            assert_eq!(read, Err(Error::garbled(TOO_MANY)));
            assert!(
                begun.elapsed() < std::time::Duration::from_secs(2),
                "refused before it is compared"
            );
        }
        let texts = format!("<a><!-- {attributes} --><![CDATA[{attributes}]]></a>");
        assert!(read(texts.as_bytes(), AnswerLimits::default()).is_ok());
    }
}
