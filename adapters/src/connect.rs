//! From settings to a registry that can be asked, with its protections around it.
//!
//! The wrappers, from the outside in:
//!
//! | wrapper | why it stands there |
//! |---|---|
//! | `Measured` | outermost: it sees what the caller sees, waiting and refusals included |
//! | `Judged` | what is computed from a whole record: whether its states can follow each other |
//! | `Guarded` | limits of time, number, size and depth; that the answer is about the subject asked for |
//! | `Routed` | the ways to the registry with a breaker each, second tries and hedges |
//! | the kind itself | speaks the registry's language |

use std::path::Path;
use std::sync::Arc;

use prost_reflect::DescriptorPool;

use crate::check::{Problem, Records, plans};
use crate::codes::CodeTables;
use crate::course::Judged;
#[cfg(feature = "embedded")]
use crate::embedded;
#[cfg(feature = "grpc")]
use crate::grpc;
use crate::guarded::places::Places;
use crate::guarded::{Guarded, Limits};
#[cfg(feature = "http")]
use crate::http::Complete;
use crate::measured::{Measured, Measures};
#[cfg(feature = "postgres")]
use crate::postgres;
use crate::registry::Registry;
#[cfg(feature = "rest")]
use crate::rest;
use crate::routed::Routed;
use crate::settings::{RegistrySettings, Route, Routes};
#[cfg(feature = "soap")]
use crate::soap;

/// Why a registry can't be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConnectError {
    /// The settings are wrong, by themselves or for the registry they point at.
    #[error("the settings have {} problems", .0.len())]
    Settings(Vec<Problem>),
    /// The registry can't be reached.
    #[error("the registry can't be reached: {what}")]
    Unreachable {
        /// What stood in the way.
        what: String,
    },
}

/// Opens the registry `name`, checks the settings against it, and puts the protections around it.
/// Relative paths start from `base`. Blocks the thread for as long as opening takes.
///
/// # Errors
/// [`ConnectError`], with every problem of the settings at once.
pub fn connect(
    name: &str,
    settings: &RegistrySettings,
    base: &Path,
    pool: &DescriptorPool,
    codes: &CodeTables,
) -> Result<Arc<dyn Registry>, ConnectError> {
    connect_measured(name, settings, base, pool, codes).map(|(registry, _)| registry)
}

/// As [`connect`], with the measures of the registry beside it.
///
/// # Errors
/// As [`connect`].
pub fn connect_measured(
    name: &str,
    settings: &RegistrySettings,
    base: &Path,
    pool: &DescriptorPool,
    codes: &CodeTables,
) -> Result<(Arc<dyn Registry>, Arc<Measures>), ConnectError> {
    let records = plans(settings, base, pool, codes).map_err(ConnectError::Settings)?;
    match &settings.routes {
        #[cfg(feature = "embedded")]
        Routes::Embedded(routes) => {
            let open = |connection: &embedded::Settings| {
                embedded::connect(name, connection, base, Arc::clone(&records))
            };
            Ok(wrapped(name, opened(routes, open)?, settings, &records))
        }
        #[cfg(feature = "grpc")]
        Routes::Grpc(routes) => {
            let limits = settings.protection.answer_limits();
            let open = |connection: &grpc::Settings| grpc::connect(connection, base, pool, &records, limits);
            Ok(completed(name, opened(routes, open)?, settings, &records))
        }
        #[cfg(feature = "rest")]
        Routes::Rest(routes) => {
            let limits = settings.protection.answer_limits();
            let open = |connection: &rest::Settings| rest::connect(connection, base, &records, limits);
            Ok(completed(name, opened(routes, open)?, settings, &records))
        }
        #[cfg(feature = "soap")]
        Routes::Soap(routes) => {
            let limits = settings.protection.answer_limits();
            let open = |connection: &soap::Settings| soap::connect(connection, base, &records, limits);
            Ok(completed(name, opened(routes, open)?, settings, &records))
        }
        #[cfg(feature = "postgres")]
        Routes::Postgres(routes) => {
            let longest = settings.protection.answer_limits().bytes;
            let open = |connection: &postgres::Settings| {
                postgres::connect(name, connection, base, Arc::clone(&records), longest)
            };
            Ok(wrapped(name, opened(routes, open)?, settings, &records))
        }
    }
}

/// Opens every route, the best first.
fn opened<C, R>(
    routes: &[Route<C>],
    open: impl Fn(&C) -> Result<R, ConnectError>,
) -> Result<Vec<(String, R)>, ConnectError> {
    routes
        .iter()
        .map(|route| Ok((route.name.get_ref().clone(), open(route.connection.get_ref())?)))
        .collect()
}

fn wrapped<R: Registry>(
    name: &str,
    ways: Vec<(String, R)>,
    settings: &RegistrySettings,
    records: &Records,
) -> (Arc<dyn Registry>, Arc<Measures>) {
    let (guarded, measures) = guarded(name, ways, settings, records);
    (measured(name, guarded, records, &measures), measures)
}

/// As [`wrapped`], for requests that may want to know of the call: they are asked with all that they want.
#[cfg(feature = "http")]
fn completed<R: Registry>(
    name: &str,
    ways: Vec<(String, R)>,
    settings: &RegistrySettings,
    records: &Records,
) -> (Arc<dyn Registry>, Arc<Measures>) {
    let (guarded, measures) = guarded(name, ways, settings, records);
    let complete = Complete::new(guarded, &settings.routes, records);
    (measured(name, complete, records, &measures), measures)
}

fn guarded<R: Registry>(
    name: &str,
    ways: Vec<(String, R)>,
    settings: &RegistrySettings,
    records: &Records,
) -> (Guarded<Routed<R>>, Arc<Measures>) {
    let protection = &settings.protection;
    let places = Arc::new(Places::new(protection.concurrency, protection.queue));
    let routed = Routed::new(name, ways, protection).hedging_in(Arc::clone(&places));
    let measures = routed.measures();
    let guarded = Guarded::new(name, routed, Limits::from(protection), records).sharing(places);
    (guarded, measures)
}

fn measured<R: Registry>(
    name: &str,
    inner: R,
    records: &Records,
    measures: &Arc<Measures>,
) -> Arc<dyn Registry> {
    let judged = Judged::new(inner, records);
    Arc::new(Measured::counting_in(name, judged, Arc::clone(measures)))
}
