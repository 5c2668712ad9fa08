//! What stands on disk beside the journal: the published checkpoint and the node hashes.

use super::damaged;
use crate::checkpoint::{MAX_NOTE_BYTES, NoteError, SignedCheckpoint, VerifyingKey};
use crate::hashes::Hashes;
use crate::layout::{CHECKPOINT, Layout};
use crate::storage::Disk;
use crate::tree::Hash;
use crate::verify::damage::{Damage, VerifyError};

/// The published checkpoint. A log has one from its first second on.
pub(super) fn published(layout: &Layout, key: &VerifyingKey) -> Result<SignedCheckpoint, VerifyError> {
    let bytes = match std::fs::read(layout.checkpoint()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(damaged(
                Damage::Removed,
                CHECKPOINT.to_owned(),
                0,
                "no published checkpoint",
            ));
        }
        other => other.map_err(VerifyError::file(CHECKPOINT))?,
    };
    let note = String::from_utf8(bytes)
        .ok()
        .filter(|note| note.len() <= MAX_NOTE_BYTES)
        .ok_or(NoteError::Malformed("not text"));
    note.and_then(|note| SignedCheckpoint::verify(&note, key))
        .map_err(|error| damaged(Damage::BadSignature, CHECKPOINT.to_owned(), 0, &error.to_string()))
}

/// Compares stored node hashes; when they are not `owed`, only the journal's own end may be newer than they.
pub(super) fn compare_hashes(
    hashes: &Hashes<Disk>,
    row: usize,
    from: u64,
    wanted: &[Hash],
    owed: bool,
) -> Result<(), VerifyError> {
    if !owed || wanted.is_empty() {
        return Ok(());
    }
    let name = format!("hash/{row}");
    let found = match hashes.read(row, from, wanted.len()) {
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::NotFound
            ) =>
        {
            return Err(damaged(Damage::HashFile, name, from * 32, "hashes are missing"));
        }
        other => other.map_err(VerifyError::file(&name))?,
    };
    match found
        .iter()
        .zip(wanted)
        .position(|(found, wanted)| found != wanted)
    {
        None => Ok(()),
        Some(at) => Err(damaged(
            Damage::HashFile,
            name,
            (from + at as u64) * 32,
            "hash is not that of the entries",
        )),
    }
}
