//! The gateway itself: configuration, trust, the listener, the access log.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use prometheus_client::registry::Unit;

use super::page::{Page, number};
use super::reloads::Reloads;
use crate::clock::Moment;
use crate::distribution::Confirmed;
use crate::exchange::Exchange;
use crate::identity::TokenIssuer;
use crate::server::traffic::Traffic;

/// What is in force.
pub(super) fn configuration(page: &mut Page<'_>, exchange: &Exchange, reloads: &Reloads) -> fmt::Result {
    let version = env!("CARGO_PKG_VERSION");
    page.info("build", "The program", [("version", version)])?;
    // The counts first: who reads that the files are taken finds their configuration in force.
    let reloads = reloads.now();
    let directory = exchange.directory.load();
    let version = [("version", &*directory.version)];
    page.info("configuration", "The configuration in force", version)?;
    page.counters(
        "configurations",
        "Configurations that were put in force since the start, and that could not be used",
        [
            ([("outcome", "taken")], reloads.taken),
            ([("outcome", "refused")], reloads.refused),
        ],
    )?;
    page.gauges(
        "configuration_is_refused",
        "Whether the files in the folder can't be used, so that the old configuration stays in force",
        None,
        [([], reloads.is_refused.into())],
    )
}

/// Revocation lists and key sets.
pub(super) fn trust(page: &mut Page<'_>, exchange: &Exchange, confirmed: &Confirmed) -> fmt::Result {
    let (directory, now) = (exchange.directory.load(), Moment::now());
    let trust = directory.identity.trust();
    // A file may hold several lists; the one that ends first counts.
    let mut lists = BTreeMap::new();
    for list in trust.lists() {
        let file = list
            .file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let (left, soon) = (list.seconds_left(now), list.ends_soon(now));
        let (least, any) = lists.entry((list.authority, file)).or_insert((left, soon));
        (*least, *any) = ((*least).min(left), *any || soon);
    }
    let left = lists.iter().map(|(list, (left, _))| (of_list(list), *left));
    page.gauges(
        "revocation_list_remaining",
        "Time until the next update of a revocation list; negative after it, when nobody of its authority is let in",
        Some(Unit::Seconds),
        left,
    )?;
    let soon = lists
        .iter()
        .map(|(list, (_, soon))| (of_list(list), (*soon).into()));
    page.gauges(
        "revocation_list_ends_soon",
        "Whether a revocation list is in the last quarter of its time, or past it",
        None,
        soon,
    )?;
    page.gauges(
        "revocation_lists_kept",
        "Files of revocation lists that can't be used, so that the last good ones are still in force",
        None,
        [([], number(trust.kept().len() as u64))],
    )?;
    let age = |issuer: &TokenIssuer| {
        let (written, fetched) = (issuer.keys.age(now), confirmed.age(&issuer.name, now));
        written.into_iter().chain(fetched).min()
    };
    let issuers = directory.identity.issuers();
    let ages: BTreeMap<_, _> = issuers
        .filter_map(|issuer| Some((&*issuer.name, age(issuer)?)))
        .collect();
    page.gauges(
        "key_set_age",
        "Time since the key set of a token issuer was written, fetched, or found unchanged",
        Some(Unit::Seconds),
        ages.into_iter().map(|(issuer, age)| ([("issuer", issuer)], age)),
    )
}

fn of_list((authority, file): &(Arc<str>, String)) -> [(&'static str, &str); 2] {
    [("authority", authority), ("file", file)]
}

/// Connections and calls.
pub(super) fn listener(page: &mut Page<'_>, traffic: &Traffic) -> fmt::Result {
    page.gauges(
        "connections",
        "Open connections, handshakes included",
        None,
        [([], number(traffic.connections()))],
    )?;
    page.gauges(
        "calls_under_way",
        "Calls from their first header to the last byte of their answer",
        None,
        [([], number(traffic.calls()))],
    )?;
    page.counters(
        "overload_refusals",
        "Calls and connections refused before it was known whose they were",
        [([], traffic.refused())],
    )?;
    page.counters(
        "connections_ended",
        "Connections that the gateway ended for their conduct, by fault",
        traffic.ended().map(|(fault, count)| ([("fault", fault)], count)),
    )
}

/// The access log.
pub(super) fn log(page: &mut Page<'_>, exchange: &Exchange) -> fmt::Result {
    page.gauges(
        "log_entries",
        "Durable entries of the access log, those removed after their time included",
        None,
        [([], number(exchange.log.durable().size))],
    )?;
    page.gauges(
        "log_takes_calls",
        "Whether the access log takes entries of calls: without it nothing is answered",
        None,
        [([], exchange.log.takes_calls().into())],
    )
}
