//! The writer: takes batches from the line and commits them, one write and one sync each.
//!
//! It is a state machine that never sleeps and knows no thread: each [`Writer::step`] does what there is to do and says what
//! to wait for. The thread of `threads.rs` does the waiting; the simulator steps it through power cuts.

mod failure;

use std::io;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::Options;
use super::line::{Batch, Taken, Wait};
use super::shared::Shared;
use crate::checkpoint::{Checkpoint, SignedCheckpoint, Signer};
use crate::clock::Clock;
use crate::durable::State;
use crate::frame::{self, FRAME_HEADER, Kind};
use crate::segment::Segment;
use crate::storage::{FailPoint, Storage};
use crate::tree::leaf_hash;

/// A batch longer than this gives its buffer back, so that one burst does not hold memory for ever. That of some 700 entries
/// fits.
const KEPT_BUFFER: usize = 512 << 10;
/// By how much a checkpoint note may be longer than the one before.
const NOTE_GROWTH: usize = 20;

/// Why a commit did not happen.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommitError {
    #[error(transparent)]
    File(#[from] io::Error),
    #[error("tree in memory is not the one last signed")]
    Inconsistent,
}

/// What comes after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The next step, at once.
    Step,
    /// The next step after this wait.
    Wait(Wait),
    /// Nothing: the log is closed.
    End,
}

/// Whether batches are committed.
enum Phase {
    Writing,
    /// A write or sync failed; the next attempt to go on is due at this moment of the clock.
    Failed {
        due: Duration,
        told: Option<String>,
    },
}

/// Owns the segment that is being written.
pub(super) struct Writer<S: Storage, C> {
    shared: Arc<Shared<S>>,
    signer: Signer,
    options: Options,
    clock: C,
    /// None only while failed.
    segment: Option<Segment<S::File>>,
    /// What was last signed and acknowledged.
    checkpoint: Arc<SignedCheckpoint>,
    phase: Phase,
    /// The last batch; its size tells whether it pays to wait for company.
    batch: Batch,
    /// How company is waited for.
    lingers: Option<Lingering>,
    /// Batches for which no more company is hoped for than there was.
    settled: u32,
}

/// A wait for company.
struct Lingering {
    /// Its end at the latest, a moment of the clock.
    until: Duration,
    /// How many were in line at the last look.
    seen: u32,
    /// Whether nobody came since.
    is_quiet: bool,
}

/// After a wait in which nobody came any more, so many batches are as large as that one and no larger: more would have been
/// waited for in vain.
const SETTLED: u32 = 16;

impl<S: Storage, C: Clock> Writer<S, C> {
    pub(super) fn new(
        shared: Arc<Shared<S>>,
        signer: Signer,
        options: Options,
        clock: C,
        segment: Segment<S::File>,
    ) -> Self {
        let checkpoint = Arc::clone(&shared.durable.borrow().checkpoint);
        Self {
            shared,
            signer,
            options,
            clock,
            segment: Some(segment),
            checkpoint,
            phase: Phase::Writing,
            batch: Batch::default(),
            lingers: None,
            settled: 0,
        }
    }

    /// Commits a batch if there is one, or tries to go on after a failure if that is due.
    pub(super) fn step(&mut self) -> Next {
        match &self.phase {
            Phase::Failed { .. } => self.retry(),
            Phase::Writing => {
                let mut batch = std::mem::take(&mut self.batch);
                let next = self.write(&mut batch);
                self.batch = batch;
                next
            }
        }
    }

    fn write(&mut self, batch: &mut Batch) -> Next {
        let hoped = self.hoped(batch.entries);
        match self.shared.line.take(batch, hoped) {
            Taken::Closed => return Next::End,
            Taken::Nobody => return Next::Wait(Wait::Entries),
            Taken::Fewer(entries) => return Next::Wait(self.linger(entries, hoped)),
            Taken::Batch => self.company_came(),
        }
        if let Err(error) = self.commit(batch).and_then(|()| self.keep_ready()) {
            self.failed(&error);
        }
        if batch.frames.capacity() > KEPT_BUFFER {
            batch.frames = Vec::new();
        }
        Next::Step
    }

    /// How many are waited for, after a batch of so many.
    fn hoped(&self, before: u32) -> u32 {
        let linger = self.options.linger;
        let over = |lingering: &Lingering| self.clock.now() >= lingering.until;
        if before < linger.from || linger.longest.is_zero() || self.lingers.as_ref().is_some_and(over) {
            return 1;
        }
        if self.settled > 0 {
            before
        } else {
            before.saturating_add(before / 4 + 1)
        }
    }

