//! From the operator's agreements to grants.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;

use super::agreement::{Agreement, Grant, Rule, Set};
use super::clause::{operation_number, step_number};
use super::quota::Limits;
use super::{Agreements, ByRecord};
use crate::record::method::Method;
use crate::record::schema::Schema;
use crate::record::view::{UnknownPath, View};
use crate::settings::{AgreementSettings, GrantSettings, SecondFact};

/// Why a checked agreement can't be compiled.
#[derive(Debug, thiserror::Error)]
pub enum AgreementError {
    /// It lists what the record does not have.
    #[error("agreement {0}: {1}")]
    Field(String, #[source] UnknownPath),
    /// It is about a record that no method serves.
    #[error("agreement {0} is about {1}, which no method serves")]
    Record(String, String),
}

impl Agreements {
    /// Compiles agreements with these agencies. Where several grants would permit one call, the first
    /// in the order of agreement name and place in its file decides.
    pub fn compile<'a>(
        agreements: &BTreeMap<String, AgreementSettings>,
        agencies: impl Iterator<Item = &'a str> + Clone,
        methods: &HashMap<Arc<str>, Arc<Method>>,
    ) -> Result<Self, AgreementError> {
        let mut compiled = Self::default();
        for (name, settings) in agreements {
            let with: Vec<_> = agencies
                .clone()
                .filter(|agency| settings.is_with(agency))
                .collect();
            let terms = Arc::new(terms(name, settings));
            let procedures = terms.procedures.iter().map(|code| compiled.procedures.give(code));
            let procedures: Arc<Set> = Arc::new(procedures.collect());
            for (place, one) in (1..).zip(settings.grants.get_ref()) {
                let grant = Arc::new(grant(name, &terms, place, one, methods)?);
                let roles = grant.roles.iter().map(|role| compiled.roles.give(role));
                let roles: Arc<Set> = Arc::new(roles.collect());
                for agency in &with {
                    let rule = Rule {
                        operations: grant.operations.iter().copied().map(operation_number).collect(),
                        procedures: procedures.clone(),
                        first: terms.valid_from.unwrap_or(Date::MIN),
                        last: terms.valid_to.unwrap_or(Date::MAX),
                        steps: grant.steps.iter().copied().map(step_number).collect(),
                        roles: roles.clone(),
                        grant: grant.clone(),
                    };
                    let records: &mut ByRecord = compiled.by_agency.entry((*agency).into()).or_default();
                    records.entry(grant.record.name.clone()).or_default().push(rule);
                }
            }
        }
        Ok(compiled)
    }
}

fn terms(name: &str, settings: &AgreementSettings) -> Agreement {
    Agreement {
        name: name.into(),
        version: settings.version.get_ref().as_str().into(),
        title: settings.title.as_str().into(),
        legal_basis: settings.legal_basis.get_ref().as_str().into(),
        registry: settings.registry.get_ref().as_str().into(),
        procedures: shared(settings.procedures.get_ref()),
        valid_from: settings.valid_from.as_ref().map(|day| day.get_ref().0),
        valid_to: settings.valid_to.as_ref().map(|day| day.get_ref().0),
        limits: Limits::new(&settings.quota),
    }
}

fn grant(
    name: &str,
    terms: &Arc<Agreement>,
    place: usize,
    settings: &GrantSettings,
    methods: &HashMap<Arc<str>, Arc<Method>>,
) -> Result<Grant, AgreementError> {
    let record = schema(settings.record.get_ref(), methods)
        .ok_or_else(|| AgreementError::Record(name.to_owned(), settings.record.get_ref().clone()))?;
    let paths = settings
        .fields
        .get_ref()
        .iter()
        .map(|path| path.get_ref().as_str());
    let view =
        View::compile(&record, paths).map_err(|error| AgreementError::Field(name.to_owned(), error))?;
    let max_age = settings.max_age.as_ref().map(|age| age.get_ref().0);
    Ok(Grant {
        agreement: terms.clone(),
        place,
        record,
        operations: settings
            .operations
            .get_ref()
            .iter()
            .map(|one| one.get_ref().wire())
            .collect(),
        view: Arc::new(view),
        steps: settings
            .steps
            .get_ref()
            .iter()
            .map(|step| step.get_ref().wire())
            .collect(),
        roles: shared(settings.roles.get_ref()),
        second_fact: settings.second_fact == SecondFact::Required,
        max_age_micros: max_age.map(|age| i64::try_from(age.as_micros()).unwrap_or(i64::MAX)),
    })
}

fn schema(record: &str, methods: &HashMap<Arc<str>, Arc<Method>>) -> Option<Arc<Schema>> {
    let method = methods.values().find(|method| *method.record.name == *record)?;
    Some(method.record.clone())
}

fn shared(names: &[toml::Spanned<String>]) -> Vec<Arc<str>> {
    names.iter().map(|name| name.get_ref().as_str().into()).collect()
}
