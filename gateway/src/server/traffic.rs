//! What the listener has to do, for whoever looks after the gateway.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use super::conduct::Fault;
use super::crowd::Crowd;
use super::overload::Overload;
use super::places::Places;

/// Reads the counts that the listener keeps anyway.
#[derive(Clone)]
pub struct Traffic {
    pub(super) places: Arc<Places>,
    pub(super) crowd: Arc<Crowd>,
    pub(super) overload: Arc<Overload>,
    pub(super) endings: Arc<Endings>,
}

impl Traffic {
    /// Connections that are open, those that still shake hands included.
    pub fn connections(&self) -> u64 {
        self.places.taken()
    }

    /// Calls under way.
    pub fn calls(&self) -> u64 {
        self.crowd.under_way().into()
    }

    /// Calls and connections refused before it was known whose they were.
    pub fn refused(&self) -> u64 {
        self.overload.refused()
    }

    /// Every fault by its word, with how many connections were ended for it.
    pub fn ended(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.endings.0.iter().map(|count| count.load(Relaxed));
        Fault::ALL.iter().map(|fault| fault.word()).zip(counts)
    }
}

/// Connections that were ended for their conduct, by fault.
#[derive(Debug, Default)]
pub(super) struct Endings([AtomicU64; Fault::ALL.len()]);

impl Endings {
    /// One more.
    pub(super) fn count(&self, fault: Fault) {
        if let Some(count) = self.0.get(fault as usize) {
            count.fetch_add(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ListenerSettings;

    #[test]
    fn each_fault_is_counted_under_its_own_word() {
        let limits = ListenerSettings::default();
        let overload = Arc::new(Overload::default());
        let traffic = Traffic {
            places: Places::new(&limits),
            crowd: Crowd::new(&limits, overload.clone()),
            overload,
            endings: Arc::default(),
        };
        for (number, fault) in Fault::ALL.into_iter().enumerate() {
            (0..=number).for_each(|_| traffic.endings.count(fault));
        }
        for ((word, count), (number, fault)) in traffic.ended().zip(Fault::ALL.into_iter().enumerate()) {
            assert_eq!((word, count), (fault.word(), number as u64 + 1));
        }
        let client = traffic.crowd.client(&[1; 32]);
        let under_way = client.enter().ok();
        assert_eq!((traffic.connections(), traffic.calls()), (0, 1));
        drop(under_way);
        assert_eq!(traffic.calls(), 0);
    }
}
