//! Whether the paths of a mapping lead anywhere in the message that is answered.

use std::ops::Range;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use toml::Spanned;

use crate::check::Problem;
use crate::http::Answers;
use crate::mapping::{Column, Plan, suggestion};
use crate::tree::Path;
use crate::tree::message::is_value;

/// Where a path leads.
enum End {
    Message(MessageDescriptor),
    Value,
    /// Into a map, or a text that is read in place: the schema says no more.
    Open,
}

/// Tells of every path of the plan, and of the answer's codes, that leads nowhere.
pub(super) fn check(plan: &Plan, answers: &Answers, answer: &MessageDescriptor, problems: &mut Vec<Problem>) {
    let mut checker = Checker {
        unpacks: !plan.unpack.is_empty(),
        problems,
    };
    for path in [&answers.code, &answers.transaction].into_iter().flatten() {
        checker.text(path, answer);
    }
    let Some(record) = checker.message(&plan.table, answer) else {
        return;
    };
    for column in plan.columns.iter().chain(&plan.key_columns) {
        checker.value(column, answer, &record);
    }
    for list in &plan.lists {
        let Some(path) = &list.table.path else { continue };
        match checker.walked(path, &record, list.table.span.clone()) {
            Some(End::Message(item)) => {
                let beside = list.only.iter().map(|(column, _)| column);
                let all = list
                    .columns
                    .iter()
                    .chain(&list.absent)
                    .chain(&list.order)
                    .chain(beside);
                all.for_each(|column| checker.value(column, answer, &item));
            }
            Some(End::Value | End::Open) | None => {}
        }
    }
}

struct Checker<'a> {
    unpacks: bool,
    problems: &'a mut Vec<Problem>,
}

impl Checker<'_> {
    fn text(&mut self, text: &Spanned<String>, from: &MessageDescriptor) {
        // What is no path was told before.
        if let Ok(path) = Path::parse(text.get_ref())
            && let Some(End::Message(message)) = self.walked(&path, from, text.span())
        {
            self.tell(text.span(), one_of_its_fields(&message));
        }
    }

    fn message(&mut self, column: &Column, from: &MessageDescriptor) -> Option<MessageDescriptor> {
        match self.walked(column.path.as_ref()?, from, column.span.clone())? {
            End::Message(message) => Some(message),
            End::Value => {
                let message = format!("found a value at {:?}, wanted a message", column.name);
                self.tell(column.span.clone(), message);
                None
            }
            End::Open => None,
        }
    }

    fn value(&mut self, column: &Column, root: &MessageDescriptor, from: &MessageDescriptor) {
        let Some(path) = &column.path else { return };
        let from = if column.at_root { root } else { from };
        if let Some(End::Message(message)) = self.walked(path, from, column.span.clone()) {
            self.tell(column.span.clone(), one_of_its_fields(&message));
        }
    }

    /// Where a path leads; `None` when it leads nowhere, which is told.
    fn walked(&mut self, path: &Path, from: &MessageDescriptor, span: Range<usize>) -> Option<End> {
        let mut at = End::Message(from.clone());
        for step in path.steps().flatten() {
            let message = match &at {
                End::Message(message) => message.clone(),
                End::Value if self.unpacks => return Some(End::Open),
                End::Open => return Some(End::Open),
                End::Value => {
                    self.tell(span, format!("found {step:?} below a value, which has no fields"));
                    return None;
                }
            };
            let Some(field) = message.get_field_by_name(step) else {
                let valid: Vec<_> = message.fields().map(|field| field.name().to_owned()).collect();
                let near = suggestion(step, valid.iter().map(String::as_str));
                let message = format!("found {step:?}, wanted a field of {}{near}", message.full_name());
                self.tell(span, message);
                return None;
            };
            at = end(&field);
        }
        Some(at)
    }

    fn tell(&mut self, span: Range<usize>, message: String) {
        let problem = Problem::at(span, message);
        // Two requests for one record read the same paths.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

fn end(field: &FieldDescriptor) -> End {
    match field.kind() {
        _ if field.is_map() => End::Open,
        Kind::Message(message) if is_value(&message) => End::Value,
        Kind::Message(message) => End::Message(message),
        _ => End::Value,
    }
}

fn one_of_its_fields(message: &MessageDescriptor) -> String {
    format!(
        "found a message {}, wanted one of its fields",
        message.full_name()
    )
}
