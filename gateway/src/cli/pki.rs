//! `lienthong pki`: development certificates, revocation lists and issuer keys.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use serde_json::json;

use crate::clock::Moment;
use crate::development::folder::{KeyFiles, KeyFolder};
use crate::development::log_key::{auditor_key, log_key};
use crate::development::{pki, revocation, token};

const DAY: Duration = Duration::from_secs(86_400);

/// Development certificates and keys. Never for real data.
#[derive(Debug, Args)]
pub(super) struct PkiCommand {
    #[command(subcommand)]
    task: Task,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Make a certificate authority and the gateway's own certificate.
    Init {
        /// The folder for them.
        #[arg(long)]
        out: PathBuf,
        /// A DNS name or IP address of the gateway; may be given several times.
        #[arg(long = "name", default_values_t = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()])]
        names: Vec<String>,
        #[command(flatten)]
        how: How,
    },
    /// Make the client certificate of an agency.
    Client {
        /// The folder of `pki init`.
        #[arg(long)]
        dir: PathBuf,
        /// The agency's identifier, such as H29.12.
        #[arg(long)]
        agency: String,
        /// The URI by which the gateway knows the agency [default: urn:lienthong:agency:AGENCY].
        #[arg(long)]
        san_uri: Option<String>,
        #[command(flatten)]
        how: How,
    },
    /// Revoke certificates: put them in the authority's revocation list. Without any, renew the list.
    Revoke {
        /// The folder of `pki init`.
        #[arg(long)]
        dir: PathBuf,
        /// The agency whose client certificate it is; may be given several times.
        #[arg(long = "agency")]
        agencies: Vec<String>,
        /// A certificate (PEM) of the authority; may be given several times.
        #[arg(long = "certificate", value_name = "FILE")]
        certificates: Vec<PathBuf>,
        /// How many days the list counts.
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
    },
    /// Make the key pair (ES256) and the key set of a token issuer.
    Issuer {
        /// The folder of `pki init`.
        #[arg(long)]
        dir: PathBuf,
        /// The issuer's name.
        #[arg(long)]
        name: String,
        /// Write over existing files.
        #[arg(long)]
        force: bool,
    },
    /// Make the key pair of a log, which signs its checkpoints.
    LogKey {
        /// The folder of `pki init`.
        #[arg(long)]
        dir: PathBuf,
        /// The log's name: the origin of its checkpoints.
        #[arg(long)]
        name: String,
        /// Write over existing files. A log signed by the old key cannot be gone on with.
        #[arg(long)]
        force: bool,
    },
    /// Make the auditors' key pair, to which the log seals whom it is about. Not for development alone: to be
    /// made where the auditors are; gateways get the public half.
    AuditorKey {
        /// The auditors' folder.
        #[arg(long)]
        out: PathBuf,
        /// Write over existing files. What was sealed to the old key cannot be opened without it.
        #[arg(long)]
        force: bool,
    },
}

#[derive(Debug, Args)]
struct How {
    /// Write over existing files.
    #[arg(long)]
    force: bool,
    /// How many days the certificate counts.
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
}

impl PkiCommand {
    /// Makes what is asked for and says where it lies.
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
        let made = self.task.run()?;
        show(&made, self.json, out)?;
        Ok(ExitCode::SUCCESS)
    }
}

type Made = Vec<(&'static str, KeyFiles, Option<String>)>;

impl Task {
    fn run(self) -> anyhow::Result<Made> {
        let now = Moment::now();
        Ok(match self {
            Self::Init { out, names, how } => {
                let [authority, server] =
                    pki::init(&KeyFolder::new(out, how.force), &names, now, DAY * how.days)?;
                vec![
                    ("authority", authority, None),
                    ("gateway", server, Some(names.join(", "))),
                ]
            }
            Self::Client {
                dir,
                agency,
                san_uri,
                how,
            } => {
                let uri = san_uri.unwrap_or_else(|| pki::agency_uri(&agency));
                let files = pki::client(
                    &KeyFolder::new(dir, how.force),
                    &agency,
                    &uri,
                    now,
                    DAY * how.days,
                )?;
                vec![("client", files, Some(uri))]
            }
            Self::Revoke {
                dir,
                agencies,
                mut certificates,
                days,
            } => {
                let folder = KeyFolder::new(dir, true);
                for agency in &agencies {
                    certificates.push(folder.client(agency)?.public);
                }
                let files = revocation::revoke(&folder, &certificates, now, DAY * days)?;
                vec![("revocation list", files, Some(format!("counts for {days} days")))]
            }
            Self::Issuer { dir, name, force } => {
                let files = token::issuer(&KeyFolder::new(dir, force), &name)?;
                vec![("token issuer", files, Some(token::issuer_value(&name)))]
            }
            Self::LogKey { dir, name, force } => {
                let files = log_key(&KeyFolder::new(dir, force), &name)?;
                vec![("log", files, Some(name))]
            }
            Self::AuditorKey { out, force } => {
                let files = auditor_key(&KeyFolder::new(out, force))?;
                let hint = "gateways get the public file alone".to_owned();
                vec![("auditors", files, Some(hint))]
            }
        })
    }
}

fn show(made: &Made, as_json: bool, out: &mut dyn Write) -> io::Result<()> {
    if as_json {
        let list: Vec<_> = made
            .iter()
            .map(|(what, files, name)| {
                json!({"what": what, "public": files.public, "private": files.private, "name": name})
            })
            .collect();
        return writeln!(out, "{}", json!(list));
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["MADE", "PUBLIC", "PRIVATE", "NAME"]);
    for (what, files, name) in made {
        table.add_row([
            (*what).to_owned(),
            files.public.display().to_string(),
            files.private.display().to_string(),
            name.clone().unwrap_or_default(),
        ]);
    }
    writeln!(out, "{}", table.trim_fmt())
}
