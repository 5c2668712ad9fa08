//! How deep brackets nest, outside comments and texts.
//!
//! The parser, and that of message values in options, go one call deeper for each bracket. A stack that
//! overflows ends the program, so what nests deeper than anybody writes is refused before.

/// The deepest nesting that is read.
pub(super) const DEEPEST: usize = 40;

/// The first place where brackets nest deeper than [`DEEPEST`], in bytes.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' | b'[' | b'(' | b'<' => {
                depth += 1;
                if depth > DEEPEST {
                    return Some(at);
                }
            }
            b'}' | b']' | b')' | b'>' => depth = depth.saturating_sub(1),
            b'"' | b'\'' => {
                // A text ends with its line at the latest.
                while let Some((_, inside)) = bytes.next_if(|(_, inside)| *inside != b'\n') {
                    if inside == byte {
                        break;
                    }
                    if inside == b'\\' {
                        bytes.next_if(|(_, escaped)| *escaped != b'\n');
                    }
                }
            }
            // Message values in options have comments of this sort.
            b'#' => while bytes.next_if(|(_, inside)| *inside != b'\n').is_some() {},
            b'/' => match bytes.peek() {
                Some((_, b'/')) => while bytes.next_if(|(_, inside)| *inside != b'\n').is_some() {},
                Some((_, b'*')) => {
                    bytes.next();
                    let mut star = false;
                    for (_, inside) in bytes.by_ref() {
                        if star && inside == b'/' {
                            break;
                        }
                        star = inside == b'*';
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_comments_and_texts_neither_deepen_nor_hide() {
        let deep = "{".repeat(DEEPEST + 1);
        assert_eq!(too_deep(&deep), Some(DEEPEST));
        for hidden in [
            "{ /* } */ ",
            "{ // }\n",
            "{ # }\n",
            "{ \"}\" ",
            "{ '}' ",
            "{ \"\\\"}\" ",
            "{ '\\'}' ",
        ] {
            assert!(
                too_deep(&hidden.repeat(DEEPEST + 1)).is_some(),
                "{hidden:?} hides"
            );
        }
        for quiet in ["// {\n", "/* { */", "\"{\"", "'{'", "# {\n", "{ }"] {
            assert_eq!(too_deep(&quiet.repeat(200)), None, "{quiet:?}");
        }
    }
}
