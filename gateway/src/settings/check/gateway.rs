//! `gateway.toml`: quantities within bounds, names once.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use adapters::settings::{Interval, Size};
use audit::VerifyingKey;
use toml::Spanned;
use tracing_subscriber::EnvFilter;

use super::Draft;
use crate::distribution::Address;
use crate::settings::ListenerSettings;
use crate::settings::problem::Problem;
use crate::settings::report::Report;
use crate::settings::{AuditSettings, RevocationSettings, TlsSettings, TokenSettings};

/// More threads than any machine has cores for are a slip.
const MOST_WORKERS: usize = 1_024;

pub(super) fn check(draft: &Draft, problems: &mut Vec<Problem>) {
    let Some(file) = &draft.gateway else { return };
    let mut report = Report::new(&file.source, problems);
    listener(&file.value.listener, &mut report);
    tls(&file.value.tls, &mut report);
    token(&file.value.token, &mut report);
    audit(&file.value.audit, &mut report);
    let filter = &file.value.telemetry.filter;
    if EnvFilter::try_new(filter.get_ref()).is_err() {
        let wanted = "a level such as \"info\", or pairs such as \"gateway=debug,info\"";
        report.error(
            filter.span(),
            format!("found {:?}, wanted {wanted}", filter.get_ref()),
        );
    }
    if let Some(metrics) = &file.value.telemetry.metrics
        && !metrics.get_ref().is_private()
    {
        let wanted =
            "an address of this machine alone such as \"127.0.0.1:9464\", or one of a private network";
        report.error(
            metrics.span(),
            format!("found {:?}, wanted {wanted}", metrics.get_ref().0.to_string()),
        );
    }
}

fn listener(listener: &ListenerSettings, report: &mut Report<'_>) {
    for count in [
        &listener.max_connections,
        &listener.max_connections_per_peer,
        &listener.max_handshakes,
        &listener.max_handshakes_per_peer,
        &listener.max_calls,
        &listener.max_calls_per_client,
        &listener.max_control_frames,
        &listener.max_resets,
        &listener.max_streams,
    ] {
        report.within(count, 1, 1_000_000, "1 to 1000000");
    }
    report.within(&listener.workers, 0, MOST_WORKERS, "0 to 1024");
    for time in [
        &listener.handshake_timeout,
        &listener.keep_alive_interval,
        &listener.keep_alive_timeout,
        &listener.call_timeout,
        &listener.send_timeout,
        &listener.idle_timeout,
        &listener.drain_time,
    ] {
        report.within(
            time,
            milliseconds(10),
            milliseconds(3_600_000),
            "\"10ms\" to \"1h\"",
        );
    }
    report.within(
        &listener.max_header_list,
        Size(1 << 10),
        Size(1 << 20),
        "\"1 KiB\" to \"1 MiB\"",
    );
    report.within(
        &listener.max_message,
        Size(1 << 10),
        Size(64 << 20),
        "\"1 KiB\" to \"64 MiB\"",
    );
    for memory in [&listener.message_memory_per_client, &listener.message_memory] {
        report.within(memory, Size(1 << 10), Size(1 << 40), "\"1 KiB\" to \"1024 GiB\"");
        // A message that may come must have room when nothing else has.
        if memory.get_ref() < listener.max_message.get_ref() {
            let written = [memory.span(), listener.max_message.span()]
                .into_iter()
                .find(|span| !span.is_empty());
            report.error(
                written.unwrap_or_default(),
                "found less memory for messages than one of them may take, wanted max_message at the most as large as \
                 message_memory and message_memory_per_client",
            );
        }
    }
    for window in [&listener.stream_window, &listener.connection_window] {
        // RFC 9113 section 6.9.1 ends windows at 2^31 − 1.
        report.within(window, Size(1 << 10), Size(1 << 30), "\"1 KiB\" to \"1 GiB\"");
    }
}

fn tls(tls: &TlsSettings, report: &mut Report<'_>) {
    report.some(&tls.client_ca, "authority");
    once(
        tls.client_ca.get_ref().iter().map(|ca| &ca.name),
        "authority",
        report,
    );
    for ca in tls.client_ca.get_ref() {
        if let Some(lists) = &ca.revocation {
            // To the verifier an empty set of lists means that nothing is revoked.
            report.some(lists, "revocation list");
        }
        ca.lists().iter().for_each(|list| revocation(list, report));
    }
}

fn revocation(list: &RevocationSettings, report: &mut Report<'_>) {
    report.within(
        &list.every,
        milliseconds(1_000),
        milliseconds(7 * 86_400_000),
        "\"1s\" to \"168h\"",
    );
    place(list.url.as_ref(), list.ca.as_ref(), report);
}

