//! Entries from the log itself, compared with what its tree holds of them.

use std::io::ErrorKind;

use audit::tree::leaf_hash;
use audit::{Appender, Entry, ReadError};
use prost::Message as _;
use proto::audit::v1 as wire;

use crate::status::{Reason, Refusal};

/// An entry, its place and its bytes.
pub(super) struct Placed {
    pub(super) index: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) entry: Entry,
}

/// The durable entry at a place; none where retention removed it. One that is not what the tree holds is not given.
pub(super) fn read(log: &Appender, index: u64) -> Result<Option<Placed>, Refusal> {
    let bytes = match log.entry_bytes(index) {
        Ok(bytes) => bytes,
        Err(ReadError::File(error)) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(index, &error)),
    };
    let leaf = log.leaf(index).map_err(|error| unreadable(index, &error))?;
    if leaf_hash(&bytes) != leaf {
        return Err(unreadable(index, &"its bytes are not what the tree holds"));
    }
    let entry = Entry::decode_canonical(&bytes).map_err(|error| unreadable(index, &error))?;
    Ok(Some(Placed { index, bytes, entry }))
}

impl Placed {
    /// As the wire has it.
    pub(super) fn to_wire(&self) -> Result<wire::PlacedEntry, Refusal> {
        let entry = wire::Entry::decode(self.bytes.as_slice());
        Ok(wire::PlacedEntry {
            index: self.index,
            entry: Some(entry.map_err(|error| unreadable(self.index, &error))?),
        })
    }
}

fn unreadable(index: u64, error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(index, %error, "an entry of the access log can't be given to an auditor: verify the log");
    Refusal::new(
        Reason::Internal,
        "an entry can't be read; the log is to be verified",
    )
}
