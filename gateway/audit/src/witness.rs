//! Witnesses (c2sp.org/tlog-witness): the bytes that are said and answered, and what is kept of it. Asking is the caller's.

use std::fmt::Write as _;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::watch;

use crate::appender::Appender;
use crate::checkpoint::{SignedCheckpoint, decimal};
use crate::durable::State;
use crate::storage::{Storage, StoredFile as _, place_file};
use crate::tree::Hash;

/// The body of an `add-checkpoint` request: the size that the witness knows, the proof from there, the signed note.
#[must_use]
pub fn add_checkpoint(old: u64, proof: &[Hash], note: &str) -> String {
    let mut body = format!("old {old}\n");
    for hash in proof {
        // Writing to a String does not fail.
        let _ = writeln!(body, "{}", STANDARD.encode(hash));
    }
    body.push('\n');
    body.push_str(note);
    body
}

/// The size that a witness names when it knows another one than was said (the body of a 409).
#[must_use]
pub fn conflict(body: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(body).ok()?;
    decimal(text.strip_suffix('\n')?)
}

impl<S: Storage> Appender<S> {
    /// News of the published checkpoint, as the log signed it.
    #[must_use]
    pub fn published(&self) -> watch::Receiver<Arc<SignedCheckpoint>> {
        self.shared().published.subscribe()
    }

    /// Keeps a published checkpoint with its cosignatures, as `checkpoint.witnessed`, and in the place of `checkpoint` as long as
    /// that is of the same size. Waits for the disk.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn publish_witnessed(&self, signed: &SignedCheckpoint) -> io::Result<()> {
        let shared = self.shared();
        let write = |path: &std::path::Path| {
            place_file(&shared.storage, path, |file| {
                file.write_all_at(signed.note().as_bytes(), 0)
            })
        };
        let _placing = shared.placing.lock().unwrap_or_else(PoisonError::into_inner);
        write(&shared.layout.witnessed())?;
        if shared.published.borrow().checkpoint() == signed.checkpoint() {
            write(&shared.layout.checkpoint())?;
        }
        Ok(())
    }

    /// From now on [`Self::append_with`] refuses, or takes entries again. Other entries are taken all the time: what an
    /// operator does is logged.
    pub fn withhold(&self, withheld: bool) {
        self.shared().withheld.store(withheld, Ordering::Relaxed);
    }

    /// Whether [`Self::append_with`] takes entries: the log can write, and is not withheld.
    #[must_use]
    pub fn takes_calls(&self) -> bool {
        self.durable().state == State::Ok && !self.shared().withheld.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
