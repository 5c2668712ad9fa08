//! `lienthong audit`: the auditor's tools. They need the log's folder, and `verify` a public key.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use audit::{Entry, Filter, SignedCheckpoint, VerifyError, VerifyOptions, VerifyingKey, entries, verify};
use clap::{Args, Subcommand};
use comfy_table::Table;

/// Reads and verifies an access log.
#[derive(Debug, Args)]
pub(super) struct AuditCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks every entry, checkpoint and signature again; exit code 1 when something is wrong.
    Verify(Verify),
    /// Lists the entries that fit.
    Search(Search),
    /// Lists the last entries and, with --follow, those to come.
    Tail(Tail),
    /// Shows one entry whole.
    Show(Show),
    DestroyPeriod(super::destroy_period::DestroyPeriod),
}

#[derive(Debug, Args)]
struct Place {
    /// Folder of the log.
    #[arg(long, value_name = "DIR")]
    log: PathBuf,
    /// Print JSON, one object a line.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Verify {
    #[command(flatten)]
    place: Place,
    /// File of the log's public key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// A signed checkpoint known from elsewhere, or a receipt, which the log must continue. Several may be given.
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// Public key of a witness that must have cosigned a checkpoint which the log continues. Several may be given.
    #[arg(long, value_name = "KEY")]
    witness: Vec<String>,
    /// The folder is a copy that need not be whole: checkpoint and tiles alone, or the journal alone.
    #[arg(long)]
    copy: bool,
    /// The log was closed: then nothing may stand behind the last checkpoint, and every tile must be there.
    #[arg(long)]
    at_rest: bool,
}

#[derive(Debug, Args)]
struct Search {
    #[command(flatten)]
    place: Place,
    /// Calling agency.
    #[arg(long)]
    agency: Option<String>,
    /// Officer.
    #[arg(long)]
    officer: Option<String>,
    /// Procedure code.
    #[arg(long)]
    procedure: Option<String>,
    /// Dossier code.
    #[arg(long)]
    dossier: Option<String>,
    /// Registry.
    #[arg(long)]
    registry: Option<String>,
    /// Outcome: OK or an answer word.
    #[arg(long)]
    outcome: Option<String>,
    /// Request id.
    #[arg(long)]
    request: Option<String>,
}

#[derive(Debug, Args)]
struct Tail {
    #[command(flatten)]
    place: Place,
    /// Entries to start with.
    #[arg(long, default_value_t = 20)]
    lines: usize,
    /// Go on until Ctrl-C.
    #[arg(long)]
    follow: bool,
}

#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    place: Place,
    /// Index of the entry.
    index: u64,
}

impl Place {
    /// The log's folder. One that is not there is an error: an empty list would look like an empty log.
    fn folder(&self) -> anyhow::Result<&Path> {
        let journal = self.log.join("journal");
        anyhow::ensure!(journal.is_dir(), "{} holds no log", self.log.display());
        Ok(&self.log)
    }
}

impl AuditCommand {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Verify(command) => command.run(out),
            Command::Search(command) => command.run(out),
            Command::Tail(command) => command.run(out),
            Command::Show(command) => command.run(out),
            Command::DestroyPeriod(command) => command.run(out),
        }
    }
}

