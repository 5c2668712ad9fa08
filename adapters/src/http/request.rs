//! The question of each record and identifier.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;

use crate::check::{Problem, Record, Records};
use crate::error::Error;
use crate::mapping::{Key, fitting, suggestion};

/// How each record is asked for, by each of its identifiers.
pub(crate) struct Asked<T> {
    records: Arc<Records>,
    questions: HashMap<Arc<str>, Vec<T>>,
}

impl<T> Asked<T> {
    /// Every record of the file.
    pub(crate) fn records(&self) -> &Arc<Records> {
        &self.records
    }

    /// How a record is asked for by an identifier of this form.
    pub(crate) fn question(&self, record: &str, key: &str) -> Result<&T, Error> {
        let known = known(&self.records, record)?;
        let (place, _) = fitting(&known.plan.keys, key).ok_or_else(Error::not_asked)?;
        let questions = self.questions.get(record).ok_or_else(unmapped)?;
        questions.get(place).ok_or_else(unmapped)
    }
}

/// The record of this full name.
pub(crate) fn known<'a>(records: &'a Records, record: &str) -> Result<&'a Record, Error> {
    records.get(record).ok_or_else(unmapped)
}

fn unmapped() -> Error {
    Error::unavailable("the registry's file maps no such record")
}

/// Reads the requests of a connection, that stands at `span`: one for each identifier of each record.
pub(crate) fn asked<S, T>(
    requests: &[S],
    subject: impl Fn(&S) -> (&Spanned<String>, &Spanned<String>),
    mut compiled: impl FnMut(&S, &Key, &mut Vec<Problem>) -> T,
    records: &Arc<Records>,
    span: Range<usize>,
    problems: &mut Vec<Problem>,
) -> Asked<T> {
    for request in requests {
        let (record, key) = subject(request);
        match records.get(record.get_ref().as_str()) {
            None => {
                let near = suggestion(record.get_ref(), records.keys().map(|name| &**name));
                problems.push(Problem::at(
                    record.span(),
                    format!("found {:?}, wanted a record of this file{near}", record.get_ref()),
                ));
            }
            Some(known) if !names(known).iter().any(|name| name == key.get_ref()) => {
                let names = names(known);
                let near = suggestion(key.get_ref(), names.iter().map(String::as_str));
                problems.push(Problem::at(
                    key.span(),
                    format!(
                        "found {:?}, wanted the field of one of its keys{near}",
                        key.get_ref()
                    ),
                ));
            }
            Some(_) => {}
        }
    }
    let mut questions = HashMap::new();
    for (name, record) in records.iter() {
        let mut of_record = Vec::new();
        for (key, field) in record.plan.keys.iter().zip(names(record)) {
            let mut fit = requests.iter().filter(|request| {
                let (record, key) = subject(request);
                record.get_ref().as_str() == &**name && *key.get_ref() == field
            });
            match (fit.next(), fit.next()) {
                (None, _) => problems.push(Problem::at(
                    span.clone(),
                    format!("found no request for {name} by {field}, wanted one in requests"),
                )),
                (Some(_), Some(second)) => problems.push(Problem::at(
                    subject(second).1.span(),
                    format!("there is already a request for {name} by {field}"),
                )),
                (Some(request), None) => of_record.push(compiled(request, key, problems)),
            }
        }
        questions.insert(Arc::clone(name), of_record);
    }
    Asked {
        records: Arc::clone(records),
        questions,
    }
}

/// The fields of a record's identifiers.
fn names(record: &Record) -> Vec<String> {
    let name = |key: &Key| {
        let field = record.descriptor.get_field(key.number);
        field.map_or_else(String::new, |field| field.name().to_owned())
    };
    record.plan.keys.iter().map(name).collect()
}
