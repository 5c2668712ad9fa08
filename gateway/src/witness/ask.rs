//! Asks one witness to cosign one checkpoint (c2sp.org/tlog-witness, `add-checkpoint`).

use std::path::PathBuf;

use audit::witness::{add_checkpoint, conflict};
use audit::{Appender, NoteError, ReadError, SignedCheckpoint, VerifyingKey};
use http::StatusCode;

use crate::clock::Moment;
use crate::distribution::{Address, FetchError, post};

/// The largest answer that is read: a few signature lines.
const LARGEST_ANSWER: u64 = 64 << 10;

/// How far a witness's clock may differ, in seconds. Against cosignatures that were made long ago or for later.
const CLOCKS: u64 = 300;

/// Whom to ask.
#[derive(Clone, Debug)]
pub struct Witness {
    /// Its name in messages.
    pub name: String,
    /// Where checkpoints are added.
    pub address: Address,
    /// The authorities of its server.
    pub ca: Option<PathBuf>,
    /// Its key.
    pub key: VerifyingKey,
}

/// Why there is no cosignature.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It was not reached.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The proof could not be made.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What it sent is no cosignature.
    #[error("cosignature: {0}")]
    Note(#[from] NoteError),
    /// It cosigned a longer log than this one.
    #[error("it knows {0} entries of this log, more than are published here")]
    Ahead(u64),
    /// It knows another history.
    #[error("it knows another tree of as many entries")]
    Forked,
    /// Its clock and this one differ.
    #[error("its clock differs by {0} s")]
    Clock(u64),
    /// Anything else.
    #[error("it answered {0}")]
    Refused(StatusCode),
}

impl Witness {
    /// The signature lines of a cosignature that is good. `known` is the size that the witness cosigned last, as far as known
    /// here; what it says itself counts.
    pub(super) async fn cosign(
        &self,
        log: &Appender,
        signed: &SignedCheckpoint,
        known: &mut u64,
    ) -> Result<String, AskError> {
        let size = signed.checkpoint().size;
        let mut told = false;
        loop {
            let proof = log.prove_consistency(*known, size)?;
            let body = add_checkpoint(*known, &proof, signed.note());
            let (status, answer) = post(&self.address, self.ca.as_deref(), body, LARGEST_ANSWER).await?;
            match status {
                StatusCode::OK => {
                    let lines = String::from_utf8(answer.to_vec());
                    let lines = lines.map_err(|_| NoteError::Malformed("not text"))?;
                    let (_, time) = signed.with_cosignature(&lines, &self.key)?;
                    let now = u64::try_from(Moment::now().unix_seconds()).unwrap_or_default();
                    if now.abs_diff(time) > CLOCKS {
                        return Err(AskError::Clock(now.abs_diff(time)));
                    }
                    *known = size;
                    return Ok(lines);
                }
                StatusCode::CONFLICT => {
                    let theirs = conflict(&answer).ok_or(AskError::Refused(status))?;
                    if theirs > size {
                        return Err(AskError::Ahead(theirs));
                    }
                    if theirs == *known || told {
                        return Err(AskError::Forked);
                    }
                    *known = theirs;
                    told = true;
                }
                StatusCode::UNPROCESSABLE_ENTITY => return Err(AskError::Forked),
                status => return Err(AskError::Refused(status)),
            }
        }
    }
}
