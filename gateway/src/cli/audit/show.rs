//! `lienthong audit show`: one entry that a person can read.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use audit::{AuditorPrivateKey, Entry, SubjectKeyFolder, open_subject};
use clap::Args;

use super::labels::{self, Lang};
use super::place::Place;
use super::{NO, told};
use crate::cli::shown;

/// Shows one entry whole.
#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    place: Place,
    /// Index of the entry.
    #[arg(value_name = "INDEX")]
    entry: u64,
    /// Language of the labels.
    #[arg(long, value_enum, default_value_t = Lang::Vi)]
    lang: Lang,
    /// The auditors' private key: the subject is told too. Needs --subject-keys.
    #[arg(long, value_name = "FILE", requires = "subject_keys")]
    auditor_key: Option<PathBuf>,
    /// Folder of the subject keys of the periods.
    #[arg(long, value_name = "DIR", requires = "auditor_key")]
    subject_keys: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<ExitCode> {
        let Some(entry) = self.place.open()?.entry(self.entry)? else {
            anstream::eprintln!("error: the log has no entry {}", self.entry);
            return Ok(ExitCode::from(NO));
        };
        let subject = self.subject(&entry)?;
        if self.json {
            let mut json = told::json(self.entry, &entry);
            if let (Some((kind, identifier)), Some(fields)) = (subject, json.as_object_mut()) {
                fields.insert("subject_kind".to_owned(), kind.into());
                fields.insert("subject".to_owned(), identifier.into());
            }
            writeln!(out, "{json}")?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut rows = labels::rows(self.entry, &entry, self.lang);
        if let Some((kind, identifier)) = subject {
            rows.push([self.lang.of("Chủ thể", "Subject").to_owned(), identifier, kind]);
        }
        writeln!(
            out,
            "{}\n\n{}",
            labels::sentence(&entry, self.lang),
            shown::plain(&[], rows).trim_fmt()
        )?;
        Ok(ExitCode::SUCCESS)
    }

    /// The sort of number and the number, where the keys were given and the entry holds one.
    fn subject(&self, entry: &Entry) -> Result<Option<(String, String)>> {
        let (Some(private), Some(folder)) = (&self.auditor_key, &self.subject_keys) else {
            return Ok(None);
        };
        if entry.sealed_subject.is_empty() {
            return Ok(None);
        }
        let private = AuditorPrivateKey::load(private).context("the auditors' private key")?;
        let keys = SubjectKeyFolder::new(folder)
            .read(&entry.subject_period)
            .with_context(|| format!("the subject keys of period {:?}", entry.subject_period))?;
        let subject = open_subject(&private, &keys, entry)?;
        Ok(Some((subject.kind, subject.identifier.to_string())))
    }
}
