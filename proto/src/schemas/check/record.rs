//! What a canonical record has to be.

use prost_reflect::{EnumDescriptor, EnumValueDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use super::Checking;
use crate::lookup::v1::{FieldRule, MatchRule, Sensitivity};
use crate::rules::{field_rule, state_rule};

/// Records nest no deeper, so that every walk over one is bounded.
const DEEPEST: usize = 8;

/// Fields of one record, those in its messages included. Against messages that hold each other many
/// times over: eight levels of fifty are more than the memory holds.
const MOST_FIELDS: usize = 2_000;

const DATE: &str = "lienthong.lookup.v1.PartialDate";
const COURSE: &str = "lienthong.lookup.v1.Course";
const TIMESTAMP: &str = "google.protobuf.Timestamp";

impl Checking<'_> {
    /// Checks a record once. `claimed`: something of it has to be claimable.
    pub(super) fn record(&mut self, record: &MessageDescriptor) {
        if !self.records.insert(record.full_name().to_owned()) {
            return;
        }
        let mut left = MOST_FIELDS;
        if !bounded(record, DEEPEST, &mut left) {
            self.bounded = false;
            let message = format!(
                "record {} nests deeper than {DEEPEST} levels, contains itself or has more than {MOST_FIELDS} fields",
                record.full_name()
            );
            self.tell(&record.parent_file(), record.path(), message);
            return;
        }
        self.fields(record, false);
    }

    fn fields(&mut self, message: &MessageDescriptor, classed: bool) {
        for field in message.fields() {
            let rule = field_rule(&field);
            let classed = classed || rule.sensitivity() != Sensitivity::Unspecified;
            self.field(&field, &rule, classed);
            if let Kind::Message(inner) = field.kind()
                && self.is_own(&inner)
                && !field.is_map()
            {
                self.fields(&inner, classed);
            }
        }
    }

    fn field(&mut self, field: &FieldDescriptor, rule: &FieldRule, classed: bool) {
        let name = field.full_name();
        let mut told = Vec::new();
        if rule.label_vi.trim().is_empty() {
            told.push(format!(
                "{name} has no label, wanted [(lienthong.lookup.v1.rule) = {{label_vi: \"…\"}}]"
            ));
        }
        if !classed {
            told.push(format!(
                "{name} has no class, neither by itself nor by what it stands in, wanted sensitivity: SENSITIVITY_BASIC, \
                 SENSITIVITY_SENSITIVE or SENSITIVITY_OPEN"
            ));
        }
        if let Some(what) = unservable(field) {
            told.push(format!("{name} is {what}"));
        } else if let Some(wanted) = unsuited(rule.r#match(), field) {
            told.push(format!(
                "{name} has a match rule that is not its type's, wanted {wanted}"
            ));
        }
        if let Kind::Enum(values) = field.kind() {
            told.extend(self.claims_nothing(&values));
            if rule.assumed_claim != 0 && values.get_value(rule.assumed_claim).is_none() {
                told.push(format!(
                    "{name} assumes the claim {}, which its enum does not have",
                    rule.assumed_claim
                ));
            }
        } else if rule.assumed_claim != 0 {
            told.push(format!("{name} assumes a claim, which an enum alone can"));
        }
        if !rule.course_of.is_empty() {
            told.extend(course_problem(field, &rule.course_of));
        }
        for message in told {
            self.tell(&field.parent_message().parent_file(), field.path(), message);
        }
    }

    /// A word that nobody knows becomes the zero: so the zero claims nothing.
    fn claims_nothing(&self, values: &EnumDescriptor) -> Option<String> {
        let zero = values.default_value();
        let own = self.linked.contains_key(values.parent_file().name());
        (own && !zero.name().ends_with("_UNSPECIFIED")).then(|| {
            format!(
                "{} has the zero {}, wanted one that ends in _UNSPECIFIED",
                values.full_name(),
                zero.name()
            )
        })
    }
}

