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
    /// The agencies that may ask, by identifier, or groups of them: `"H29.*"` is H29 with all below it.
    /// At least one.
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
    /// How often and how much may be asked under this agreement.
    #[serde(default)]
    pub quota: QuotaSettings,
    /// What may be asked. At least one.
    #[serde(rename = "grant")]
    pub grants: Spanned<Vec<GrantSettings>>,
}

/// How much may be asked under one agreement. A limit that is not written is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuotaSettings {
    /// Calls in a second, of all its agencies together. As many may come at once, and no more until
    /// the time for them has passed.
    pub calls_per_second: Option<Spanned<u64>>,
    /// Calls on a calendar day in Viet Nam, of all its agencies together.
    pub calls_per_day: Option<Spanned<u64>>,
    /// Different subjects that one officer may ask for in any hour. Against walking through the
    /// numbers; a subject named with another second fact counts again.
    pub subjects_per_officer_per_hour: Option<Spanned<u64>>,
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

/// Whom a text in `agencies` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party<'a> {
    /// The agency of this identifier.
    Agency(&'a str),
    /// The agency of this identifier, and those whose identifier goes on after it with a dot.
    Group(&'a str),
}

impl<'a> Party<'a> {
    /// Reads the text.
    #[must_use]
    pub fn read(written: &'a str) -> Self {
        match written.strip_suffix(".*") {
            Some(top) => Self::Group(top),
            None => Self::Agency(written),
        }
    }

    /// The identifier in it.
    #[must_use]
    pub fn id(self) -> &'a str {
        match self {
            Self::Agency(id) | Self::Group(id) => id,
        }
    }

    /// Whether it stands for this agency, level by level: `H29.1.*` does not hold `H29.12`.
    #[must_use]
    pub fn holds(self, agency: &str) -> bool {
        match self {
            Self::Agency(id) => id == agency,
            Self::Group(top) => agency
                .strip_prefix(top)
                .is_some_and(|below| below.is_empty() || below.starts_with('.')),
        }
    }
}

impl AgreementSettings {
    /// Whether the agreement is with this agency.
    #[must_use]
    pub fn is_with(&self, agency: &str) -> bool {
        let written = self.agencies.get_ref().iter();
        written
            .map(|party| Party::read(party.get_ref()))
            .any(|party| party.holds(agency))
    }
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

#[cfg(test)]
mod tests {
    use super::Party;

    #[test]
    fn a_group_holds_its_top_and_what_is_below_it_by_whole_levels() {
        let group = Party::read("H29.1.*");
        for agency in ["H29.1", "H29.1.1", "H29.1.12.3"] {
            assert!(group.holds(agency), "{agency}");
        }
        for agency in ["H29", "H29.12", "H29.10.1", "H2", "XH29.1", "G01"] {
            assert!(!group.holds(agency), "{agency}");
        }
        let agency = Party::read("H29.1");
        assert!(agency.holds("H29.1") && !agency.holds("H29.1.1"));
    }
}
