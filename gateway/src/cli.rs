//! The command line: one file a command. Answers go to standard output, errors to standard error.
//!
//! Exit codes: 0 yes, 1 no, 2 usage, 3 unavailable.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod adapter;
mod audit;
mod calling;
pub(crate) mod client;
mod config;
mod confirm;
mod demo;
mod destroy_period;
mod lookup;
mod pki;
mod serve;
pub(crate) mod shown;
mod simulate;
mod token;

/// Liên Thông, the data-interoperability gateway.
#[derive(Debug, Parser)]
#[command(name = "lienthong", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::DemoCommand),
    Config(config::ConfigCommand),
    Adapter(adapter::AdapterCommand),
    Audit(audit::AuditCommand),
    Lookup(Box<lookup::LookupCommand>),
    Confirm(Box<confirm::ConfirmCommand>),
    Serve(serve::ServeCommand),
    Simulate(simulate::SimulateCommand),
    Pki(pki::PkiCommand),
    Token(token::TokenCommand),
}

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    let mut out = anstream::stdout().lock();
    let outcome = match Cli::parse().command {
        Command::Demo(command) => command.run(&mut out),
        Command::Audit(command) => command.run(&mut out),
        Command::Config(command) => command.run(&mut out),
        Command::Adapter(command) => command.run(&mut out),
        Command::Lookup(command) => command.run(&mut out),
        Command::Confirm(command) => command.run(&mut out),
        Command::Serve(command) => command.run(&mut out),
        Command::Simulate(command) => command.run(&mut out),
        Command::Pki(command) => command.run(&mut out),
        Command::Token(command) => command.run(&mut out),
    };
    outcome.unwrap_or_else(|error| {
        anstream::eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
