//! `agencies/<id>.toml`: one name, one certificate, one system: one agency.

use std::collections::HashMap;

use adapters::text::agency_code;
use toml::Spanned;

use super::{Draft, Parsed};
use crate::settings::nearest;
use crate::settings::problem::Problem;
use crate::settings::report::Report;
use crate::settings::{AgencySettings, GatewaySettings};

pub(super) fn check(draft: &Draft, problems: &mut Vec<Problem>) {
    let gateway = draft
        .gateway
        .as_ref()
        .filter(|file| file.whole)
        .map(|file| &file.value);
    let in_agreement = |agency: &str| (draft.agreements.values()).any(|file| file.value.is_with(agency));
    // What stands for an agency → which one, and where that is written.
    let mut certificates = HashMap::new();
    let mut clients = HashMap::new();
    for (name, file) in &draft.agencies {
        let mut report = Report::new(&file.source, problems);
        let agency = &file.value;
        identifier(name, &agency.id, &mut report);
        report.validity(agency.valid_from.as_ref(), agency.valid_to.as_ref(), draft.today);
        report.some(&agency.certificates, "certificate");
        for certificate in agency.certificates.get_ref() {
            let (ca, uri) = (&certificate.ca, &certificate.san_uri);
            uri_form(uri, &mut report);
            if report.wrote(ca) && report.wrote(uri) {
                let pair = (ca.get_ref().as_str(), uri.get_ref().as_str());
                claim(&mut certificates, pair, name, file, uri, &mut report);
            }
        }
        report.distinct(&agency.token.clients, "client_id");
        for client in agency.token.clients.get_ref() {
            report.said(client, "a client_id");
            claim(
                &mut clients,
                client.get_ref().as_str(),
                name,
                file,
                client,
                &mut report,
            );
        }
        report.distinct(&agency.token.roles, "role");
        for role in agency.token.roles.get_ref() {
            report.said(role, "a role");
        }
        scope(agency, &mut report);
        if let Some(gateway) = gateway {
            named_in_gateway(agency, gateway, &mut report);
        }
        if !agency.auditor && !in_agreement(name) {
            let message = format!("agency {name} is in no agreement: it may ask nothing");
            report.warning(agency.id.span(), message);
        }
    }
}

/// The identifier has the canonical form, and the file its name.
fn identifier(name: &str, id: &Spanned<String>, report: &mut Report<'_>) {
    let written = id.get_ref();
    match agency_code::parse(written) {
        Err(error) => report.error(
            id.span(),
            format!("found {written:?}, wanted the code of an agency: {error}"),
        ),
        Ok(code) if code.as_str() != written => {
            report.error(
                id.span(),
                format!("found {written:?}, wanted its present form {:?}", code.as_str()),
            );
        }
        Ok(_) if written != name => {
            report.error(
                id.span(),
                format!("found {written:?}, wanted the name of the file, {name:?}"),
            );
        }
        Ok(_) => {}
    }
}

/// What an auditor sees are codes of agencies, and only an auditor sees anything.
fn scope(agency: &AgencySettings, report: &mut Report<'_>) {
    for seen in &agency.auditor_scope {
        let written = seen.get_ref();
        match agency_code::parse(written) {
            Err(error) => report.error(
                seen.span(),
                format!("found {written:?}, wanted the code of an agency: {error}"),
            ),
            Ok(code) if code.as_str() != written => report.error(
                seen.span(),
                format!("found {written:?}, wanted its present form {:?}", code.as_str()),
            ),
            Ok(_) => {}
        }
    }
    if let Some(first) = agency.auditor_scope.first().filter(|_| !agency.auditor) {
        let message = format!(
            "agency {} is no auditor, its auditor_scope means nothing",
            agency.id.get_ref()
        );
        report.error(first.span(), message);
    }
}

fn uri_form(uri: &Spanned<String>, report: &mut Report<'_>) {
    let text = uri.get_ref();
    let is_uri = text
        .split_once(':')
        .is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
    if !is_uri || text.contains(|character: char| character.is_whitespace() || !character.is_ascii()) {
        report.error(
            uri.span(),
            format!("found {text:?}, wanted a URI such as \"urn:lienthong:agency:H29.12\""),
        );
    }
}

/// Notes that something stands for an agency; tells both places when it already stands for one.
fn claim<K: Eq + std::hash::Hash>(
    taken: &mut HashMap<K, (String, String)>,
    thing: K,
    agency: &str,
    file: &Parsed<AgencySettings>,
    written: &Spanned<String>,
    report: &mut Report<'_>,
) {
    let place = file.source.reference(written.span());
    match taken.get(&thing) {
        Some((other, there)) if other != agency => {
            let message = format!(
                "found {:?}, which already stands for agency {other} ({there}), wanted one agency alone",
                written.get_ref()
            );
            report.error(written.span(), message);
        }
        Some(_) => {}
        None => {
            taken.insert(thing, (agency.to_owned(), place));
        }
    }
}

fn named_in_gateway(agency: &AgencySettings, gateway: &GatewaySettings, report: &mut Report<'_>) {
    let authorities = || {
        gateway
            .tls
            .client_ca
            .get_ref()
            .iter()
            .map(|ca| ca.name.get_ref().as_str())
    };
    for certificate in agency.certificates.get_ref() {
        let ca = &certificate.ca;
        if !authorities().any(|name| name == ca.get_ref()) {
            let said = nearest::one_of(ca.get_ref(), authorities());
            report.error(ca.span(), format!("no such authority in tls.client_ca: {said}"));
        }
    }
    let issuers = || {
        gateway
            .token
            .issuers
            .get_ref()
            .iter()
            .map(|issuer| issuer.name.get_ref().as_str())
    };
    let issuer = &agency.token.issuer;
    if !issuers().any(|name| name == issuer.get_ref()) {
        let said = nearest::one_of(issuer.get_ref(), issuers());
        report.error(issuer.span(), format!("no such issuer in token.issuers: {said}"));
    }
}
