//! `lienthong confirm`: is what a citizen claims true? One verdict a claim, and no value.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use super::calling::{Calling, Subject, tell_provenance};
use super::client::Claims;
use super::shown;

/// Ask a gateway whether claims about one record are true. No value is given.
///
/// Exit code 0: every verdict agrees, 1: one does not or the call was refused, 2: usage, 3: unavailable.
#[derive(Debug, Args)]
pub(super) struct ConfirmCommand {
    /// What is claimed about.
    #[arg(value_enum)]
    about: About,
    #[command(flatten)]
    subject: Subject,
    #[command(flatten)]
    calling: Calling,
    /// A claim, such as full_name="Nguyễn Văn An", birth_date=1990 or representatives[0].personal_id=….
    #[arg(long = "claim", value_name = "FIELD=VALUE", value_parser = claim)]
    claims: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum About {
    Citizen,
    Enterprise,
    /// Roles of persons in an enterprise: owners, members, representatives, managers.
    Roles,
    /// Unspent convictions and bans.
    Convictions,
    /// A certificate of criminal record no. 1.
    Certificate,
}

impl ConfirmCommand {
    /// Prints the verdicts as a table, or as canonical JSON.
    pub(super) fn run(self, out: &mut dyn Write) -> Result<ExitCode> {
        let method = match self.about {
            About::Citizen => "ConfirmCitizen",
            About::Enterprise => "ConfirmEnterprise",
            About::Roles => "CheckRoles",
            About::Convictions => "CheckConvictions",
            About::Certificate => "VerifyCertificate",
        };
        let claims: Claims = self.claims;
        self.calling.ask(
            method,
            &self.subject,
            |ask| ask.claim(&claims),
            |answer, method, out| {
                let record = proto::rules::lookup_method(method)
                    .and_then(|lookup| proto::descriptors().get_message_by_name(&lookup.record));
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

fn claim(text: &str) -> Result<(String, String)> {
    let (field, value) = text.split_once('=').context("a claim is written FIELD=VALUE")?;
    Ok((field.trim().to_owned(), value.to_owned()))
}
