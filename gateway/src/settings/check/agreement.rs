//! `agreements/<name>.toml`: every name in it leads somewhere, every field exists.

use std::collections::BTreeSet;

use adapters::text::agency_code;
use toml::Spanned;

use super::Draft;
use crate::settings::agreement::{
    AgreementSettings, GrantOperation, GrantSettings, Party, QuotaSettings, SecondFact,
};
use crate::settings::fields::{EVERY, Record};
use crate::settings::nearest;
use crate::settings::problem::Problem;
use crate::settings::report::Report;

/// The highest quotas. A number above them is a slip, and no limit in effect.
const MOST_A_SECOND: u64 = 1_000_000;
const MOST_A_DAY: u64 = 1_000_000_000;
/// What one officer may take of the memory for counting subjects.
const MOST_SUBJECTS: u64 = 10_000;

pub(super) fn check(draft: &Draft, problems: &mut Vec<Problem>) {
    for file in draft.agreements.values() {
        let mut report = Report::new(&file.source, problems);
        let agreement = &file.value;
        report.said(&agreement.version, "the version of the agreement");
        report.said(&agreement.legal_basis, "the act that allows it");
        report.validity(
            agreement.valid_from.as_ref(),
            agreement.valid_to.as_ref(),
            draft.today,
        );
        agencies(&agreement.agencies, &draft.names.agencies, &mut report);
        report.distinct(&agreement.procedures, "procedure");
        for procedure in agreement.procedures.get_ref() {
            leads_to(
                procedure,
                &draft.names.procedures,
                "procedure in procedures/",
                &mut report,
            );
        }
        quota(&agreement.quota, &mut report);
        report.some(&agreement.grants, "grant");
        let registry_known = registry(draft, &agreement.registry, &mut report);
        let roles = roles(draft, agreement);
        for one in agreement.grants.get_ref() {
            lists(one, roles.as_ref(), &mut report);
            if registry_known
                && let Some(record) = record(draft, &agreement.registry, &one.record, &mut report)
            {
                fields(one, &record, &mut report);
                walkable(agreement, one, &record, &mut report);
            }
        }
    }
}

/// Every agency has a file, every group at least one agency, and none stands there twice.
fn agencies(written: &Spanned<Vec<Spanned<String>>>, known: &BTreeSet<String>, report: &mut Report<'_>) {
    report.distinct(written, "agency");
    for one in written.get_ref() {
        match Party::read(one.get_ref()) {
            Party::Agency(_) => {
                leads_to(one, known, "agency in agencies/", report);
            }
            group @ Party::Group(top) => {
                if agency_code::parse(top)
                    .map(|code| code.as_str().to_owned())
                    .as_deref()
                    != Ok(top)
                {
                    let message = format!(
                        "found {:?}, wanted the code of an agency before \".*\", such as \"H29.*\"",
                        one.get_ref()
                    );
                    report.error(one.span(), message);
                } else if !known.iter().any(|agency| group.holds(agency)) {
                    let groups: BTreeSet<_> = known.iter().flat_map(|agency| groups_with(agency)).collect();
                    let said = nearest::one_of(one.get_ref(), groups.iter().map(String::as_str));
                    report.error(
                        one.span(),
                        format!("no agency in agencies/ is in this group: {said}"),
                    );
                }
            }
        }
        let wider = written.get_ref().iter().find(|other| {
            let party = Party::read(other.get_ref());
            other.get_ref() != one.get_ref()
                && matches!(party, Party::Group(_))
                && party.holds(Party::read(one.get_ref()).id())
        });
        if let Some(wider) = wider {
            let message = format!(
                "found {:?}, which {:?} holds already",
                one.get_ref(),
                wider.get_ref()
            );
            report.warning(one.span(), message);
        }
    }
}

/// The groups that hold an agency: of itself, and of each level above it.
fn groups_with(agency: &str) -> impl Iterator<Item = String> {
    let ends = agency.match_indices('.').map(|(at, _)| at).chain([agency.len()]);
    ends.filter_map(|end| Some(format!("{}.*", agency.get(..end)?)))
}

fn quota(quota: &QuotaSettings, report: &mut Report<'_>) {
    let limits = [
        (&quota.calls_per_second, MOST_A_SECOND),
        (&quota.calls_per_day, MOST_A_DAY),
        (&quota.subjects_per_officer_per_hour, MOST_SUBJECTS),
    ];
    for (limit, most) in limits {
        if let Some(limit) = limit {
            report.within(limit, 1, most, &format!("1 to {most}"));
        }
    }
}

