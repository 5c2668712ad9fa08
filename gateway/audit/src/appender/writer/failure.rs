//! Going on after a failure, and from one segment to the next.
//!
//! A failed write or sync is never tried again on the same file. Whoever waits is told, the file is closed, the journal is
//! read again up to the last acknowledged checkpoint, and a new segment goes on from there.

use std::io;
use std::sync::{Arc, PoisonError};

use super::{CommitError, Next, Phase, Writer};
use crate::appender::line::Wait;
use crate::appender::shared::Shared;
use crate::clock::Clock;
use crate::durable::{Durable, Failure, State};
use crate::recovery::{OpenError, replay};
use crate::segment::{self, Segment};
use crate::storage::{Storage, StoredFile as _};

impl<S: Storage, C: Clock> Writer<S, C> {
    /// Tells everybody, and lets the next step try to go on.
    pub(super) fn failed(&mut self, error: &CommitError) {
        let full = matches!(error, CommitError::File(error) if error.kind() == io::ErrorKind::StorageFull);
        let failure = if full { Failure::DiskFull } else { Failure::Storage };
        let size = self.checkpoint.checkpoint().size;
        tracing::error!(%error, size, "audit log cannot write; refusing until it can");
        self.segment = None;
        self.shared.line.fail(failure.into(), size);
        let checkpoint = Arc::clone(&self.checkpoint);
        self.shared.durable.send_modify(|durable| {
            // A batch that was synced, but not told when something failed, is in the log.
            durable.size = size;
            durable.checkpoint = checkpoint;
            durable.failed(failure);
        });
        self.phase = Phase::Failed {
            due: self.clock.now(),
            told: None,
        };
    }

    /// Tries to go on when that is due.
    pub(super) fn retry(&mut self) -> Next {
        let Phase::Failed { due, .. } = &self.phase else {
            return Next::Step;
        };
        if self.shared.line.is_closing() {
            return Next::End;
        }
        if self.clock.now() < *due {
            return Next::Wait(Wait::Retry { until: *due });
        }
        let outcome = self.replay();
        match outcome {
            Ok(()) => {
                self.phase = Phase::Writing;
                let size = self.checkpoint.checkpoint().size;
                tracing::info!(size, "audit log goes on");
                self.shared
                    .durable
                    .send_modify(|durable| durable.state = State::Ok);
                self.shared.line.resume();
            }
            Err(error) => {
                let next = self.clock.now() + self.options.retry_interval;
                if let Phase::Failed { due, told } = &mut self.phase {
                    let text = error.to_string();
                    if told.as_ref() != Some(&text) {
                        tracing::warn!(error = text, "audit log cannot go on yet");
                        *told = Some(text);
                    }
                    *due = next;
                }
            }
        }
        Next::Step
    }

    /// Reads the last segment again up to what was acknowledged, cuts it there, and starts a new one.
    fn replay(&mut self) -> Result<(), OpenError> {
        let Shared { storage, layout, .. } = &*self.shared;
        let acknowledged = self.checkpoint.checkpoint().size;
        let firsts = segment::list(storage, layout).map_err(OpenError::file("journal"))?;
        let first = firsts.last().copied().unwrap_or_default();
        let replayed = replay(storage, layout, self.signer.key(), first, Some(acknowledged))?;
        let cut = replayed
            .file
            .set_len(replayed.end)
            .and_then(|()| replayed.file.sync_data());
        cut.map_err(OpenError::file("journal"))?;
        *self.shared.tree.lock().unwrap_or_else(PoisonError::into_inner) = replayed.tree;
        self.start_segment().map_err(OpenError::file("journal"))
    }

    /// Finishes the segment and starts the next one.
    pub(super) fn rotate(&mut self) -> io::Result<()> {
        if let Some(segment) = &self.segment {
            segment.finish()?;
        }
        self.start_segment()
    }

    fn start_segment(&mut self) -> io::Result<()> {
        let tree = self
            .shared
            .tree
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Shared { storage, layout, .. } = &*self.shared;
        self.segment = Some(Segment::create(
            storage,
            layout,
            &tree,
            self.checkpoint.note(),
            self.options.write_ahead_bytes,
        )?);
        Ok(())
    }
}

impl Durable {
    /// Ends a generation: what is not durable now never will be.
    fn failed(&mut self, failure: Failure) {
        self.state = State::Failed(failure);
        self.generation += 1;
        self.ends = self.ends.iter().copied().chain([self.size]).collect();
    }
}
