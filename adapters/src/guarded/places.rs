//! The places at a registry, and the queue before them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout_at;

use crate::error::Error;

/// So many questions at once, so many waiting; whoever comes then is refused at once.
pub(crate) struct Places {
    free: Semaphore,
    waiting: AtomicUsize,
    queue: usize,
}

impl Places {
    pub(crate) fn new(places: usize, queue: usize) -> Self {
        Self {
            free: Semaphore::new(places.min(Semaphore::MAX_PERMITS)),
            waiting: AtomicUsize::new(0),
            queue,
        }
    }

    /// Takes a place if one is free now.
    pub(crate) fn take_free(&self) -> Option<SemaphorePermit<'_>> {
        self.free.try_acquire().ok()
    }

    /// Takes a place. Waiting counts against the deadline.
    pub(super) async fn take(&self, deadline: Instant) -> Result<SemaphorePermit<'_>, Error> {
        if let Ok(place) = self.free.try_acquire() {
            return Ok(place);
        }
        let _waiting = Waiting::begin(self)?;
        match timeout_at(deadline.into(), self.free.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(Error::unavailable("all places at the registry are taken")),
        }
    }
}

/// One who waits, until it goes.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(places: &'a Places) -> Result<Self, Error> {
        if places.waiting.fetch_add(1, Ordering::Relaxed) >= places.queue {
            places.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Error::unavailable("the queue before the registry is full"));
        }
        Ok(Self(&places.waiting))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
