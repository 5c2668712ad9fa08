//! A message's plan while it grows, entry by entry.

use std::sync::Arc;

use prost_reflect::{Kind, MessageDescriptor};

use super::plan::{Column, FieldPlan, Made, MessagePlan};
use super::taken::Columns;

/// A message that is being compiled, and the columns that its fields are made of.
pub(super) struct Draft {
    pub(super) message: MessageDescriptor,
    /// Path of the message, with a dot at its end unless it is the record.
    path: String,
    pub(super) columns: Vec<Column>,
    pub(super) plan: MessagePlan,
}

impl Draft {
    pub(super) fn new(message: &MessageDescriptor, path: &str) -> Self {
        Self {
            message: message.clone(),
            path: path.to_owned(),
            columns: Vec::new(),
            plan: MessagePlan::default(),
        }
    }

    /// The place of a column, which gets one if it has none yet.
    pub(super) fn column(&mut self, column: Column) -> usize {
        if let Some(place) = self.columns.iter().position(|known| known.name == column.name) {
            return place;
        }
        self.columns.push(column);
        self.columns.len() - 1
    }

    /// Puts a field at its path, which exists. False when the path is taken.
    pub(super) fn put(&mut self, path: &str, made: Made, companion: bool) -> bool {
        let mut plan = &mut self.plan;
        let mut message = self.message.clone();
        let mut walked = self.path.clone();
        let mut steps = path.split('.').peekable();
        while let Some(step) = steps.next() {
            let Some(field) = message.get_field_by_name(step) else {
                return false;
            };
            walked.push_str(step);
            let place = plan.fields.partition_point(|other| other.number < field.number());
            let taken = plan
                .fields
                .get(place)
                .is_some_and(|other| other.number == field.number());
            if steps.peek().is_none() {
                if !taken {
                    let path = Arc::from(walked);
                    plan.fields.insert(
                        place,
                        FieldPlan {
                            number: field.number(),
                            path,
                            companion,
                            made,
                        },
                    );
                }
                return !taken;
            }
            if !taken {
                let made = Made::Message(MessagePlan::default());
                let path = Arc::from(walked.as_str());
                plan.fields.insert(
                    place,
                    FieldPlan {
                        number: field.number(),
                        path,
                        companion: false,
                        made,
                    },
                );
            }
            let (Kind::Message(inner), Some(Made::Message(next))) = (
                field.kind(),
                plan.fields.get_mut(place).map(|field| &mut field.made),
            ) else {
                return false;
            };
            message = inner;
            plan = next;
            walked.push('.');
        }
        false
    }

    /// The column that a field of the message itself is made of.
    pub(super) fn column_of(&self, number: u32) -> Option<usize> {
        self.plan
            .fields
            .iter()
            .find(|field| field.number == number)
            .and_then(|field| match &field.made {
                Made::Of { taken, .. } => taken.first(),
                Made::Always { .. } | Made::Message(_) => None,
            })
    }

    /// The columns that a field of the message itself is made of, in their order of preference.
    pub(super) fn columns_of(&self, number: u32) -> Vec<usize> {
        let field = self.plan.fields.iter().find(|field| field.number == number);
        match field.map(|field| &field.made) {
            Some(Made::Of { taken, .. }) => match &taken.columns {
                Columns::One(column) => vec![*column],
                Columns::FirstOf(columns) | Columns::Join(columns) => columns.clone(),
            },
            _ => Vec::new(),
        }
    }
}