/// A course stands beside the list whose states it judges.
fn course_problem(field: &FieldDescriptor, path: &str) -> Option<String> {
    let name = field.full_name();
    if !matches!(field.kind(), Kind::Enum(course) if course.full_name() == COURSE) || field.is_list() {
        return Some(format!("{name} has course_of, wanted the type {COURSE}"));
    }
    let states = path.split_once('.').and_then(|(list, state)| {
        let list = field.parent_message().get_field_by_name(list)?;
        let state = list.kind().as_message()?.get_field_by_name(state)?;
        let states = state.kind().as_enum()?.clone();
        (list.is_list() && !state.is_list()).then_some(states)
    });
    let Some(states) = states else {
        return Some(format!(
            "{name} has course_of {path:?}, wanted the path of an enum in a list beside it, such as \"history.state\""
        ));
    };
    let ruled = |value: &EnumValueDescriptor| state_rule(value).is_some();
    if !states.values().any(|value| ruled(&value)) {
        return Some(format!(
            "no value of {} says which may follow it, wanted [(lienthong.lookup.v1.state) = {{next: […]}}]",
            states.full_name()
        ));
    }
    let unknown = states
        .values()
        .filter_map(|value| state_rule(&value))
        .flat_map(|rule| rule.next)
        .find(|next| states.get_value(*next).is_none());
    unknown.map(|next| {
        format!(
            "{} has no value {next}, which is to follow another",
            states.full_name()
        )
    })
}

/// Whether a message ends within so many levels and fields.
fn bounded(message: &MessageDescriptor, depth: usize, left: &mut usize) -> bool {
    if depth == 0 {
        return false;
    }
    message.fields().all(|field| {
        let Some(after) = left.checked_sub(1) else {
            return false;
        };
        *left = after;
        match field.kind() {
            Kind::Message(inner) if is_value(&inner) => true,
            Kind::Message(inner) => bounded(&inner, depth - 1, left),
            _ => true,
        }
    })
}

fn is_value(message: &MessageDescriptor) -> bool {
    message.full_name() == DATE || message.package_name() == "google.protobuf"
}

/// What a field is that no record can hold.
fn unservable(field: &FieldDescriptor) -> Option<&'static str> {
    if field.is_map() {
        return Some("a map, wanted a repeated message with fields of its own");
    }
    if field.is_group() {
        return Some("a group, wanted a message");
    }
    if field
        .containing_oneof()
        .is_some_and(|oneof| !oneof.is_synthetic())
    {
        return Some("in a oneof, wanted a field of its own");
    }
    match field.kind() {
        Kind::Message(message) if message.package_name() == "google.protobuf" => {
            (message.full_name() != TIMESTAMP)
                .then_some("a standard message that no registry fills, wanted google.protobuf.Timestamp or one of your own")
        }
        Kind::Float
        | Kind::Double
        | Kind::Fixed32
        | Kind::Fixed64
        | Kind::Sfixed32
        | Kind::Sfixed64
        | Kind::Sint32
        | Kind::Sint64 => Some("a number that no registry fills, wanted int32, int64, uint32, uint64 or a string"),
        _ => None,
    }
}

/// The types that a rule compares, when the field is of none of them.
pub(super) fn unsuited(rule: MatchRule, field: &FieldDescriptor) -> Option<&'static str> {
    let kind = field.kind();
    let (suits, wanted) = match rule {
        MatchRule::Unspecified => (true, ""),
        MatchRule::Name | MatchRule::Text | MatchRule::PersonalId | MatchRule::TaxCode => {
            (kind == Kind::String, "a string")
        }
        MatchRule::Date => (
            matches!(&kind, Kind::Message(message) if message.full_name() == DATE),
            "lienthong.lookup.v1.PartialDate",
        ),
        MatchRule::Code => (
            matches!(
                kind,
                Kind::String
                    | Kind::Bool
                    | Kind::Enum(_)
                    | Kind::Int32
                    | Kind::Int64
                    | Kind::Uint32
                    | Kind::Uint64
            ),
            "a string, an enum, a truth value or a whole number",
        ),
    };
    (!suits).then_some(wanted)
}

/// Whether a claim can be made about anything in a bounded record.
pub(super) fn claimable(message: &MessageDescriptor) -> bool {
    message.fields().any(|field| match field.kind() {
        Kind::Message(inner) if !is_value(&inner) => claimable(&inner),
        _ => field_rule(&field).r#match() != MatchRule::Unspecified,
    })
}
