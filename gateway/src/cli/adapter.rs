//! `lienthong adapter`: registries, asked through their adapters and outside the gateway. Nothing of it is logged.

mod behalf;
mod compare;
mod opened;
mod probe;
mod told;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};

use super::calling::{NO, UNAVAILABLE};
use opened::{Opened, settings};

/// Registries, asked through their adapters and outside the gateway.
#[derive(Debug, Args)]
pub(super) struct AdapterCommand {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Connect, prepare every statement and look for drift of the schema.
    ///
    /// Exit code 0: all are well, 1: a file does not fit its registry, 3: a registry is unavailable.
    Check {
        /// The registries [default: all].
        registries: Vec<String>,
        /// The configuration folder.
        #[arg(long, value_name = "DIR")]
        config: PathBuf,
    },
    Probe(Box<probe::ProbeCommand>),
}

impl AdapterCommand {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        match self.task {
            Task::Check { registries, config } => check(&registries, &config, out),
            Task::Probe(command) => command.run(out),
        }
    }
}

fn check(registries: &[String], config: &std::path::Path, out: &mut impl Write) -> Result<ExitCode> {
    let settings = settings(config)?;
    let names: Vec<_> = match registries {
        [] => settings.registries.keys().cloned().collect(),
        some => some.to_vec(),
    };
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["registry", "state", "time"]);
    let mut worst = 0;
    for name in names {
        let began = std::time::Instant::now();
        let said = match Opened::of(&settings, &name, opened::file(&settings, &name)?) {
            Err(problem) => {
                // What does not fit is told as text; what can't be reached keeps its type.
                let unreachable = problem.is::<adapters::ConnectError>();
                worst = worst.max(if unreachable { UNAVAILABLE } else { NO });
                problem.to_string()
            }
            Ok(opened) => match opened.check() {
                Ok(()) => "well".to_owned(),
                Err(error) => {
                    let drifted = matches!(error, adapters::Error::Drifted { .. });
                    worst = worst.max(if drifted { NO } else { UNAVAILABLE });
                    error.to_string()
                }
            },
        };
        table.add_row([name, said, format!("{} ms", began.elapsed().as_millis())]);
    }
    writeln!(out, "{table}")?;
    Ok(ExitCode::from(worst))
}
