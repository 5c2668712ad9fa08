//! `lienthong adapter probe`: what a registry's answer becomes, before anybody depends on it.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use adapters::{Error, RegistrySettings};
use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use prost_reflect::MessageDescriptor;
use serde_json::json;

use super::super::calling::{NO, UNAVAILABLE};
use super::behalf::Behalf;
use super::compare::{Difference, differences};
use super::opened::{Answer, Opened, file, message, record, settings};
use super::told;

/// Ask one registry through its adapter: the mapped record, the route, the time, and what an operator should know of the
/// mapping. Nothing is logged.
///
/// What is shown is personal. Exit code 0: found, and with --compare the same; 1: not found or not the
/// same; 3: unavailable.
#[derive(Debug, Args)]
pub(super) struct ProbeCommand {
    /// The registry: the name of its file in the tree.
    registry: String,
    /// An identifier; may be given several times.
    #[arg(long = "key", required = true)]
    keys: Vec<String>,
    /// Full name of the record [default: the only one of the file].
    #[arg(long)]
    record: Option<String>,
    /// The configuration folder.
    #[arg(long, value_name = "DIR")]
    config: PathBuf,
    /// A proposed file for the same registry: its answers are compared field by field.
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// Show the answer as it was received too, up to 64 KiB of it.
    #[arg(long, conflicts_with = "compare")]
    raw: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    behalf: Behalf,
}

impl ProbeCommand {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let settings = settings(&self.config)?;
        let present = file(&settings, &self.registry)?;
        let record = record(&settings, present, self.record.as_deref())?;
        let registry = Opened::of(&settings, &self.registry, present)?;
        let proposed = match &self.compare {
            Some(path) => Some(Opened::of(&settings, &self.registry, &read(path)?)?),
            None => None,
        };
        let mut worst = 0;
        for (place, key) in (1..).zip(&self.keys) {
            let call = self.behalf.call(&record, key)?;
            let answer = registry.ask(record.full_name(), key, call.clone());
            worst = worst.max(code(&answer));
            match &proposed {
                None => self.tell(place, &answer, &record, out)?,
                Some(proposed) => {
                    let other = proposed.ask(record.full_name(), key, call);
                    worst = worst.max(code(&other));
                    let found = differences(&record, &answer, &other)?;
                    if !found.is_empty() {
                        worst = worst.max(NO);
                    }
                    self.tell_differences(place, [&answer, &other], &found, out)?;
                }
            }
        }
        Ok(ExitCode::from(worst))
    }

    /// The place of the key on the command line stands for it: what is found is personal enough.
    fn tell(
        &self,
        place: usize,
        answer: &Answer,
        record: &MessageDescriptor,
        out: &mut impl Write,
    ) -> Result<()> {
        let mapped = match &answer.outcome {
            Ok(found) => Some(message(record, found)?),
            Err(_) => None,
        };
        let (route, transaction) = answer
            .outcome
            .as_ref()
            .map_or((None, None), |found| found.upstream_exchange());
        let told = json!({
            "key": place,
            "outcome": outcome(answer),
            "micros": u64::try_from(answer.time.as_micros()).unwrap_or(u64::MAX),
            "route": route,
            "transaction": transaction,
            "record": mapped,
            "times": told::times(answer),
            "warnings": told::warnings(&answer.probe),
            "nothing_at": told::nothing_at(&answer.probe),
            "raw": self.raw.then(|| told::raw(&answer.probe)),
        });
        if self.json {
            writeln!(out, "{told}")?;
            return Ok(());
        }
        let millis = answer.time.as_secs_f64() * 1_000.0;
        let way = route.unwrap_or("no route");
        writeln!(
            out,
            "key {place}: {}, {millis:.1} ms{}, {way}",
            outcome(answer),
            told::split(answer)
        )?;
        if self.raw {
            told::show_raw(&answer.probe, out)?;
        }
        if let Some(mapped) = mapped {
            writeln!(out, "{}", serde_json::to_string_pretty(&mapped)?)?;
        }
        for warning in told::warnings(&answer.probe) {
            writeln!(out, "warning: {warning}")?;
        }
        let nothing = told::nothing_at(&answer.probe);
        if !nothing.is_empty() {
            writeln!(out, "nothing there: {}", nothing.join("; "))?;
        }
        Ok(())
    }

    fn tell_differences(
        &self,
        place: usize,
        answers: [&Answer; 2],
        found: &[Difference],
        out: &mut impl Write,
    ) -> Result<()> {
        let [present, proposed] = answers.map(outcome);
        if self.json {
            let told =
                json!({ "key": place, "present": present, "proposed": proposed, "differences": found });
            writeln!(out, "{told}")?;
            return Ok(());
        }
        writeln!(
            out,
            "key {place}: present {present}, proposed {proposed}, {} differences",
            found.len()
        )?;
        for Difference {
            field,
            present,
            proposed,
        } in found
        {
            writeln!(out, "  {field}: {present} → {proposed}")?;
        }
        Ok(())
    }
}

fn read(path: &std::path::Path) -> Result<RegistrySettings> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    toml::from_str(&text).map_err(|error| anyhow!("{}: {error}", path.display()))
}

fn outcome(answer: &Answer) -> String {
    match &answer.outcome {
        Ok(_) => "found".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn code(answer: &Answer) -> u8 {
    match &answer.outcome {
        Ok(_) => 0,
        Err(Error::Unavailable { .. } | Error::DeadlineExceeded) => UNAVAILABLE,
        Err(_) => NO,
    }
}
