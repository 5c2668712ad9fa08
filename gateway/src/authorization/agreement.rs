//! Agreements, compiled at load into what is asked on each call.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;
use proto::lookup::v1::{Operation, Step};

use super::quota::Limits;
use crate::record::schema::Schema;
use crate::record::view::View;

/// One agreement: what all its grants have in common.
#[derive(Debug)]
pub struct Agreement {
    /// Its name.
    pub name: Arc<str>,
    /// Its version.
    pub version: Arc<str>,
    /// Its name for people.
    pub title: Arc<str>,
    /// Legal basis, as the agreement states it.
    pub legal_basis: Arc<str>,
    /// The registry that is asked.
    pub registry: Arc<str>,
    /// Procedure codes, as written.
    pub procedures: Vec<Arc<str>>,
    /// First day, if there is one.
    pub valid_from: Option<Date>,
    /// Last day, if there is one.
    pub valid_to: Option<Date>,
    /// How often and how much.
    pub limits: Limits,
}

impl Agreement {
    /// Whether a day in Viet Nam is one of its days.
    pub fn is_in_force(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|first| first <= day) && self.valid_to.is_none_or(|last| day <= last)
    }
}

/// One grant of one agreement: which operations and fields of one record type, at which steps, for
/// which roles.
#[derive(Debug)]
pub struct Grant {
    /// The agreement.
    pub agreement: Arc<Agreement>,
    /// Its place among the grants of the agreement, from 1.
    pub place: usize,
    /// The record type.
    pub record: Arc<Schema>,
    /// Operations.
    pub operations: Vec<Operation>,
    /// The allow-list of fields.
    pub view: Arc<View>,
    /// Steps.
    pub steps: Vec<Step>,
    /// Officer roles.
    pub roles: Vec<Arc<str>>,
    /// Whether a second fact that the registry confirms is needed beside the identifier.
    pub second_fact: bool,
    /// Oldest answer that the agreement accepts, in microseconds.
    pub max_age_micros: Option<i64>,
}

/// A grant as it is asked: its names as numbers, its lists as sets of them.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) operations: Set,
    pub(super) procedures: Arc<Set>,
    pub(super) first: Date,
    pub(super) last: Date,
    pub(super) steps: Set,
    pub(super) roles: Arc<Set>,
    pub(super) grant: Arc<Grant>,
}

/// The grants of one agency about one record, in the order in which they are tried.
#[derive(Debug, Default)]
pub(super) struct Rules {
    gists: Vec<Gist>,
    pub(super) all: Vec<Rule>,
}

/// The lists of a grant folded into single words, side by side in memory: most grants that do not cover
/// a call are passed over without a look at the grant itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gist {
    pub(super) operations: u64,
    pub(super) procedures: u64,
    pub(super) steps: u64,
    pub(super) roles: u64,
}

impl Rules {
    pub(super) fn push(&mut self, rule: Rule) {
        self.gists.push(Gist {
            operations: rule.operations.folded(),
            procedures: rule.procedures.folded(),
            steps: rule.steps.folded(),
            roles: rule.roles.folded(),
        });
        self.all.push(rule);
    }

    /// The grants that may cover a call with this gist; no other does.
    pub(super) fn near(&self, asked: Gist) -> impl Iterator<Item = &Rule> {
        let both = self.gists.iter().zip(&self.all);
        both.filter(move |(gist, _)| gist.meets(asked))
            .map(|(_, rule)| rule)
    }
}

impl Gist {
    fn meets(self, asked: Self) -> bool {
        self.operations & asked.operations != 0
            && self.procedures & asked.procedures != 0
            && self.steps & asked.steps != 0
            && self.roles & asked.roles != 0
    }
}

/// The bit that stands for a number in a word.
pub(super) fn folded(number: usize) -> u64 {
    1 << (number % 64)
}

/// Names and their numbers, in the order in which they were met.
#[derive(Debug, Default)]
pub(super) struct Numbers(HashMap<Arc<str>, usize>);

impl Numbers {
    pub(super) fn give(&mut self, name: &Arc<str>) -> usize {
        let next = self.0.len();
        *self.0.entry(name.clone()).or_insert(next)
    }

    pub(super) fn of(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }
}

/// A set of small numbers.
#[derive(Debug, Default)]
pub(super) struct Set {
    first: u64,
    more: Vec<u64>,
}

impl Set {
    pub(super) fn contains(&self, number: usize) -> bool {
        let word = match number / 64 {
            0 => self.first,
            at => self.more.get(at - 1).copied().unwrap_or(0),
        };
        word >> (number % 64) & 1 != 0
    }

    /// All its numbers in one word.
    fn folded(&self) -> u64 {
        self.more.iter().fold(self.first, |all, word| all | word)
    }

    fn insert(&mut self, number: usize) {
        let bit = folded(number);
        let Some(at) = (number / 64).checked_sub(1) else {
            self.first |= bit;
            return;
        };
        if self.more.len() <= at {
            self.more.resize(at + 1, 0);
        }
        if let Some(word) = self.more.get_mut(at) {
            *word |= bit;
        }
    }
}

impl FromIterator<usize> for Set {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        let mut set = Self::default();
        numbers.into_iter().for_each(|number| set.insert(number));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::Set;

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let set: Set = [0, 63, 64, 200].into_iter().collect();
        let held: Vec<_> = (0..1_000).filter(|number| set.contains(*number)).collect();
        assert_eq!(held, [0, 63, 64, 200]);
    }
}
