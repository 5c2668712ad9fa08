//! The agencies that an auditor's sight ends at.

use crate::entry::Entry;

/// Identifiers of agencies, each with all that lie under it; or every agency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope(Vec<String>);

impl Scope {
    /// Everything.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    /// These agencies and those under them: `H26` covers `H26` and `H26.3`, and not `H260`. None given: everything.
    #[must_use]
    pub fn under(agencies: impl IntoIterator<Item = String>) -> Self {
        Self(agencies.into_iter().collect())
    }

    /// Whether nothing is out of sight.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// The agencies that it was made of.
    #[must_use]
    pub fn agencies(&self) -> &[String] {
        &self.0
    }

    /// Whether the entry's calling, receiving or competent agency lies in it.
    #[must_use]
    pub fn covers(&self, entry: &Entry) -> bool {
        self.is_everything()
            || [&entry.agency, &entry.receiving_agency, &entry.competent_agency]
                .iter()
                .any(|agency| self.covers_agency(agency))
    }

    /// Whether the agency is one of them or lies under one.
    #[must_use]
    pub fn covers_agency(&self, agency: &str) -> bool {
        self.is_everything()
            || self.0.iter().any(|over| {
                agency
                    .strip_prefix(over.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;
    use crate::entry::{Entry, EntryKind};

    #[test]
    fn a_scope_ends_at_the_dot_and_any_of_three_agencies_brings_an_entry_in() {
        let scope = Scope::under(["H26".to_owned()]);
        for (agency, covered) in [
            ("H26", true),
            ("H26.3", true),
            ("H260", false),
            ("H2", false),
            ("", false),
        ] {
            assert_eq!(scope.covers_agency(agency), covered, "{agency}");
        }
        let entry = Entry::new(EntryKind::Outcome, 1);
        assert!(!scope.covers(&entry));
        assert!(Scope::everything().covers(&entry));
        for part in 0..3 {
            let mut entry = entry.clone();
            let agency = "H26.1".to_owned();
            match part {
                0 => entry.agency = agency,
                1 => entry.receiving_agency = agency,
                _ => entry.competent_agency = agency,
            }
            assert!(scope.covers(&entry));
        }
    }
}
