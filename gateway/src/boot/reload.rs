//! A new configuration: read and checked whole, then swapped once; or the old one stays.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use audit::{Entry, EntryKind, Operation};
use tokio::sync::watch;

use super::again::{self, Again};
use super::changes::{self, Diff};
use super::lists::Lists;
use super::notices::Notices;
use crate::clock::Moment;
use crate::directory::Directory;
use crate::distribution::{self, Fetching, Missing};
use crate::exchange::Exchange;
use crate::identity::{ClientTrust, VerifiedTokens, configured};
use crate::settings::{self, Settings};
use crate::telemetry::Reloads;

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
    /// What a refused configuration is to fetch.
    pub(super) missing: Missing,
    /// When it, or a list that is kept out, is tried again.
    pub(super) again: Again,
    /// What happens by itself.
    pub(super) notices: Notices,
    pub(super) reloads: Arc<Reloads>,
    /// Entries that the log did not take yet, oldest first.
    pub(super) untold: VecDeque<Entry>,
}

impl Reloading {
    /// Reads the configuration again and puts it in force if it is good and differs. What is wrong is
    /// told once, and again when somebody `asked`.
    pub(super) fn reload(&mut self, asked: bool) {
        let began = Instant::now();
        self.read_and_put_in_force(asked);
        let kept = !self.trust().kept().is_empty();
        let pause = match &self.refused {
            Some(_) => Some(again::REFUSED),
            None => kept.then_some(again::KEPT),
        };
        self.again.set(pause, began, Instant::now());
    }

    /// Tries what failed again, when it is time. Whether the configuration was read.
    pub(super) fn try_again(&mut self) -> bool {
        let began = Instant::now();
        if !self.again.is_due(began) {
            return false;
        }
        if self.refused.is_none() && !self.may_renew_trust() {
            self.again.set(Some(again::KEPT), began, Instant::now());
            return false;
        }
        self.reload(false);
        true
    }

    /// Whether the lists of the settings in force are others by now, without anything else being read.
    fn may_renew_trust(&self) -> bool {
        let (trust, tls) = (self.trust(), &self.settings.gateway.tls);
        let authorities = configured::authorities(tls, &self.settings.base);
        let renewed = ClientTrust::renew(&trust, &authorities, Moment::now());
        renewed.is_ok_and(|renewed| !Arc::ptr_eq(&renewed, &trust))
    }

    fn trust(&self) -> Arc<ClientTrust> {
        self.exchange.directory.load().identity.trust().clone()
    }

    fn read_and_put_in_force(&mut self, asked: bool) {
        match self.read() {
            Ok((settings, directory)) => {
                self.refused = None;
                if !self.put_in_force_if_other(settings, directory) && asked {
                    tracing::info!("the configuration is the one in force");
                }
                self.reloads.accept();
            }
            Err(problem) => {
                self.refuse(problem, asked);
                self.renew_files();
            }
        }
    }

    fn refuse(&mut self, problem: String, asked: bool) {
        let known = self.refused.as_ref() == Some(&problem);
        if known && !asked {
            return;
        }
        tracing::error!(%problem, "the old configuration stays in force");
        self.reloads.refuse();
        self.refused = Some(problem);
        if !known {
            self.note("REFUSED", String::new());
        }
    }

    /// Beside a refused configuration the one in force goes on with its own files as they are now: whom a list revokes or
    /// a key set no longer has is not let in because an agreement has a mistake. What is wrong with a file is told
    /// of the refused one.
    fn renew_files(&mut self) {
        let settings = self.settings.with_files_as_they_are();
        let in_force = self.exchange.directory.load_full();
        if let Ok(directory) = Directory::compile(&settings, self.verified.clone(), Some(&*in_force)) {
            self.put_in_force_if_other(settings, directory);
        }
    }

    /// Whether it differs from the one in force.
    fn put_in_force_if_other(&mut self, settings: Settings, directory: Directory) -> bool {
        let in_force = self.exchange.directory.load_full();
        let anew = directory.opened_anew(&in_force);
        // Time alone brings a list into force, or out of what is kept.
        let same_trust = Arc::ptr_eq(directory.identity.trust(), in_force.identity.trust());
        if directory.version == in_force.version && same_trust && anew.is_empty() {
            return false;
        }
        self.put_in_force(settings, directory, &anew);
        true
    }

    /// Tells of revocation lists that end, in both logs.
    pub(super) fn look_at(&mut self, lists: &mut Lists) {
        for file in lists.look(&self.trust(), Moment::now()) {
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

    fn read(&mut self) -> Result<(Settings, Directory), String> {
        let load = || settings::load(&self.config).map_err(|problems| problems.to_string());
        let mut settings = load()?;
        let (wanted, fetched) = (
            distribution::sources(&settings),
            distribution::sources(&self.settings),
        );
        match self.missing.fetch(&wanted, &fetched, Instant::now()) {
            // What came belongs to the version.
            Ok(true) => settings = load()?,
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "nothing can be fetched"),
        }
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
        if changed.is_empty() && !anew.is_empty() {
            // Nothing is told of secrets but whose they are.
            changed = format!("changed secrets of {}", anew.join(", "));
        }
        let mut operations: Vec<_> = diff.operations().collect();
        for section in changes::need_restart(&self.settings, &settings) {
            tracing::warn!(section, "a changed section counts from the next start on");
        }
        self.fetching.follow(distribution::sources(&settings));
        let trust = directory.identity.trust();
        let (kept, came) = (trust.kept().to_vec(), self.lists_that_come(trust));
        let by_time = settings.version == self.settings.version && anew.is_empty();
        self.settings = settings;
        self.exchange.directory.store(Arc::new(directory));
        self.changed.send_modify(|number| *number += 1);
        self.reloads.take();
        tracing::info!(changed, "a new configuration is in force");
        let mut detail = vec![changed, proof.clone()];
        if by_time {
            detail[0] = match came.is_empty() {
                true => "revocation lists were looked at again".to_owned(),
                false => format!("the time of a list came {}", came.join(" ")),
            };
            operations = vec![Operation::RevocationListReload];
        }
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

    /// The files of the lists that are not in force yet.
    fn lists_that_come(&self, trust: &ClientTrust) -> Vec<String> {
        let in_force: Vec<_> = self.trust().lists().collect();
        let come = trust.lists().filter(|list| !in_force.contains(list));
        come.map(|list| changes::shown(list.file.strip_prefix(&self.config).unwrap_or(&list.file)))
            .collect()
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
