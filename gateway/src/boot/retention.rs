//! Old entries of the access log are removed, once an hour, by whole segments; an entry tells of it before it happens.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use audit::{Entry, EntryKind, Operation};

use crate::clock::Moment;
use crate::exchange::Exchange;

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Removes until it is dropped.
pub(super) struct Retention {
    going: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Retention {
    /// Starts removing what is older than `keep`.
    pub(super) fn start(exchange: Arc<Exchange>, keep: Duration) -> std::io::Result<Self> {
        let (going, ended) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("retention".to_owned())
            .spawn(move || {
                loop {
                    if let Err(error) = remove(&exchange, keep, Moment::now()) {
                        tracing::error!(%error, "old entries of the access log could not be removed");
                    }
                    if ended.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                }
            })?;
        Ok(Self {
            going: Some(going),
            thread: Some(thread),
        })
    }
}

impl Drop for Retention {
    fn drop(&mut self) {
        self.going = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of retention panicked");
        }
    }
}

/// Removes what is older than `keep`, and tells of it first.
fn remove(exchange: &Exchange, keep: Duration, now: Moment) -> anyhow::Result<()> {
    let keep = i64::try_from(keep.as_micros()).unwrap_or(i64::MAX);
    let log = &exchange.log;
    let Some(removal) = log.removable(now.0.saturating_sub(keep))? else {
        return Ok(());
    };
    let mut entry = Entry::new(EntryKind::Operation, now.0);
    entry.operation = Operation::Retention.word().to_owned();
    entry.outcome = "OK".to_owned();
    entry.detail = removal.to_string();
    entry.config_version = exchange.directory.load().version.to_string();
    let told = log
        .append_blocking(&entry)
        .context("the removal could not be told in the log")?;
    log.remove(&removal, &told)?;
    tracing::info!(
        from = removal.from,
        until = removal.until,
        "old entries of the access log were removed"
    );
    Ok(())
}
