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
//! | `client` | asks, and reads what comes back |

mod client;
mod connection;
mod descriptors;
mod exchange;
mod message;
mod paths;
mod settings;
mod status;
mod translate;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

pub use settings::{Request, Settings};
use toml::Spanned;

use crate::check::{Problem, Records};
use crate::connect::ConnectError;
use crate::http::{Protocol, check_server, check_sign_in};
use crate::tree::AnswerLimits;
use client::Client;
use connection::HEALTH;

/// What is wrong with the settings of this kind. The schemas are read from `base`.
pub(crate) fn check(
    settings: &Spanned<Settings>,
    base: &Path,
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
    status::check_answers(&settings.answers, problems);
    let pool = descriptors::read(&settings.descriptors, base, problems);
    // Without its schemas nothing can be said of a method.
    if let Some(pool) = pool {
        translate::questions(settings, &pool, records, span, problems);
    }
}

/// Reads the files that the settings name. Connects to nobody yet.
pub(crate) fn connect(
    settings: &Settings,
    base: &Path,
    records: &Arc<Records>,
    limits: AnswerLimits,
) -> Result<Client, ConnectError> {
    Client::new(settings, base, records, limits).map_err(|what| ConnectError::Unreachable { what })
}
