//! Witnesses of the access log: others who cosign its checkpoints, so that whoever holds the log's key can't show one history
//! here and another there.
//!
//! | file | idea |
//! |---|---|
//! | `ask` | one witness, one checkpoint |
//! | `patience` | how long lookups are answered without a cosignature |
//!
//! A thread of its own: no answer waits for a witness.

mod ask;
mod patience;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use audit::{Appender, SignedCheckpoint};
use tokio::sync::watch;
use tonic_health::server::HealthReporter;

pub use ask::{AskError, Witness};

use crate::distribution::Address;
use crate::settings::Settings;

/// Time until a witness is asked again after it failed.
const AGAIN: Duration = Duration::from_secs(1);

/// Asks witnesses until it is dropped.
pub struct Witnessing {
    going: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The witnesses of a configuration.
#[must_use]
pub fn witnesses(settings: &Settings) -> Vec<Witness> {
    let configured = settings.gateway.audit.witnesses.iter();
    configured
        .filter_map(|witness| {
            Some(Witness {
                name: witness.name.get_ref().clone(),
                address: Address::parse(witness.url.get_ref())
                    .ok()?
                    .under("add-checkpoint"),
                ca: witness.ca.as_ref().map(|path| settings.path(path.get_ref())),
                key: witness.key.get_ref().parse().ok()?,
            })
        })
        .collect()
}

impl Witnessing {
    /// Starts asking. With a patience, lookups are refused and the health service says so while no witness has cosigned what was
    /// published so long ago.
    pub fn start(
        log: &Appender,
        witnesses: Vec<Witness>,
        patience: Option<Duration>,
        health: HealthReporter,
    ) -> std::io::Result<Self> {
        let (going, ended) = watch::channel(());
        if witnesses.is_empty() {
            return Ok(Self {
                going: None,
                thread: None,
            });
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let log = log.clone();
        let thread = std::thread::Builder::new()
            .name("witnesses".to_owned())
            .spawn(move || {
                runtime.block_on(follow(log, witnesses, patience, health, ended));
                // A name that is being looked up is not waited for.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            going: Some(going),
            thread: Some(thread),
        })
    }
}

impl Drop for Witnessing {
    fn drop(&mut self) {
        self.going = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that asks witnesses panicked");
        }
    }
}

/// What was collected, by all witnesses together.
struct Collected {
    log: Appender,
    latest: Mutex<Option<SignedCheckpoint>>,
    /// Entries that the latest cosigned checkpoint names.
    size: AtomicU64,
}

async fn follow(
    log: Appender,
    witnesses: Vec<Witness>,
    patience: Option<Duration>,
    health: HealthReporter,
    mut ended: watch::Receiver<()>,
) {
    let collected = Arc::new(Collected {
        log: log.clone(),
        latest: Mutex::new(None),
        size: AtomicU64::new(0),
    });
    for witness in witnesses {
        tokio::spawn(collect(witness, collected.clone()));
    }
    if let Some(patience) = patience {
        tokio::spawn(patience::watch(log, patience, collected, health));
    }
    // An error says that there is nobody left to ask for.
    while ended.changed().await.is_ok() {}
}

/// Asks one witness for every checkpoint that is published while it is not busy.
async fn collect(witness: Witness, collected: Arc<Collected>) {
    let mut published = collected.log.published();
    let (mut known, mut done, mut failing) = (0, 0, false);
    loop {
        let signed = published.borrow_and_update().clone();
        let size = signed.checkpoint().size;
        if size > done {
            let asked = witness.cosign(&collected.log, &signed, &mut known).await;
            let kept = asked.and_then(|lines| collected.keep(&signed, &lines, &witness));
            match kept {
                Ok(()) => {
                    if failing {
                        tracing::info!(witness = witness.name, size, "the witness cosigns again");
                    }
                    (done, failing) = (size, false);
                }
                Err(error) => {
                    match error {
                        // Somebody holds the key, or this log lost entries: an auditor has to look at it.
                        AskError::Forked | AskError::Ahead(_) => {
                            tracing::error!(witness = witness.name, size, %error, "the witness does not agree with this log");
                        }
                        error if !failing => {
                            tracing::warn!(witness = witness.name, size, %error, "no cosignature; asking again");
                        }
                        _ => {}
                    }
                    failing = true;
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
            }
        }
        if published.changed().await.is_err() {
            return;
        }
    }
}

impl Collected {
    /// Keeps a cosignature beside those of other witnesses of the same checkpoint.
    fn keep(&self, signed: &SignedCheckpoint, lines: &str, witness: &Witness) -> Result<(), AskError> {
        let size = signed.checkpoint().size;
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = latest.as_ref().map_or(0, |latest| latest.checkpoint().size);
        if newest > size {
            return Ok(());
        }
        let same = latest.as_ref().filter(|_| newest == size);
        let (cosigned, _) = same.unwrap_or(signed).with_cosignature(lines, &witness.key)?;
        if let Err(error) = self.log.publish_witnessed(&cosigned) {
            tracing::warn!(%error, size, "a cosigned checkpoint could not be kept");
        }
        *latest = Some(cosigned);
        self.size.store(size, Ordering::Relaxed);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