/// Whether one officer could walk through all numbers: neither a second fact nor a limit of subjects
/// stands against it, and the record holds what is not open.
fn walkable(agreement: &AgreementSettings, grant: &GrantSettings, record: &Record, report: &mut Report<'_>) {
    let limited = agreement.quota.subjects_per_officer_per_hour.is_some();
    if grant.second_fact == SecondFact::NotRequired && !limited && !record.is_open() {
        report.warning(
            grant.record.span(),
            "with neither a second fact nor quota.subjects_per_officer_per_hour, \
             one officer could walk through all numbers",
        );
    }
}

/// The roles that officers of the agreement's agencies may have; none when one of the agencies'
/// files can't be read or is not there, for then nobody knows.
fn roles<'a>(draft: &'a Draft, agreement: &AgreementSettings) -> Option<BTreeSet<&'a str>> {
    let known = || draft.names.agencies.iter().map(String::as_str);
    let parties = agreement
        .agencies
        .get_ref()
        .iter()
        .map(|party| Party::read(party.get_ref()));
    if parties
        .clone()
        .any(|party| !known().any(|agency| party.holds(agency)))
    {
        return None;
    }
    let mut roles = BTreeSet::new();
    for agency in known().filter(|agency| agreement.is_with(agency)) {
        let file = draft.agencies.get(agency).filter(|file| file.whole)?;
        roles.extend(
            file.value
                .token
                .roles
                .get_ref()
                .iter()
                .map(|role| role.get_ref().as_str()),
        );
    }
    Some(roles)
}

fn lists(grant: &GrantSettings, roles: Option<&BTreeSet<&str>>, report: &mut Report<'_>) {
    report.distinct(&grant.fields, "field");
    report.some(&grant.operations, "operation");
    report.some(&grant.steps, "step");
    report.distinct(&grant.roles, "role");
    for role in grant.roles.get_ref() {
        if let Some(roles) = roles
            && !roles.contains(role.get_ref().as_str())
        {
            let said = nearest::one_of(role.get_ref(), roles.iter().copied());
            report.error(
                role.span(),
                format!("no agency of this agreement has officers of that role: {said}"),
            );
        }
    }
}

fn fields(grant: &GrantSettings, record: &Record, report: &mut Report<'_>) {
    let claimed = operations(record, grant.operations.get_ref(), report);
    for path in grant
        .fields
        .get_ref()
        .iter()
        .filter(|path| path.get_ref() != EVERY)
    {
        if let Some(message) = record.path_problem(path.get_ref(), claimed) {
            report.error(path.span(), message);
        }
    }
}

/// Whether the registry has a file; tells when it has none.
pub(super) fn registry(draft: &Draft, name: &Spanned<String>, report: &mut Report<'_>) -> bool {
    report.wrote(name) && leads_to(name, &draft.names.registries, "registry in registries/", report)
}

/// The record, when the registry gives it and a lookup method is about it; tells when not.
pub(super) fn record(
    draft: &Draft,
    registry: &Spanned<String>,
    name: &Spanned<String>,
    report: &mut Report<'_>,
) -> Option<Record> {
    if !report.wrote(name) {
        return None;
    }
    let found = name.get_ref();
    let file = draft
        .registries
        .get(registry.get_ref())
        .filter(|file| file.whole)?;
    let records = &file.value.records;
    if !records.contains_key(found.as_str()) {
        let said = nearest::one_of(found, records.keys().map(|name| name.get_ref().as_str()));
        report.error(
            name.span(),
            format!("no such record of registry {:?}: {said}", registry.get_ref()),
        );
        return None;
    }
    let record = Record::find(&draft.schemas.pool, registry.get_ref(), found);
    if record.is_none() && draft.schemas_whole {
        report.error(
            name.span(),
            format!(
                "no lookup of registry {:?} is about {found:?}",
                registry.get_ref()
            ),
        );
    }
    record
}

/// Whether fields are only claimed; tells each operation that no lookup method offers for the record.
pub(super) fn operations(
    record: &Record,
    written: &[Spanned<GrantOperation>],
    report: &mut Report<'_>,
) -> bool {
    let offered = || record.operations.iter().map(|offered| offered.word());
    let mut claimed = true;
    for operation in written {
        let one = *operation.get_ref();
        if record.operations.contains(&one) {
            claimed &= one != GrantOperation::Get;
        } else {
            // What was meant is not known, so nothing follows from it.
            claimed = false;
            let (name, said) = (
                record.descriptor.full_name(),
                nearest::one_of(one.word(), offered()),
            );
            report.error(
                operation.span(),
                format!("no lookup does that with {name}: {said}"),
            );
        }
    }
    claimed
}

/// Whether a name is the name of a file; tells when not.
fn leads_to(name: &Spanned<String>, names: &BTreeSet<String>, what: &str, report: &mut Report<'_>) -> bool {
    let leads = names.contains(name.get_ref());
    if !leads {
        let said = nearest::one_of(name.get_ref(), names.iter().map(String::as_str));
        report.error(name.span(), format!("no such {what}: {said}"));
    }
    leads
}
