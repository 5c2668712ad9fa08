//! `lienthong lookup`: the agreed fields of one record.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::calling::{Calling, Subject, tell_provenance};
use super::client::method_names;
use super::shown;

/// Ask a gateway for the agreed fields of one record.
///
/// Exit code 0: answered, 1: refused, 2: usage, 3: unavailable.
#[derive(Debug, Args)]
pub(super) struct LookupCommand {
    /// What is asked for: citizen, enterprise, certificate, or a record of the gateway's own schemas, such as
    /// driver-licence. Or a method, such as GetDriverLicence.
    record: String,
    #[command(flatten)]
    subject: Subject,
    #[command(flatten)]
    calling: Calling,
    /// Fields wanted, such as full_name,birth_date [default: all that the agreement lists].
    #[arg(long, value_delimiter = ',')]
    fields: Vec<String>,
}

impl LookupCommand {
    /// Prints the record as a table, or as canonical JSON.
    pub(super) fn run(self, out: &mut dyn Write) -> Result<ExitCode> {
        self.calling.ask(
            &method_names(&self.record, &["Get"]),
            &self.subject,
            |ask| ask.fields(&self.fields),
            |answer, _, out| {
                let rows = shown::answered_record(answer);
                let rows = rows.into_iter().map(|(label, path, value)| [label, value, path]);
                writeln!(
                    out,
                    "{}",
                    shown::plain(&["THÔNG TIN", "GIÁ TRỊ", "FIELD"], rows).trim_fmt()
                )?;
                tell_provenance(answer, out)?;
                Ok(true)
            },
            out,
        )
    }
}
