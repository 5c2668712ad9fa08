//! One TOML file into one settings struct, with every mistake in it and not only the first.
//!
//! The reader stops at its first mistake. So the mistake is noted, the tree is mended at that place,
//! and it is read again, until it can be read. What comes out of a mended tree is good for finding
//! further mistakes and for nothing else: who finds problems does not use it.

mod mend;
mod place;
mod wording;

use serde::de::DeserializeOwned;
use toml::de::DeTable;

use super::problem::{Problem, Severity};
use super::source::Source;
use mend::Tree;

/// Mistakes after which a file is given up.
const MOST_MISTAKES: usize = 100;

/// Readings after which a file is given up. A missing value may take several.
const MOST_READINGS: usize = 1_000;

/// Reads one file. The value is the file's own only when there is no problem; otherwise what could
/// not be read was left out or filled in, and spans past the end of the text mark what was filled in.
pub(super) fn read<T: DeserializeOwned>(source: &Source) -> (Option<T>, Vec<Problem>) {
    let told = |span, message: String| source.problem(span, Severity::Error, message);
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    if !errors.is_empty() {
        let problems = errors.iter().take(MOST_MISTAKES);
        let problems =
            problems.map(|error| told(error.span().unwrap_or(0..0), wording::syntax(error.message())));
        return (None, problems.collect());
    }
    let mut tree = Tree::new(root.into_inner(), source.text.len());
    let mut problems = Vec::new();
    for _ in 0..MOST_READINGS {
        let error = match T::deserialize(tree.deserializer()) {
            Ok(value) => return (Some(value), problems),
            Err(error) => error,
        };
        let mended = tree.mend(&error);
        if !mended.told_already {
            problems.push(told(
                error.span().unwrap_or(0..0),
                wording::meaning(error.message()),
            ));
        }
        if !mended.readable || problems.len() == MOST_MISTAKES {
            break;
        }
    }
    (None, problems)
}

#[cfg(test)]
mod tests;
