//! The writer's thread: takes batches from the line and commits them, one write and one sync each.
//!
//! A failed write or sync is never tried again on the same file. Whoever waits is told, the file is closed, the journal is
//! read again up to the last acknowledged checkpoint, and a new segment goes on from there.

use std::io;
use std::sync::{Arc, PoisonError};

use super::Options;
use super::line::{Batch, Next};
use super::shared::Shared;
use crate::checkpoint::{Checkpoint, SignedCheckpoint, Signer};
use crate::durable::{Durable, Failure, State};
use crate::frame::{self, FRAME_HEADER, Kind};
use crate::recovery::{OpenError, replay};
use crate::segment::{self, Segment};
use crate::storage::{Storage, StoredFile as _};
use crate::tree::leaf_hash;

/// A batch longer than this gives its buffer back, so that one burst does not hold memory for ever.
const KEPT_BUFFER: usize = 4 << 20;
/// By how much a checkpoint note may be longer than the one before.
const NOTE_GROWTH: usize = 20;

/// Why a commit did not happen.
#[derive(Debug, thiserror::Error)]
enum CommitError {
    #[error(transparent)]
    File(#[from] io::Error),
    #[error("tree in memory is not the one last signed")]
    Inconsistent,
}

/// Owns the segment that is being written.
pub(super) struct Writer<S: Storage> {
    pub(super) shared: Arc<Shared<S>>,
    pub(super) signer: Signer,
    pub(super) options: Options,
    /// None only while recovering.
    pub(super) segment: Option<Segment<S::File>>,
    pub(super) checkpoint: Arc<SignedCheckpoint>,
}

impl<S: Storage> Writer<S> {
    /// Commits until the log is closed.
    pub(super) fn run(mut self) {
        let mut batch = Batch::default();
        loop {
            let last = batch.entries;
            match self.shared.line.take(&mut batch, last, self.options.linger) {
                Next::Close => break,
                Next::Commit => {
                    let outcome = self.commit(&mut batch).and_then(|()| self.keep_ready());
                    if let Err(error) = outcome
                        && !self.recover(&error)
                    {
                        break;
                    }
                    if batch.frames.capacity() > KEPT_BUFFER {
                        batch.frames = Vec::new();
                    }
                }
            }
        }
        // What is written ahead stays zero: a closed log opens without work.
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
        let signed = Arc::new(checkpoint.sign(&self.signer));
        frame::push(&mut batch.frames, Kind::Checkpoint, signed.note().as_bytes());
        let segment = self.segment.as_mut().ok_or(CommitError::Inconsistent)?;
        segment.append(&batch.frames, self.options.write_ahead_bytes)?;
        self.checkpoint = Arc::clone(&signed);
        self.shared.durable.send_modify(|durable| {
            durable.size = signed.checkpoint().size;
            durable.checkpoint = signed;
        });
        Ok(())
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

    /// Finishes the segment and starts the next one.
    fn rotate(&mut self) -> io::Result<()> {
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

    /// Tells everybody, then tries to go on until that works; `false` when the log is closing instead.
    fn recover(&mut self, error: &CommitError) -> bool {
        let full = matches!(error, CommitError::File(error) if error.kind() == io::ErrorKind::StorageFull);
        let failure = if full { Failure::DiskFull } else { Failure::Storage };
        let size = self.checkpoint.checkpoint().size;
        tracing::error!(%error, size, "audit log cannot write; refusing until it can");
        self.segment = None;
        self.shared.line.fail(failure.into(), size);
        self.shared.durable.send_modify(|durable| durable.failed(failure));
        let mut told = None;
        loop {
            match self.replay() {
                Ok(()) => break,
                Err(error) => {
                    let text = error.to_string();
                    if told.as_ref() != Some(&text) {
                        tracing::warn!(error = text, "audit log cannot go on yet");
                        told = Some(text);
                    }
                }
            }
            if self.shared.line.pause(self.options.retry_interval) {
                return false;
            }
        }
        tracing::info!(size, "audit log goes on");
        self.shared
            .durable
            .send_modify(|durable| durable.state = State::Ok);
        self.shared.line.resume();
        true
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
}

/// Also when the thread panics: nobody waits for a writer that is gone.
impl<S: Storage> Drop for Writer<S> {
    fn drop(&mut self) {
        self.shared.line.close();
        self.shared
            .durable
            .send_modify(|durable| durable.state = State::Closed);
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