    /// What to wait for while so many are in line: not much longer when they are no more than at the last look.
    fn linger(&mut self, entries: u32, hoped: u32) -> Wait {
        let (linger, now) = (self.options.linger, self.clock.now());
        let lingering = self.lingers.get_or_insert(Lingering {
            until: now + linger.longest,
            seen: 0,
            is_quiet: false,
        });
        if lingering.seen == entries {
            lingering.is_quiet = true;
            lingering.until = now;
        }
        lingering.seen = entries;
        Wait::Company {
            entries: hoped,
            until: lingering.until.min(now + linger.quiet),
        }
    }

    fn company_came(&mut self) {
        let in_vain = self.lingers.take().is_some_and(|lingering| lingering.is_quiet);
        self.settled = if in_vain {
            SETTLED
        } else {
            self.settled.saturating_sub(1)
        };
    }

    /// Hashes, signs, writes and syncs a batch, then tells everybody.
    fn commit(&mut self, batch: &mut Batch) -> Result<(), CommitError> {
        // The note grows by a digit now and then, no more.
        let longest = (batch.frames.len() + self.checkpoint.note().len() + FRAME_HEADER + NOTE_GROWTH) as u64;
        let full = |segment: &Segment<_>| {
            !segment.is_empty() && segment.end() + longest > self.options.segment_bytes
        };
        if self.segment.as_ref().is_some_and(full) {
            self.rotate()?;
        }
        let signed = Arc::new(self.sign(batch)?);
        frame::push(&mut batch.frames, Kind::Checkpoint, signed.note().as_bytes());
        let storage = &self.shared.storage;
        let segment = self.segment.as_mut().ok_or(CommitError::Inconsistent)?;
        storage.reached(FailPoint::BeforeAppend)?;
        let end = segment.write(&batch.frames, self.options.write_ahead_bytes)?;
        storage.reached(FailPoint::AfterWrite)?;
        segment.sync(end)?;
        storage.reached(FailPoint::AfterSync)?;
        self.checkpoint = Arc::clone(&signed);
        storage.reached(FailPoint::BeforeAnswer)?;
        self.shared.durable.send_modify(|durable| {
            durable.size = signed.checkpoint().size;
            durable.checkpoint = signed;
        });
        Ok(())
    }

    /// Adds the batch to the tree, fills in its checksums, and signs the tree that this makes.
    fn sign(&self, batch: &mut Batch) -> Result<SignedCheckpoint, CommitError> {
        let last = self.checkpoint.checkpoint();
        let checkpoint = {
            let mut tree = self.shared.tree.lock().unwrap_or_else(PoisonError::into_inner);
            // Never sign what does not continue the last signed tree.
            if tree.size() != last.size || tree.root() != last.root {
                return Err(CommitError::Inconsistent);
            }
            let mut rest = batch.frames.as_mut_slice();
            while let Some((payload, following)) = frame::seal(rest) {
                tree.push(leaf_hash(payload));
                rest = following;
            }
            Checkpoint {
                origin: last.origin.clone(),
                size: tree.size(),
                root: tree.root(),
            }
        };
        if checkpoint.size != last.size + u64::from(batch.entries) {
            return Err(CommitError::Inconsistent);
        }
        Ok(checkpoint.sign(&self.signer))
    }

    /// Work that nobody waits for: zeros ahead.
    fn keep_ready(&mut self) -> Result<(), CommitError> {
        self.shared
            .tree
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .bound_completed();
        if let Some(segment) = &mut self.segment
            && !self.shared.line.is_waiting()
        {
            match segment.fill_ahead(self.options.write_ahead_bytes, self.options.segment_bytes) {
                // There is room for a while yet.
                Err(error) if error.kind() == io::ErrorKind::StorageFull => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Sleeps for what a step asked for.
    pub(super) fn sleep(&self, wait: Wait) {
        self.shared.line.wait(wait, &self.clock);
    }
}

/// Also when the thread panics: nobody waits for a writer that is gone.
impl<S: Storage, C> Drop for Writer<S, C> {
    fn drop(&mut self) {
        self.shared.line.close();
        self.shared
            .durable
            .send_modify(|durable| durable.state = State::Closed);
    }
}
