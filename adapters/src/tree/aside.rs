//! Large answers are read on another thread, one of a registry at a time: reading takes the processor, and
//! whoever asks another registry on the same thread would wait meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{OnceLock, mpsc};
use std::thread;

use tokio::sync::oneshot;

use super::breath;
use crate::background::step_back;
use crate::error::Error;

/// Bytes that are read at once, on the thread that has them: less than it costs to change threads.
pub(crate) const AT_ONCE: usize = 16 << 10;

/// The thread's name.
const THREAD: &str = "answers";

/// Where the large answers of one registry are read.
pub(crate) struct Aside {
    /// One thread, as a tree takes many times the memory of its text. It begins with the first large answer and
    /// ends when this goes; there is none where the system has no more threads.
    reader: OnceLock<Option<mpsc::Sender<Reading>>>,
}

type Reading = Box<dyn FnOnce() + Send>;

impl Aside {
    pub(crate) const fn new() -> Self {
        Self {
            reader: OnceLock::new(),
        }
    }

    fn begun() -> Option<mpsc::Sender<Reading>> {
        let (reader, readings) = mpsc::channel::<Reading>();
        let thread = thread::Builder::new().name(THREAD.to_owned()).spawn(move || {
            step_back(THREAD);
            breath::give_way();
            for read in readings {
                // One answer that reading fails on inside is one answer; who waits for it is told.
                drop(catch_unwind(AssertUnwindSafe(read)));
            }
        });
        thread.ok().map(|_| reader)
    }

    /// What `read` makes of these bytes. An asker who goes away leaves at most the answer that is being read.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        bytes: Vec<u8>,
        read: impl FnOnce(&[u8]) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        if bytes.len() <= AT_ONCE {
            return read(&bytes);
        }
        self.run(move || read(&bytes)).await
    }

    /// What comes of this work there, which is known to be large.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (done, outcome) = oneshot::channel();
        let reading = Box::new(move || {
            // Nobody waits any more for what is not begun by then.
            if !done.is_closed() {
                drop(done.send(work()));
            }
        });
        let unread = || Error::unavailable("there is no thread to read the answer on");
        let reader = self.reader.get_or_init(Self::begun);
        let reader = reader.as_ref().ok_or_else(unread)?;
        reader.send(reading).map_err(|_| unread())?;
        outcome.await.map_err(|_| unread())?
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn while_a_large_answer_is_read_the_thread_does_something_else_and_the_next_one_waits() {
        let aside = Aside::new();
        let own = thread::current().id();
        let (go, gone) = mpsc::channel::<()>();
        let large = || vec![0; AT_ONCE + 1];
        let first = aside.read(large(), move |_| {
            gone.recv_timeout(Duration::from_secs(20)).expect("a word");
            Ok(thread::current().id())
        });
        let second = aside.read(large(), |_| Ok(()));
        let small = aside.read(vec![0; AT_ONCE], |_| Ok(thread::current().id()));
        let (mut first, mut second) = (Box::pin(first), Box::pin(second));
        let soon = Duration::from_millis(50);
        assert!(tokio::time::timeout(soon, &mut first).await.is_err());
        assert!(
            tokio::time::timeout(soon, &mut second).await.is_err(),
            "one at a time"
        );
        assert_eq!(small.await, Ok(own), "a small one is read at once");
        go.send(()).expect("it waits");
        assert_ne!(first.await.expect("read"), own);
        assert_eq!(second.await, Ok(()));
    }
}
