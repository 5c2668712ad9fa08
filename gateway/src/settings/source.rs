//! One file of the tree, and the places in it.

use std::ops::Range;
use std::path::PathBuf;

use super::problem::{Excerpt, Position, Problem, Severity};

/// One file, as it was when the tree was read.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Its path from the configuration folder.
    pub(super) path: PathBuf,
    /// What stands in it.
    pub(super) text: String,
}

impl Source {
    /// A problem at a range of bytes.
    pub(super) fn problem(&self, span: Range<usize>, severity: Severity, message: String) -> Problem {
        let (position, excerpt) = self.place(span);
        Problem {
            path: self.path.clone(),
            position: Some(position),
            severity,
            message,
            excerpt: Some(excerpt),
        }
    }

    /// `agencies/H29.toml:3:6`.
    pub(super) fn reference(&self, span: Range<usize>) -> String {
        let (Position { line, column }, _) = self.place(span);
        format!("{}:{line}:{column}", self.path.display())
    }

    fn place(&self, span: Range<usize>) -> (Position, Excerpt) {
        let start = self.floor(span.start);
        let end = self.floor(span.end.max(start));
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |at| start + at);
        let position = Position {
            line: self.text[..line_start].matches('\n').count() + 1,
            column: self.text[line_start..start].chars().count() + 1,
        };
        let excerpt = Excerpt {
            line: printable(&self.text[line_start..line_end]),
            length: self.text[start..end.min(line_end)]
                .trim_end()
                .chars()
                .count()
                .max(1),
        };
        (position, excerpt)
    }

    fn floor(&self, at: usize) -> usize {
        self.text.floor_char_boundary(at.min(self.text.len()))
    }
}

/// Names of settings whose values are not to be shown, and what private keys look like.
const SECRET: [&str; 5] = ["password", "passphrase", "secret", "private", "credential"];

/// The line, safe to print: no control characters, one character for each of the file's, and no
/// value that may be a secret.
fn printable(line: &str) -> String {
    let folded = line.to_lowercase();
    let shown = match line.split_once('=') {
        Some((key, _)) if SECRET.iter().any(|word| folded.contains(word)) => format!("{key}= …"),
        _ => line.to_owned(),
    };
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    shown.trim_end().chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source {
            path: "a.toml".into(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn columns_count_characters_and_the_underline_ends_with_the_line() {
        let source = source("a = 1\nname = \"Hà Nội\" # x\nb = 2\n");
        let at = source.text.find("Nội").expect("it is there");
        let (position, excerpt) = source.place(at..source.text.len());
        assert_eq!(position, Position { line: 2, column: 12 });
        assert_eq!(excerpt.line, "name = \"Hà Nội\" # x");
        assert_eq!(excerpt.length, 8);
    }

    #[test]
    fn a_place_past_the_end_or_inside_a_character_is_still_a_place() {
        let source = source("tên = \"\"");
        assert_eq!(source.place(90..99).0, Position { line: 1, column: 9 });
        assert_eq!(source.place(2..3).0, Position { line: 1, column: 2 });
    }

    #[test]
    fn control_characters_and_values_that_may_be_secrets_are_not_shown() {
        assert_eq!(printable("a\t= \u{1b}[31m1"), "a =  [31m1");
        assert_eq!(printable("password = \"hunter2\""), "password = …");
        assert_eq!(printable("key = \"PRIVATE+KEY+log+1+AAAA\""), "key = …");
    }
}
