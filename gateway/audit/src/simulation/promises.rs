//! What callers and readers were told, and whether the log still stands by it.

use std::collections::BTreeMap;
use std::io;

use super::disk::{SimulatedClock, SimulatedDisk};
use crate::appender::{ReadError, Stepped};
use crate::checkpoint::{SignedCheckpoint, VerifyingKey};
use crate::durable::Ticket;
use crate::entry::Entry;

type Log = Stepped<SimulatedDisk, SimulatedClock>;

/// Entries that are compared after each power cut.
const CHECKED: usize = 16;

/// What was promised so far.
#[derive(Default)]
pub(super) struct Promises {
    /// Callers that wait.
    waiting: Vec<(Ticket, Vec<u8>)>,
    /// Entries that callers were told are durable.
    pub(super) entries: BTreeMap<u64, Vec<u8>>,
    /// Checkpoints that somebody saw: after a commit, in a receipt, published. By size.
    pub(super) checkpoints: BTreeMap<u64, SignedCheckpoint>,
}

impl Promises {
    pub(super) fn append(&mut self, log: &Log, entry: &Entry) {
        if let Ok(ticket) = log.log.append(entry) {
            self.waiting.push((ticket, entry.encode_canonical()));
        }
    }

    /// Notes what callers are told now.
    pub(super) fn hear(&mut self, log: &Log) -> Result<(), String> {
        let durable = log.log.durable();
        let mut told = Vec::new();
        self.waiting
            .retain(|(ticket, bytes)| match durable.outcome(ticket) {
                None => true,
                Some(Err(_)) => false,
                Some(Ok(logged)) => {
                    told.push((logged.index(), bytes.clone()));
                    false
                }
            });
        for (index, bytes) in told {
            if self.entries.insert(index, bytes).is_some() {
                return Err(format!("index {index} was acknowledged twice"));
            }
        }
        self.see(&durable.checkpoint)
    }

    /// Somebody has this checkpoint now.
    pub(super) fn see(&mut self, checkpoint: &SignedCheckpoint) -> Result<(), String> {
        let seen = checkpoint.checkpoint();
        match self.checkpoints.get(&seen.size) {
            Some(before) if before.checkpoint() != seen => {
                return Err(format!("two roots were signed for {} entries", seen.size));
            }
            Some(_) => {}
            None => {
                self.checkpoints.insert(seen.size, checkpoint.clone());
            }
        }
        Ok(())
    }

    /// The machine is gone; so are those who waited.
    pub(super) fn forget_waiting(&mut self) {
        self.waiting.clear();
    }

    /// Compares an open log with what was promised; of many entries with some, the newest among them. All of them are compared
    /// at the end, see [`super::inspection`]. `may_be_away`: the disk refused something while the log was opened, so that tiles which
    /// the cut took may not be placed again yet.
    pub(super) fn check(&self, log: &Log, key: &VerifyingKey, may_be_away: bool) -> Result<(), String> {
        let size = log.log.durable().size;
        if let Some((newest, _)) = self.entries.last_key_value()
            && *newest >= size
        {
            return Err(format!("acknowledged entry {newest} is lost: the log has {size}"));
        }
        let stride = self.entries.len() / CHECKED + 1;
        for (index, bytes) in self.entries.iter().rev().step_by(stride) {
            match log.log.entry_bytes(*index) {
                Ok(found) if found == *bytes => {}
                Ok(_) => return Err(format!("acknowledged entry {index} is another one now")),
                Err(error) => return Err(format!("acknowledged entry {index} of {size} is lost: {error}")),
            }
        }
        for (known, checkpoint) in &self.checkpoints {
            match log.log.root(*known) {
                Ok(root) if root == checkpoint.checkpoint().root => {}
                Ok(_) => return Err(format!("the log has another root for {known} entries")),
                // The publisher places it later; the verifier asks for it at the end.
                Err(error) if may_be_away && is_away(&error) => return Ok(()),
                Err(error) => return Err(format!("no root for {known} entries: {error}")),
            }
        }
        if let Some(last) = size.checked_sub(1) {
            let receipt = match log.log.receipt(last) {
                Err(error) if may_be_away && is_away(&error) => return Ok(()),
                other => other.map_err(|error| error.to_string())?,
            };
            let entry = log.log.entry_bytes(last).map_err(|error| error.to_string())?;
            receipt.verify(&entry, key).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

fn is_away(error: &ReadError) -> bool {
    matches!(error, ReadError::File(error) if error.kind() == io::ErrorKind::NotFound)
}
