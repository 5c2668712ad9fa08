//! A runtime beside those that ask, for work that is not theirs: connections that outlive a question, and the making
//! of connections.
//!
//! Questions come from several single-threaded runtimes. What belongs to none of them is kept here; a question goes
//! over and comes back.

use std::future::Future;
use std::io;
#[cfg(feature = "postgres")]
use std::sync::mpsc;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

#[cfg(feature = "http")]
use crate::background::step_back;

/// One thread that drives what it is given. It ends when this goes, and what it did with it.
pub(crate) struct OwnRuntime(Option<Runtime>);

/// The work failed inside, or there is nobody left to do it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Failed;

impl OwnRuntime {
    #[cfg(feature = "postgres")]
    pub(crate) fn start(name: &str) -> io::Result<Self> {
        Self::thread(name).build().map(Self::of)
    }

    /// The same for work that others don't wait for: the thread comes after theirs.
    #[cfg(feature = "http")]
    pub(crate) fn start_behind(name: &'static str) -> io::Result<Self> {
        let thread = &mut Self::thread(name);
        thread
            .on_thread_start(move || step_back(name))
            .build()
            .map(Self::of)
    }

    fn thread(name: &str) -> Builder {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).thread_name(name).enable_all();
        builder
    }

    const fn of(runtime: Runtime) -> Self {
        Self(Some(runtime))
    }

    /// Does work over there and waits for it here, without holding a thread. When this future is
    /// dropped the work is given up.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Failed> {
        let runtime = self.0.as_ref().ok_or(Failed)?;
        let mut task = GivenUp(runtime.spawn(work));
        (&mut task.0).await.map_err(|_| Failed)
    }

    /// Does work over there for as long as it lasts.
    #[cfg(feature = "postgres")]
    pub(crate) fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            runtime.spawn(work);
        }
    }

    /// Does work over there and blocks this thread until it is done. `None` when it failed inside.
    #[cfg(feature = "postgres")]
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
