//! How many calls are under way, and how many bytes their large messages take, in all and of each client certificate. Whoever
//! comes above the calls is told to come again, before anything is done for the call.
//!
//! Such a refusal knows no caller yet and has no entry of its own in the access log: an entry for each would
//! make the log the bottleneck that the limit is to prevent. The log tells when they began, and how many there
//! were when they end; the process log tells it every second.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tonic::Status;

use super::overload::Overload;
use super::told::Told;
use crate::settings::ListenerSettings;
use crate::status::{Reason, Refusal};

/// When a refused caller should come again (`google.rpc.RetryInfo`).
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The calls of the gateway.
pub(super) struct Crowd {
    most: u32,
    most_of_one: u32,
    most_held: u64,
    most_held_of_one: u64,
    counts: Counts,
    clients: Mutex<HashMap<[u8; 32], Arc<Counts>>>,
    refused: Told,
    overload: Arc<Overload>,
}

/// What there is at this moment.
#[derive(Default)]
struct Counts {
    under_way: AtomicU32,
    /// Bytes of large messages.
    held: AtomicU64,
}

/// A client certificate among them.
pub(super) struct Client {
    crowd: Arc<Crowd>,
    certificate: [u8; 32],
    counts: Arc<Counts>,
}

/// One call under way.
pub(super) struct UnderWay(Arc<Client>);

/// The memory of one large message.
pub(super) struct Held {
    client: Arc<Client>,
    bytes: u64,
}

impl Crowd {
    pub(super) fn new(limits: &ListenerSettings, overload: Arc<Overload>) -> Arc<Self> {
        Arc::new(Self {
            most: *limits.max_calls.get_ref(),
            most_of_one: *limits.max_calls_per_client.get_ref(),
            most_held: limits.message_memory.get_ref().0,
            most_held_of_one: limits.message_memory_per_client.get_ref().0,
            counts: Counts::default(),
            clients: Mutex::default(),
            refused: Told::new(),
            overload,
        })
    }

    /// The client of a connection, by the fingerprint of its certificate.
    pub(super) fn client(self: &Arc<Self>, certificate: &[u8; 32]) -> Arc<Client> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::new(Client {
            crowd: self.clone(),
            certificate: *certificate,
            counts: clients.entry(*certificate).or_default().clone(),
        })
    }

    /// How many calls are under way.
    pub(super) fn under_way(&self) -> u32 {
        self.counts.under_way.load(Relaxed)
    }

    #[cold]
    fn refuse(&self) -> Status {
        self.overload.count();
        if let Some(calls) = self.refused.again() {
            tracing::warn!(calls, "calls were refused: there are as many as there may be");
        }
        let message = "the gateway has as many calls as it may have; try again later";
        Refusal::new(Reason::Overloaded, message)
            .retry_after(RETRY_AFTER)
            .status("", None)
    }
}

impl Client {
    /// Lets a call in, or tells it to come again.
    pub(super) fn enter(self: &Arc<Self>) -> Result<UnderWay, Status> {
        // Counted first, so that calls that come at once never see the same last place.
        let own = self.counts.under_way.fetch_add(1, Relaxed);
        let all = self.crowd.counts.under_way.fetch_add(1, Relaxed);
        let inside = UnderWay(self.clone());
        if own < self.crowd.most_of_one && all < self.crowd.most {
            Ok(inside)
        } else {
            Err(self.crowd.refuse())
        }
    }

    /// Memory for a message of so many bytes, if there is any left.
    pub(super) fn hold(self: &Arc<Self>, bytes: usize) -> Option<Held> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let own = self.counts.held.fetch_add(bytes, Relaxed) + bytes;
        let all = self.crowd.counts.held.fetch_add(bytes, Relaxed) + bytes;
        let held = Held {
            client: self.clone(),
            bytes,
        };
        let has_room = own <= self.crowd.most_held_of_one && all <= self.crowd.most_held;
        has_room.then_some(held)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.counts.under_way.fetch_sub(1, Relaxed);
        self.0.crowd.counts.under_way.fetch_sub(1, Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.client.counts.held.fetch_sub(self.bytes, Relaxed);
        self.client.crowd.counts.held.fetch_sub(self.bytes, Relaxed);
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let mut clients = self.crowd.clients.lock().unwrap_or_else(PoisonError::into_inner);
        // The map's own, and this one.
        if Arc::strong_count(&self.counts) <= 2 {
            clients.remove(&self.certificate);
        }
    }
}

#[cfg(test)]
mod tests {
    use toml::Spanned;

    use tonic::Code;
    use tonic_types::StatusExt as _;

    use super::*;

    fn crowd(most: u32, most_of_one: u32) -> Arc<Crowd> {
        let limits = ListenerSettings {
            max_calls: Spanned::new(0..0, most),
            max_calls_per_client: Spanned::new(0..0, most_of_one),
            ..ListenerSettings::default()
        };
        Crowd::new(&limits, Arc::default())
    }

    #[test]
    fn one_client_cannot_take_every_place_and_a_place_comes_back() {
        let crowd = crowd(3, 2);
        let (one, again, other) = (
            crowd.client(&[1; 32]),
            crowd.client(&[1; 32]),
            crowd.client(&[2; 32]),
        );
        let first = one.enter().ok().unwrap();
        let _second = again.enter().ok().unwrap();
        assert!(
            one.enter().is_err(),
            "two connections of one certificate are one client"
        );
        let _third = other.enter().ok().unwrap();
        assert!(other.enter().is_err(), "three are all");
        drop(first);
        assert!(other.enter().is_ok());
        assert!(one.enter().is_ok());
    }

    #[test]
    fn a_refused_call_is_told_when_to_come_again() {
        let refused = crowd(0, 1).client(&[1; 32]).enter().err().unwrap();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        let details = refused.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "OVERLOADED");
        assert_eq!(details.retry_info().unwrap().retry_delay, Some(RETRY_AFTER));
    }

    #[test]
    fn a_client_that_has_gone_is_forgotten() {
        let crowd = crowd(3, 2);
        let (one, again) = (crowd.client(&[1; 32]), crowd.client(&[1; 32]));
        let under_way = one.enter().ok().unwrap();
        drop(one);
        drop(again);
        assert_eq!(
            crowd.clients.lock().unwrap().len(),
            1,
            "a call of it is under way"
        );
        drop(under_way);
        assert!(crowd.clients.lock().unwrap().is_empty());
    }
}
