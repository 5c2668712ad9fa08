//! Registries looked after between the calls, on a thread of its own: no call waits for it.

use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::directory::Source;

/// How soon a registry that came or went is seen.
const LOOK: Duration = Duration::from_secs(1);

/// Looks after registries until it is dropped.
pub(super) struct Tending {
    going: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// One registry that is looked after.
struct Tended {
    source: Weak<Source>,
    task: AbortHandle,
}

impl Tending {
    /// Starts it. `in_force` gives the registries of the present configuration; each is looked after by one task,
    /// which ends with it.
    pub(super) fn start(in_force: impl Fn() -> Vec<Arc<Source>> + Send + 'static) -> std::io::Result<Self> {
        let (going, ended) = watch::channel(());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("registries".to_owned())
            .spawn(move || {
                runtime.block_on(follow(in_force, ended));
                // A name that is being looked up is not waited for.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            going: Some(going),
            thread: Some(thread),
        })
    }
}

impl Drop for Tending {
    fn drop(&mut self) {
        drop(self.going.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that looks after registries panicked");
        }
    }
}

async fn follow(in_force: impl Fn() -> Vec<Arc<Source>>, mut ended: watch::Receiver<()>) {
    let mut all: Vec<Tended> = Vec::new();
    loop {
        let sources = in_force();
        let is =
            |tended: &Tended, source: &Arc<Source>| std::ptr::eq(tended.source.as_ptr(), Arc::as_ptr(source));
        all.retain(|tended| {
            let stays = sources.iter().any(|source| is(tended, source));
            if !stays {
                tended.task.abort();
            }
            stays
        });
        for source in &sources {
            if !all.iter().any(|tended| is(tended, source)) {
                let source = Arc::downgrade(source);
                let task = tokio::spawn(tend(source.clone())).abort_handle();
                all.push(Tended { source, task });
            }
        }
        drop(sources);
        tokio::select! {
            // The sender is gone.
            _ = ended.changed() => return,
            () = sleep(LOOK) => {}
        }
    }
}

/// Looks after one registry for as long as it is there and wants it.
async fn tend(source: Weak<Source>) {
    loop {
        let Some(present) = source.upgrade() else { return };
        let Some(next) = present.registry.tend().await else {
            return;
        };
        drop(present);
        sleep(next).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Mutex, PoisonError};
    use std::time::Instant;

    use adapters::{Error, Found, Question, Registry};

    use super::*;

    #[derive(Default)]
    struct Counting(AtomicUsize);

    #[tonic::async_trait]
    impl Registry for Counting {
        async fn look_up(&self, _: Question) -> Result<Found, Error> {
            Err(Error::NotFound)
        }

        async fn check(&self) -> Result<(), Error> {
            Ok(())
        }

        async fn tend(&self) -> Option<Duration> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Some(Duration::from_millis(5))
        }
    }

    fn until(what: &str, happened: impl Fn() -> bool) {
        let start = Instant::now();
        while !happened() {
            assert!(start.elapsed() < Duration::from_secs(10), "{what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn each_registry_in_force_is_looked_after_and_none_that_no_longer_is() {
        let made = || {
            let registry = Arc::new(Counting::default());
            let source = Source::for_tests("population", registry.clone(), &Default::default());
            (registry, Arc::new(source))
        };
        let ((old, first), (new, second)) = (made(), made());
        let in_force = Arc::new(Mutex::new(vec![first.clone()]));
        let seen = in_force.clone();
        let sources = move || seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let tending = Tending::start(sources).unwrap();
        until("it is looked after", || old.0.load(Ordering::SeqCst) > 3);
        *in_force.lock().unwrap() = vec![second];
        until("the new one is, too", || new.0.load(Ordering::SeqCst) > 3);
        let asked = old.0.load(Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(
            old.0.load(Ordering::SeqCst),
            asked,
            "the old one no more, though somebody holds it"
        );
        assert_eq!(Arc::strong_count(&first), 1, "its task has let it go");
        drop(tending);
        let asked = new.0.load(Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(new.0.load(Ordering::SeqCst), asked, "it ends with the gateway");
    }
}
