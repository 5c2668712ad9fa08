//! The decision, told clause by clause: what each grant covers, and what would be needed.

use std::sync::Arc;

use super::agreement::{Grant, Rule};
use super::{Agreements, Clause, Missing, Question};
use crate::record::method::operation_word;
use crate::record::query::step_word;

/// How a question would be decided, and why.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// The grant that permits it; none when it is refused.
    pub permitted_by: Option<&'a Arc<Grant>>,
    /// The grant that came closest to permitting it, and what it misses; none when it is permitted or no
    /// agreement is about the record.
    pub missing: Option<Missing<'a>>,
    /// Every grant of the agency about the record, in the order in which they are tried.
    pub grants: Vec<GrantExplained<'a>>,
}

/// One grant held against the question.
#[derive(Debug)]
pub struct GrantExplained<'a> {
    /// The grant.
    pub grant: &'a Arc<Grant>,
    /// Each clause, in the order in which they are checked.
    pub clauses: Vec<ClauseExplained>,
}

/// One clause of one grant held against the question.
#[derive(Debug)]
pub struct ClauseExplained {
    /// The clause.
    pub clause: Clause,
    /// Whether the grant covers what is asked.
    pub met: bool,
    /// What is asked; empty when it was left open.
    pub asked: String,
    /// What the grant covers.
    pub agreed: Vec<Arc<str>>,
    /// What would be needed; empty when the clause is met.
    pub needed: String,
}

impl Agreements {
    /// Explains how a question would be decided. Decides as [`Agreements::decide`] does.
    pub fn explain<'a>(&'a self, question: &Question<'_>) -> Explanation<'a> {
        let asked = self.numbered(question);
        let explained = |rule: &'a Rule| GrantExplained {
            grant: &rule.grant,
            clauses: Clause::ALL
                .into_iter()
                .map(|clause| clause_explained(clause, rule.meets(clause, &asked), question, &rule.grant))
                .collect(),
        };
        let decided = self.decide(question);
        let rules = self
            .rules(question.agency, question.record)
            .map_or(&[][..], |rules| &rules.all);
        Explanation {
            permitted_by: decided.as_ref().ok().copied(),
            missing: decided.err().flatten(),
            grants: rules.iter().map(explained).collect(),
        }
    }
}

fn clause_explained(clause: Clause, met: bool, question: &Question<'_>, grant: &Grant) -> ClauseExplained {
    let agreed = agreed(clause, grant);
    let needed = match (met, clause) {
        (true, _) => String::new(),
        (false, Clause::Validity) => format!("a day of the agreement: {}", agreed.join(" ")),
        (false, Clause::Fields) => format!("an agreement that lists {}", asked_for(clause, question, grant)),
        (false, Clause::Step) => format!("step {}", agreed.join(" or ")),
        (false, Clause::Role) => format!("an officer of role {}", agreed.join(" or ")),
        (false, Clause::Operation) => format!("operation {}", agreed.join(" or ")),
        (false, Clause::Procedure) => format!("procedure {}", agreed.join(" or ")),
    };
    ClauseExplained {
        clause,
        met,
        asked: asked(clause, question, grant),
        agreed,
        needed,
    }
}

/// What is asked and not covered, as a refusal names it: `procedure 2.001478`, `field phone`.
pub(super) fn asked_for(clause: Clause, question: &Question<'_>, grant: &Grant) -> String {
    match clause {
        Clause::Validity => format!("the day {}", question.today),
        Clause::Fields => {
            let outside = question
                .fields
                .and_then(|fields| fields.first_outside(&grant.view.leaves));
            let path =
                outside.and_then(|leaf| grant.record.each_leaf().get(leaf).map(|leaf| leaf.path.clone()));
            format!("field {}", path.as_deref().unwrap_or_default())
        }
        other => format!("{} {}", other.word(), asked(other, question, grant)),
    }
}

fn asked(clause: Clause, question: &Question<'_>, grant: &Grant) -> String {
    match clause {
        Clause::Operation => question
            .operation
            .map(operation_word)
            .unwrap_or_default()
            .to_owned(),
        Clause::Procedure => question.procedure.unwrap_or_default().to_owned(),
        Clause::Validity => question.today.to_string(),
        Clause::Step => question.step.map(step_word).unwrap_or_default().to_owned(),
        Clause::Role => question.role.unwrap_or_default().to_owned(),
        Clause::Fields => match question.fields {
            Some(fields) => grant.record.names(fields).join(", "),
            None => String::new(),
        },
    }
}

fn agreed(clause: Clause, grant: &Grant) -> Vec<Arc<str>> {
    let agreement = &grant.agreement;
    match clause {
        Clause::Operation => grant
            .operations
            .iter()
            .map(|one| operation_word(*one).into())
            .collect(),
        Clause::Procedure => agreement.procedures.clone(),
        Clause::Validity => [("from", agreement.valid_from), ("to", agreement.valid_to)]
            .into_iter()
            .filter_map(|(word, day)| Some(format!("{word} {}", day?).into()))
            .collect(),
        Clause::Step => grant.steps.iter().map(|step| step_word(*step).into()).collect(),
        Clause::Role => grant.roles.clone(),
        Clause::Fields => grant.view.listed().to_vec(),
    }
}
