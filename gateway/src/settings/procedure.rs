//! `procedures/<code>.toml`: one published procedure, and what replaces the papers of its dossier.

use serde::Deserialize;
use toml::Spanned;

use super::agreement::GrantOperation;
use super::day::Day;

/// One procedure. The file is named after the code.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcedureSettings {
    /// The national code, `d.dddddd`.
    pub code: Spanned<String>,
    /// Name for people, Vietnamese.
    pub name_vi: String,
    /// Name for people, English.
    pub name_en: String,
    /// The first day on which it is carried out. Not written: any day.
    pub valid_from: Option<Spanned<Day>>,
    /// The last day. Not written: no end.
    pub valid_to: Option<Spanned<Day>>,
    /// The act that it rests on.
    pub legal_basis: Spanned<String>,
    /// The components of its dossier. At least one.
    #[serde(rename = "component")]
    pub components: Spanned<Vec<ComponentSettings>>,
}

/// One component of a dossier.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentSettings {
    /// Its name in calls and in the log: small letters, digits and hyphens.
    pub id: Spanned<String>,
    /// The paper that citizens know it by, Vietnamese.
    pub paper_vi: String,
    /// The lookups that together replace the paper. None: the paper stays.
    #[serde(default)]
    pub replaced_by: Vec<ReplacementSettings>,
}

/// A lookup that replaces a paper, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplacementSettings {
    /// The registry that is asked.
    pub registry: Spanned<String>,
    /// Full name of the canonical record.
    pub record: Spanned<String>,
    /// What is done with it.
    pub operation: Spanned<GrantOperation>,
    /// Paths of the fields that matter.
    pub fields: Spanned<Vec<Spanned<String>>>,
}
