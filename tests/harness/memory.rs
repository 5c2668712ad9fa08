//! The most memory that the gateway has while something goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::Gateway;
use crate::gateway::resident;

const LOOK: Duration = Duration::from_millis(5);

/// Looks at it over and over.
pub(crate) struct Watch {
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Watch {
    pub(crate) fn start(gateway: &Gateway) -> Self {
        let stopping = Arc::new(AtomicBool::new(false));
        let (process, stop) = (gateway.process(), stopping.clone());
        let thread = thread::spawn(move || {
            let mut most = 0;
            while !stop.load(Ordering::Relaxed) {
                most = most.max(resident(process));
                thread::sleep(LOOK);
            }
            most
        });
        Self { stopping, thread }
    }

    /// The most, in bytes.
    pub(crate) fn stop(self) -> u64 {
        self.stopping.store(true, Ordering::Relaxed);
        self.thread.join().expect("looking does not fail")
    }
}
