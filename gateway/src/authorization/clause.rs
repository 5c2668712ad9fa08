//! The clauses of a grant, and the one place where each is checked.

use jiff::civil::Date;
use proto::lookup::v1::{Operation, Step};

use super::agreement::{Gist, Rule, Set, folded};
use crate::record::view::Leaves;
use crate::status::Reason;

/// The clauses in the order in which they are checked; the later, the closer a grant came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clause {
    /// What is done with the record.
    Operation,
    /// For which procedure.
    Procedure,
    /// On which day.
    Validity,
    /// At which step of the dossier.
    Step,
    /// By whom.
    Role,
    /// Which fields.
    Fields,
}

impl Clause {
    /// All of them, in the order in which they are checked.
    pub const ALL: [Self; 6] = [
        Self::Operation,
        Self::Procedure,
        Self::Validity,
        Self::Step,
        Self::Role,
        Self::Fields,
    ];

    /// Its word in explanations.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::Procedure => "procedure",
            Self::Validity => "validity",
            Self::Step => "step",
            Self::Role => "role",
            Self::Fields => "fields",
        }
    }

    /// The answer word of a refusal for want of it.
    pub const fn reason(self) -> Reason {
        match self {
            Self::Operation => Reason::NoAgreement,
            Self::Procedure => Reason::ProcedureNotAgreed,
            Self::Validity => Reason::AgreementExpired,
            Self::Step => Reason::StepNotAgreed,
            Self::Role => Reason::RoleNotAgreed,
            Self::Fields => Reason::FieldNotAgreed,
        }
    }
}

/// What is asked, with its names as numbers. A part that is left open is met by every grant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbered<'a> {
    pub(super) operation: Wanted,
    pub(super) procedure: Wanted,
    pub(super) today: Date,
    pub(super) step: Wanted,
    pub(super) role: Wanted,
    pub(super) fields: Option<&'a Leaves>,
}

/// One name that is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    /// Left open.
    Open,
    /// A name that some grant lists.
    Number(usize),
    /// A name that none lists.
    Unknown,
}

impl Numbered<'_> {
    pub(super) fn gist(&self) -> Gist {
        Gist {
            operations: self.operation.folded(),
            procedures: self.procedure.folded(),
            steps: self.step.folded(),
            roles: self.role.folded(),
        }
    }
}

impl Wanted {
    /// The bits that a folded set must share one of.
    fn folded(self) -> u64 {
        match self {
            Self::Open => u64::MAX,
            Self::Number(number) => folded(number),
            Self::Unknown => 0,
        }
    }

    fn is_in(self, set: &Set) -> bool {
        match self {
            Self::Open => true,
            Self::Number(number) => set.contains(number),
            Self::Unknown => false,
        }
    }
}

impl Rule {
    /// Whether the grant covers what is asked, as far as one clause goes.
    pub(super) fn meets(&self, clause: Clause, asked: &Numbered<'_>) -> bool {
        match clause {
            Clause::Operation => asked.operation.is_in(&self.operations),
            Clause::Procedure => asked.procedure.is_in(&self.procedures),
            Clause::Validity => self.first <= asked.today && asked.today <= self.last,
            Clause::Step => asked.step.is_in(&self.steps),
            Clause::Role => asked.role.is_in(&self.roles),
            Clause::Fields => asked
                .fields
                .is_none_or(|fields| fields.first_outside(&self.grant.view.leaves).is_none()),
        }
    }

    /// The first clause that the grant does not cover.
    pub(super) fn first_missing(&self, asked: &Numbered<'_>) -> Option<Clause> {
        Clause::ALL.into_iter().find(|clause| !self.meets(*clause, asked))
    }
}

/// The number of an operation in a set.
pub(super) fn operation_number(operation: Operation) -> usize {
    usize::try_from(operation as i32).unwrap_or(0)
}

/// The number of a step in a set.
pub(super) fn step_number(step: Step) -> usize {
    usize::try_from(step as i32).unwrap_or(0)
}
