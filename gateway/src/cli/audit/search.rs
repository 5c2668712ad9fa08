//! `lienthong audit search`: the entries that fit.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use audit::{Order, Question};
use clap::Args;

use super::filter::FilterFlags;
use super::place::Place;
use super::told::List;

/// Lists the entries that fit.
#[derive(Debug, Args)]
pub(super) struct Search {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    filter: FilterFlags,
    /// Newest first [default: oldest first].
    #[arg(long)]
    newest: bool,
    /// The most entries.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print JSON, one object a line.
    #[arg(long)]
    json: bool,
}

impl Search {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<ExitCode> {
        let question = Question {
            filter: self.filter.read()?,
            order: if self.newest {
                Order::NewestFirst
            } else {
                Order::OldestFirst
            },
            ..Question::default()
        };
        let limit = self.limit.unwrap_or(usize::MAX);
        let mut list = List::new(self.json);
        if limit > 0 {
            self.place.open()?.search(&question, &mut |index, entry| {
                list.add(index, entry, out)?;
                Ok(list.told() < limit)
            })?;
        }
        list.end(out)?;
        Ok(ExitCode::SUCCESS)
    }
}
