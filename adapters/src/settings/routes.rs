//! The ways to one registry, the best first.

use serde::Deserialize;
use toml::Spanned;

use crate::check::Problem;
#[cfg(feature = "embedded")]
use crate::embedded;
#[cfg(feature = "grpc")]
use crate::grpc;
#[cfg(feature = "postgres")]
use crate::postgres;
#[cfg(feature = "rest")]
use crate::rest;
#[cfg(feature = "soap")]
use crate::soap;

/// Most ways to one registry: each is given its share of the time for an answer.
pub const MOST_ROUTES: usize = 8;

/// One way, in the terms of the registry's kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route<C> {
    /// What it is called in answers, log and metrics: `direct`, `lgsp`, `ndxp`, `ndop`.
    pub name: Spanned<String>,
    /// Where it leads.
    pub connection: Spanned<C>,
}

/// The ways to one registry, by its kind.
#[derive(Clone, Debug)]
pub enum Routes {
    /// Database files on this machine.
    #[cfg(feature = "embedded")]
    Embedded(Vec<Route<embedded::Settings>>),
    /// Servers that speak gRPC.
    #[cfg(feature = "grpc")]
    Grpc(Vec<Route<grpc::Settings>>),
    /// Servers that speak JSON or XML over HTTP.
    #[cfg(feature = "rest")]
    Rest(Vec<Route<rest::Settings>>),
    /// Servers that speak SOAP.
    #[cfg(feature = "soap")]
    Soap(Vec<Route<soap::Settings>>),
    /// PostgreSQL databases.
    #[cfg(feature = "postgres")]
    Postgres(Vec<Route<postgres::Settings>>),
}

impl Routes {
    /// The names, the best first.
    #[must_use]
    pub fn names(&self) -> Vec<&Spanned<String>> {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded(routes) => routes.iter().map(|route| &route.name).collect(),
            #[cfg(feature = "grpc")]
            Self::Grpc(routes) => routes.iter().map(|route| &route.name).collect(),
            #[cfg(feature = "rest")]
            Self::Rest(routes) => routes.iter().map(|route| &route.name).collect(),
            #[cfg(feature = "soap")]
            Self::Soap(routes) => routes.iter().map(|route| &route.name).collect(),
            #[cfg(feature = "postgres")]
            Self::Postgres(routes) => routes.iter().map(|route| &route.name).collect(),
        }
    }

    /// Names are short plain words, and each is one route's.
    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        let names = self.names();
        for (place, name) in names.iter().enumerate() {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            let text = name.get_ref();
            if text.is_empty() || text.len() > 32 || !text.bytes().all(plain) {
                let message = format!("found {text:?}, wanted at most 32 small letters, digits and hyphens");
                problems.push(Problem::at(name.span(), message));
            }
            if names.iter().take(place).any(|other| other.get_ref() == text) {
                problems.push(Problem::at(
                    name.span(),
                    format!("there is already a route {text:?}"),
                ));
            }
        }
        if let Some(name) = names.get(MOST_ROUTES) {
            let message = format!("found {} routes, wanted at most {MOST_ROUTES}", names.len());
            problems.push(Problem::at(name.span(), message));
        }
    }
}
