//! Until when the certificate of an open connection stands for somebody.
//!
//! Calls are refused the moment it does not; this is what ends the connection itself.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::told::Told;
use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::identity::PeerCertificate;
use crate::status::Refusal;

/// How long calls under way get when the certificate no longer stands for anybody. With [`SPREAD`],
/// less than the five seconds after which such a connection has to be gone.
pub(super) const GRACE: Duration = Duration::from_secs(3);

/// Connections look at a new configuration one after the other within this time, because each may
/// have a signature to verify. Against a pause of all calls when ten thousand do it at once.
const SPREAD: Duration = Duration::from_secs(1);

/// The longest time between two looks. Against a clock that was set.
const LOOK: Duration = Duration::from_secs(60);

/// What the process log is told of.
static CLOSED: Told = Told::new();

/// One connection's standing.
pub(super) struct Standing {
    exchange: Arc<Exchange>,
    changes: watch::Receiver<u64>,
    peer: Arc<PeerCertificate>,
}

impl Standing {
    pub(super) fn new(
        exchange: Arc<Exchange>,
        changes: watch::Receiver<u64>,
        peer: Arc<PeerCertificate>,
    ) -> Self {
        Self {
            exchange,
            changes,
            peer,
        }
    }

    /// Returns when the certificate no longer stands for whom it stood for, and tells why in the
    /// process log.
    pub(super) async fn ended(&mut self) {
        loop {
            self.changes.mark_unchanged();
            let wait = match self.look(Moment::now()) {
                Ok(wait) => wait,
                Err(refusal) => {
                    if let Some(connections) = CLOSED.again() {
                        tracing::info!(
                            connections,
                            reason = refusal.reason.word(),
                            "a connection is closed: {}",
                            refusal.message
                        );
                    }
                    return;
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                changed = self.changes.changed() => match changed {
                    Ok(()) => tokio::time::sleep(self.turn()).await,
                    // The gateway ends, and says so by another way.
                    Err(_) => std::future::pending().await,
                }
            }
        }
    }

    /// How long until the next look.
    fn look(&self, now: Moment) -> Result<Duration, Refusal> {
        let directory = self.exchange.directory.load();
        let identity = &directory.identity;
        let until = identity.admits_until(&self.peer, now);
        let until = until.map_err(|rejected| rejected.refusal)?;
        let micros = until.0.saturating_sub(now.0).max(0).unsigned_abs();
        // A little later, so that the moment itself has passed.
        Ok(LOOK.min(Duration::from_micros(micros) + Duration::from_millis(5)))
    }

    /// The connection's turn among all.
    fn turn(&self) -> Duration {
        let [first, second, ..] = *self.peer.fingerprint();
        SPREAD * u32::from(u16::from_be_bytes([first, second])) / u32::from(u16::MAX)
    }
}