/// Where something is fetched from, and who vouches for the server.
fn place(url: Option<&Spanned<String>>, ca: Option<&Spanned<PathBuf>>, report: &mut Report<'_>) {
    let Some(url) = url else {
        if let Some(ca) = ca {
            report.error(
                ca.span(),
                "found authorities of a server, wanted its address in url too",
            );
        }
        return;
    };
    match (Address::parse(url.get_ref()), ca) {
        (Err(wanted), _) => report.error(url.span(), format!("found {:?}, wanted {wanted}", url.get_ref())),
        (Ok(address), None) if address.is_tls => {
            report.error(
                url.span(),
                "found an https:// address, wanted the authorities of its server in ca",
            );
        }
        (Ok(address), Some(ca)) if !address.is_tls => {
            report.error(
                ca.span(),
                "found authorities of a server, wanted an https:// address",
            );
        }
        _ => {}
    }
}

fn token(token: &TokenSettings, report: &mut Report<'_>) {
    report.said(&token.audience, "this gateway's name in tokens");
    report.some(&token.issuers, "issuer");
    once(
        token.issuers.get_ref().iter().map(|issuer| &issuer.name),
        "name of an issuer",
        report,
    );
    once(
        token.issuers.get_ref().iter().map(|issuer| &issuer.issuer),
        "value of an issuer",
        report,
    );
    for issuer in token.issuers.get_ref() {
        report.within(
            &issuer.every,
            milliseconds(10_000),
            milliseconds(86_400_000),
            "\"10s\" to \"24h\"",
        );
        match &issuer.url {
            // Whoever can change the set on its way could sign tokens.
            Some(url) if Address::parse(url.get_ref()).is_ok_and(|address| !address.is_tls) => {
                report.error(url.span(), "found an http:// address, wanted https:// for keys");
            }
            url => place(url.as_ref(), issuer.ca.as_ref(), report),
        }
    }
    report.within(
        &token.max_lifetime,
        milliseconds(1_000),
        milliseconds(86_400_000),
        "\"1s\" to \"24h\"",
    );
    report.within(
        &token.leeway,
        milliseconds(0),
        milliseconds(300_000),
        "\"0s\" to \"5m\"",
    );
    report.within(
        &token.max_ahead,
        milliseconds(0),
        milliseconds(600_000),
        "\"0s\" to \"10m\"",
    );
    report.within(
        &token.cache_time,
        milliseconds(0),
        milliseconds(60_000),
        "\"0s\" to \"60s\"",
    );
}

fn audit(audit: &AuditSettings, report: &mut Report<'_>) {
    let origin = &audit.origin;
    // A name in a signed note (c2sp.org/signed-note).
    let barred = |character: char| character.is_whitespace() || character.is_control() || character == '+';
    if origin.get_ref().is_empty() || origin.get_ref().contains(barred) {
        let wanted = "a name without blanks and plus signs, such as \"example.gov.vn/lienthong\"";
        report.error(
            origin.span(),
            format!("found {:?}, wanted {wanted}", origin.get_ref()),
        );
    }
    if let Some(keep) = &audit.keep {
        let days = |days: u64| milliseconds(days * 86_400_000);
        report.within(keep, days(1), days(36_500), "\"1d\" to \"36500d\"");
    }
    once(
        audit.witnesses.iter().map(|witness| &witness.name),
        "name of a witness",
        report,
    );
    for witness in &audit.witnesses {
        place(Some(&witness.url), witness.ca.as_ref(), report);
        let key = witness.key.get_ref().parse::<VerifyingKey>();
        if !key.is_ok_and(|key| key.is_witness()) {
            report.error(
                witness.key.span(),
                "found something else, wanted the public key of a witness, <name>+<key id>+<key> (cosignature/v1)",
            );
        }
    }
    if let Some(patience) = &audit.witness_patience {
        report.within(
            patience,
            milliseconds(1_000),
            milliseconds(30 * 86_400_000),
            "\"1s\" to \"30d\"",
        );
        if audit.witnesses.is_empty() {
            report.error(
                patience.span(),
                "found no witness, wanted at least one in [[audit.witnesses]]",
            );
        }
    }
}

fn once<'a>(names: impl Iterator<Item = &'a Spanned<String>>, what: &str, report: &mut Report<'_>) {
    let mut seen = HashSet::new();
    for name in names {
        report.said(name, &format!("the {what}"));
        if !seen.insert(name.get_ref()) {
            report.error(
                name.span(),
                format!("found {:?} twice, wanted each {what} once", name.get_ref()),
            );
        }
    }
}

fn milliseconds(number: u64) -> Interval {
    Interval(Duration::from_millis(number))
}
