//! `lienthong audit destroy-period`: makes final that nobody learns whom a period's entries are about.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use audit::{Period, SubjectKeyFolder};
use clap::Args;

use crate::clock::Moment;

/// Destroys the subject keys of a period that is over. The log still verifies; whom its entries of that period are
/// about can never be told again.
#[derive(Debug, Args)]
pub(super) struct DestroyPeriod {
    /// The period, as entries name it, such as 2026-11; `before-periods` for entries that name none.
    period: String,
    /// The folder of the subject keys.
    #[arg(long, value_name = "DIR")]
    keys: PathBuf,
    /// Do it. Without, it is only said what would become impossible.
    #[arg(long)]
    yes: bool,
}

impl DestroyPeriod {
    /// Exit code 1 when nothing was destroyed.
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
        let Self { period, keys, yes } = self;
        if let Ok(named) = period.parse::<Period>() {
            anyhow::ensure!(
                named.end_unix_micros() <= Moment::now().0,
                "period {period} is not over; its keys are in use or will be"
            );
        }
        let folder = SubjectKeyFolder::new(keys);
        if !yes {
            let name = if period == audit::periods::BEFORE_PERIODS {
                ""
            } else {
                &period
            };
            folder.read(name).context("there is nothing to destroy")?;
        }
        writeln!(
            out,
            "Without the keys of {period}, for ever:\n\
             - no entry of that period tells whom it is about, to the auditors either;\n\
             - nobody finds the entries about a person, or says to a person who looked;\n\
             - no answer given then can be compared with the hash in its entry.\n\
             Entries, proofs and checkpoints stay as they are and verify.\n\
             Backups and snapshots of {} keep the keys until they go too.",
            folder.path().display()
        )?;
        if !yes {
            writeln!(out, "Nothing was destroyed; --yes does it.")?;
            return Ok(ExitCode::FAILURE);
        }
        folder.destroy(&period)?;
        writeln!(out, "The keys of {period} are destroyed.")?;
        Ok(ExitCode::SUCCESS)
    }
}
