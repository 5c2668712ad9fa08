//! `lienthong confirm`: is what a citizen claims true? One verdict a claim, and no value.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::calling::{Calling, Subject, field_and_value, tell_provenance};
use super::client::{Claims, method_names};
use super::shown;

/// Ask a gateway whether claims about one record are true. No value is given.
///
/// Exit code 0: every verdict agrees, 1: one does not or the call was refused, 2: usage, 3: unavailable.
#[derive(Debug, Args)]
pub(super) struct ConfirmCommand {
    /// What is claimed about: citizen, enterprise, roles (of persons in an enterprise: owners, members,
    /// representatives, managers), convictions (unspent ones, and bans), certificate (of criminal record no. 1), or
    /// a record of the gateway's own schemas, such as driver-licence. Or a method, such as ConfirmDriverLicence.
    about: String,
    #[command(flatten)]
    subject: Subject,
    #[command(flatten)]
    calling: Calling,
    /// A claim, such as full_name="Nguyễn Văn An", birth_date=1990 or representatives[0].personal_id=….
    #[arg(long = "claim", value_name = "FIELD=VALUE", value_parser = field_and_value)]
    claims: Vec<(String, String)>,
}

impl ConfirmCommand {
    /// Prints the verdicts as a table, or as canonical JSON.
    pub(super) fn run(self, out: &mut dyn Write) -> Result<ExitCode> {
        let methods = method_names(&self.about, &["Confirm", "Check", "Verify"]);
        let claims: Claims = self.claims;
        self.calling.ask(
            &methods,
            &self.subject,
            |ask| ask.claim(&claims),
            |answer, method, out| {
                let record = proto::rules::lookup_method(method)
                    .and_then(|lookup| method.parent_pool().get_message_by_name(&lookup.record));
                let verdicts = shown::verdicts(answer, record.as_ref());
                let yes = !verdicts.is_empty() && verdicts.iter().all(|(.., word)| word == "AGREE");
                let rows = verdicts
                    .into_iter()
                    .map(|(label, path, word)| [label, shown::verdict_vi(&word).to_owned(), word, path]);
                let header = ["THÔNG TIN", "KẾT QUẢ", "VERDICT", "FIELD"];
                writeln!(out, "{}", shown::plain(&header, rows).trim_fmt())?;
                tell_provenance(answer, out)?;
                Ok(yes)
            },
            out,
        )
    }
}
