//! What is wrong with a registry's settings, all of it at once, without connecting to anybody.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use prost_reflect::{DescriptorPool, MessageDescriptor};

use crate::codes::CodeTables;
#[cfg(feature = "embedded")]
use crate::embedded;
#[cfg(feature = "grpc")]
use crate::grpc;
use crate::mapping::{self, Form, Plan};
#[cfg(feature = "postgres")]
use crate::postgres;
#[cfg(feature = "rest")]
use crate::rest;
use crate::settings::{RegistrySettings, Routes};
#[cfg(feature = "soap")]
use crate::soap;

/// One thing that is wrong in a registry's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a range of bytes of the file.
    pub span: Option<Range<usize>>,
    /// What was found, what was wanted, and the nearest valid name if one is near.
    pub message: String,
}

/// Checks settings against the canonical schemas, and those of the registry that stand in files. Paths of
/// these start from `base`. Empty when nothing is wrong.
#[must_use]
pub fn check(
    settings: &RegistrySettings,
    base: &Path,
    pool: &DescriptorPool,
    codes: &CodeTables,
) -> Vec<Problem> {
    plans(settings, base, pool, codes).err().unwrap_or_default()
}

/// The canonical records of a registry, by full name.
pub(crate) type Records = BTreeMap<Arc<str>, Record>;

/// One canonical record, and how it is made.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) descriptor: MessageDescriptor,
    pub(crate) plan: Plan,
}

/// The checked settings, ready to be carried out; or all that is wrong.
pub(crate) fn plans(
    settings: &RegistrySettings,
    base: &Path,
    pool: &DescriptorPool,
    codes: &CodeTables,
) -> Result<Arc<Records>, Vec<Problem>> {
    let form = match &settings.routes {
        #[cfg(feature = "embedded")]
        Routes::Embedded(_) => Form::Rows,
        #[cfg(feature = "grpc")]
        Routes::Grpc(routes) if grpc::of_peers(routes) => Form::Whole,
        #[cfg(feature = "grpc")]
        Routes::Grpc(_) => Form::Tree,
        #[cfg(feature = "rest")]
        Routes::Rest(_) => Form::Tree,
        #[cfg(feature = "soap")]
        Routes::Soap(_) => Form::Tree,
        #[cfg(feature = "postgres")]
        Routes::Postgres(_) => Form::Rows,
    };
    #[cfg(not(feature = "grpc"))]
    let _ = base;
    let (records, mut problems) = records(settings, pool, codes, form);
    let records = Arc::new(records);
    settings.routes.check(&mut problems);
    match &settings.routes {
        #[cfg(feature = "embedded")]
        Routes::Embedded(routes) => {
            for route in routes {
                embedded::check(route.connection.get_ref(), &mut problems);
            }
            embedded::check_records(&records, &mut problems);
        }
        #[cfg(feature = "grpc")]
        Routes::Grpc(routes) => {
            for route in routes {
                grpc::check(&route.connection, base, pool, &records, &mut problems);
            }
            grpc::check_routes(routes, settings.cache.scope, &mut problems);
        }
        #[cfg(feature = "rest")]
        Routes::Rest(routes) => {
            for route in routes {
                rest::check(&route.connection, &records, &mut problems);
            }
        }
        #[cfg(feature = "soap")]
        Routes::Soap(routes) => {
            for route in routes {
                soap::check(&route.connection, &records, &mut problems);
            }
        }
        #[cfg(feature = "postgres")]
        Routes::Postgres(routes) => {
            for route in routes {
                postgres::check(route.connection.get_ref(), &mut problems);
            }
            postgres::check_records(&records, &mut problems);
        }
    }
    #[cfg(feature = "http")]
    crate::http::check_places(&settings.routes, settings.cache.scope, &records, &mut problems);
    if problems.is_empty() {
        Ok(records)
    } else {
        Err(problems)
    }
}

/// The records that can be made of answers of this form, and all that is wrong with the mapping.
pub(crate) fn records(
    settings: &RegistrySettings,
    pool: &DescriptorPool,
    codes: &CodeTables,
    form: Form,
) -> (Records, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut records = Records::new();
    if settings.records.is_empty() {
        problems.push(Problem::at(
            0..0,
            "the registry gives no record, wanted [records.\"full.Name\"]",
        ));
    }
    let context = mapping::Context {
        shapes: &settings.shapes,
        codes,
        encoding: settings.encoding,
        form,
    };
    for (name, record) in &settings.records {
        let Some(descriptor) = pool.get_message_by_name(name.get_ref()) else {
            let valid = record_names(pool);
            let near = mapping::suggestion(name.get_ref(), valid.iter().map(String::as_str));
            problems.push(Problem::at(
                name.span(),
                format!(
                    "found {:?}, wanted the full name of a canonical record{near}",
                    name.get_ref()
                ),
            ));
            continue;
        };
        for field in record.fields.keys() {
            let mapped = descriptor.get_field_by_name(field.get_ref());
            if mapped.is_some_and(|mapped| crate::course::is_computed(&mapped)) {
                let message = format!(
                    "{:?} is computed from other fields, wanted nothing",
                    field.get_ref()
                );
                problems.push(Problem::at(field.span(), message));
            }
        }
        if let Some(plan) = mapping::compile(record, &context, &descriptor, &mut problems) {
            records.insert(Arc::from(name.get_ref().as_str()), Record { descriptor, plan });
        }
    }
    (records, problems)
}

/// The messages that lookup methods are about.
fn record_names(pool: &DescriptorPool) -> Vec<String> {
    let mut names: Vec<_> = pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .filter_map(|method| proto::rules::lookup_method(&method))
        .map(|lookup| lookup.record)
        .collect();
    names.sort();
    names.dedup();
    names
}

impl Problem {
    pub(crate) fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        // What has no place in the file, such as a default, has an empty span.
        let span = Some(span).filter(|span| !span.is_empty());
        Self {
            span,
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
