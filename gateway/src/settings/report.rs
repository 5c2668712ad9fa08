//! Where a check tells what it finds in one file.

use std::collections::HashMap;
use std::fmt::Display;
use std::ops::Range;

use toml::Spanned;

use super::day::Day;
use super::problem::{Problem, Severity};
use super::source::Source;

/// Takes the problems of one file. What was filled in for a value that could not be read is passed
/// over: that problem has been told.
pub(super) struct Report<'a> {
    source: &'a Source,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Report<'a> {
    pub(super) fn new(source: &'a Source, problems: &'a mut Vec<Problem>) -> Self {
        Self { source, problems }
    }

    pub(super) fn error(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.tell(span, Severity::Error, message.into());
    }

    pub(super) fn warning(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.tell(span, Severity::Warning, message.into());
    }

    fn tell(&mut self, span: Range<usize>, severity: Severity, message: String) {
        if self.is_written(&span) {
            self.problems.push(self.source.problem(span, severity, message));
        }
    }

    fn is_written(&self, span: &Range<usize>) -> bool {
        span.start <= self.source.text.len()
    }

    /// Whether the value stands in the file and is not a filling.
    pub(super) fn wrote<T>(&self, value: &Spanned<T>) -> bool {
        self.is_written(&value.span())
    }

    /// A text that says something.
    pub(super) fn said(&mut self, text: &Spanned<String>, what: &str) {
        if text.get_ref().trim().is_empty() {
            self.error(text.span(), format!("found an empty text, wanted {what}"));
        }
    }

    /// A list with at least one item.
    pub(super) fn some<T>(&mut self, list: &Spanned<Vec<T>>, what: &str) {
        if list.get_ref().is_empty() {
            self.error(
                list.span(),
                format!("found an empty list, wanted at least one {what}"),
            );
        }
    }

    /// A list with at least one item and none of them twice.
    pub(super) fn distinct<T: Display>(&mut self, list: &Spanned<Vec<Spanned<T>>>, what: &str) {
        self.some(list, what);
        let mut seen = HashMap::new();
        for item in list.get_ref() {
            if seen.insert(item.get_ref().to_string(), ()).is_some() {
                self.error(
                    item.span(),
                    format!("found \"{}\" twice, wanted each {what} once", item.get_ref()),
                );
            }
        }
    }

    /// A number or quantity within bounds, both included; `bounds` says them.
    pub(super) fn within<T: PartialOrd>(&mut self, value: &Spanned<T>, least: T, most: T, bounds: &str) {
        if *value.get_ref() < least || *value.get_ref() > most {
            self.error(value.span(), format!("out of bounds, wanted {bounds}"));
        }
    }

    /// Days in their order, and a word when the last one has passed.
    pub(super) fn validity(&mut self, from: Option<&Spanned<Day>>, to: Option<&Spanned<Day>>, today: Day) {
        let Some(to) = to else { return };
        if let Some(from) = from
            && self.wrote(from)
            && from.get_ref() > to.get_ref()
        {
            let message = format!(
                "found {}, which is before valid_from, {}",
                to.get_ref(),
                from.get_ref()
            );
            self.error(to.span(), message);
        } else if *to.get_ref() < today {
            self.warning(
                to.span(),
                format!(
                    "ended on {}; nothing is done on this ground any more",
                    to.get_ref()
                ),
            );
        }
    }
}
