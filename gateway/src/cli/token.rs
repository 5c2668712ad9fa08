//! `lienthong token`: development tokens, made and explained.

use std::io::{self, Read as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use serde_json::{Map, Value, json};

use crate::clock::Moment;
use crate::development::folder::KeyFolder;
use crate::development::pki::fingerprint_of;
use crate::development::token::{IssuerKey, TokenRequest, issuer_value};
use crate::identity::KeySet;
use crate::identity::token::explain::{Against, Explanation, Kept, explain};

/// Development tokens. Never for real data.
#[derive(Debug, Args)]
pub(super) struct TokenCommand {
    #[command(subcommand)]
    task: Task,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Print a token (RFC 9068) that is bound to a client certificate.
    Issue(Box<Issue>),
    /// Say what a token holds and which rules it keeps. Exit code 1 when it breaks one.
    Show(Show),
}

#[derive(Debug, Args)]
struct Issue {
    /// The issuer's private key, as `pki issuer` makes it.
    #[arg(long)]
    issuer_key: PathBuf,
    /// The `iss` claim [default: urn:lienthong:issuer:NAME, by the name of the key file].
    #[arg(long)]
    issuer: Option<String>,
    /// The client certificate [default: that of --agency beside the issuer's key].
    #[arg(long, required_unless_present = "agency")]
    certificate: Option<PathBuf>,
    /// The agency whose client certificate is taken, such as H29.12.
    #[arg(long)]
    agency: Option<String>,
    /// The agency's system: the `client_id` claim.
    #[arg(long)]
    client: String,
    /// The officer: the `sub` claim.
    #[arg(long)]
    officer: String,
    /// The officer's role.
    #[arg(long)]
    role: String,
    /// The claim for the role.
    #[arg(long, default_value = "role")]
    role_claim: String,
    /// The officer's unit.
    #[arg(long)]
    unit: Option<String>,
    /// The claim for the unit.
    #[arg(long, default_value = "unit")]
    unit_claim: String,
    /// The gateway that the token is for: the `aud` claim.
    #[arg(long)]
    audience: String,
    /// How long the token counts.
    #[arg(long, default_value = "5m", value_parser = duration)]
    lifetime: Duration,
}

#[derive(Debug, Args)]
struct Show {
    /// The token; standard input when it is left out or is `-`.
    token: Option<String>,
    /// Compare `aud` with this.
    #[arg(long)]
    audience: Option<String>,
    /// Compare the binding with this client certificate.
    #[arg(long)]
    certificate: Option<PathBuf>,
    /// Check the signature by this key set (JWKS).
    #[arg(long)]
    keys: Option<PathBuf>,
    /// The claim for the role.
    #[arg(long, default_value = "role")]
    role_claim: String,
}

impl TokenCommand {
    /// Prints a token, or what one says.
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
        match self.task {
            Task::Issue(issue) => {
                let token = issue.token(Moment::now())?;
                if self.json {
                    writeln!(out, "{}", json!({"token": token}))?;
                } else {
                    writeln!(out, "{token}")?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Task::Show(show) => {
                let explanation = show.explanation(Moment::now())?;
                if self.json {
                    writeln!(out, "{}", in_json(&explanation))?;
                } else {
                    print(&explanation, out)?;
                }
                Ok(ExitCode::from(u8::from(!explanation.is_kept())))
            }
        }
    }
}

impl Issue {
    fn token(self, now: Moment) -> anyhow::Result<String> {
        let key = IssuerKey::load(&self.issuer_key)?;
        let issuer = self.issuer.unwrap_or_else(|| {
            issuer_value(&self.issuer_key.file_stem().unwrap_or_default().to_string_lossy())
        });
        let certificate = match (self.certificate, &self.agency) {
            (Some(path), _) => path,
            (None, agency) => {
                let root = self.issuer_key.parent().and_then(|issuers| issuers.parent());
                let root =
                    root.context("--issuer-key does not lie in a folder of `pki init`; name --certificate")?;
                KeyFolder::new(root, false)
                    .client(agency.as_deref().unwrap_or_default())?
                    .public
            }
        };
        let request = TokenRequest {
            issuer,
            audience: self.audience,
            client: self.client,
            officer: self.officer,
            role: (self.role_claim, self.role),
            unit: self.unit.map(|unit| (self.unit_claim, unit)),
            lifetime: self.lifetime,
            certificate: fingerprint_of(&certificate)?,
        };
        Ok(key.issue(&request, now)?)
    }
}

impl Show {
    fn explanation(self, now: Moment) -> anyhow::Result<Explanation> {
        let token = match self.token.filter(|token| token != "-") {
            Some(token) => token,
            None => {
                let mut text = String::new();
                io::stdin()
                    .take(64 * 1024)
                    .read_to_string(&mut text)
                    .context("standard input")?;
                text
            }
        };
        let against = Against {
            audience: self.audience,
            certificate: self.certificate.as_deref().map(fingerprint_of).transpose()?,
            keys: self.keys.as_deref().map(KeySet::load).transpose()?,
            role_claim: self.role_claim,
        };
        Ok(explain(token.trim(), &against, now))
    }
}

fn print(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["PART", "MEMBER", "VALUE"]);
    for (part, members) in [("header", &explanation.header), ("claims", &explanation.claims)] {
        for (member, value) in members {
            table.add_row([part.to_owned(), member.clone(), readable(member, value)]);
        }
    }
    writeln!(out, "{}\n", table.trim_fmt())?;
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["RULE", "KEPT", "WHY NOT"]);
    for (rule, kept) in &explanation.rules {
        let (word, why) = words(kept);
        table.add_row([(*rule).to_owned(), word.to_owned(), why.unwrap_or_default()]);
    }
    writeln!(out, "{}", table.trim_fmt())
}

/// Times as people read them, control characters escaped.
fn readable(member: &str, value: &Value) -> String {
    let time = matches!(member, "iat" | "exp" | "nbf")
        .then(|| {
            value
                .as_i64()
                .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        })
        .flatten();
    match (time, value) {
        (Some(time), _) => format!("{value} ({time})"),
        (None, Value::String(text)) if !text.chars().any(char::is_control) => text.clone(),
        _ => value.to_string(),
    }
}

fn in_json(explanation: &Explanation) -> Value {
    let rules: Map<String, Value> = explanation
        .rules
        .iter()
        .map(|(rule, kept)| {
            let (word, why) = words(kept);
            ((*rule).to_owned(), json!({"kept": word, "why_not": why}))
        })
        .collect();
    json!({"header": explanation.header, "claims": explanation.claims, "rules": rules})
}

fn words(kept: &Kept) -> (&'static str, Option<String>) {
    match kept {
        Kept::Yes => ("yes", None),
        Kept::NotAsked => ("not asked", None),
        Kept::No(refusal) => {
            let clause = refusal
                .clause
                .as_deref()
                .map(|clause| format!(" ({clause})"))
                .unwrap_or_default();
            (
                refusal.reason.word(),
                Some(format!("{}{clause}", refusal.message)),
            )
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "a time with its unit is wanted, such as 5m".to_owned())?;
    Duration::try_from(parsed)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "a time above zero is wanted, such as 5m".to_owned())
}
