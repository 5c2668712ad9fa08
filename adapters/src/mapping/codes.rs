//! A registry's words and the enum values they mean.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;
use prost_reflect::EnumDescriptor;
use toml::Spanned;

use super::Value;
use super::convert::Unreadable;
use super::nearest::suggestion;
use crate::check::Problem;
use crate::codes::{CodeTable, Reading, When};
use crate::text::date;
use crate::text::plain::text_key;

/// Ends of the names of enum values that claim nothing. Only these may stand for a word that nobody
/// here knows: an unknown word never becomes a known state.
const CLAIM_NOTHING: [&str; 3] = ["_UNSPECIFIED", "_UNKNOWN", "_CANNOT_SAY"];

/// Words by their [`text_key`], so that neither letter case nor the form of Unicode matters.
#[derive(Debug)]
pub(super) struct Codes {
    words: HashMap<String, i32>,
    unknown: i32,
    table: Option<(Arc<CodeTable>, HashMap<String, i32>)>,
}

/// When the codes of a value were recorded, as far as the source says.
pub(super) struct Moment<'a> {
    pub(super) on: Option<Value<'a>>,
    pub(super) edition: Option<Value<'a>>,
    /// The day of the record itself.
    pub(super) record: Option<Date>,
}

impl<'a> Moment<'a> {
    /// The edition before the day, the value's own day before the record's.
    pub(super) fn when(&self) -> Result<When<'a>, Unreadable> {
        match self.edition {
            None | Some(Value::Absent) => {}
            Some(Value::Text(text)) if text.trim().is_empty() => {}
            Some(Value::Text(text)) => return Ok(When::Edition(text.trim())),
            Some(_) => return Err(Unreadable),
        }
        match self.on {
            None | Some(Value::Absent) => Ok(self.record.map_or(When::Unsaid, When::Day)),
            Some(Value::Text(text)) => match date::parse(text) {
                Ok(None) => Ok(self.record.map_or(When::Unsaid, When::Day)),
                // A day that isn't known whole chooses no table.
                Ok(Some(parsed)) => Ok(parsed.date.full().map_or(When::Unsaid, When::Day)),
                Err(_) => Err(Unreadable),
            },
            Some(_) => Err(Unreadable),
        }
    }
}

impl Codes {
    pub(super) fn read(&self, word: &str, moment: &Moment<'_>) -> Result<i32, Unreadable> {
        let Some((table, values)) = &self.table else {
            return Ok(self.words.get(&text_key(word)).copied().unwrap_or(self.unknown));
        };
        let known = match table.read(word, moment.when()?) {
            Reading::Valid(code) => code.value.as_ref().and_then(|value| values.get(value.get_ref())),
            // What a word meant once, or may mean, is not what it means.
            Reading::Closed(_) | Reading::Unsure | Reading::Unknown => None,
        };
        Ok(known.copied().unwrap_or(self.unknown))
    }

    /// The table, where the words are those of one.
    pub(super) fn table(&self) -> Option<&CodeTable> {
        self.table.as_ref().map(|(table, _)| &**table)
    }

    /// Whether the file names this word.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.words.contains_key(&text_key(word))
    }

    /// Reads `table` and `unknown` of a field, telling every problem.
    pub(super) fn of_table(
        values: &EnumDescriptor,
        table: &Arc<CodeTable>,
        at: Range<usize>,
        unknown: Option<&Spanned<String>>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut read = HashMap::new();
        for name in table.codes().filter_map(|code| code.value.as_ref()) {
            match values.get_value_by_name(name.get_ref()) {
                Some(value) => {
                    read.insert(name.get_ref().clone(), value.number());
                }
                None => problems.push(Problem::at(
                    at.clone(),
                    format!(
                        "table {} means {}, which is no value of {}",
                        table.name(),
                        name.get_ref(),
                        values.full_name()
                    ),
                )),
            }
        }
        if read.is_empty() {
            let message = format!(
                "table {} has no code with a value of {}",
                table.name(),
                values.full_name()
            );
            problems.push(Problem::at(at, message));
        }
        Self {
            words: HashMap::new(),
            unknown: unknown
                .and_then(|value| unknown_of(values, value, problems))
                .unwrap_or(0),
            table: Some((Arc::clone(table), read)),
        }
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
            table: None,
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

/// Whether a value claims to know nothing.
pub(super) fn claims_nothing(values: &EnumDescriptor, number: i32) -> bool {
    let name = values.get_value(number).map(|value| value.name().to_owned());
    name.is_some_and(|name| CLAIM_NOTHING.iter().any(|end| name.ends_with(end)))
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
