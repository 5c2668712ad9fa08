//! `lienthong audit verify`: every entry, checkpoint and signature again.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use audit::{SignedCheckpoint, VerifyError, VerifyOptions, VerifyingKey, Witnessed, verify};
use clap::Args;
use comfy_table::Table;

use super::told;

/// Checks every entry, checkpoint and signature again; exit code 1 when something is wrong.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Folder of the log.
    #[arg(long, value_name = "DIR")]
    log: PathBuf,
    /// Print JSON, one object a line.
    #[arg(long)]
    json: bool,
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

/// When a witness cosigned, in microseconds since 1970.
fn micros(witnessed: &Witnessed) -> i64 {
    i64::try_from(witnessed.unix_seconds).map_or(i64::MAX, |seconds| seconds.saturating_mul(1_000_000))
}

impl Verify {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
        let text = std::fs::read_to_string(&self.key).with_context(|| self.key.display().to_string())?;
        let key: VerifyingKey = text.trim().parse().context("the public key can't be read")?;
        let options = self.options(&key)?;
        match verify(&self.log, &key, &options, |_| {}) {
            Ok(report) if self.json => {
                let witnessed = |one: &Witnessed| {
                    serde_json::json!({
                        "witness": one.name, "entries": one.entries, "time": told::time(micros(one)),
                    })
                };
                let report = serde_json::json!({
                    "verified": true, "origin": report.origin, "entries": report.entries,
                    "root": hex::encode(report.root), "checkpoints": report.checkpoints,
                    "removed": report.removed, "journal": report.journal,
                    "witnessed": report.witnessed.iter().map(witnessed).collect::<Vec<_>>(),
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
                for one in &report.witnessed {
                    let when = told::time_in_viet_nam(micros(one));
                    table.add_row([
                        format!("cosigned by {}", one.name),
                        format!("{} entries, {when}", one.entries),
                    ]);
                }
                writeln!(out, "{table}\nthe log is whole and signed")?;
                Ok(ExitCode::SUCCESS)
            }
            Err(VerifyError::Damaged(finding)) => {
                if self.json {
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
        let known = |path: &PathBuf| {
            let text = std::fs::read_to_string(path)?;
            // The note of a receipt stands behind its first empty line.
            let note = audit::Receipt::parse(&text).map_or(text, |receipt| receipt.note);
            Ok::<_, anyhow::Error>(SignedCheckpoint::verify(&note, key)?)
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
