//! Where the log is: in a folder, or behind a gateway.

use std::path::{Path, PathBuf};

use anyhow::Result;
use audit::{Entry, Question};
use clap::Args;

use super::Usage;
use super::files::Files;
use super::remote::Remote;

/// A log's folder, or the profile of an auditor agency.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// Folder of the log.
    #[arg(long, value_name = "DIR")]
    log: Option<PathBuf>,
    /// File of the log's index [default: DIR.index.sqlite, beside the folder].
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
    /// Ask a gateway instead, as the auditor agency of this client profile.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["log", "index"])]
    profile: Option<PathBuf>,
}

/// Where entries come from.
pub(super) enum Source {
    Files(Files),
    Gateway(Remote),
}

/// Takes entries as they are found; says whether it wants more.
pub(super) type Take<'a> = dyn FnMut(u64, &Entry) -> Result<bool> + 'a;

impl Place {
    /// Whether a gateway is asked.
    pub(super) fn is_gateway(&self) -> bool {
        self.profile.is_some()
    }

    /// Opens it. A log that is not there is an error: an empty list would look like an empty log.
    pub(super) fn open(&self) -> Result<Source> {
        match &self.profile {
            Some(profile) => Ok(Source::Gateway(Remote::connect(profile)?)),
            None => Ok(Source::Files(Files::open(
                folder(self.log.as_deref())?,
                self.index.clone(),
            )?)),
        }
    }
}

/// The log's folder, when it holds a log.
pub(super) fn folder(log: Option<&Path>) -> Result<&Path> {
    let folder = log.ok_or_else(|| Usage("give --log DIR, or --profile FILE to ask a gateway".to_owned()))?;
    anyhow::ensure!(
        folder.join("journal").is_dir(),
        "{} holds no log",
        folder.display()
    );
    Ok(folder)
}

impl Source {
    /// Gives every entry that answers the question, in its order.
    pub(super) fn search(&self, question: &Question, take: &mut Take<'_>) -> Result<()> {
        match self {
            Self::Files(files) => files.search(question, take),
            Self::Gateway(gateway) => gateway.search(question, take),
        }
    }

    /// One entry; none when there is none.
    pub(super) fn entry(&self, index: u64) -> Result<Option<Entry>> {
        match self {
            Self::Files(files) => files.entry(index),
            Self::Gateway(gateway) => gateway.entry(index),
        }
    }
}
