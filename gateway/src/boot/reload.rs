//! A new configuration: read and checked whole, then swapped once; or the old one stays.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use audit::{Entry, EntryKind, Operation};
use tokio::sync::watch;

use super::changes::{self, Diff};
use super::lists::Lists;
use super::notices::Notices;
use crate::clock::Moment;
use crate::directory::Directory;
use crate::distribution::{self, Fetching};
use crate::exchange::Exchange;
use crate::identity::VerifiedTokens;
use crate::settings::{self, Settings};

/// Entries that wait for a log that takes none. A configuration changes and lists end seldom; who changes it over and over while
/// the log is down is told of in the process log.
const MOST_UNTOLD: usize = 1_000;

/// What is needed to put a new configuration in force.
pub(super) struct Reloading {
    pub(super) exchange: Arc<Exchange>,
    pub(super) verified: Arc<VerifiedTokens>,
    pub(super) config: PathBuf,
    /// The settings in force.
    pub(super) settings: Settings,
    /// Tells the connections that they may no longer qualify.
    pub(super) changed: watch::Sender<u64>,
    pub(super) fetching: Fetching,
    /// Why the last try failed, when it did.
    pub(super) refused: Option<String>,
    /// What happens by itself.
    pub(super) notices: Notices,
    /// Entries that the log did not take yet, oldest first.
    pub(super) untold: VecDeque<Entry>,
}

impl Reloading {
    /// Reads the configuration again and puts it in force if it is good and differs. What is wrong is
    /// told once, and again when somebody `asked`.
    pub(super) fn reload(&mut self, asked: bool) {
        match self.read() {
            Ok((settings, directory)) => {
                self.refused = None;
                let in_force = self.exchange.directory.load_full();
                let anew = directory.opened_anew(&in_force);
                if directory.version == in_force.version && anew.is_empty() {
                    if asked {
                        tracing::info!("the configuration is the one in force");
                    }
                    return;
                }
                self.put_in_force(settings, directory, &anew);
            }
            Err(problem) => {
                let known = self.refused.as_ref() == Some(&problem);
                if known && !asked {
                    return;
                }
                tracing::error!(%problem, "the old configuration stays in force");
                self.refused = Some(problem);
                if !known {
                    self.note("REFUSED", String::new());
                }
            }
        }
    }

    /// Tells of revocation lists that end, in both logs.
    pub(super) fn look_at(&mut self, lists: &mut Lists) {
        let trust = self.exchange.directory.load().identity.trust().clone();
        for file in lists.look(&trust, Moment::now()) {
            self.note_of(Operation::Revocation, "ENDED", changes::shown(&file));
        }
    }

    /// Tells the access log what has happened by itself since the last look.
    pub(super) fn look_around(&mut self) {
        let now = Moment::now();
        let found = self.notices.look(&self.exchange.subjects.keys, now);
        for (operation, detail) in found {
            self.note_of(operation, "OK", detail);
        }
        self.tell();
    }

    /// Tells what is under way when the gateway ends.
    pub(super) fn look_last(&mut self) {
        if let Some((operation, detail)) = self.notices.end(Moment::now()) {
            self.note_of(operation, "OK", detail);
        }
    }

    fn read(&self) -> Result<(Settings, Directory), String> {
        let settings = settings::load(&self.config).map_err(|problems| problems.to_string())?;
        let in_force = self.exchange.directory.load();
        let compiled = Directory::compile(&settings, self.verified.clone(), Some(&**in_force));
        match compiled {
            Ok(directory) => Ok((settings, directory)),
            Err(error) => Err(chain(&error)),
        }
    }

    fn put_in_force(&mut self, settings: Settings, directory: Directory, anew: &[Arc<str>]) {
        let diff = Diff::new(&self.settings, &settings);
        let (mut changed, proof) = (diff.told(), diff.proof());
        if changed.is_empty() {
            // Nothing is told of secrets but whose they are.
            changed = format!("changed secrets of {}", anew.join(", "));
        }
        let operations: Vec<_> = diff.operations().collect();
        for section in changes::need_restart(&self.settings, &settings) {
            tracing::warn!(section, "a changed section counts from the next start on");
        }
        self.fetching.follow(distribution::sources(&settings));
        self.settings = settings;
        let kept = directory.identity.trust().kept().to_vec();
        self.exchange.directory.store(Arc::new(directory));
        self.changed.send_modify(|number| *number += 1);
        tracing::info!(changed, "a new configuration is in force");
        let mut detail = vec![changed, proof.clone()];
        for error in kept {
            let problem = chain(&*error);
            tracing::error!(
                problem,
                "the last good revocation list stays in force until its next update"
            );
            detail.push("kept a revocation list".to_owned());
        }
        self.note("OK", detail.join("; "));
        for operation in operations {
            self.note_of(operation, "OK", proof.clone());
        }
    }

    /// An entry about the reload. The gateway goes on when it can't be written: no call is answered
    /// then either.
    fn note(&mut self, outcome: &str, detail: String) {
        self.note_of(Operation::Reload, outcome, detail);
    }

    pub(super) fn note_of(&mut self, operation: Operation, outcome: &str, detail: String) {
        if self.untold.len() >= MOST_UNTOLD {
            tracing::error!(operation = operation.word(), "what happened can't be logged");
            return;
        }
        self.untold
            .push_back(entry(&self.exchange, operation, outcome, detail));
        self.tell();
    }

    /// Writes what there is to tell. What the log does not take now is told at the next look, with the time at which it
    /// happened.
    fn tell(&mut self) {
        while let Some(entry) = self.untold.front() {
            if let Err(error) = self.exchange.log.append_blocking(entry) {
                tracing::warn!(%error, untold = self.untold.len(), "what happened is logged as soon as the log takes it");
                return;
            }
            self.untold.pop_front();
        }
    }
}

/// An error with all that led to it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        told = format!("{told}: {source}");
        next = source.source();
    }
    told
}

/// An entry about the gateway itself.
pub(super) fn note(
    exchange: &Exchange,
    operation: Operation,
    outcome: &str,
    detail: String,
) -> anyhow::Result<()> {
    exchange
        .log
        .append_blocking(&entry(exchange, operation, outcome, detail))?;
    Ok(())
}

fn entry(exchange: &Exchange, operation: Operation, outcome: &str, detail: String) -> Entry {
    let mut entry = Entry::new(EntryKind::Operation, Moment::now().0);
    entry.operation = operation.word().to_owned();
    entry.outcome = outcome.to_owned();
    entry.detail = detail;
    entry.config_version = exchange.directory.load().version.to_string();
    entry
}
