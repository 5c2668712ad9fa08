//! The gateway against a bare mTLS gRPC server, in pairs, on this machine.
//!
//! | file | idea |
//! |---|---|
//! | `scene`, `population` | the operator's tree, keys, tokens and registry that the run makes for itself |
//! | `reference` | the bare server: stock tonic, mTLS, one answer from memory, nothing checked |
//! | `server`, `process_cost` | a server as a child process, its CPU time and its memory |
//! | `calls`, `load`, `tally` | the questions, the load generator, and what it saw |
//! | `run`, `report` | the order of a run, and its table |
//! | `envoy`, `upstream` | the gateway against Envoy in front of one gRPC registry, and that registry |
#![forbid(unsafe_code)]

mod calls;
mod envoy;
mod load;
mod population;
mod process_cost;
mod reference;
mod report;
mod run;
mod scene;
mod server;
mod tally;
mod upstream;

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
    /// Be the gRPC registry.
    #[command(hide = true)]
    Upstream(upstream::Upstream),
    Envoy(EnvoyPart),
}

#[derive(Debug, clap::Args)]
struct EnvoyPart {
    #[command(flatten)]
    plan: envoy::Plan,
    /// Print JSON.
    #[arg(long)]
    json: bool,
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
    match arguments.part {
        Some(Part::Reference(reference)) => {
            reference.serve()?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Part::Upstream(upstream)) => {
            upstream.serve()?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Part::Envoy(EnvoyPart { plan, json })) => {
            let report = plan.run()?;
            return told(&report, json, report.errors.is_empty(), out);
        }
        None => {}
    }
    let report = run::run(&arguments.plan)?;
    told(&report, arguments.json, report.errors.is_empty(), out)
}

fn told(
    report: &(impl serde::Serialize + std::fmt::Display),
    json: bool,
    well: bool,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(report)?)?;
    } else {
        writeln!(out, "{report}")?;
    }
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
