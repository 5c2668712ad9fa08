//! Kind `grpc`: a server whose unary methods are asked by their descriptors.
//!
//! | file | idea |
//! |---|---|
//! | `settings` | what a registry's file says |
//! | `descriptors` | the schemas that the operator gives beside it |
//! | `translate` | from a question to a message and its metadata |
//! | `message` | a message with places for arguments, typed when the file is read |
//! | `paths` | whether the paths of the mapping lead anywhere in the answer |
//! | `connection` | one connection for each thread that asks, and who drives it |
//! | `exchange` | one call within limits: one message, a status, nothing packed |
//! | `status` | what the codes of gRPC mean |
//! | `peer`, `vouching` | another gateway of this product, and how this one vouches for an officer there |
//! | `client` | asks, and reads what comes back |

mod client;
mod connection;
mod descriptors;
mod exchange;
mod message;
mod paths;
mod peer;
mod settings;
mod status;
mod translate;
mod vouching;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

pub(crate) use descriptors::imports;
use prost_reflect::DescriptorPool;
pub use settings::{Lienthong, Request, Settings};
use toml::Spanned;

use crate::check::{Problem, Records};
use crate::connect::ConnectError;
use crate::http::{Protocol, check_server, check_sign_in};
use crate::settings::{Route, Scope};
use crate::tree::AnswerLimits;
use client::Client;
use connection::HEALTH;

/// What is wrong with the settings of this kind. The schemas are read from `base`.
pub(crate) fn check(
    settings: &Spanned<Settings>,
    base: &Path,
    canonical: &DescriptorPool,
    records: &Arc<Records>,
    problems: &mut Vec<Problem>,
) {
    let (span, settings) = (settings.span(), settings.get_ref());
    check_server(&settings.server, false, problems);
    check_sign_in(&settings.sign_in, settings.server.ca.is_some(), problems);
    if settings.server.protocol == Protocol::Http1 {
        problems.push(Problem::at(
            settings.server.url.span(),
            "found protocol = \"http1\", wanted none: gRPC is HTTP/2",
        ));
    }
    if let Some(health) = &settings.server.health
        && health.get_ref() != HEALTH
    {
        problems.push(Problem::at(
            health.span(),
            format!("found {:?}, wanted {HEALTH:?} or nothing", health.get_ref()),
        ));
    }
    if let Some(other) = &settings.lienthong {
        return peer::check(settings, other, canonical, records, problems);
    }
    status::check_answers(&settings.answers, problems);
    let pool = descriptors::read(&settings.descriptors, base, problems);
    // Without its schemas nothing can be said of a method.
    if let Some(pool) = pool {
        translate::questions(settings, &pool, records, span, problems);
    }
}

/// Whether routes lead to other gateways, whose records are taken as they are.
pub(crate) fn of_peers(routes: &[Route<Settings>]) -> bool {
    routes
        .iter()
        .any(|route| route.connection.get_ref().lienthong.is_some())
}

/// What is wrong with the routes together.
pub(crate) fn check_routes(routes: &[Route<Settings>], scope: Scope, problems: &mut Vec<Problem>) {
    let others = routes
        .iter()
        .filter_map(|route| route.connection.get_ref().lienthong.as_ref());
    let Some(first) = others.clone().next() else {
        return;
    };
    if others.count() < routes.len() {
        let message = "found a gateway and a registry of its own form, wanted one of them by every route";
        problems.push(Problem::at(first.span(), message));
    }
    if scope != Scope::PerCase {
        let message = "found answers that others share, wanted scope = \"per-case\" in [cache]: what another gateway \
                       gives depends on who asks, and why";
        problems.push(Problem::at(first.span(), message));
    }
}

/// Reads the files that the settings name. Connects to nobody yet.
pub(crate) fn connect(
    settings: &Settings,
    base: &Path,
    canonical: &DescriptorPool,
    records: &Arc<Records>,
    limits: AnswerLimits,
) -> Result<Client, ConnectError> {
    Client::new(settings, base, canonical, records, limits).map_err(|what| ConnectError::Unreachable { what })
}
