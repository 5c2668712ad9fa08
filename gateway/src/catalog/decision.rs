//! How a request would be decided, and why.

use std::sync::Arc;

use jiff::civil::Date;
use proto::catalog::v1::{ClauseExplanation, ExplainDecisionResponse, GrantExplanation};
use proto::lookup::v1::{Operation, Step};

use super::permissions::limits;
use super::{Catalog, Known};
use crate::authorization::explain::{ClauseExplained, GrantExplained};
use crate::authorization::{Agreements, Clause, Question};
use crate::record::view::View;

/// A request that is only thought of. What is empty or none is taken as covered.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The agency that would ask.
    pub agency: &'a str,
    /// The registry.
    pub registry: &'a str,
    /// The record type; empty for the registry's only one.
    pub record: &'a str,
    /// What would be done with it.
    pub operation: Option<Operation>,
    /// Procedure code.
    pub procedure: &'a str,
    /// Step of the dossier.
    pub step: Option<Step>,
    /// The officer's role.
    pub role: &'a str,
    /// Paths of fields.
    pub fields: &'a [String],
}

/// A part of the request that names nothing that there is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part} names nothing that there is")]
pub struct Unclear {
    /// The field of the request.
    pub part: &'static str,
    /// What was found there.
    pub found: String,
    /// What would be taken.
    pub valid: Vec<String>,
}

/// Explains how the request would be decided on the day `today` in Viet Nam.
///
/// # Errors
/// When a part of it names nothing that there is.
pub fn explain(
    catalog: &Catalog,
    agreements: &Agreements,
    asking: &Asking<'_>,
    today: Date,
) -> Result<ExplainDecisionResponse, Unclear> {
    let (record, known) = catalog.known(asking)?;
    let codes = catalog.procedures.iter().map(|procedure| procedure.code.as_str());
    if !asking.procedure.is_empty() && !codes.clone().any(|code| code == asking.procedure) {
        return Err(unclear("procedure_code", asking.procedure, codes));
    }
    let paths = asking.fields.iter().map(String::as_str);
    let view = View::compile(&known.schema, paths).map_err(|error| {
        let all = known.fields.all().iter().map(|field| field.path.as_str());
        unclear("fields", &error.path, all)
    })?;
    let explained = agreements.explain(&Question {
        agency: asking.agency,
        record,
        operation: asking.operation,
        procedure: Some(asking.procedure).filter(|code| !code.is_empty()),
        step: asking.step,
        role: Some(asking.role).filter(|role| !role.is_empty()),
        fields: (!asking.fields.is_empty()).then_some(&view.leaves),
        today,
    });
    let decisive = match (&explained.permitted_by, &explained.missing) {
        (Some(grant), _) => Some(&grant.agreement),
        (None, missing) => missing.as_ref().map(|missing| &missing.grant.agreement),
    };
    let clause = explained
        .missing
        .as_ref()
        .map_or(Clause::Operation, |missing| missing.clause);
    let permitted = explained.permitted_by.is_some();
    let mut grants: Vec<_> = explained.grants.into_iter().map(grant).collect();
    // As they were asked for, not as the leaves that they stand for.
    let clauses = grants.iter_mut().flat_map(|grant| &mut grant.clauses);
    for fields in clauses.filter(|clause| clause.clause == Clause::Fields.word()) {
        fields.asked = asking.fields.join(", ");
    }
    Ok(ExplainDecisionResponse {
        permitted,
        reason: if permitted {
            String::new()
        } else {
            clause.reason().word().to_owned()
        },
        agreement: decisive
            .map(|agreement| agreement.name.to_string())
            .unwrap_or_default(),
        grants,
    })
}

impl Catalog {
    /// The record that is asked for.
    fn known(&self, asking: &Asking<'_>) -> Result<(&Arc<str>, &Known), Unclear> {
        let registries = self.registries.iter().map(|registry| registry.name.as_str());
        if !registries.clone().any(|name| name == asking.registry) {
            return Err(unclear("registry", asking.registry, registries));
        }
        let mut records = self
            .records
            .iter()
            .filter(|(_, known)| *known.registry == *asking.registry);
        let mut wanted = records
            .clone()
            .filter(|(name, _)| asking.record.is_empty() || ***name == *asking.record);
        match (wanted.next(), wanted.next()) {
            (Some(only), None) => Ok(only),
            _ => {
                let names: Vec<_> = records.by_ref().map(|(name, _)| &**name).collect();
                Err(unclear("record", asking.record, names))
            }
        }
    }
}

fn unclear<'a>(part: &'static str, found: &str, valid: impl IntoIterator<Item = &'a str>) -> Unclear {
    Unclear {
        part,
        found: found.to_owned(),
        valid: valid.into_iter().map(str::to_owned).collect(),
    }
}

fn grant(explained: GrantExplained<'_>) -> GrantExplanation {
    let (grant, agreement) = (explained.grant, &explained.grant.agreement);
    GrantExplanation {
        agreement: agreement.name.to_string(),
        agreement_version: agreement.version.to_string(),
        legal_basis: agreement.legal_basis.to_string(),
        place: u32::try_from(grant.place).unwrap_or(u32::MAX),
        permits: explained.clauses.iter().all(|clause| clause.met),
        clauses: explained.clauses.into_iter().map(clause).collect(),
        second_fact_required: grant.second_fact,
        limits: Some(limits(agreement.limits)),
    }
}

fn clause(explained: ClauseExplained) -> ClauseExplanation {
    ClauseExplanation {
        clause: explained.clause.word().to_owned(),
        met: explained.met,
        asked: explained.asked,
        agreed: explained.agreed.iter().map(ToString::to_string).collect(),
        needed: explained.needed,
    }
}
