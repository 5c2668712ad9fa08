//! A thread that answers questions, one at a time, with its own connection.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot::Sender;

use super::file::{Database, Opened, outage};
use super::statements::Statements;
use super::translate;
use crate::check::Records;
use crate::error::Error;
use crate::mapping::fitting;
use crate::registry::{Found, Question};

/// Steps of SQLite's machine between two looks at the clock; about ten microseconds.
const STEPS_BETWEEN_LOOKS: i32 = 1_000;

/// What a reader is asked to do.
pub(super) enum Work {
    LookUp {
        question: Question,
        answer: Sender<Result<Found, Error>>,
    },
    Check {
        answer: Sender<Result<(), Error>>,
    },
}

/// Work, and a flag that its asker went away.
pub(super) struct Job {
    pub(super) work: Work,
    pub(super) given_up: Arc<AtomicBool>,
}

/// What all readers of one database share.
pub(super) struct Shared {
    pub(super) database: Database,
    pub(super) records: Arc<Records>,
    pub(super) statements: BTreeMap<Arc<str>, Statements>,
}

/// Answers until nobody can ask any more.
pub(super) fn run(shared: &Shared, jobs: &Mutex<Receiver<Job>>) {
    let mut opened = None;
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        if job.given_up.load(Ordering::Relaxed) {
            continue;
        }
        match job.work {
            Work::LookUp { question, answer } => {
                let outcome = guarded(&mut opened, |opened| {
                    shared.look_up(opened, &question, job.given_up)
                });
                // Whoever asked may be gone by now.
                let _gone = answer.send(outcome);
            }
            Work::Check { answer } => {
                let outcome = guarded(&mut opened, |opened| shared.check(opened));
                let _gone = answer.send(outcome);
            }
        }
    }
}

/// A connection that failed is not used again, and a fault in one answer ends that answer alone.
fn guarded<T>(
    opened: &mut Option<Opened>,
    answer: impl FnOnce(&mut Option<Opened>) -> Result<T, Error>,
) -> Result<T, Error> {
    let outcome = catch_unwind(AssertUnwindSafe(|| answer(&mut *opened)))
        .unwrap_or_else(|_| Err(Error::unavailable("the reader failed")));
    if matches!(outcome, Err(Error::Unavailable { .. })) {
        *opened = None;
    }
    outcome
}

impl Shared {
    fn look_up(
        &self,
        opened: &mut Option<Opened>,
        question: &Question,
        given_up: Arc<AtomicBool>,
    ) -> Result<Found, Error> {
        let deadline = question.deadline;
        if deadline <= Instant::now() {
            return Err(Error::DeadlineExceeded);
        }
        let (Some(record), Some(statements)) = (
            self.records.get(&question.record),
            self.statements.get(&question.record),
        ) else {
            return Err(Error::unavailable("the registry's file maps no such record"));
        };
        let Some((key_place, _)) = fitting(&record.plan.keys, &question.key) else {
            return Err(Error::not_asked());
        };
        let connection = &mut self.current(opened)?.connection;
        let stop = move || given_up.load(Ordering::Relaxed) || deadline <= Instant::now();
        connection
            .progress_handler(STEPS_BETWEEN_LOOKS, Some(stop))
            .map_err(|error| outage(&error))?;
        let Question { key, trace, .. } = question;
        translate::look_up(connection, &record.plan, statements, key_place, key, trace)
    }

    fn check(&self, opened: &mut Option<Opened>) -> Result<(), Error> {
        let connection = &mut self.current(opened)?.connection;
        connection
            .progress_handler(0, None::<fn() -> bool>)
            .map_err(|error| outage(&error))?;
        for statements in self.statements.values() {
            for sql in &statements.row {
                let mut statement = connection.prepare_cached(sql).map_err(|error| outage(&error))?;
                // No subject has an empty identifier; the tables are read all the same.
                statement.exists([""]).map_err(|error| outage(&error))?;
            }
        }
        Ok(())
    }

    /// A connection to the file that is there now.
    fn current<'a>(&self, opened: &'a mut Option<Opened>) -> Result<&'a mut Opened, Error> {
        let current = match opened.take() {
            Some(open) if self.database.is_current(&open)? => open,
            Some(_) | None => self.database.open()?,
        };
        Ok(opened.insert(current))
    }
}
