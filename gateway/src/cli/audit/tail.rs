//! `lienthong audit tail`: the last entries, and those to come.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use audit::{Order, Question, entries};
use clap::Args;
use proto::audit::v1 as wire;
use tonic::Code;

use super::filter::FilterFlags;
use super::place::{Place, Source};
use super::remote::{self, Remote};
use super::told::List;
use crate::cli::client::Refused;

/// Lists the last entries that fit and, with --follow, those to come.
#[derive(Debug, Args)]
pub(super) struct Tail {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    filter: FilterFlags,
    /// Entries to start with.
    #[arg(long, default_value_t = 20)]
    lines: usize,
    /// Go on until Ctrl-C.
    #[arg(long)]
    follow: bool,
    /// Print JSON, one object a line.
    #[arg(long)]
    json: bool,
}

/// Time between looks at the files.
const PAUSE: Duration = Duration::from_millis(200);

impl Tail {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<ExitCode> {
        let question = Question {
            filter: self.filter.read()?,
            order: Order::NewestFirst,
            ..Question::default()
        };
        let source = self.place.open()?;
        let mut last = Vec::new();
        if self.lines > 0 {
            source.search(&question, &mut |index, entry| {
                last.push((index, entry.clone()));
                Ok(last.len() < self.lines)
            })?;
        }
        let mut list = List::new(self.json);
        for (index, entry) in last.iter().rev() {
            list.add(*index, entry, out)?;
        }
        list.end(out)?;
        if !self.follow {
            return Ok(ExitCode::SUCCESS);
        }
        let next = last.first().map(|(index, _)| index + 1);
        match source {
            Source::Files(files) => {
                follow_files(files.folder(), &question, next.unwrap_or(0), self.json, out)
            }
            Source::Gateway(gateway) => follow_gateway(&gateway, &question, next, self.json, out),
        }
    }
}

fn follow_files(
    folder: &std::path::Path,
    question: &Question,
    next: u64,
    json: bool,
    out: &mut dyn Write,
) -> Result<ExitCode> {
    let mut log = entries(folder).from(next);
    let mut list = List::new(json);
    loop {
        match log.next() {
            Some(entry) => {
                let (index, entry) = entry?;
                if question.fits(&entry) {
                    list.add(index, &entry, out)?;
                }
            }
            None => {
                list.flush(out)?;
                std::thread::sleep(PAUSE);
            }
        }
    }
}

/// A stream that ends because its time is over goes on where it ended.
fn follow_gateway(
    gateway: &Remote,
    question: &Question,
    mut next: Option<u64>,
    json: bool,
    out: &mut dyn Write,
) -> Result<ExitCode> {
    let mut list = List::new(json);
    loop {
        let ask = wire::TailEntriesRequest {
            filter: Some(remote::filter(&question.filter)),
            from_index: next,
        };
        let mut stream = gateway.call(|mut log| async move { log.tail_entries(ask).await })?;
        loop {
            match gateway.block_on(stream.message()) {
                Ok(Some(answer)) => {
                    let placed = answer.entry.unwrap_or_default();
                    list.add(
                        placed.index,
                        &remote::entry(placed.entry.unwrap_or_default())?,
                        out,
                    )?;
                    list.flush(out)?;
                    next = Some(placed.index + 1);
                }
                Ok(None) => break,
                Err(status) if next.is_some() && status.code() == Code::Unavailable => break,
                Err(status) => return Err(Refused::from(status).into()),
            }
        }
        std::thread::sleep(PAUSE);
    }
}
