//! Hands questions to the readers and waits for their answers without holding a thread.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use tokio::sync::oneshot;

use super::file::Database;
use super::reader::{self, Job, Shared, Work};
use super::statements::Statements;
use crate::check::Records;
use crate::error::Error;
use crate::registry::{Found, Question, Registry};

/// Most questions that wait for a reader. The protections let far fewer in; this bounds what a
/// flood of questions that were given up can leave behind.
const LONGEST_QUEUE: usize = 4_096;

/// A database and its readers. They end when it goes.
pub(crate) struct Client {
    jobs: SyncSender<Job>,
}

impl Client {
    pub(super) fn start(
        name: &str,
        readers: usize,
        database: Database,
        records: Arc<Records>,
    ) -> io::Result<Self> {
        let statements = records
            .iter()
            .map(|(name, record)| (Arc::clone(name), Statements::of(&record.plan)))
            .collect();
        let shared = Arc::new(Shared {
            database,
            records,
            statements,
        });
        let (sender, receiver) = sync_channel(LONGEST_QUEUE);
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..readers {
            let (shared, receiver) = (Arc::clone(&shared), Arc::clone(&receiver));
            thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || reader::run(&shared, &receiver))?;
        }
        Ok(Self { jobs: sender })
    }

    /// Asks a reader. When the asker goes away, the reader stops.
    async fn ask<T>(&self, work: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Work) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let given_up = Arc::new(AtomicBool::new(false));
        let _gone = GiveUp(Arc::clone(&given_up));
        self.jobs
            .try_send(Job {
                work: work(answer),
                given_up,
            })
            .map_err(|error| match error {
                TrySendError::Full(_) => Error::unavailable("too many questions wait for a reader"),
                TrySendError::Disconnected(_) => Error::unavailable("the readers ended"),
            })?;
        answered
            .await
            .unwrap_or_else(|_| Err(Error::unavailable("the reader ended")))
    }
}

#[async_trait::async_trait]
impl Registry for Client {
    async fn look_up(&self, question: Question) -> Result<Found, Error> {
        self.ask(|answer| Work::LookUp { question, answer }).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.ask(|answer| Work::Check { answer }).await
    }
}

/// Says that the asker went away, when it goes.
struct GiveUp(Arc<AtomicBool>);

impl Drop for GiveUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
