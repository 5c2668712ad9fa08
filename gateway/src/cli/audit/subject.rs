//! `lienthong audit subject`: who looked at a person or an enterprise.

use std::io::{BufRead as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use audit::{Entry, Filter, Order, Question, SubjectKeyFolder};
use clap::Args;
use proto::audit::v1 as wire;

use super::filter::time;
use super::place::{Place, Source};
use super::remote::Remote;
use super::{Usage, told};
use crate::cli::shown;
use crate::clock::Moment;
use crate::record::method::methods;
use crate::rpc::Kinds;
use crate::settings;

/// Tells who looked at a person or an enterprise: when, for which dossier, which fields, under which agreement.
///
/// In a log's folder it takes the subject keys of the periods (--subject-keys): the log holds no numbers, only pseudonyms
/// made under these keys. With --profile the gateway, which has them, searches. What was logged in a period whose keys were
/// destroyed is found by nobody.
#[derive(Debug, Args)]
pub(super) struct SubjectCommand {
    #[command(flatten)]
    place: Place,
    /// What sort of number it is: personal_id, enterprise_code, certificate_number…
    #[arg(long, default_value = "personal_id")]
    kind: String,
    /// The number; - reads it from standard input, so that no list of processes shows it.
    #[arg(long, value_name = "NUMBER")]
    id: String,
    /// Folder of the subject keys of the periods.
    #[arg(long, value_name = "DIR")]
    subject_keys: Option<PathBuf>,
    /// The configuration whose schemas have further sorts of numbers.
    #[arg(long, value_name = "DIR")]
    config: Option<PathBuf>,
    /// Not before.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Print JSON, one object a line.
    #[arg(long)]
    json: bool,
}

type Row = [String; 9];

impl SubjectCommand {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<ExitCode> {
        let identifier = self.identifier()?;
        let (from, until) = (
            time(self.from.as_deref(), "--from")?,
            time(self.until.as_deref(), "--until")?,
        );
        let mut rows = Vec::new();
        let json = self.json;
        let mut tell = |index: u64, entry: &Entry, out: &mut dyn Write| -> Result<()> {
            if json {
                writeln!(out, "{}", told::json(index, entry))?;
            } else {
                rows.push(row(index, entry));
            }
            Ok(())
        };
        match self.place.open()? {
            Source::Files(files) => {
                let question = Question {
                    filter: Filter {
                        from_unix_micros: from,
                        until_unix_micros: until,
                        subject_pseudonyms: self.pseudonyms(&identifier)?,
                        ..Filter::default()
                    },
                    order: Order::OldestFirst,
                    ..Question::default()
                };
                files.search(&question, &mut |index, entry| {
                    tell(index, entry, out)?;
                    Ok(true)
                })?;
            }
            Source::Gateway(gateway) => ask(
                &gateway,
                &self.kind,
                &identifier,
                (from, until),
                &mut |index, entry| tell(index, entry, out),
            )?,
        }
        if !json {
            let header = [
                "index",
                "time",
                "agency",
                "officer",
                "dossier",
                "operation",
                "fields given",
                "agreement",
                "outcome",
            ];
            writeln!(out, "{}", shown::plain(&header, rows).trim_fmt())?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The number as lookups know it.
    fn identifier(&self) -> Result<String> {
        let mut text = self.id.clone();
        if text == "-" {
            text.clear();
            std::io::stdin()
                .lock()
                .read_line(&mut text)
                .context("standard input")?;
        }
        let text = text.trim();
        let pool = match &self.config {
            Some(config) => settings::load_without_files(config)?.schemas.pool,
            None => proto::descriptors(),
        };
        let kinds = Kinds::of(methods(&pool)?.values());
        if self.config.is_none() && self.place.is_gateway() && !kinds.knows(&self.kind) {
            // The gateway has its own schemas, and judges.
            return Ok(text.to_owned());
        }
        let identifier = kinds.canonical(&self.kind, text);
        Ok(identifier.map_err(|refusal| Usage(refusal.message))?)
    }

    /// The subject's pseudonym under the keys of every period.
    fn pseudonyms(&self, identifier: &str) -> Result<Vec<Vec<u8>>> {
        let folder = self.subject_keys.as_ref().ok_or_else(|| {
            Usage(
                "the log holds pseudonyms and no numbers: give the folder of the subject keys with --subject-keys DIR, or ask \
                 the gateway, which has them, with --profile FILE"
                    .to_owned(),
            )
        })?;
        let folder = SubjectKeyFolder::new(folder);
        let keys = folder.every().context("the subject keys")?;
        anyhow::ensure!(
            !keys.is_empty(),
            "{} holds no subject keys; without those of a period nobody is found in its entries",
            folder.path().display()
        );
        let destroyed = folder.destroyed().context("the subject keys")?;
        if !destroyed.is_empty() {
            anstream::eprintln!(
                "note: the keys of {} were destroyed; whom the entries of that time are about is told to nobody",
                destroyed.join(", ")
            );
        }
        Ok(keys
            .iter()
            .map(|keys| keys.subject(&self.kind, identifier).to_vec())
            .collect())
    }
}

/// Asks a gateway, a page after the other.
fn ask(
    gateway: &Remote,
    kind: &str,
    identifier: &str,
    (from, until): (Option<i64>, Option<i64>),
    take: &mut dyn FnMut(u64, &Entry) -> Result<()>,
) -> Result<()> {
    let mut ask = wire::ListSubjectAccessesRequest {
        kind: kind.to_owned(),
        identifier: identifier.to_owned(),
        from: from.map(|micros| Moment(micros).timestamp()),
        until: until.map(|micros| Moment(micros).timestamp()),
        order: wire::EntryOrder::OldestFirst.into(),
        page_size: 500,
        page_token: String::new(),
    };
    loop {
        let asked = ask.clone();
        let page = gateway.call(|mut log| async move { log.list_subject_accesses(asked).await })?;
        for access in page.accesses {
            take(access.index, &entry(access))?;
        }
        ask.page_token = page.next_page_token;
        if ask.page_token.is_empty() {
            return Ok(());
        }
    }
}

/// What an access tells of its entry.
fn entry(access: wire::SubjectAccess) -> Entry {
    let time = access.time.unwrap_or_default();
    Entry {
        time_unix_micros: time.seconds * 1_000_000 + i64::from(time.nanos / 1000),
        kind: access.kind,
        request_id: access.request_id,
        agency: access.agency,
        system: access.system,
        officer: access.officer,
        role: access.role,
        unit: access.unit,
        receiving_agency: access.receiving_agency,
        competent_agency: access.competent_agency,
        procedure: access.procedure,
        step: access.step,
        component: access.component,
        dossier: access.dossier,
        legal_basis: access.legal_basis,
        agreement: access.agreement,
        agreement_version: access.agreement_version,
        registry: access.registry,
        operation: access.operation,
        fields_asked: access.fields_asked,
        fields_given: access.fields_given,
        outcome: access.outcome,
        source: access.source,
        ..Entry::default()
    }
}

fn row(index: u64, entry: &Entry) -> Row {
    let outcome = if entry.outcome.is_empty() {
        told::kind(entry)
    } else {
        entry.outcome.clone()
    };
    [
        index.to_string(),
        told::time_in_viet_nam(entry.time_unix_micros),
        entry.agency.clone(),
        entry.officer.clone(),
        entry.dossier.clone(),
        format!("{} {}", entry.operation, entry.registry),
        entry.fields_given.join(", "),
        entry.agreement.clone(),
        outcome,
    ]
}