impl Verify {
    fn run(self, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
        let text = std::fs::read_to_string(&self.key).with_context(|| self.key.display().to_string())?;
        let key: VerifyingKey = text.trim().parse().context("the public key can't be read")?;
        let options = self.options(&key)?;
        match verify(&self.place.log, &key, &options, |_| {}) {
            Ok(report) if self.place.json => {
                let report = serde_json::json!({
                    "verified": true, "origin": report.origin, "entries": report.entries,
                    "root": hex::encode(report.root), "checkpoints": report.checkpoints,
                    "removed": report.removed, "journal": report.journal,
                });
                writeln!(out, "{report}")?;
                Ok(ExitCode::SUCCESS)
            }
            Ok(report) => {
                let mut table = Table::new();
                table.add_row(["log", &report.origin]);
                table.add_row(["entries", &report.entries.to_string()]);
                if report.removed > 0 {
                    table.add_row(["of them removed by retention", &report.removed.to_string()]);
                }
                if !report.journal {
                    table.add_row(["read from", "tiles and bundles"]);
                }
                table.add_row(["checkpoints verified", &report.checkpoints.to_string()]);
                table.add_row(["root", &hex::encode(report.root)]);
                writeln!(out, "{table}\nthe log is whole and signed")?;
                Ok(ExitCode::SUCCESS)
            }
            Err(VerifyError::Damaged(finding)) => {
                if self.place.json {
                    writeln!(
                        out,
                        "{}",
                        serde_json::json!({ "verified": false, "finding": finding.to_string() })
                    )?;
                } else {
                    writeln!(out, "the log is damaged: {finding}")?;
                }
                Ok(ExitCode::FAILURE)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn options(&self, key: &VerifyingKey) -> anyhow::Result<VerifyOptions> {
        let known = |path: &PathBuf| -> anyhow::Result<SignedCheckpoint> {
            let text = std::fs::read_to_string(path)?;
            // The note of a receipt stands behind its first empty line.
            let note = audit::Receipt::parse(&text).map_or(text, |receipt| receipt.note);
            anyhow::Ok(SignedCheckpoint::verify(&note, key)?)
        };
        let witness = |text: &String| -> anyhow::Result<VerifyingKey> {
            let key: VerifyingKey = text.parse()?;
            anyhow::ensure!(key.is_witness(), "it is not a key that cosigns (cosignature/v1)");
            Ok(key)
        };
        Ok(VerifyOptions {
            at_rest: self.at_rest,
            copy: self.copy,
            known: self
                .checkpoint
                .iter()
                .map(|path| known(path).with_context(|| path.display().to_string()))
                .collect::<anyhow::Result<_>>()?,
            witnesses: self
                .witness
                .iter()
                .map(|text| witness(text).with_context(|| format!("the witness's key {text:?}")))
                .collect::<anyhow::Result<_>>()?,
        })
    }
}

impl Search {
    fn run(self, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
        let filter = Filter {
            agency: self.agency,
            officer: self.officer,
            procedure: self.procedure,
            dossier: self.dossier,
            registry: self.registry,
            outcome: self.outcome,
            request_id: self.request,
            ..Filter::default()
        };
        let mut list = List::new(self.place.json);
        for entry in entries(self.place.folder()?) {
            let (index, entry) = entry?;
            if filter.matches(&entry) {
                list.add(index, &entry, out)?;
            }
        }
        list.end(out)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Tail {
    fn run(self, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
        let mut log = entries(self.place.folder()?);
        let mut last = std::collections::VecDeque::new();
        for entry in log.by_ref() {
            last.push_back(entry?);
            if last.len() > self.lines {
                last.pop_front();
            }
        }
        let mut list = List::new(self.place.json);
        for (index, entry) in &last {
            list.add(*index, entry, out)?;
        }
        list.end(out)?;
        if !self.follow {
            return Ok(ExitCode::SUCCESS);
        }
        loop {
            match log.next() {
                Some(entry) => {
                    let (index, entry) = entry?;
                    let mut list = List::new(self.place.json);
                    list.add(index, &entry, out)?;
                    list.end(out)?;
                    out.flush()?;
                }
                None => std::thread::sleep(std::time::Duration::from_millis(200)),
            }
        }
    }
}

impl Show {
    fn run(self, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
        let Some(entry) = entries(self.place.folder()?).from(self.index).next() else {
            anstream::eprintln!("error: the log has no entry {}", self.index);
            return Ok(ExitCode::FAILURE);
        };
        let (index, entry) = entry?;
        if self.place.json {
            writeln!(out, "{}", json(index, &entry))?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut table = Table::new();
        if let serde_json::Value::Object(fields) = json(index, &entry) {
            for (name, value) in fields {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                if !text.is_empty() && text != "[]" && text != "0" {
                    table.add_row([name, text]);
                }
            }
        }
        writeln!(out, "{table}")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Entries as a table, or as JSON lines as they come.
struct List {
    json: bool,
    table: Table,
}

impl List {
    fn new(json: bool) -> Self {
        let mut table = Table::new();
        table.set_header([
            "index",
            "time",
            "kind",
            "agency",
            "officer",
            "registry",
            "operation",
            "outcome",
            "source",
        ]);
        Self { json, table }
    }

    fn add(&mut self, index: u64, entry: &Entry, out: &mut dyn Write) -> anyhow::Result<()> {
        if self.json {
            writeln!(out, "{}", json(index, entry))?;
            return Ok(());
        }
        self.table.add_row([
            index.to_string(),
            time(entry.time_unix_micros),
            kind(entry),
            entry.agency.clone(),
            entry.officer.clone(),
            entry.registry.clone(),
            entry.operation.clone(),
            entry.outcome.clone(),
            entry.source.clone(),
        ]);
        Ok(())
    }

    fn end(self, out: &mut dyn Write) -> anyhow::Result<()> {
        if !self.json {
            writeln!(out, "{}", self.table)?;
        }
        Ok(())
    }
}

fn time(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| micros.to_string(), |time| time.to_string())
}

fn kind(entry: &Entry) -> String {
    format!("{:?}", entry.kind()).to_lowercase()
}

fn json(index: u64, entry: &Entry) -> serde_json::Value {
    serde_json::json!({
        "index": index,
        "time": time(entry.time_unix_micros),
        "request_id": entry.request_id,
        "kind": kind(entry),
        "agency": entry.agency,
        "system": entry.system,
        "officer": entry.officer,
        "role": entry.role,
        "certificate_sha256": hex::encode(&entry.certificate_sha256),
        "receiving_agency": entry.receiving_agency,
        "competent_agency": entry.competent_agency,
        "procedure": entry.procedure,
        "step": entry.step,
        "component": entry.component,
        "dossier": entry.dossier,
        "legal_basis": entry.legal_basis,
        "agreement": entry.agreement,
        "agreement_version": entry.agreement_version,
        "config_version": entry.config_version,
        "registry": entry.registry,
        "record_type": entry.record_type,
        "operation": entry.operation,
        "fields_asked": entry.fields_asked,
        "fields_given": entry.fields_given,
        "outcome": entry.outcome,
        "source": entry.source,
        "detail": entry.detail,
        "item": entry.item,
        "latency_micros": entry.latency_micros,
        "subject_pseudonym": hex::encode(&entry.subject_pseudonym),
    })
}
