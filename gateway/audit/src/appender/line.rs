//! The line: callers add frames to a buffer under a short lock, the writer takes the whole buffer at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Linger;
use crate::durable::{Ticket, Unavailable};
use crate::entry::MAX_ENTRY_BYTES;
use crate::frame::{self, FRAME_HEADER, Kind};

/// Entries on their way to the writer.
pub(super) struct Line {
    queue: Mutex<Queue>,
    /// The writer sleeps here.
    wake: Condvar,
    most_bytes: usize,
}

struct Queue {
    frames: Vec<u8>,
    /// Bytes of whole frames; what is behind them was left by an encoder that gave up.
    whole: usize,
    entries: u32,
    next_index: u64,
    generation: u32,
    refusing: Option<Unavailable>,
    closing: bool,
    /// The writer is woken when this many entries are in line; `u32::MAX` while it is busy.
    wake_at: u32,
}

/// What the writer took.
#[derive(Default)]
pub(super) struct Batch {
    /// Frames without checksums.
    pub(super) frames: Vec<u8>,
    pub(super) entries: u32,
}

/// What there is to do.
pub(super) enum Next {
    Commit,
    Close,
}

impl Queue {
    fn add(
        &mut self,
        most_bytes: usize,
        encode: impl FnOnce(u64, &mut Vec<u8>) -> bool,
    ) -> Result<Ticket, Unavailable> {
        if let Some(reason) = self.refusing {
            return Err(reason);
        }
        if self.whole >= most_bytes {
            return Err(Unavailable::QueueFull);
        }
        self.frames.truncate(self.whole);
        let start = frame::begin(&mut self.frames);
        if !encode(self.next_index, &mut self.frames) {
            return Err(Unavailable::NotCanonical);
        }
        let length = self.frames.len().saturating_sub(start + FRAME_HEADER);
        if length > MAX_ENTRY_BYTES {
            return Err(Unavailable::EntryTooLarge);
        }
        frame::finish(&mut self.frames, start, Kind::Entry);
        self.whole = self.frames.len();
        self.entries += 1;
        let ticket = Ticket {
            index: self.next_index,
            generation: self.generation,
        };
        self.next_index += 1;
        Ok(ticket)
    }
}

impl Line {
    pub(super) fn new(next_index: u64, most_bytes: usize) -> Self {
        let queue = Queue {
            frames: Vec::new(),
            whole: 0,
            entries: 0,
            next_index,
            generation: 0,
            refusing: None,
            closing: false,
            wake_at: u32::MAX,
        };
        Self {
            queue: Mutex::new(queue),
            wake: Condvar::new(),
            most_bytes,
        }
    }

    /// A panic of an encoder leaves the queue usable: only whole frames count.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what `encode` writes behind the buffer's end; `encode` says whether it may stand.
    pub(super) fn append(
        &self,
        encode: impl FnOnce(u64, &mut Vec<u8>) -> bool,
    ) -> Result<Ticket, Unavailable> {
        let mut queue = self.lock();
        let ticket = queue.add(self.most_bytes, encode)?;
        self.wake(queue);
        Ok(ticket)
    }

    /// Adds all of these, so that they make one batch.
    #[cfg(test)]
    pub(super) fn append_together(&self, entries: &[crate::Entry]) -> Result<Vec<Ticket>, Unavailable> {
        let mut queue = self.lock();
        let mut add = |bytes: Vec<u8>| {
            queue.add(self.most_bytes, |_, buffer| {
                buffer.extend(bytes);
                true
            })
        };
        let tickets = entries
            .iter()
            .map(|entry| add(entry.encode_canonical()))
            .collect();
        self.wake(queue);
        tickets
    }

    /// Wakes the writer if it waits for as many as there are now.
    fn wake(&self, mut queue: MutexGuard<'_, Queue>) {
        let wake = queue.entries >= queue.wake_at;
        if wake {
            queue.wake_at = u32::MAX;
        }
        drop(queue);
        if wake {
            self.wake.notify_one();
        }
    }

    /// Waits for entries and takes all that are in line. `last` is the size of the batch before, which tells whether it
    /// pays to wait for company.
    pub(super) fn take(&self, batch: &mut Batch, last: u32, linger: Linger) -> Next {
        let mut queue = self.lock();
        while queue.entries == 0 {
            if queue.closing {
                queue.refusing = Some(Unavailable::Closed);
                return Next::Close;
            }
            queue.wake_at = 1;
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if last >= linger.from && queue.entries < last && !queue.closing && !linger.longest.is_zero() {
            queue.wake_at = last;
            queue = self
                .wake
                .wait_timeout(queue, linger.longest)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        queue.wake_at = u32::MAX;
        let whole = queue.whole;
        queue.frames.truncate(whole);
        batch.frames.clear();
        std::mem::swap(&mut batch.frames, &mut queue.frames);
        batch.entries = std::mem::take(&mut queue.entries);
        queue.whole = 0;
        Next::Commit
    }

    /// Whether somebody is in line.
    pub(super) fn is_waiting(&self) -> bool {
        self.lock().entries > 0
    }

    /// Drops what is in line and refuses from now on. Indexes from `size` on will be given out again.
    pub(super) fn fail(&self, reason: Unavailable, size: u64) {
        let mut queue = self.lock();
        queue.refusing = Some(reason);
        queue.frames.clear();
        queue.whole = 0;
        queue.entries = 0;
        queue.next_index = size;
        queue.generation += 1;
    }

    /// Takes entries again.
    pub(super) fn resume(&self) {
        self.lock().refusing = None;
    }

    /// Sleeps between two attempts to recover; `true` when the log is closing.
    pub(super) fn pause(&self, interval: Duration) -> bool {
        let queue = self.lock();
        let waited = self
            .wake
            .wait_timeout_while(queue, interval, |queue| !queue.closing);
        waited.unwrap_or_else(PoisonError::into_inner).0.closing
    }

    /// Lets the writer end when nothing is in line any more.
    pub(super) fn close(&self) {
        let mut queue = self.lock();
        queue.closing = true;
        queue.refusing.get_or_insert(Unavailable::Closed);
        drop(queue);
        self.wake.notify_all();
    }
}
