//! An entry for machines, and as a row of a table.

use std::io::Write;

use anyhow::Result;
use audit::Entry;
use comfy_table::Table;

use crate::cli::shown;

/// Rows of one table: a longer list is told in several, so that memory does not grow with it.
const ROWS: usize = 1000;

/// Entries as tables, or as JSON lines as they come.
pub(super) struct List {
    json: bool,
    rows: Vec<[String; 10]>,
    told: usize,
}

impl List {
    pub(super) fn new(json: bool) -> Self {
        Self {
            json,
            rows: Vec::new(),
            told: 0,
        }
    }

    /// Entries told so far.
    pub(super) fn told(&self) -> usize {
        self.told
    }

    pub(super) fn add(&mut self, index: u64, entry: &Entry, out: &mut dyn Write) -> Result<()> {
        self.told += 1;
        if self.json {
            writeln!(out, "{}", json(index, entry))?;
            return Ok(());
        }
        self.rows.push([
            index.to_string(),
            time_in_viet_nam(entry.time_unix_micros),
            kind(entry),
            entry.agency.clone(),
            entry.officer.clone(),
            entry.dossier.clone(),
            entry.registry.clone(),
            entry.operation.clone(),
            entry.outcome.clone(),
            entry.source.clone(),
        ]);
        if self.rows.len() == ROWS {
            self.flush(out)?;
        }
        Ok(())
    }

    /// Tells the rows that wait.
    pub(super) fn flush(&mut self, out: &mut dyn Write) -> Result<()> {
        if !self.rows.is_empty() {
            let rows = std::mem::take(&mut self.rows);
            writeln!(out, "{}", table(rows).trim_fmt())?;
        }
        out.flush()?;
        Ok(())
    }

    /// The end of the list; an empty one is an empty table.
    pub(super) fn end(mut self, out: &mut dyn Write) -> Result<()> {
        if !self.json && self.told == 0 {
            writeln!(out, "{}", table(Vec::new()).trim_fmt())?;
        }
        self.flush(out)
    }
}

fn table(rows: Vec<[String; 10]>) -> Table {
    let header = [
        "index",
        "time",
        "kind",
        "agency",
        "officer",
        "dossier",
        "registry",
        "operation",
        "outcome",
        "source",
    ];
    shown::plain(&header, rows)
}

/// A moment for machines.
pub(super) fn time(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| micros.to_string(), |time| time.to_string())
}

/// A moment for people.
pub(super) fn time_in_viet_nam(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| micros.to_string(), shown::in_viet_nam)
}

pub(super) fn kind(entry: &Entry) -> String {
    format!("{:?}", entry.kind()).to_lowercase()
}

/// The whole entry.
pub(super) fn json(index: u64, entry: &Entry) -> serde_json::Value {
    serde_json::json!({
        "index": index,
        "time": time(entry.time_unix_micros),
        "request_id": entry.request_id,
        "kind": kind(entry),
        "agency": entry.agency,
        "system": entry.system,
        "officer": entry.officer,
        "role": entry.role,
        "unit": entry.unit,
        "certificate_sha256": hex::encode(&entry.certificate_sha256),
        "token_id_hash": hex::encode(&entry.token_id_hash),
        "receiving_agency": entry.receiving_agency,
        "competent_agency": entry.competent_agency,
        "procedure": entry.procedure,
        "step": entry.step,
        "component": entry.component,
        "dossier": entry.dossier,
        "legal_basis": entry.legal_basis,
        "agreement": entry.agreement,
        "agreement_version": entry.agreement_version,
        "config_version": entry.config_version,
        "registry": entry.registry,
        "record_type": entry.record_type,
        "operation": entry.operation,
        "fields_asked": entry.fields_asked,
        "fields_given": entry.fields_given,
        "outcome": entry.outcome,
        "source": entry.source,
        "as_of": if entry.as_of_unix_micros == 0 { String::new() } else { time(entry.as_of_unix_micros) },
        "answer_hmac": hex::encode(&entry.answer_hmac),
        "route": entry.route,
        "upstream_transaction": entry.upstream_transaction,
        "detail": entry.detail,
        "item": entry.item,
        "latency_micros": entry.latency_micros,
        "subject_period": entry.subject_period,
        "subject_pseudonym": hex::encode(&entry.subject_pseudonym),
    })
}
