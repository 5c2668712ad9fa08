//! Places for connections and for handshakes: how many there are, and how many one address may have.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::settings::ListenerSettings;

/// All places.
pub(super) struct Places {
    connections: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
    peers: Mutex<HashMap<IpAddr, Peer>>,
    connections_per_peer: u32,
    handshakes_per_peer: u32,
}

struct Peer {
    connections: u32,
    handshakes: Arc<Semaphore>,
}

/// The place of one connection; it is free again when the value goes.
pub(super) struct Place {
    _connection: OwnedSemaphorePermit,
    places: Arc<Places>,
    peer: IpAddr,
}

/// The right to shake hands; it is free again when the value goes.
pub(super) struct Handshake {
    _own: OwnedSemaphorePermit,
    _one: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(limits: &ListenerSettings) -> Arc<Self> {
        Arc::new(Self {
            connections: Arc::new(Semaphore::new(permits(*limits.max_connections.get_ref()))),
            handshakes: Arc::new(Semaphore::new(permits(*limits.max_handshakes.get_ref()))),
            peers: Mutex::default(),
            connections_per_peer: *limits.max_connections_per_peer.get_ref(),
            handshakes_per_peer: *limits.max_handshakes_per_peer.get_ref(),
        })
    }

    /// Waits until there is a place for some connection; until then nobody is accepted, and whoever
    /// comes waits in the kernel's queue.
    pub(super) async fn free(&self) -> Option<OwnedSemaphorePermit> {
        self.connections.clone().acquire_owned().await.ok()
    }

    /// How many connections have a place.
    pub(super) fn taken(&self) -> u64 {
        let peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.values().map(|peer| u64::from(peer.connections)).sum()
    }

    /// The place for a connection from this address; none when the address has all that it may have.
    pub(super) fn take(self: &Arc<Self>, connection: OwnedSemaphorePermit, address: IpAddr) -> Option<Place> {
        let peer = network(address);
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = peers.entry(peer).or_insert_with(|| Peer {
            connections: 0,
            handshakes: Arc::new(Semaphore::new(permits(self.handshakes_per_peer))),
        });
        if taken.connections >= self.connections_per_peer {
            return None;
        }
        taken.connections += 1;
        Some(Place {
            _connection: connection,
            places: self.clone(),
            peer,
        })
    }
}

impl Place {
    /// Waits for the right to shake hands: first among the connections of the same address, then
    /// among all.
    pub(super) async fn handshake(&self) -> Option<Handshake> {
        let own = {
            let peers = self.places.peers.lock().unwrap_or_else(PoisonError::into_inner);
            peers.get(&self.peer)?.handshakes.clone()
        };
        let own = own.acquire_owned().await.ok()?;
        let one = self.places.handshakes.clone().acquire_owned().await.ok()?;
        Some(Handshake { _own: own, _one: one })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut peers = self.places.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(peer) = peers.get_mut(&self.peer) {
            peer.connections -= 1;
            if peer.connections == 0 {
                peers.remove(&self.peer);
            }
        }
    }
}

/// What counts as one address: all of IPv4, the first half of IPv6, of which everyone has a /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address => address,
    }
}

fn permits(number: u32) -> usize {
    usize::try_from(number)
        .unwrap_or(usize::MAX)
        .min(Semaphore::MAX_PERMITS)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use toml::Spanned;

    use super::*;

    fn places() -> Arc<Places> {
        Places::new(&ListenerSettings {
            max_connections_per_peer: Spanned::new(0..0, 2),
            max_handshakes_per_peer: Spanned::new(0..0, 1),
            ..ListenerSettings::default()
        })
    }

    async fn take(places: &Arc<Places>, address: &str) -> Option<Place> {
        places.take(places.free().await?, address.parse().unwrap())
    }

    #[tokio::test]
    async fn an_address_has_its_places_and_no_more_and_they_come_back() {
        let places = places();
        let one = take(&places, "192.0.2.1").await;
        let two = take(&places, "::ffff:192.0.2.1").await;
        assert!(one.is_some() && two.is_some());
        assert!(take(&places, "192.0.2.1").await.is_none());
        assert_eq!(places.taken(), 2);
        assert!(take(&places, "192.0.2.2").await.is_some());
        drop(one);
        assert!(take(&places, "192.0.2.1").await.is_some());
        drop(two);
        assert!(
            places.peers.lock().unwrap().is_empty(),
            "nothing is remembered of who has gone"
        );
    }

    #[tokio::test]
    async fn the_addresses_of_one_ipv6_network_are_one_peer() {
        let places = places();
        let _one = take(&places, "2001:db8::1").await.unwrap();
        let _two = take(&places, "2001:db8::ffff:2").await.unwrap();
        assert!(take(&places, "2001:db8::3").await.is_none());
        assert!(take(&places, "2001:db8:0:1::3").await.is_some());
    }

    #[tokio::test]
    async fn a_second_handshake_of_an_address_waits_and_another_address_does_not() {
        let places = places();
        let one = take(&places, "192.0.2.1").await.unwrap();
        let two = take(&places, "192.0.2.1").await.unwrap();
        let other = take(&places, "192.0.2.2").await.unwrap();
        let first = one.handshake().await;
        assert!(first.is_some());
        let waits = tokio::time::timeout(Duration::from_millis(20), two.handshake()).await;
        assert!(waits.is_err(), "the address shakes hands already");
        assert!(other.handshake().await.is_some());
        drop(first);
        assert!(two.handshake().await.is_some());
    }
}
