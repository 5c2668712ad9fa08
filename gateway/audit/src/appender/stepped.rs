//! An open log without threads: whoever has it steps it. For simulations.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::keeper::Keeper;
use super::line::Wait;
use super::open::Opened;
use super::publisher::Publisher;
use super::shared::Handle;
use super::writer::{Next, Writer};
use super::{Appender, Options};
use crate::checkpoint::Signer;
use crate::clock::Clock;
use crate::recovery::{OpenError, Recovery};
use crate::storage::Storage;

/// What the writer does after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// It goes on at once.
    GoesOn,
    /// It sleeps until somebody is in line.
    Sleeps,
    /// It sleeps until this moment of the clock, or until somebody wakes it.
    SleepsUntil(Duration),
    /// It is gone.
    Ended,
}

/// A log and what drives it.
pub(crate) struct Stepped<S: Storage, C: Clock> {
    // Before the writer: the last appender to go closes the line.
    pub(crate) log: Appender<S>,
    writer: Writer<S, C>,
    publisher: Publisher<S>,
    keeper: Keeper<S>,
    pub(crate) recovery: Recovery,
}

impl<S: Storage, C: Clock> Stepped<S, C> {
    pub(crate) fn open(
        storage: S,
        clock: C,
        folder: &Path,
        signer: Signer,
        options: Options,
    ) -> Result<Self, OpenError> {
        let opened = Opened::open(storage, clock, folder, signer, options)?;
        let handle = Handle {
            shared: opened.shared,
            threads: Mutex::default(),
            lock: Mutex::new(Some(opened.lock)),
        };
        Ok(Self {
            log: Appender {
                handle: Arc::new(handle),
            },
            writer: opened.writer,
            publisher: opened.publisher,
            keeper: opened.keeper,
            recovery: opened.recovery,
        })
    }

    /// What the writer's thread does between two waits.
    pub(crate) fn write(&mut self) -> After {
        match self.writer.step() {
            Next::Step => After::GoesOn,
            Next::Wait(Wait::Entries) => After::Sleeps,
            Next::Wait(Wait::Company { until, .. } | Wait::Retry { until }) => After::SleepsUntil(until),
            Next::End => After::Ended,
        }
    }

    /// What the publisher's thread does once an interval.
    pub(crate) fn publish(&mut self) {
        self.publisher.step();
    }

    /// What the keeper's thread does once an interval; whether it could.
    pub(crate) fn keep(&mut self) -> bool {
        self.keeper.keep(&mut |_| false).is_ok()
    }

    /// Nobody is let in line any more.
    pub(crate) fn close(&self) {
        self.log.handle.shared.line.close();
    }
}
