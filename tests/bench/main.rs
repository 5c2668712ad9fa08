//! The gateway against a bare mTLS gRPC server, in pairs, on this machine.
//!
//! | file | idea |
//! |---|---|
//! | `scene`, `population` | the operator's tree, keys, tokens and registry that the run makes for itself |
//! | `reference` | the bare server: stock tonic, mTLS, one answer from memory, nothing checked |
//! | `server`, `process_cost` | a server as a child process, its CPU time and its memory |
//! | `calls`, `load`, `tally` | the questions, the load generator, and what it saw |
//! | `run`, `report` | the order of a run, and its table |
#![forbid(unsafe_code)]

mod calls;
mod load;
mod population;
mod process_cost;
mod reference;
mod report;
mod run;
mod scene;
mod server;
mod tally;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures the gateway against a stock tonic mTLS server that checks nothing.
#[derive(Debug, Parser)]
#[command(name = "bench", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    plan: run::Plan,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Be the bare server.
    #[command(hide = true)]
    Reference(reference::Reference),
}

fn main() -> ExitCode {
    let mut out = std::io::stdout();
    perform(Arguments::parse(), &mut out).unwrap_or_else(|error| {
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(std::io::stderr(), "error: {error:#}");
        ExitCode::FAILURE
    })
}

fn perform(arguments: Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    if let Some(Part::Reference(reference)) = arguments.part {
        reference.serve()?;
        return Ok(ExitCode::SUCCESS);
    }
    let report = run::run(&arguments.plan)?;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        writeln!(out, "{report}")?;
    }
    Ok(if report.errors.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
