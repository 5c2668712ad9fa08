//! What `lookup` and `confirm` have in common: who asks, for which dossier, and how the answer is told.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use prost_reflect::{DynamicMessage, MethodDescriptor};

use super::client::{Ask, Client, Profile, Refused, lookup_method_of};
use super::shown;

/// The answer is no: a verdict does not agree, or the call was refused.
pub(super) const NO: u8 = 1;
/// The command line asks for something that can't be asked.
pub(super) const USAGE: u8 = 2;
/// Nobody could answer.
pub(super) const UNAVAILABLE: u8 = 3;

/// Who is called, and for which dossier.
#[derive(Debug, Args)]
pub(super) struct Calling {
    /// The client profile: address, CA, certificate, key, token source.
    #[arg(long, value_name = "FILE")]
    profile: PathBuf,
    /// Code of the procedure, such as 2.001478.
    #[arg(long)]
    procedure: String,
    /// Code of the dossier, such as H29.12-261124-0001.
    #[arg(long)]
    dossier: String,
    /// Step of the dossier.
    #[arg(long, value_enum, default_value_t = Step::Receiving)]
    step: Step,
    /// Component of the dossier that the answer is to replace.
    #[arg(long)]
    component: Option<String>,
    /// Agency that receives the dossier [default: the profile's].
    #[arg(long)]
    receiving: Option<String>,
    /// Agency that decides it [default: the profile's].
    #[arg(long)]
    competent: Option<String>,
    /// Oldest answer that is of use, such as 1h.
    #[arg(long)]
    max_age: Option<String>,
    /// Ask for the receipt: the proof that the entry is in the log.
    #[arg(long)]
    receipt: bool,
    /// Print JSON alone.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Step {
    Receiving,
    Deciding,
}

/// Who or what is meant.
#[derive(Debug, Args)]
pub(super) struct Subject {
    /// The identifier: personal number, enterprise code or number of the certificate.
    #[arg(long)]
    id: String,
    /// Second fact: the person's full name.
    #[arg(long)]
    name: Option<String>,
    /// Second fact: the birth date, such as 05/07/1990, or 1990.
    #[arg(long)]
    birth: Option<String>,
    /// Second fact for a certificate: the personal number.
    #[arg(long)]
    personal_id: Option<String>,
    /// Another second fact, such as applicant_name="Nguyễn Văn An".
    #[arg(long = "fact", value_name = "FIELD=VALUE", value_parser = field_and_value)]
    facts: Vec<(String, String)>,
}

impl Calling {
    /// Asks and tells; `add` puts what is asked into the request, `tell` says whether it is a yes.
    pub(super) fn ask(
        &self,
        methods: &[String],
        subject: &Subject,
        add: impl FnOnce(Ask) -> Result<Ask>,
        tell: impl FnOnce(&DynamicMessage, &MethodDescriptor, &mut dyn Write) -> Result<bool>,
        out: &mut dyn Write,
    ) -> Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("no runtime")?;
        let answer = runtime.block_on(async {
            let profile = Profile::load(&self.profile)?;
            let prepare = |method: &MethodDescriptor| {
                let ask = subject.put_into(self.put_into(Ask::of(method), &profile)?)?;
                anyhow::Ok(add(ask)?.done())
            };
            // What is wrong with the command line is told without a connection where that can be.
            let (client, method, request) = match lookup_method_of(&proto::descriptors(), methods) {
                Some(method) => {
                    let request = prepare(&method)?;
                    (Client::connect(&profile).await?, method, request)
                }
                None => {
                    let client = Client::connect(&profile).await?;
                    let pool = client.schemas().await?;
                    let method = lookup_method_of(&pool, methods)
                        .with_context(|| format!("the gateway has no lookup {}", methods.join(" or ")))?;
                    let request = prepare(&method)?;
                    (client, method, request)
                }
            };
            let answer = client.call(&method, &request).await?;
            anyhow::Ok((answer, method))
        });
        match answer {
            Ok((answer, method)) if self.json => {
                writeln!(out, "{}", serde_json::to_string_pretty(&answer)?)?;
                Ok(code(tell(&answer, &method, &mut std::io::sink())?))
            }
            Ok((answer, method)) => {
                let yes = tell(&answer, &method, out)?;
                tell_receipt(&answer, out)?;
                Ok(code(yes))
            }
            Err(error) => self.tell_refusal(error, out),
        }
    }

    fn put_into(&self, ask: Ask, profile: &Profile) -> Result<Ask> {
        let agency = |written: &Option<String>| written.clone().unwrap_or_else(|| profile.agency.clone());
        let step = match self.step {
            Step::Receiving => "STEP_RECEIVING",
            Step::Deciding => "STEP_DECIDING",
        };
        ask.set("context.procedure_code", &self.procedure)?
            .set("context.dossier_code", &self.dossier)?
            .set("context.step", step)?
            .maybe("context.component", self.component.as_deref())?
            .set("context.receiving_agency", &agency(&self.receiving))?
            .set("context.competent_agency", &agency(&self.competent))?
            .maybe("max_age", self.max_age.as_deref())?
            .maybe("with_receipt", self.receipt.then_some("true"))
    }

    fn tell_refusal(&self, error: anyhow::Error, out: &mut dyn Write) -> Result<ExitCode> {
        let refused = match error.downcast::<Refused>() {
            Ok(refused) => refused,
            Err(error) => {
                anstream::eprintln!("error: {error:#}");
                return Ok(ExitCode::from(USAGE));
            }
        };
        if self.json {
            writeln!(out, "{:#}", shown::refusal_json(&refused))?;
        } else {
            let rows = shown::refusal(&refused)
                .into_iter()
                .map(|(what, value)| [what, value]);
            writeln!(out, "{}", shown::plain(&[], rows).trim_fmt())?;
        }
        Ok(ExitCode::from(if refused.is_unavailable() {
            UNAVAILABLE
        } else {
            NO
        }))
    }
}

impl Subject {
    fn put_into(&self, ask: Ask) -> Result<Ask> {
        ask.identifier(&self.id)?
            .maybe("key.full_name", self.name.as_deref())?
            .maybe("key.birth_date", self.birth.as_deref())?
            .maybe("key.personal_id", self.personal_id.as_deref())?
            .facts(&self.facts)
    }
}

/// Splits `FIELD=VALUE`.
pub(super) fn field_and_value(text: &str) -> Result<(String, String)> {
    let (field, value) = text.split_once('=').context("it is written FIELD=VALUE")?;
    Ok((field.trim().to_owned(), value.to_owned()))
}

/// Tells where an answer came from.
pub(super) fn tell_provenance(answer: &DynamicMessage, out: &mut dyn Write) -> Result<()> {
    let rows = shown::provenance(answer, crate::clock::Moment::now());
    let rows = rows.into_iter().map(|(what, value)| [what, value]);
    writeln!(out, "\n{}", shown::plain(&[], rows).trim_fmt())?;
    Ok(())
}

fn tell_receipt(answer: &DynamicMessage, out: &mut dyn Write) -> Result<()> {
    let receipt = answer.get_field_by_name("receipt");
    let proof = receipt
        .as_ref()
        .and_then(|value| value.as_message()?.get_field_by_name("proof"));
    let proof = proof
        .as_ref()
        .and_then(|value| value.as_str())
        .unwrap_or_default();
    if !proof.is_empty() {
        writeln!(out, "\n{proof}")?;
    }
    Ok(())
}

fn code(yes: bool) -> ExitCode {
    if yes {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NO)
    }
}
