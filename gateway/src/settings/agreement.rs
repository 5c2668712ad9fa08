//! `agreements/<name>.toml`: which agency may ask which registry for what, and why.

use adapters::settings::Interval;
use proto::lookup::v1 as wire;
use serde::Deserialize;
use toml::Spanned;

use super::day::Day;

/// One agreement. Its name is the file's. What no grant lists is refused.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementSettings {
    /// The version of the text that was signed; it stands in every entry of the log.
    pub version: Spanned<String>,
    /// Name for people.
    pub title: String,
    /// The agencies that may ask. At least one.
    pub agencies: Spanned<Vec<Spanned<String>>>,
    /// The registry that is asked.
    pub registry: Spanned<String>,
    /// Codes of the procedures for which it may be asked. At least one.
    pub procedures: Spanned<Vec<Spanned<String>>>,
    /// The first day. Not written: any day.
    pub valid_from: Option<Spanned<Day>>,
    /// The last day. Not written: no end.
    pub valid_to: Option<Spanned<Day>>,
    /// The act that allows it; it stands in every entry of the log.
    pub legal_basis: Spanned<String>,
    /// What may be asked. At least one.
    #[serde(rename = "grant")]
    pub grants: Spanned<Vec<GrantSettings>>,
}

/// What may be asked about one record, at which steps and by which roles.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantSettings {
    /// Full name of the canonical record, such as `lienthong.population.v1.Citizen`.
    pub record: Spanned<String>,
    /// What may be done with it.
    pub operations: Spanned<Vec<Spanned<GrantOperation>>>,
    /// Paths of fields, such as `"permanent_residence.province"`. A message covers what is in it.
    /// `"*"` covers every field that is not sensitive; sensitive ones are named one by one, and a
    /// message that is not sensitive does not cover a sensitive field in it.
    pub fields: Spanned<Vec<Spanned<String>>>,
    /// The steps of a dossier at which it may be asked.
    pub steps: Spanned<Vec<Spanned<GrantStep>>>,
    /// The roles of officers who may ask.
    pub roles: Spanned<Vec<Spanned<String>>>,
    /// Whether the subject is to be named by a second fact beside the identifier. Against walking
    /// through the numbers.
    #[serde(default)]
    pub second_fact: SecondFact,
    /// The oldest answer that this grant allows. Not written: the registry's policy.
    pub max_age: Option<Spanned<Interval>>,
}

/// What may be done with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantOperation {
    /// Values are given.
    Get,
    /// Claims are compared, no value is given.
    Confirm,
    /// Statements with a legal meaning of their own are compared, no value is given.
    Check,
}

/// A step of a dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantStep {
    /// Before and while it is received at the counter.
    Receiving,
    /// While the competent agency decides it.
    Deciding,
}

/// Whether a second fact about the subject is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecondFact {
    /// The identifier alone is refused.
    #[default]
    Required,
    /// The identifier alone will do, as in a public register.
    NotRequired,
}

impl GrantOperation {
    /// The operation as lookup methods declare it.
    #[must_use]
    pub fn wire(self) -> wire::Operation {
        match self {
            Self::Get => wire::Operation::Get,
            Self::Confirm => wire::Operation::Confirm,
            Self::Check => wire::Operation::Check,
        }
    }

    /// The word in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Confirm => "confirm",
            Self::Check => "check",
        }
    }
}

impl GrantStep {
    /// The step as calls name it.
    #[must_use]
    pub fn wire(self) -> wire::Step {
        match self {
            Self::Receiving => wire::Step::Receiving,
            Self::Deciding => wire::Step::Deciding,
        }
    }
}
