//! The line: callers add frames to a buffer under a short lock, the writer takes the whole buffer at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
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

/// What the writer found in line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The batch holds all that was in line.
    Batch,
    /// So many are in line, fewer than the writer hopes for; nothing was taken.
    Fewer(u32),
    /// Nobody is in line.
    Nobody,
    /// Nobody is in line, and nobody will be.
    Closed,
}

/// What the writer sleeps for. Moments are the clock's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// Somebody in line.
    Entries,
    /// So many in line, at the latest this moment.
    Company { entries: u32, until: Duration },
    /// This moment, or the end of the log.
    Retry { until: Duration },
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

    /// Takes all that are in line if they are at least `hoped`. Never sleeps. When the log is closing, whoever is in line is
    /// enough; when then nobody is, it is closed for good.
    pub(super) fn take(&self, batch: &mut Batch, hoped: u32) -> Taken {
        let mut queue = self.lock();
        match queue.entries {
            0 if queue.closing => {
                queue.refusing = Some(Unavailable::Closed);
                return Taken::Closed;
            }
            0 => return Taken::Nobody,
            entries if entries < hoped && !queue.closing => return Taken::Fewer(entries),
            _ => {}
        }
        let whole = queue.whole;
        queue.frames.truncate(whole);
        batch.frames.clear();
        std::mem::swap(&mut batch.frames, &mut queue.frames);
        batch.entries = std::mem::take(&mut queue.entries);
        queue.whole = 0;
        Taken::Batch
    }

    /// Sleeps for what the writer wants, or until the log is closing.
    pub(super) fn wait(&self, wait: Wait, clock: &impl Clock) {
        let queue = self.lock();
        match wait {
            Wait::Entries => self.sleep(queue, 1, None),
            Wait::Company { entries, until } => {
                self.sleep(queue, entries, Some(until.saturating_sub(clock.now())));
            }
            Wait::Retry { until } => {
                let longest = until.saturating_sub(clock.now());
                drop(
                    self.wake
                        .wait_timeout_while(queue, longest, |queue| !queue.closing),
                );
            }
        }
    }

    /// Until `entries` are in line.
    fn sleep(&self, mut queue: MutexGuard<'_, Queue>, entries: u32, longest: Option<Duration>) {
        while queue.entries < entries && !queue.closing {
            queue.wake_at = entries;
            if let Some(longest) = longest {
                // Whatever woke it: there is somebody in line already, which the writer takes then.
                queue = self
                    .wake
                    .wait_timeout(queue, longest)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
                break;
            }
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.wake_at = u32::MAX;
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

    /// Whether the log is closing.
    pub(super) fn is_closing(&self) -> bool {
        self.lock().closing
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
