//! Calls: how they ended, and what their registries had to do.

use std::collections::BTreeMap;
use std::fmt;

use adapters::{RouteSnapshot, Snapshot};
use prometheus_client::registry::Unit;

use super::page::{Page, number};
use crate::directory::Source;
use crate::exchange::Exchange;

/// Outcomes and quotas.
pub(super) fn outcomes(page: &mut Page<'_>, exchange: &Exchange) -> fmt::Result {
    page.counters(
        "calls",
        "Calls and items of streams by the word of their outcome, as in the access log",
        exchange
            .outcomes
            .counts()
            .map(|(word, count)| ([("outcome", word)], count)),
    )?;
    page.counters(
        "quota_alarms",
        "Alarms that a quota is used up, by its clause",
        exchange
            .quotas
            .alarms()
            .map(|(limit, count)| ([("clause", limit.clause())], count)),
    )
}

/// Every registry and its routes. The counts of one begin anew when its file changes.
pub(super) fn registries(page: &mut Page<'_>, exchange: &Exchange) -> fmt::Result {
    let directory = exchange.directory.load();
    let sources: BTreeMap<&str, &Source> = (directory.registries.iter())
        .map(|(name, source)| (&**name, &**source))
        .collect();
    let given = sources.iter().flat_map(|(name, source)| {
        let counts = source.given.counts();
        counts.map(|(from, count)| ([("registry", *name), ("source", from.word())], count))
    });
    page.counters(
        "answers",
        "Records that a call was answered from, by where they were taken from",
        given,
    )?;
    let kept = sources
        .iter()
        .map(|(name, source)| (*name, source.answers.kept_now()));
    page.gauges(
        "kept_answers",
        "Answers that are kept",
        None,
        kept.clone()
            .map(|(name, (count, _))| ([("registry", name)], number(count))),
    )?;
    page.gauges(
        "kept_answers_memory",
        "Memory that kept answers are charged for",
        Some(Unit::Bytes),
        kept.map(|(name, (_, bytes))| ([("registry", name)], number(bytes))),
    )?;
    questions(page, &sources)?;
    routes(page, &sources)
}

fn questions(page: &mut Page<'_>, sources: &BTreeMap<&str, &Source>) -> fmt::Result {
    type Count = fn(&Snapshot) -> u64;
    const ENDS: [(&str, Count); 4] = [
        ("found", |counts| counts.found),
        ("not-found", |counts| counts.not_found),
        ("failed", |counts| counts.failed),
        ("given-up", |counts| counts.given_up),
    ];
    const MEASURES: [(&str, &str, Count); 4] = [
        ("registry_retries", "Second tries", |counts| counts.retried),
        (
            "registry_hedges",
            "Questions asked once more beside a slow one",
            |counts| counts.hedged,
        ),
        (
            "registry_failovers",
            "Questions that went on to another route",
            |counts| counts.failed_over,
        ),
        (
            "registry_refusals",
            "Questions refused because no route was asked",
            |counts| counts.refused,
        ),
    ];
    let counted: Vec<(&str, Snapshot)> = (sources.iter())
        .map(|(name, source)| (*name, source.measures.snapshot()))
        .collect();
    let ended = counted.iter().flat_map(|(name, counts)| {
        let ends = ENDS.iter();
        ends.map(|(end, count)| ([("registry", *name), ("end", *end)], count(counts)))
    });
    page.counters(
        "registry_questions",
        "Questions to a registry, by their end",
        ended,
    )?;
    page.times(
        "registry_questions_time",
        "Time of all questions to a registry together",
        counted
            .iter()
            .map(|(name, counts)| ([("registry", *name)], counts.time.as_secs_f64())),
    )?;
    for (name, help, count) in MEASURES {
        let samples = counted
            .iter()
            .map(|(registry, counts)| ([("registry", *registry)], count(counts)));
        page.counters(name, help, samples)?;
    }
    Ok(())
}

fn routes(page: &mut Page<'_>, sources: &BTreeMap<&str, &Source>) -> fmt::Result {
    type Count = fn(&RouteSnapshot) -> u64;
    const MEASURES: [(&str, &str, Count); 3] = [
        (
            "route_questions",
            "Questions that went this way, second tries included",
            |counts| counts.asked,
        ),
        ("route_failures", "Questions that failed on this way", |counts| {
            counts.failed
        }),
        ("route_pauses", "How often a way was no longer asked", |counts| {
            counts.paused
        }),
    ];
    let counted: Vec<([(&'static str, &str); 2], RouteSnapshot)> = (sources.iter())
        .flat_map(|(name, source)| {
            let routes = source.measures.routes().iter();
            routes.map(|route| ([("registry", *name), ("route", &*route.name)], route.snapshot()))
        })
        .collect();
    for (name, help, count) in MEASURES {
        let samples = counted.iter().map(|(labels, counts)| (*labels, count(counts)));
        page.counters(name, help, samples)?;
    }
    page.gauges(
        "route_is_paused",
        "Whether a way is not asked, or on trial after a pause",
        None,
        counted
            .iter()
            .map(|(labels, counts)| (*labels, counts.is_paused.into())),
    )
}
