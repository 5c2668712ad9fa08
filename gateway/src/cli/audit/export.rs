//! `lienthong audit export`: entries for other tools, as they are read.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use anyhow::Result;
use audit::{Order, Question};
use clap::{Args, ValueEnum};

use super::filter::FilterFlags;
use super::place::Place;
use super::{progress, siem, told};

/// Writes the entries that fit to standard output, in a form that other tools read.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    filter: FilterFlags,
    /// jsonl: one object a line; csv (RFC 4180); ocsf: API Activity (class 6003), one object a line; cef: ArcSight CEF:0.
    #[arg(long, value_enum)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Jsonl,
    Csv,
    Ocsf,
    Cef,
}

impl Export {
    /// Memory does not grow with the log.
    pub(super) fn run(self, out: &mut dyn Write) -> Result<ExitCode> {
        let question = Question {
            filter: self.filter.read()?,
            order: Order::OldestFirst,
            ..Question::default()
        };
        let mut out = BufWriter::new(out);
        let bar = progress::bar(None, "entries written");
        let mut header = true;
        self.place.open()?.search(&question, &mut |index, entry| {
            match self.format {
                Format::Jsonl => writeln!(out, "{}", told::json(index, entry))?,
                Format::Csv => {
                    let row = told::json(index, entry);
                    if header {
                        write!(out, "{}\r\n", csv(&row, |name, _| name.to_owned()))?;
                        header = false;
                    }
                    write!(out, "{}\r\n", csv(&row, |_, value| plain(value)))?;
                }
                Format::Ocsf => writeln!(out, "{}", siem::ocsf(index, entry))?,
                Format::Cef => writeln!(out, "{}", siem::cef(index, entry))?,
            }
            bar.inc(1);
            Ok(true)
        })?;
        out.flush()?;
        bar.finish_and_clear();
        Ok(ExitCode::SUCCESS)
    }
}

/// One line of CSV, the columns in the order of their names.
fn csv(row: &serde_json::Value, cell: impl Fn(&str, &serde_json::Value) -> String) -> String {
    let cells = row.as_object().into_iter().flatten();
    let cells: Vec<_> = cells.map(|(name, value)| quoted(&cell(name, value))).collect();
    cells.join(",")
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(list) => {
            let words: Vec<_> = list.iter().filter_map(|one| one.as_str()).collect();
            words.join(" ")
        }
        other => other.to_string(),
    }
}

/// A cell as RFC 4180 has it. One that a spreadsheet would take for a formula gets an apostrophe before it.
fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_never_a_formula() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("=cmd()"), "'=cmd()");
        assert_eq!(quoted("@a,b"), "\"'@a,b\"");
    }
}
