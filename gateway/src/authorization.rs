//! May this caller ask this? Default deny, decided in one place.
//!
//! A [`Permit`] is made by [`Agreements::authorize`] and nowhere else; the exchange routes nothing
//! without one.

pub mod agreement;
mod permit;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;
use proto::lookup::v1::Step;

use crate::identity::Caller;
use crate::record::method::Method;
use crate::record::query::{Asked, Context, step_word};
use crate::status::{Reason, Refusal};
use agreement::Grant;
pub use permit::Permit;

/// The grants of one agency, by record.
type ByRecord = HashMap<Arc<str>, Vec<Arc<Grant>>>;

/// All grants of all agreements, by the agency that may ask and the record that it may ask for.
#[derive(Debug, Default)]
pub struct Agreements {
    by_agency: HashMap<Arc<str>, ByRecord>,
}

impl Agreements {
    /// Puts grants in order. Where several grants would permit one call, the first in the order of
    /// agreement name and place in its file decides.
    pub fn new(grants: impl IntoIterator<Item = (Arc<str>, Arc<Grant>)>) -> Self {
        let mut by_agency: HashMap<Arc<str>, ByRecord> = HashMap::new();
        for (agency, grant) in grants {
            by_agency
                .entry(agency)
                .or_default()
                .entry(grant.record.clone())
                .or_default()
                .push(grant);
        }
        Self { by_agency }
    }

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
        acting_agency(caller, context)?;
        let grants = self
            .by_agency
            .get(caller.agency())
            .and_then(|records| records.get(&method.record.name))
            .map_or(&[][..], Vec::as_slice);
        let mut closest: Option<(Clause, Refusal)> = None;
        for grant in grants {
            match decide(grant, caller, method, context, asked, today) {
                Ok(permit) => return Ok(permit),
                Err((clause, refusal)) => {
                    if closest.as_ref().is_none_or(|(other, _)| clause > *other) {
                        closest = Some((clause, refusal));
                    }
                }
            }
        }
        Err(closest.map_or_else(|| no_agreement(method), |(_, refusal)| refusal))
    }
}

/// The clauses in the order in which they are checked; the later, the closer a grant came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Clause {
    Operation,
    Procedure,
    Validity,
    Step,
    Role,
    Fields,
}

fn decide(
    grant: &Arc<Grant>,
    caller: &Caller,
    method: &Method,
    context: &Context,
    asked: Option<&Asked>,
    today: Date,
) -> Result<Permit, (Clause, Refusal)> {
    let refuse = |clause, reason, missing: String| {
        let message = format!("agreement {} does not cover {missing}", grant.agreement);
        Err((clause, Refusal::new(reason, message).naming(missing)))
    };
    if !grant.operations.contains(&method.operation) {
        return Err((Clause::Operation, no_agreement(method)));
    }
    if !grant.procedures.contains(context.procedure.as_str()) {
        return refuse(
            Clause::Procedure,
            Reason::ProcedureNotAgreed,
            format!("procedure {}", context.procedure),
        );
    }
    if today < grant.valid_from || grant.valid_to.is_some_and(|last| today > last) {
        return refuse(
            Clause::Validity,
            Reason::AgreementExpired,
            format!("the day {today}"),
        );
    }
    if !grant.steps.contains(&context.step) {
        return refuse(
            Clause::Step,
            Reason::StepNotAgreed,
            format!("step {}", context.step_word()),
        );
    }
    if !grant.roles.contains(caller.role()) {
        return refuse(
            Clause::Role,
            Reason::RoleNotAgreed,
            format!("role {}", caller.role()),
        );
    }
    let (leaves, mask) = match asked {
        None => return Ok(Permit::new(grant.clone(), grant.view.clone())),
        Some(Asked::Mask(view)) => (&view.leaves, Some(view)),
        Some(Asked::Claims(leaves)) => (leaves, None),
    };
    if let Some(leaf) = leaves.first_outside(&grant.view.leaves) {
        let path = method
            .record
            .each_leaf()
            .get(leaf)
            .map_or_else(String::new, |leaf| leaf.path.to_string());
        return refuse(Clause::Fields, Reason::FieldNotAgreed, format!("field {path}"));
    }
    Ok(Permit::new(grant.clone(), mask.unwrap_or(&grant.view).clone()))
}

/// At each step one agency of the dossier acts: the receiving one receives, the competent one decides.
/// Nobody looks up in the name of another.
fn acting_agency(caller: &Caller, context: &Context) -> Result<(), Refusal> {
    let (acting, field) = match context.step {
        Step::Receiving => (&context.receiving_agency, "context.receiving_agency"),
        Step::Deciding => (&context.competent_agency, "context.competent_agency"),
        Step::Unspecified => return Err(Refusal::new(Reason::Incomplete, "context.step is missing")),
    };
    if acting == caller.agency() {
        return Ok(());
    }
    let message = format!(
        "at step {} the caller must be the {field}",
        step_word(context.step)
    );
    Err(Refusal::new(Reason::StepNotAgreed, message).naming(field))
}

fn no_agreement(method: &Method) -> Refusal {
    let missing = format!("{} of {}", method.operation_word, method.record.name);
    let message = format!(
        "no agreement lets this agency ask for {missing} in registry {}",
        method.registry
    );
    Refusal::new(Reason::NoAgreement, message).naming(missing)
}

#[cfg(test)]
#[path = "authorization/tests.rs"]
mod tests;
