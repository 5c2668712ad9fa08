//! One registry's file, `config/registries/<name>.toml`, as data. Nothing is opened here.

mod policy;
mod records;
mod units;

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::embedded;

pub use policy::{CachePolicy, Protection, Scope};
pub use records::{
    Conversion, FieldSettings, Fields, KeySettings, ListSettings, Lists, PartSettings, Parts, RecordSettings,
    Shapes,
};
pub use units::{Interval, Size};

/// The settings of one registry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrySettings {
    /// Name for people, Vietnamese.
    pub title_vi: String,
    /// Name for people, English.
    pub title_en: String,
    /// What language the registry speaks.
    pub kind: Spanned<Kind>,
    /// Where it is, in the terms of its kind.
    pub connection: Spanned<embedded::Settings>,
    /// How long answers may be kept.
    #[serde(default)]
    pub cache: CachePolicy,
    /// Limits on what is asked and on what comes back.
    #[serde(default)]
    pub protection: Protection,
    /// Fields of messages that occur more than once, by a name of the file's own.
    #[serde(default)]
    pub shapes: Shapes,
    /// The canonical records it gives, by full name, and how each is made.
    pub records: BTreeMap<Spanned<String>, RecordSettings>,
}

/// The languages that registries speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A SQLite database file on this machine.
    Embedded,
}
