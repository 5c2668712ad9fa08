//! `lienthong audit reindex`: the index anew from the log.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use audit::Index;
use clap::Args;

use super::place::folder;
use super::progress;

/// Builds the index of a log anew. A gateway at work does so by itself, and is not interfered with (exit code 3).
#[derive(Debug, Args)]
pub(super) struct Reindex {
    /// Folder of the log.
    #[arg(long, value_name = "DIR")]
    log: PathBuf,
    /// File of the index [default: DIR.index.sqlite, beside the folder].
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Reindex {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<ExitCode> {
        let folder = folder(Some(&self.log))?;
        let file = self.index.unwrap_or_else(|| Index::usual_file(folder));
        let bar = progress::bar(None, "entries indexed");
        let rebuilt = audit::index::rebuild(folder, &file, |entries| bar.set_position(entries))?;
        bar.finish_and_clear();
        let seconds = rebuilt.duration.as_secs_f64();
        if self.json {
            let told = serde_json::json!({
                "index": file, "entries": rebuilt.entries, "root": hex::encode(rebuilt.root), "seconds": seconds,
            });
            writeln!(out, "{told}")?;
        } else {
            writeln!(
                out,
                "{} entries indexed in {seconds:.1} s ({:.0} a second): {}",
                rebuilt.entries,
                rebuilt.entries as f64 / seconds.max(1e-9),
                file.display()
            )?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
