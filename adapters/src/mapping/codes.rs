//! A registry's words and the enum values they mean.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use prost_reflect::EnumDescriptor;
use toml::Spanned;

use super::nearest::suggestion;
use crate::check::Problem;
use crate::text::plain::text_key;

/// Ends of the names of enum values that claim nothing. Only these may stand for a word that nobody
/// here knows: an unknown word never becomes a known state.
const CLAIM_NOTHING: [&str; 3] = ["_UNSPECIFIED", "_UNKNOWN", "_CANNOT_SAY"];

/// Words by their [`text_key`], so that neither letter case nor the form of Unicode matters.
#[derive(Debug)]
pub(super) struct Codes {
    words: HashMap<String, i32>,
    unknown: i32,
}

impl Codes {
    pub(super) fn read(&self, word: &str) -> i32 {
        self.words.get(&text_key(word)).copied().unwrap_or(self.unknown)
    }

    /// Reads `codes` and `unknown` of a field, telling every problem.
    pub(super) fn compile(
        values: &EnumDescriptor,
        words: &BTreeMap<Spanned<String>, Spanned<String>>,
        unknown: Option<&Spanned<String>>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut read = HashMap::new();
        for (word, value) in words {
            let Some(number) = number_of(values, value.get_ref(), value.span(), problems) else {
                continue;
            };
            if read
                .insert(text_key(word.get_ref()), number)
                .is_some_and(|other| other != number)
            {
                problems.push(Problem::at(
                    word.span(),
                    format!(
                        "the word {:?} stands here twice with different meanings",
                        word.get_ref()
                    ),
                ));
            }
        }
        let number = unknown.and_then(|value| unknown_of(values, value, problems));
        Self {
            words: read,
            unknown: number.unwrap_or(0),
        }
    }
}

/// The number of a value by its name.
pub(super) fn number_of(
    values: &EnumDescriptor,
    name: &str,
    span: Range<usize>,
    problems: &mut Vec<Problem>,
) -> Option<i32> {
    if let Some(value) = values.get_value_by_name(name) {
        return Some(value.number());
    }
    let valid: Vec<_> = values.values().map(|value| value.name().to_owned()).collect();
    let near = suggestion(name, valid.iter().map(String::as_str));
    problems.push(Problem::at(
        span,
        format!("found {name:?}, wanted a value of {}{near}", values.full_name()),
    ));
    None
}

fn unknown_of(values: &EnumDescriptor, name: &Spanned<String>, problems: &mut Vec<Problem>) -> Option<i32> {
    let number = number_of(values, name.get_ref(), name.span(), problems)?;
    if CLAIM_NOTHING.iter().any(|end| name.get_ref().ends_with(end)) {
        return Some(number);
    }
    problems.push(Problem::at(
        name.span(),
        format!(
            "{} says something definite; a word that nobody knows may only become a value that ends with {}",
            name.get_ref(),
            CLAIM_NOTHING.join(", ")
        ),
    ));
    None
}
