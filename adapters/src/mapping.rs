//! From a registry's columns to a canonical record.
//!
//! A mapping is declared in the registry's file ([`RecordSettings`]), checked and compiled against
//! the record's descriptor when the settings are read ([`compile()`]), and then only carried out
//! ([`Plan`]). It knows nothing of where columns come from: a [`Source`] gives the value of the
//! n-th one.
//!
//! What is absent or blank in the source is absent in the record. What is there and can't be read
//! as what it should be makes the whole record [`Error::Incomplete`]: leaving the field out would
//! say "not recorded", which isn't true. A word outside a field's `codes` becomes the declared
//! `unknown`, which the check allows only for values that claim nothing.
//!
//! [`RecordSettings`]: crate::settings::RecordSettings
//! [`Error::Incomplete`]: crate::Error::Incomplete

mod codes;
mod compile;
mod convert;
mod draft;
mod key;
mod leaf;
mod nearest;
mod person;
mod plan;
mod remarks;
mod taken;
mod tree;

pub(crate) use compile::{Context, Form, compile};
pub(crate) use key::{Key, fitting};
pub(crate) use nearest::suggestion;
#[cfg(any(feature = "embedded", feature = "postgres", feature = "grpc"))]
pub(crate) use plan::Column;
#[cfg(any(feature = "embedded", feature = "postgres"))]
pub(crate) use plan::List;
pub(crate) use plan::Plan;

/// One value of a source.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Absent,
    Boolean(bool),
    Integer(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// Something that no conversion reads, such as a fraction.
    Other,
}

/// A row, a branch of a tree, whatever holds the columns of a plan.
pub(crate) trait Source {
    /// The value of the column with this place in the plan's list of columns.
    fn value(&self, column: usize) -> Value<'_>;
}

#[cfg(test)]
mod tests;
