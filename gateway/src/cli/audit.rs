//! `lienthong audit`: the auditor's tools. They read a log's folder, or ask a gateway as an auditor agency.
//!
//! | file | idea |
//! |---|---|
//! | `place` | where the log is: a folder or a gateway |
//! | `files`, `remote` | searching in each |
//! | `filter` | the flags that say which entries are meant |
//! | `told` | an entry for machines, and as a row |
//! | `labels` | the names of its parts, Vietnamese and English |
//! | `progress` | how far long work is, on standard error |
//! | the others | a command each |
//!
//! Exit codes: 0 yes, 1 no, 2 usage, 3 unavailable.

mod export;
mod files;
mod filter;
mod labels;
mod place;
mod progress;
mod prove;
mod reindex;
mod remote;
mod search;
mod show;
mod siem;
mod subject;
mod tail;
mod told;
mod verify;

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::calling::{NO, UNAVAILABLE, USAGE};
use super::client::Refused;

/// Reads, searches, proves and verifies an access log.
#[derive(Debug, Args)]
pub(super) struct AuditCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(verify::Verify),
    Search(Box<search::Search>),
    Tail(Box<tail::Tail>),
    Show(show::Show),
    Subject(subject::SubjectCommand),
    Prove(prove::Prove),
    Reindex(reindex::Reindex),
    Export(Box<export::Export>),
    DestroyPeriod(super::destroy_period::DestroyPeriod),
}

/// The command line asks for something that can't be done as it is written.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

impl AuditCommand {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
        let done = match self.command {
            Command::Verify(command) => command.run(out),
            Command::Search(command) => command.run(out),
            Command::Tail(command) => command.run(out),
            Command::Show(command) => command.run(out),
            Command::Subject(command) => command.run(out),
            Command::Prove(command) => command.run(out),
            Command::Reindex(command) => command.run(out),
            Command::Export(command) => command.run(out),
            Command::DestroyPeriod(command) => command.run(out),
        };
        let Err(error) = done else { return done };
        let code = if error.is::<Usage>() {
            USAGE
        } else if let Some(refused) = error.downcast_ref::<Refused>() {
            if refused.is_unavailable() { UNAVAILABLE } else { NO }
        } else if matches!(error.downcast_ref(), Some(audit::IndexError::Locked)) {
            UNAVAILABLE
        } else if is_closed_pipe(&error) {
            // Who reads has read enough, as `head` does.
            return Ok(ExitCode::SUCCESS);
        } else {
            return Err(error);
        };
        anstream::eprintln!("error: {error:#}");
        Ok(ExitCode::from(code))
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
