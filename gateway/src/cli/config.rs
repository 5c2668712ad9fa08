//! `lienthong config`: the operator's tree, before it is used.

mod explain;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use serde_json::json;

use crate::clock::Moment;
use crate::identity::configured;
use crate::settings::{self, Problem, Problems, Settings, Severity};

/// The configuration folder.
#[derive(Debug, Args)]
pub(super) struct ConfigCommand {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Check a whole tree and show every problem with its place.
    Check {
        /// The configuration folder.
        #[arg(long, value_name = "DIR")]
        config: PathBuf,
        /// Do not look for the keys, certificates and databases that settings name.
        #[arg(long)]
        without_files: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    Explain(explain::ExplainCommand),
}

impl ConfigCommand {
    /// Exit code 0 for a good tree or a permitted request, 1 for one with problems or a refused one.
    pub(super) fn run(self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        match self.task {
            Task::Check {
                config,
                without_files,
                json,
            } => check(&config, without_files, json, out),
            Task::Explain(command) => command.run(out),
        }
    }
}

fn check(config: &Path, without_files: bool, json: bool, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let loaded = match without_files {
        true => settings::load_without_files(config),
        false => settings::load(config).and_then(with_what_is_named),
    };
    match (&loaded, json) {
        (Ok(settings), true) => writeln!(out, "{:#}", good_json(settings))?,
        (Err(problems), true) => writeln!(out, "{:#}", bad_json(problems))?,
        (Ok(settings), false) => show_good(settings, out)?,
        (Err(problems), false) => show_bad(problems, out)?,
    }
    Ok(match loaded {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}

/// As a start would: what the tree names is looked into.
fn with_what_is_named(settings: Settings) -> Result<Settings, Problems> {
    let told = configured::problems(&settings, Moment::now());
    if told.is_empty() {
        return Ok(settings);
    }
    let problem = |message| Problem {
        path: "gateway.toml".into(),
        position: None,
        severity: Severity::Error,
        message,
        excerpt: None,
    };
    let problems = settings.warnings.into_iter().chain(told.into_iter().map(problem));
    Err(Problems::new(&settings.base, problems.collect()))
}

fn show_good(settings: &Settings, out: &mut impl Write) -> anyhow::Result<()> {
    show_problems(&settings.warnings, &settings.base, out)?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["file", "what it says"]);
    for (path, said) in contents(settings) {
        table.add_row([path, said]);
    }
    writeln!(out, "{table}")?;
    let warnings = counted(settings.warnings.len(), "warning");
    writeln!(
        out,
        "{}: good, {warnings}, version {}",
        settings.base.display(),
        settings.version
    )?;
    Ok(())
}

fn show_bad(problems: &Problems, out: &mut impl Write) -> anyhow::Result<()> {
    show_problems(&problems.problems, &problems.base, out)?;
    let errors = counted(problems.errors(), "error");
    let warnings = counted(problems.problems.len() - problems.errors(), "warning");
    writeln!(
        out,
        "{}: {errors}, {warnings}; nothing of it is used",
        problems.base.display()
    )?;
    Ok(())
}

/// The problems one after the other, coloured where `out` takes colours.
fn show_problems(problems: &[Problem], base: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    for problem in problems {
        let colour = match problem.severity {
            Severity::Error => AnsiColor::Red,
            Severity::Warning => AnsiColor::Yellow,
        };
        let style = Style::new().fg_color(Some(colour.into()));
        let shown = problem.shown(base).to_string();
        let (first, rest) = shown.split_once('\n').unwrap_or((shown.as_str(), ""));
        writeln!(out, "{style}{first}{style:#}\n{rest}")?;
    }
    Ok(())
}

/// One line a file: what somebody would want to see at a glance.
fn contents(settings: &Settings) -> Vec<(String, String)> {
    let gateway = &settings.gateway;
    let mut lines = vec![(
        "gateway.toml".to_owned(),
        format!("listens on {}", gateway.listener.address),
    )];
    for (name, registry) in &settings.registries {
        let records: Vec<_> = registry
            .records
            .keys()
            .map(|name| name.get_ref().as_str())
            .collect();
        lines.push((format!("registries/{name}.toml"), records.join("\n")));
    }
    for (name, agency) in &settings.agencies {
        let auditor = if agency.auditor {
            "; reads the access log"
        } else {
            ""
        };
        lines.push((
            format!("agencies/{name}.toml"),
            format!("{}{auditor}", agency.name_vi),
        ));
    }
    for (name, agreement) in &settings.agreements {
        let agencies: Vec<_> = agreement
            .agencies
            .get_ref()
            .iter()
            .map(|id| id.get_ref().as_str())
            .collect();
        let grants = counted(agreement.grants.get_ref().len(), "grant");
        let said = format!(
            "{} → {}, {grants}",
            agencies.join(", "),
            agreement.registry.get_ref()
        );
        lines.push((format!("agreements/{name}.toml"), said));
    }
    for (name, procedure) in &settings.procedures {
        let all = procedure.components.get_ref();
        let replaced = all
            .iter()
            .filter(|component| !component.replaced_by.is_empty())
            .count();
        let said = format!(
            "{}: {replaced} of {} papers replaced",
            procedure.name_vi,
            all.len()
        );
        lines.push((format!("procedures/{name}.toml"), said));
    }
    lines
}

fn good_json(settings: &Settings) -> serde_json::Value {
    json!({
        "good": true,
        "version": settings.version,
        "problems": settings.warnings,
        "registries": settings.registries.keys().collect::<Vec<_>>(),
        "agencies": settings.agencies.keys().collect::<Vec<_>>(),
        "agreements": settings.agreements.keys().collect::<Vec<_>>(),
        "procedures": settings.procedures.keys().collect::<Vec<_>>(),
    })
}

fn bad_json(problems: &Problems) -> serde_json::Value {
    json!({ "good": false, "problems": problems.problems })
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
