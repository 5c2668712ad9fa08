//! One registry's file, `config/registries/<name>.toml`, as data. Nothing is opened here.

mod policy;
mod protection;
mod read;
mod records;
mod routes;
mod units;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

pub use policy::{CachePolicy, Scope};
pub use protection::{Breaker, Protection, Retry};
pub use records::{
    Conversion, FieldSettings, Fields, KeySettings, ListSettings, Lists, PartSettings, Parts, RecordSettings,
    Shapes, TextForm, UnpackSettings,
};
pub use routes::{MOST_ROUTES, Route, Routes};
pub use units::{Interval, Size};

use crate::text::encoding::Encoding;

/// The settings of one registry.
#[derive(Clone, Debug)]
pub struct RegistrySettings {
    /// Name for people, Vietnamese.
    pub title_vi: String,
    /// Name for people, English.
    pub title_en: String,
    /// What language the registry speaks.
    pub kind: Spanned<Kind>,
    /// Where it is, in the terms of its kind: the ways to it, the best first. `[connection]` alone is
    /// one way, called `direct`.
    pub routes: Routes,
    /// How its texts are written, where a field says nothing else.
    pub encoding: Encoding,
    /// How long answers may be kept.
    pub cache: CachePolicy,
    /// Limits on what is asked and on what comes back.
    pub protection: Protection,
    /// Fields of messages that occur more than once, by a name of the file's own.
    pub shapes: Shapes,
    /// The canonical records it gives, by full name, and how each is made.
    pub records: BTreeMap<Spanned<String>, RecordSettings>,
}

/// The languages that registries speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A SQLite database file on this machine.
    #[cfg(feature = "embedded")]
    Embedded,
    /// gRPC.
    #[cfg(feature = "grpc")]
    Grpc,
    /// JSON, or XML, over HTTP.
    #[cfg(feature = "rest")]
    Rest,
    /// SOAP 1.1 or 1.2.
    #[cfg(feature = "soap")]
    Soap,
    /// A PostgreSQL database.
    #[cfg(feature = "postgres")]
    Postgres,
}

impl RegistrySettings {
    /// The files that the connections name, relative to the configuration folder.
    #[must_use]
    pub fn files(&self) -> Vec<&Spanned<String>> {
        match &self.routes {
            #[cfg(feature = "embedded")]
            Routes::Embedded(routes) => routes
                .iter()
                .map(|route| &route.connection.get_ref().file)
                .collect(),
            #[cfg(feature = "grpc")]
            Routes::Grpc(routes) => routes
                .iter()
                .flat_map(|route| route.connection.get_ref().files())
                .collect(),
            #[cfg(feature = "rest")]
            Routes::Rest(routes) => routes
                .iter()
                .flat_map(|route| route.connection.get_ref().files())
                .collect(),
            #[cfg(feature = "soap")]
            Routes::Soap(routes) => routes
                .iter()
                .flat_map(|route| route.connection.get_ref().files())
                .collect(),
            #[cfg(feature = "postgres")]
            Routes::Postgres(routes) => routes
                .iter()
                .flat_map(|route| route.connection.get_ref().files())
                .collect(),
        }
    }

    /// Those of the files that are read when the registry is opened, and only then: certificates, keys, passwords.
    /// A database is read all the time, and schemas are a part of the configuration.
    #[must_use]
    pub fn credentials(&self) -> Vec<&Spanned<String>> {
        match &self.routes {
            #[cfg(feature = "embedded")]
            Routes::Embedded(_) => Vec::new(),
            #[cfg(feature = "grpc")]
            Routes::Grpc(routes) => routes
                .iter()
                .flat_map(|route| {
                    let connection = route.connection.get_ref();
                    let schemas = connection.schemas();
                    let mut files = connection.files();
                    files.retain(|file| !schemas.contains(file));
                    files
                })
                .collect(),
            #[cfg(any(feature = "rest", feature = "soap", feature = "postgres"))]
            _ => self.files(),
        }
    }

    /// Whether it wants to know of the call that a question is asked for.
    #[must_use]
    pub fn wants_call(&self) -> bool {
        match &self.routes {
            #[cfg(feature = "grpc")]
            Routes::Grpc(_) => true,
            #[cfg(feature = "rest")]
            Routes::Rest(_) => crate::http::of_call(&self.routes),
            #[cfg(feature = "soap")]
            Routes::Soap(_) => crate::http::of_call(&self.routes),
            #[cfg(feature = "embedded")]
            Routes::Embedded(_) => false,
            #[cfg(feature = "postgres")]
            Routes::Postgres(_) => false,
        }
    }

    /// Those of the files that hold secrets: nobody but their owner may read them.
    #[must_use]
    pub fn secrets(&self) -> Vec<&Spanned<String>> {
        match &self.routes {
            #[cfg(feature = "embedded")]
            Routes::Embedded(_) => Vec::new(),
            #[cfg(feature = "grpc")]
            Routes::Grpc(routes) => routes
                .iter()
                .flat_map(|route| route.connection.get_ref().secrets())
                .collect(),
            #[cfg(feature = "rest")]
            Routes::Rest(routes) => routes
                .iter()
                .flat_map(|route| route.connection.get_ref().secrets())
                .collect(),
            #[cfg(feature = "soap")]
            Routes::Soap(routes) => routes
                .iter()
                .flat_map(|route| route.connection.get_ref().secrets())
                .collect(),
            #[cfg(feature = "postgres")]
            Routes::Postgres(routes) => routes
                .iter()
                .flat_map(|route| route.connection.get_ref().secrets())
                .collect(),
        }
    }

    /// The files that say what is asked and how answers are read, relative to `base`, imports included: another
    /// content of theirs is another configuration.
    #[must_use]
    pub fn schemas(&self, base: &Path) -> BTreeSet<String> {
        #[cfg(not(feature = "grpc"))]
        let _ = base;
        match &self.routes {
            #[cfg(feature = "grpc")]
            Routes::Grpc(routes) => {
                let named = routes
                    .iter()
                    .flat_map(|route| route.connection.get_ref().schemas());
                let named: BTreeSet<_> = named.map(|file| file.get_ref().clone()).collect();
                let imports = crate::grpc::imports(named.iter().map(String::as_str), base);
                named.into_iter().chain(imports).collect()
            }
            #[cfg(any(
                feature = "embedded",
                feature = "postgres",
                feature = "rest",
                feature = "soap"
            ))]
            _ => BTreeSet::new(),
        }
    }
}
