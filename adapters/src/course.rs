//! Whether the states of a record follow each other as its schema lets them.
//!
//! A field with the option `course_of` is computed here, from the states that the registry gave, in their
//! order, and from the record's present state, which must be the last of them or one that may follow it. The
//! states themselves stay as they are: what contradicts itself is told, not mended.

use std::collections::HashMap;
use std::sync::Arc;

use prost::bytes::Buf as _;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost_reflect::{FieldDescriptor, MessageDescriptor};
use proto::lookup::v1::Course;
use proto::rules::{field_rule, state_rule};

use crate::check::Records;
use crate::error::Error;
use crate::registry::{ChangeSink, Found, Question, Registry};

/// Adds what is computed to the records of the registry inside.
pub(crate) struct Judged<R> {
    inner: R,
    judges: HashMap<Arc<str>, Vec<Judge>>,
}

/// One computed field of a record.
#[derive(Debug)]
struct Judge {
    /// Where the outcome stands.
    number: u32,
    /// The list, and the state in an item of it.
    list: u32,
    state: u32,
    /// The record's present state: its field of the same name and values, if there is one.
    present: Option<u32>,
    /// The states that are known, each with those that may follow.
    next: HashMap<i32, Vec<i32>>,
}

impl<R: Registry> Judged<R> {
    pub(crate) fn new(inner: R, records: &Records) -> Self {
        let judges = records
            .iter()
            .map(|(name, record)| (Arc::clone(name), judges(&record.descriptor)))
            .filter(|(_, judges)| !judges.is_empty())
            .collect();
        Self { inner, judges }
    }
}

#[async_trait::async_trait]
impl<R: Registry> Registry for Judged<R> {
    async fn look_up(&self, question: Question) -> Result<Found, Error> {
        let judges = self.judges.get(&question.record);
        let found = self.inner.look_up(question).await?;
        let Some(judges) = judges else {
            return Ok(found);
        };
        let mut record = found.record.to_vec();
        for judge in judges {
            let states = judge.states(&found.record);
            if let Some(course) = judge.course(&states) {
                prost::encoding::int32::encode(judge.number, &course.into(), &mut record);
            }
        }
        Ok(Found {
            record: record.into(),
            ..found
        })
    }

    async fn check(&self) -> Result<(), Error> {
        self.inner.check().await
    }

    async fn tend(&self) -> Option<std::time::Duration> {
        self.inner.tend().await
    }

    fn follow_changes(&self, tell: ChangeSink) {
        self.inner.follow_changes(tell);
    }
}

/// Whether a field is computed, so that nothing may be mapped to it.
pub(crate) fn is_computed(field: &FieldDescriptor) -> bool {
    !field_rule(field).course_of.is_empty()
}

fn judges(record: &MessageDescriptor) -> Vec<Judge> {
    let judge = |field: FieldDescriptor| {
        let path = field_rule(&field).course_of;
        let (list, state) = path.split_once('.')?;
        let list = record.get_field_by_name(list)?;
        let state = list.kind().as_message()?.get_field_by_name(state)?;
        let values = state.kind().as_enum()?.clone();
        let present = record.get_field_by_name(state.name()).filter(|present| {
            let same = present.kind().as_enum().is_some_and(|of| *of == values);
            same && !present.is_list()
        });
        let next = values
            .values()
            .filter_map(|value| Some((value.number(), state_rule(&value)?.next)));
        Some(Judge {
            number: field.number(),
            list: list.number(),
            state: state.number(),
            present: present.map(|present| present.number()),
            next: next.collect(),
        })
    };
    record.fields().filter_map(judge).collect()
}

impl Judge {
    /// What the moves between these states are; none when there is no state.
    fn course(&self, states: &[i32]) -> Option<Course> {
        let known = |state: &i32| self.next.contains_key(state);
        let impossible = |pair: &[i32]| match pair {
            [from, to] if from != to && known(to) => {
                self.next.get(from).is_some_and(|next| !next.contains(to))
            }
            _ => false,
        };
        if states.is_empty() {
            None
        } else if states.windows(2).any(impossible) {
            Some(Course::Impossible)
        } else if !states.iter().all(known) {
            Some(Course::CannotSay)
        } else {
            Some(Course::InOrder)
        }
    }

    /// The states in the order of the list, and the present one behind them. Without a list there is nothing to
    /// compare it with. The record was checked: what can't be read can't be here.
    fn states(&self, record: &[u8]) -> Vec<i32> {
        let mut states = Vec::new();
        let mut present = None;
        each(record, |number, wire, rest| {
            if Some(number) == self.present && wire == WireType::Varint {
                present = state_of(rest);
                return true;
            }
            if number != self.list || wire != WireType::LengthDelimited {
                return false;
            }
            let Some(item) = take(rest) else { return false };
            let mut state = 0;
            each(item, |number, wire, rest| {
                let is_state = number == self.state && wire == WireType::Varint;
                if is_state && let Some(read) = state_of(rest) {
                    state = read;
                }
                is_state
            });
            states.push(state);
            true
        });
        if !states.is_empty() {
            states.extend(present);
        }
        states
    }
}

/// Walks over the fields of a message; what `read` does not take is passed over.
fn each(message: &[u8], mut read: impl FnMut(u32, WireType, &mut &[u8]) -> bool) {
    let mut rest = message;
    while rest.has_remaining() {
        let Ok((number, wire)) = decode_key(&mut rest) else {
            return;
        };
        if !read(number, wire, &mut rest)
            && skip_field(wire, number, &mut rest, DecodeContext::default()).is_err()
        {
            return;
        }
    }
}

/// An enum's number: an int32 on the wire, sign-extended.
fn state_of(rest: &mut &[u8]) -> Option<i32> {
    let value = decode_varint(rest).ok()?;
    Some(i32::try_from(value.cast_signed()).unwrap_or(0))
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(decode_varint(rest).ok()?).ok()?;
    let (item, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(item)
}

#[cfg(test)]
mod tests;
