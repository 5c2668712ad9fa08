//! The thread that goes after a log at work. Nobody waits for it: it reads what is durable, a batch at a time, and when the
//! disk or SQLite is slow it alone is late.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::fill::Filling;
use super::rebuild::{beginning, lock};
use super::{Index, IndexError, schema};
use crate::appender::Appender;
use crate::layout::Layout;
use crate::pace::{Pace, step_back};
use crate::reader::{Entries, entries};
use crate::segment;
use crate::storage::Disk;

/// Time between looks at the log, when everything is indexed.
const INTERVAL: Duration = Duration::from_millis(100);
/// Time before another try after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(2);
/// Time between looks at what retention removed.
const FORGETTING: Duration = Duration::from_secs(10);
/// Entries of a transaction.
const BATCH: usize = 256;
/// Rest after work, in times of the work: half a core is taken, and less beside a busy log. What the index does not know yet
/// is looked for in the log itself.
const REST: u32 = 1;

/// Its priority below the writer's and the workers', as `nice` counts.
const PRIORITY: i32 = 10;

/// An index that follows a log. The thread ends with the value.
#[derive(Debug)]
pub struct Follower {
    index: Arc<Index>,
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    /// Follows the log in `folder`, which `log` writes, with an index in `file`.
    ///
    /// # Errors
    /// When the thread does not start. A file that can't be used is told in the process log and tried again.
    pub fn start(log: Appender, folder: &Path, file: PathBuf) -> io::Result<Self> {
        let index = Arc::new(Index::new(file));
        let stop = Arc::new(Stop::default());
        let following = Following {
            log,
            folder: folder.to_owned(),
            index: Arc::clone(&index),
            stop: Arc::clone(&stop),
        };
        let thread = thread::Builder::new()
            .name("audit-index".to_owned())
            .spawn(move || following.run())?;
        Ok(Self {
            index,
            stop,
            thread: Some(thread),
        })
    }

    /// The index, to ask.
    #[must_use]
    pub fn index(&self) -> Arc<Index> {
        Arc::clone(&self.index)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.stop.now();
        drop(self.thread.take().map(JoinHandle::join));
    }
}

struct Following {
    log: Appender,
    folder: PathBuf,
    index: Arc<Index>,
    stop: Arc<Stop>,
}

impl Following {
    fn run(&self) {
        step_back(PRIORITY);
        let mut told = false;
        while !self.stop.is_now() {
            match self.follow(&mut told) {
                Ok(()) => return,
                Err(error) => {
                    self.give_up_damaged(&error);
                    if !told {
                        told = true;
                        tracing::warn!(%error, "the audit index can't go on; the log is not touched by it, trying again");
                    }
                }
            }
            self.stop.pause(AFTER_FAILURE);
        }
    }

    /// A damaged file is of no more use; the next try finds none.
    fn give_up_damaged(&self, error: &IndexError) {
        if let IndexError::Database(rusqlite::Error::SqliteFailure(failure, _)) = error
            && matches!(
                failure.code,
                rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase
            )
        {
            drop(schema::remove(self.index.file()));
        }
    }

    /// Goes on until it is told to stop, or something fails.
    fn follow(&self, told: &mut bool) -> Result<(), IndexError> {
        let _lock = lock(self.index.file())?;
        let mut filling = self.open()?;
        if let Some(before) = beginning(&self.folder)? {
            filling.begin_behind(before);
        }
        filling.begin(self.log.durable().size.saturating_sub(filling.size()))?;
        let mut reader = entries(&self.folder).from(filling.size());
        let mut forget = Instant::now();
        let mut pace = Pace::new(REST, self.log.durable().size);
        loop {
            let begun = Instant::now();
            let more = self.fill(&mut filling, &mut reader)?;
            let rest = pace.rest_after(begun.elapsed(), self.log.durable().size);
            if more {
                if self.stop.pause(rest) {
                    return Ok(());
                }
                continue;
            }
            filling.finish()?;
            if !self.index.file().exists() {
                return Err(IndexError::Foreign("its file is gone"));
            }
            *told = false;
            if Instant::now() >= forget {
                let first_kept = segment::first(&Disk, &Layout::new(&self.folder))?.unwrap_or(0);
                if !filling.forget_before(first_kept)? {
                    forget = Instant::now() + FORGETTING;
                }
            }
            if self.stop.pause(rest.max(INTERVAL)) {
                return Ok(());
            }
        }
    }

    /// The index to go on with, when it is of this log and not ahead of it; a new one otherwise.
    fn open(&self) -> Result<Filling, IndexError> {
        let file = self.index.file();
        let why = match schema::open_to_write(file).and_then(|found| found.map(Filling::resume).transpose()) {
            Ok(Some(filling)) if filling.size() > self.log.durable().size => "it is ahead of the log",
            Ok(Some(filling)) => match self.log.root(filling.size()) {
                Ok(root) if root == filling.root() => return Ok(filling),
                _ => "it is of another log",
            },
            Ok(None) => "there was none of this version",
            Err(_) => "it can't be read",
        };
        tracing::info!(why, "the audit index is built anew");
        let filling = Filling::resume(schema::create(file)?);
        self.index.renew();
        filling
    }

    /// Indexes one batch of what is durable; whether there may be more.
    fn fill(&self, filling: &mut Filling, reader: &mut Entries) -> Result<bool, IndexError> {
        let durable = self.log.durable().size;
        let mut batch = Vec::new();
        while filling.size() + (batch.len() as u64) < durable && batch.len() < BATCH {
            match reader.next() {
                Some(entry) => batch.push(entry?),
                None => break,
            }
        }
        if batch.is_empty() {
            return Ok(false);
        }
        let full = batch.len() == BATCH;
        filling.add(&batch)?;
        Ok(full)
    }
}

/// Tells the thread to end.
#[derive(Debug, Default)]
struct Stop {
    stopped: Mutex<bool>,
    wake: Condvar,
}

impl Stop {
    fn now(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_all();
    }

    fn is_now(&self) -> bool {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits; whether it is time to end.
    fn pause(&self, interval: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        *self
            .wake
            .wait_timeout_while(stopped, interval, |stopped| !*stopped)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}
