//! May this caller ask this? Default deny, decided in one place.
//!
//! | file | idea |
//! |---|---|
//! | `agreement` | agreements compiled to grants, and a grant as it is asked |
//! | `compile` | from the operator's files to grants |
//! | `clause` | the clauses, each checked in one place |
//! | `explain` | the same decision, told clause by clause |
//! | `permit` | the outcome |
//! | `quota` | how often and how much: the only part with a memory |
//!
//! A [`Permit`] is made by [`Agreements::authorize`] and nowhere else; the exchange routes nothing
//! without one. The decision depends on its arguments alone.

pub mod agreement;
mod clause;
mod compile;
pub mod explain;
mod permit;
pub mod quota;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;
use proto::lookup::v1::{Operation, Step};

use crate::identity::Caller;
use crate::record::method::Method;
use crate::record::query::{Asked, Context, step_word};
use crate::record::view::Leaves;
use crate::status::{Reason, Refusal};
use agreement::{Grant, Numbers, Rules};
pub use clause::Clause;
use clause::{Numbered, Wanted, operation_number, step_number};
pub use compile::AgreementError;
pub use permit::Permit;

/// The grants of one agency, by record.
type ByRecord = HashMap<Arc<str>, Rules>;

/// All grants of all agreements, by the agency that may ask and the record that it may ask for.
#[derive(Debug, Default)]
pub struct Agreements {
    by_agency: HashMap<Arc<str>, ByRecord>,
    procedures: Numbers,
    roles: Numbers,
}

/// What is asked, before anybody says who is allowed to. A part that is left open is met by every
/// grant.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The agency that asks.
    pub agency: &'a str,
    /// Full name of the record type.
    pub record: &'a str,
    /// What is to be done with it.
    pub operation: Option<Operation>,
    /// Procedure code.
    pub procedure: Option<&'a str>,
    /// Step of the dossier.
    pub step: Option<Step>,
    /// The officer's role.
    pub role: Option<&'a str>,
    /// The fields; none for all that the grant lists.
    pub fields: Option<&'a Leaves>,
    /// The day in Viet Nam.
    pub today: Date,
}

/// The grant that came closest, and the first clause that is missing there.
#[derive(Clone, Copy, Debug)]
pub struct Missing<'a> {
    /// The clause.
    pub clause: Clause,
    /// The grant.
    pub grant: &'a Grant,
}

impl Agreements {
    /// Decides one call on the day `today` in Viet Nam.
    ///
    /// # Errors
    /// The refusal of the grant that came closest: it names the first clause that is missing there.
    pub fn authorize(
        &self,
        caller: &Caller,
        method: &Method,
        context: &Context,
        asked: Option<&Asked>,
        today: Date,
    ) -> Result<Permit, Refusal> {
        acting_agency(caller.agency(), context)?;
        let mask = match asked {
            Some(Asked::Mask(view)) => Some(view),
            _ => None,
        };
        let question = Question {
            agency: caller.agency(),
            record: &method.record.name,
            operation: Some(method.operation),
            procedure: Some(&context.procedure),
            step: Some(context.step),
            role: Some(caller.role()),
            fields: asked.map(|asked| match asked {
                Asked::Mask(view) => &view.leaves,
                Asked::Claims(leaves) => leaves,
            }),
            today,
        };
        match self.decide(&question) {
            Ok(grant) => Ok(Permit::new(grant.clone(), mask.unwrap_or(&grant.view).clone())),
            Err(missing) => Err(refusal(method, &question, missing)),
        }
    }

    /// The grant that permits it.
    ///
    /// # Errors
    /// The grant that came closest; none when no agreement of the agency is about the record.
    pub fn decide(&self, question: &Question<'_>) -> Result<&Arc<Grant>, Option<Missing<'_>>> {
        let asked = self.numbered(question);
        let Some(rules) = self.rules(question.agency, question.record) else {
            return Err(None);
        };
        let mut near = rules.near(asked.gist());
        if let Some(rule) = near.find(|rule| rule.first_missing(&asked).is_none()) {
            return Ok(&rule.grant);
        }
        let mut closest: Option<Missing<'_>> = None;
        for rule in &rules.all {
            let Some(clause) = rule.first_missing(&asked) else {
                continue;
            };
            if closest.is_none_or(|other| clause > other.clause) {
                let grant = &rule.grant;
                closest = Some(Missing { clause, grant });
            }
        }
        Err(closest)
    }

    /// The grants of an agency, in the order in which they are tried, record by record.
    pub fn of_agency(&self, agency: &str) -> Vec<&Arc<Grant>> {
        let mut records: Vec<_> = self.by_agency.get(agency).into_iter().flatten().collect();
        records.sort_by_key(|(record, _)| *record);
        let rules = records.into_iter().flat_map(|(_, rules)| &rules.all);
        rules.map(|rule| &rule.grant).collect()
    }

    fn rules(&self, agency: &str, record: &str) -> Option<&Rules> {
        self.by_agency.get(agency)?.get(record)
    }

    fn numbered<'a>(&self, question: &Question<'a>) -> Numbered<'a> {
        let of = |numbers: &Numbers, name: Option<&str>| match name.map(|name| numbers.of(name)) {
            None => Wanted::Open,
            Some(Some(number)) => Wanted::Number(number),
            Some(None) => Wanted::Unknown,
        };
        let number = |number: Option<usize>| number.map_or(Wanted::Open, Wanted::Number);
        Numbered {
            operation: number(question.operation.map(operation_number)),
            procedure: of(&self.procedures, question.procedure),
            today: question.today,
            step: number(question.step.map(step_number)),
            role: of(&self.roles, question.role),
            fields: question.fields,
        }
    }
}

/// At each step one agency of the dossier acts: the receiving one receives, the competent one decides.
/// Nobody looks up in the name of another.
fn acting_agency(agency: &str, context: &Context) -> Result<(), Refusal> {
    let (acting, field) = match context.step {
        Step::Receiving => (&context.receiving_agency, "context.receiving_agency"),
        Step::Deciding => (&context.competent_agency, "context.competent_agency"),
        Step::Unspecified => return Err(Refusal::new(Reason::Incomplete, "context.step is missing")),
    };
    if acting == agency {
        return Ok(());
    }
    let message = format!(
        "at step {} the caller must be the {field}",
        step_word(context.step)
    );
    Err(Refusal::new(Reason::StepNotAgreed, message).naming(field))
}

fn refusal(method: &Method, question: &Question<'_>, missing: Option<Missing<'_>>) -> Refusal {
    let Some(Missing { clause, grant }) = missing.filter(|missing| missing.clause > Clause::Operation) else {
        let missing = format!("{} of {}", method.operation_word, method.record.name);
        let registry = &method.registry;
        let message = format!("no agreement lets this agency ask for {missing} in registry {registry}");
        return Refusal::new(Reason::NoAgreement, message).naming(missing);
    };
    let missing = explain::asked_for(clause, question, grant);
    let message = format!("agreement {} does not cover {missing}", grant.agreement.name);
    Refusal::new(clause.reason(), message).naming(missing)
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
#[path = "authorization/tests.rs"]
mod tests;
