//! What there is to ask, and what an agency may ask of it: told from the compiled configuration, for
//! the catalog service and for the operator's command line alike.
//!
//! | file | idea |
//! |---|---|
//! | `fields` | fields with their Vietnamese labels |
//! | `permissions` | what an agency may ask |
//! | `decision` | how a request would be decided, and why |

mod decision;
mod fields;
mod permissions;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use proto::catalog::v1::{Component, Method as ListedMethod, Procedure, Record, Registry, Replacement};
use toml::Spanned;

use crate::record::method::Method;
use crate::record::schema::Schema;
use crate::settings::{Day, ProcedureSettings, ReplacementSettings, Settings};
pub use decision::{Asking, Unclear, explain};
use fields::Fields;
pub use permissions::permissions;

/// The registries and procedures of one configuration.
#[derive(Debug, Default)]
pub struct Catalog {
    /// The registries, by name.
    pub registries: Vec<Registry>,
    /// The published procedures, by code.
    pub procedures: Vec<Procedure>,
    records: BTreeMap<Arc<str>, Known>,
}

/// One record type.
#[derive(Debug)]
struct Known {
    registry: Arc<str>,
    schema: Arc<Schema>,
    fields: Fields,
}

impl Catalog {
    /// Compiles what checked settings and the lookup methods say.
    pub fn compile(settings: &Settings, methods: &HashMap<Arc<str>, Arc<Method>>) -> Self {
        let mut catalog = Self::default();
        for method in methods
            .values()
            .filter(|method| settings.registries.contains_key(&*method.registry))
        {
            let name = &method.record.name;
            catalog.records.entry(name.clone()).or_insert_with(|| Known {
                registry: method.registry.clone(),
                schema: method.record.clone(),
                fields: Fields::of(&method.record),
            });
        }
        catalog.registries = settings
            .registries
            .keys()
            .map(|name| catalog.registry(name, methods))
            .collect();
        catalog.procedures = settings
            .procedures
            .values()
            .map(|procedure| catalog.procedure(procedure))
            .collect();
        catalog
    }

    /// The records of a registry, by name.
    pub fn records_of(&self, registry: &str) -> impl Iterator<Item = &Arc<str>> {
        let of = move |known: &Known| *known.registry == *registry;
        self.records
            .iter()
            .filter(move |(_, known)| of(known))
            .map(|(name, _)| name)
    }

    fn registry(&self, name: &str, methods: &HashMap<Arc<str>, Arc<Method>>) -> Registry {
        let records = self.records.iter().filter(|(_, known)| *known.registry == *name);
        let listed = |record: &Arc<str>| {
            let mut listed: Vec<_> = methods
                .values()
                .filter(|method| method.record.name == *record)
                .map(|method| ListedMethod {
                    path: method.path.to_string(),
                    operation: method.operation.into(),
                    second_facts: method
                        .key
                        .facts
                        .iter()
                        .map(|fact| fact.name.to_string())
                        .collect(),
                })
                .collect();
            listed.sort_by(|one, other| one.path.cmp(&other.path));
            listed
        };
        Registry {
            name: name.to_owned(),
            records: records
                .map(|(record, known)| Record {
                    name: record.to_string(),
                    methods: listed(record),
                    fields: known.fields.all().to_vec(),
                })
                .collect(),
        }
    }

    fn procedure(&self, settings: &ProcedureSettings) -> Procedure {
        let components = settings.components.get_ref().iter();
        Procedure {
            code: settings.code.get_ref().clone(),
            name_vi: settings.name_vi.clone(),
            name_en: settings.name_en.clone(),
            valid_from: written(settings.valid_from.as_ref()),
            valid_to: written(settings.valid_to.as_ref()),
            legal_basis: settings.legal_basis.get_ref().clone(),
            components: components
                .map(|component| Component {
                    id: component.id.get_ref().clone(),
                    paper_vi: component.paper_vi.clone(),
                    replaced_by: component
                        .replaced_by
                        .iter()
                        .map(|one| self.replacement(one))
                        .collect(),
                })
                .collect(),
        }
    }

    fn replacement(&self, settings: &ReplacementSettings) -> Replacement {
        let record = settings.record.get_ref();
        let paths = settings
            .fields
            .get_ref()
            .iter()
            .map(|path| path.get_ref().as_str());
        Replacement {
            registry: settings.registry.get_ref().clone(),
            record: record.clone(),
            operation: settings.operation.get_ref().wire().into(),
            fields: match self.records.get(record.as_str()) {
                Some(known) => known.fields.named(paths),
                None => Vec::new(),
            },
        }
    }
}

fn written(day: Option<&Spanned<Day>>) -> String {
    day.map(|day| day.get_ref().to_string()).unwrap_or_default()
}
