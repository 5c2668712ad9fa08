//! Kind `embedded`: a SQLite database file on this machine, opened for reading alone.
//!
//! A few threads of its own read, each with its own connection; no question is answered on the
//! thread that asks. The file may be replaced by another one while the program runs (write the new
//! one beside it, then rename): the next question sees it. While there is no file, or no usable
//! one, every answer is "unavailable".

mod client;
mod file;
mod reader;
mod settings;
mod statements;
mod translate;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

pub use settings::Settings;

use crate::check::{Problem, Records};
use crate::connect::ConnectError;
use client::Client;
use file::Database;

const MOST_READERS: usize = 64;

/// What is wrong with the settings of this kind.
pub(crate) fn check(settings: &Settings, problems: &mut Vec<Problem>) {
    let readers = settings.readers.get_ref();
    if !(1..=MOST_READERS).contains(readers) {
        problems.push(Problem::at(
            settings.readers.span(),
            format!("found {readers} readers, wanted 1 to {MOST_READERS}"),
        ));
    }
}

/// What is wrong with the mapping for this kind.
pub(crate) fn check_records(records: &Records, problems: &mut Vec<Problem>) {
    for record in records.values() {
        statements::check_names(&record.plan, problems);
    }
}

/// Opens the database, checks the records against its tables, and starts the readers.
pub(crate) fn connect(
    name: &str,
    settings: &Settings,
    base: &Path,
    records: Arc<Records>,
) -> Result<Client, ConnectError> {
    let path = base.join(settings.file.get_ref());
    let unreachable = |what: String| ConnectError::Unreachable {
        what: format!("{}: {what}", path.display()),
    };
    let database = Database::new(&path, settings, &records);
    let opened = database.open().map_err(|error| unreachable(error.to_string()))?;

    let mut problems = Vec::new();
    for record in records.values() {
        statements::check_tables(&opened.connection, &record.plan, &mut problems)
            .map_err(|error| unreachable(file::outage(&error).to_string()))?;
    }
    if !problems.is_empty() {
        return Err(ConnectError::Settings(problems));
    }
    Client::start(name, *settings.readers.get_ref(), database, records)
        .map_err(|error| unreachable(error.to_string()))
}
