//! Work that reads files: off the threads that answer, a few at a time.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::status::{Reason, Refusal};

/// Searches at one time. Against auditors who take the cores from those who look up.
const SEARCHES: usize = 2;

/// Places for searches.
#[derive(Clone)]
pub(super) struct Searches(Arc<Semaphore>);

impl Searches {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(SEARCHES)))
    }

    /// Does work when there is a place for it.
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let failed = || Refusal::new(Reason::Internal, "the reading ended before its answer");
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(|_| failed())?;
        let work = move || {
            let _place = place;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| failed())?
    }
}
