//! `lienthong config explain`: what an agency may ask, and why or why not.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::bail;
use clap::{Args, ValueEnum};
use comfy_table::{Table, presets};
use proto::catalog::v1::{ExplainDecisionResponse, GrantExplanation, Limits, Permission};
use proto::lookup::v1::{Operation, Step};
use serde_json::{Value, json};

use crate::authorization::Agreements;
use crate::catalog::{self, Asking, Catalog};
use crate::clock::Moment;
use crate::record::method::{methods, operation_word};
use crate::record::query::step_word;
use crate::settings::{self, Settings, nearest};

/// Exit code for a request that names nothing that there is.
const USAGE: u8 = 2;

/// Say whether an agency may ask, by which agreement, and what is missing when it may not.
///
/// What is left out is taken as covered. Exit code 0: it may; 1: it may not; 2: there is no such thing.
#[derive(Debug, Args)]
pub(super) struct ExplainCommand {
    /// The configuration folder.
    #[arg(long, value_name = "DIR")]
    config: PathBuf,
    /// Identifier of the agency, such as H29.12.
    #[arg(long, value_name = "ID")]
    agency: String,
    /// Name of the registry.
    #[arg(long, value_name = "NAME")]
    registry: String,
    /// Full name of the record type. Left out: each of the registry.
    #[arg(long, value_name = "RECORD")]
    record: Option<String>,
    /// What is done with the record.
    #[arg(long)]
    operation: Option<OperationWord>,
    /// Code of the procedure.
    #[arg(long, value_name = "CODE")]
    procedure: Option<String>,
    /// Step of the dossier.
    #[arg(long)]
    step: Option<StepWord>,
    /// Role of the officer.
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Path of a field; may be given several times.
    #[arg(long = "field", value_name = "PATH")]
    fields: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OperationWord {
    Get,
    Confirm,
    Check,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum StepWord {
    Receiving,
    Deciding,
}

/// How the request would be decided for one record type.
struct Explained {
    record: String,
    decision: ExplainDecisionResponse,
    permission: Option<Permission>,
}

impl ExplainCommand {
    pub(super) fn run(self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let settings = match settings::load_without_files(&self.config) {
            Ok(settings) => settings,
            Err(problems) => bail!("{problems}"),
        };
        let explained = match self.explain(&settings)? {
            Ok(explained) => explained,
            Err(unknown) => {
                anstream::eprintln!("error: {unknown}");
                return Ok(ExitCode::from(USAGE));
            }
        };
        match self.json {
            true => writeln!(out, "{:#}", self.as_json(&settings, &explained))?,
            false => self.show(&settings, &explained, out)?,
        }
        let permitted = explained.iter().any(|one| one.decision.permitted);
        Ok(if permitted {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// The inner error is what the request names and nothing is.
    fn explain(&self, settings: &Settings) -> anyhow::Result<Result<Vec<Explained>, String>> {
        let methods = methods(&settings.schemas.pool)?;
        let agencies = settings.agencies.keys().map(String::as_str);
        let agreements = Agreements::compile(&settings.agreements, agencies.clone(), &methods)?;
        let catalog = Catalog::compile(settings, &methods);
        let today = Moment::now().viet_nam_day();
        if !settings.agencies.contains_key(&self.agency) {
            let said = nearest::one_of(&self.agency, agencies);
            return Ok(Err(format!("no such agency: {said}")));
        }
        let records: Vec<String> = match &self.record {
            Some(record) => vec![record.clone()],
            None => catalog
                .records_of(&self.registry)
                .map(ToString::to_string)
                .collect(),
        };
        let all = catalog::permissions(&catalog, &agreements, &self.agency, (&self.registry, ""), today);
        let mut explained = Vec::new();
        let mut unclear = None;
        // A registry that is not there has no records: it is told of by the decision itself.
        for record in if records.is_empty() {
            vec![String::new()]
        } else {
            records
        } {
            let asking = Asking {
                agency: &self.agency,
                registry: &self.registry,
                record: &record,
                operation: self.operation.map(OperationWord::wire),
                procedure: self.procedure.as_deref().unwrap_or_default(),
                step: self.step.map(StepWord::wire),
                role: self.role.as_deref().unwrap_or_default(),
                fields: &self.fields,
            };
            match catalog::explain(&catalog, &agreements, &asking, today) {
                Ok(decision) => {
                    let by = decision.grants.iter().find(|grant| grant.permits);
                    let mut of_record = all.iter().filter(|permission| permission.record == record);
                    let place = decision.grants.iter().position(|grant| Some(grant) == by);
                    let permission = place.and_then(|place| of_record.nth(place)).cloned();
                    explained.push(Explained {
                        record,
                        decision,
                        permission,
                    });
                }
                Err(problem) => unclear = Some(problem),
            }
        }
        match (explained.is_empty(), unclear) {
            // A field of one record need not be one of the others.
            (true, Some(unclear)) => {
                let said = nearest::one_of(&unclear.found, unclear.valid.iter().map(String::as_str));
                Ok(Err(format!("no such {}: {said}", option_of(unclear.part))))
            }
            _ => Ok(Ok(explained)),
        }
    }

    fn show(&self, settings: &Settings, explained: &[Explained], out: &mut impl Write) -> anyhow::Result<()> {
        let name = settings
            .agencies
            .get(&self.agency)
            .map(|agency| agency.name_en.as_str());
        writeln!(
            out,
            "{} ({}) asks {}",
            self.agency,
            name.unwrap_or_default(),
            self.registry
        )?;
        for one in explained {
            let (word, colour) = match one.decision.permitted {
                true => ("permitted".to_owned(), AnsiColor::Green),
                false => (format!("refused, {}", one.decision.reason), AnsiColor::Red),
            };
            let style = Style::new().fg_color(Some(colour.into()));
            writeln!(out, "\n{}: {style}{word}{style:#}", one.record)?;
            if let Some(permission) = &one.permission {
                show_permission(permission, out)?;
            } else if one.decision.grants.is_empty() {
                writeln!(out, "no agreement with this agency is about this record")?;
            }
            if !one.decision.grants.is_empty() {
                writeln!(out, "{}", clauses(&one.decision.grants))?;
            }
        }
        Ok(())
    }

    fn as_json(&self, settings: &Settings, explained: &[Explained]) -> Value {
        json!({
            "agency": self.agency,
            "registry": self.registry,
            "config_version": settings.version,
            "permitted": explained.iter().any(|one| one.decision.permitted),
            "records": explained.iter().map(record_json).collect::<Vec<_>>(),
        })
    }
}

/// The option of the command line that a field of the request comes from.
fn option_of(part: &str) -> &str {
    match part {
        "procedure_code" => "procedure",
        "fields" => "field",
        other => other,
    }
}

fn show_permission(permission: &Permission, out: &mut impl Write) -> anyhow::Result<()> {
    let until = match (permission.valid_from.as_str(), permission.valid_to.as_str()) {
        ("", "") => "any day".to_owned(),
        (from, "") => format!("from {from}"),
        ("", to) => format!("to {to}"),
        (from, to) => format!("{from} to {to}"),
    };
    let mut table = plain();
    let agreement = format!(
        "{}, version {}",
        permission.agreement, permission.agreement_version
    );
    table.add_row(["agreement", &agreement]);
    table.add_row(["title", &permission.title]);
    table.add_row(["legal basis", &permission.legal_basis]);
    table.add_row(["valid", &until]);
    table.add_row([
        "second fact",
        if permission.second_fact_required {
            "required"
        } else {
            "not required"
        },
    ]);
    table.add_row(["limits", &limits_said(permission.limits.as_ref())]);
    writeln!(out, "{table}")?;
    let mut table = plain();
    table.set_header(["field", "", "label"]);
    for field in &permission.fields {
        let sensitive = if field.sensitive { "sensitive" } else { "" };
        table.add_row([field.path.as_str(), sensitive, &field.label_vi]);
    }
    writeln!(out, "{table}")?;
    Ok(())
}

/// One line a clause of each grant.
fn clauses(grants: &[GrantExplanation]) -> Table {
    let mut table = plain();
    table.set_header(["agreement", "grant", "clause", "", "asked", "needed"]);
    for grant in grants {
        for clause in &grant.clauses {
            table.add_row([
                grant.agreement.as_str(),
                &grant.place.to_string(),
                &clause.clause,
                if clause.met { "met" } else { "missing" },
                if clause.asked.is_empty() {
                    "-"
                } else {
                    &clause.asked
                },
                &clause.needed,
            ]);
        }
    }
    table
}

fn limits_said(limits: Option<&Limits>) -> String {
    let Some(limits) = limits else {
        return String::new();
    };
    let said: Vec<_> = [
        (limits.calls_per_second, "calls a second"),
        (limits.calls_per_day, "calls a day"),
        (
            limits.subjects_per_officer_per_hour,
            "subjects for one officer in an hour",
        ),
    ]
    .into_iter()
    .filter(|(most, _)| *most != 0)
    .map(|(most, what)| format!("{most} {what}"))
    .collect();
    if said.is_empty() {
        "none".to_owned()
    } else {
        said.join(", ")
    }
}

fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

fn record_json(explained: &Explained) -> Value {
    let decision = &explained.decision;
    json!({
        "record": explained.record,
        "permitted": decision.permitted,
        "reason": decision.reason,
        "agreement": decision.agreement,
        "permission": explained.permission.as_ref().map(permission_json),
        "grants": decision.grants.iter().map(|grant| json!({
            "agreement": grant.agreement,
            "agreement_version": grant.agreement_version,
            "place": grant.place,
            "permits": grant.permits,
            "clauses": grant.clauses.iter().map(|clause| json!({
                "clause": clause.clause,
                "met": clause.met,
                "asked": clause.asked,
                "agreed": clause.agreed,
                "needed": clause.needed,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

fn permission_json(permission: &Permission) -> Value {
    let limits = permission.limits.unwrap_or_default();
    let limit = |most: u64| (most != 0).then_some(most);
    json!({
        "title": permission.title,
        "legal_basis": permission.legal_basis,
        "valid_from": permission.valid_from,
        "valid_to": permission.valid_to,
        "operations": permission.operations().map(operation_word).collect::<Vec<_>>(),
        "fields": permission.fields.iter().map(|field| json!({
            "path": field.path,
            "label_vi": field.label_vi,
            "sensitive": field.sensitive,
        })).collect::<Vec<_>>(),
        "procedures": permission.procedure_codes,
        "steps": permission.steps().map(step_word).collect::<Vec<_>>(),
        "roles": permission.roles,
        "second_fact_required": permission.second_fact_required,
        "limits": {
            "calls_per_second": limit(limits.calls_per_second),
            "calls_per_day": limit(limits.calls_per_day),
            "subjects_per_officer_per_hour": limit(limits.subjects_per_officer_per_hour),
        },
    })
}

impl OperationWord {
    fn wire(self) -> Operation {
        match self {
            Self::Get => Operation::Get,
            Self::Confirm => Operation::Confirm,
            Self::Check => Operation::Check,
        }
    }
}

impl StepWord {
    fn wire(self) -> Step {
        match self {
            Self::Receiving => Step::Receiving,
            Self::Deciding => Step::Deciding,
        }
    }
}
