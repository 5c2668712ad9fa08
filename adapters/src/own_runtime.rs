//! A runtime beside the one that asks, for kinds whose connections outlive a question.
//!
//! Questions come from several single-threaded runtimes; a connection belongs to one. So it is kept
//! here, and a question goes over and comes back.

use std::future::Future;
use std::io;
use std::sync::mpsc;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::error::Error;

/// One thread that drives connections. It ends when this goes, and what it did with it.
pub(crate) struct OwnRuntime(Option<Runtime>);

impl OwnRuntime {
    pub(crate) fn start(name: &str) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(name)
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Does work over there and waits for it here, without holding a thread. When this future is
    /// dropped the work is given up.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let Some(runtime) = &self.0 else {
            return Err(Error::unavailable("the registry is closed"));
        };
        let mut task = GivenUp(runtime.spawn(work));
        (&mut task.0)
            .await
            .unwrap_or_else(|_| Err(Error::unavailable("the question failed inside")))
    }

    /// Does work over there for as long as it lasts.
    pub(crate) fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            runtime.spawn(work);
        }
    }

    /// Does work over there and blocks this thread until it is done. `None` when it failed inside.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (done, outcome) = mpsc::sync_channel(1);
        self.begin(async move {
            // Whoever waits is there until this is sent.
            let _waiting = done.send(work.await);
        });
        outcome.recv().ok()
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Waiting for its end would block whoever drops the registry.
            runtime.shutdown_background();
        }
    }
}

/// Work that is given up when nobody waits for it any more.
struct GivenUp<T>(JoinHandle<T>);

impl<T> Drop for GivenUp<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
