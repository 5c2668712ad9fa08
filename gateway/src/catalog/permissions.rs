//! What an agency may ask.

use jiff::civil::Date;
use proto::catalog::v1::{Limits, Permission};

use super::Catalog;
use crate::authorization::Agreements;
use crate::authorization::agreement::Grant;
use crate::authorization::quota;

/// The grants of an agency on the day `today` in Viet Nam, by record and in the order in which they are
/// tried. An empty `registry` or `procedure` stands for all.
pub fn permissions(
    catalog: &Catalog,
    agreements: &Agreements,
    agency: &str,
    (registry, procedure): (&str, &str),
    today: Date,
) -> Vec<Permission> {
    let wanted = |grant: &Grant| {
        let agreement = &grant.agreement;
        (registry.is_empty() || *agreement.registry == *registry)
            && (procedure.is_empty() || agreement.procedures.iter().any(|code| **code == *procedure))
    };
    let grants = agreements
        .of_agency(agency)
        .into_iter()
        .filter(|grant| wanted(grant));
    grants.map(|grant| permission(catalog, grant, today)).collect()
}

fn permission(catalog: &Catalog, grant: &Grant, today: Date) -> Permission {
    let agreement = &grant.agreement;
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let paths = grant.view.listed().iter().map(|path| &**path);
    let fields = catalog
        .records
        .get(&grant.record.name)
        .map(|known| known.fields.named(paths));
    Permission {
        agreement: agreement.name.to_string(),
        agreement_version: agreement.version.to_string(),
        title: agreement.title.to_string(),
        legal_basis: agreement.legal_basis.to_string(),
        valid_from: day(agreement.valid_from),
        valid_to: day(agreement.valid_to),
        in_force: agreement.is_in_force(today),
        registry: agreement.registry.to_string(),
        record: grant.record.name.to_string(),
        operations: grant.operations.iter().map(|one| i32::from(*one)).collect(),
        fields: fields.unwrap_or_default(),
        procedure_codes: agreement.procedures.iter().map(ToString::to_string).collect(),
        steps: grant.steps.iter().map(|step| i32::from(*step)).collect(),
        roles: grant.roles.iter().map(ToString::to_string).collect(),
        second_fact_required: grant.second_fact,
        max_age: grant.max_age_micros.map(|micros| prost_types::Duration {
            seconds: micros / 1_000_000,
            nanos: i32::try_from(micros % 1_000_000 * 1_000).unwrap_or(0),
        }),
        limits: Some(limits(agreement.limits)),
    }
}

pub(super) fn limits(limits: quota::Limits) -> Limits {
    Limits {
        calls_per_second: limits.calls_per_second.unwrap_or(0),
        calls_per_day: limits.calls_per_day.unwrap_or(0),
        subjects_per_officer_per_hour: limits.subjects_per_officer_per_hour.unwrap_or(0),
    }
}
