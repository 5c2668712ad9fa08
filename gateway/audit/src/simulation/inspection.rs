//! The verifier reads what a story left, from real files.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::disk::SimulatedDisk;
use super::promises::Promises;
use super::story::FOLDER;
use crate::checkpoint::VerifyingKey;
use crate::reader::entries;
use crate::verify::{VerifyOptions, verify};

/// What a story left.
pub(super) struct Left {
    pub(super) sealed: u64,
    pub(super) fingerprint: u64,
}

/// Verifies the closed log on the disk, and that it continues every checkpoint that somebody saw.
pub(super) fn inspect(
    disk: &SimulatedDisk,
    promises: &Promises,
    key: &VerifyingKey,
    number: u64,
) -> Result<Left, String> {
    // Thousands of small logs: memory is faster, where there is such a file system.
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    let thread = std::thread::current().id();
    let folder = place.join(format!("story-{}-{thread:?}-{number}", std::process::id()));
    let options = VerifyOptions {
        at_rest: true,
        known: promises.checkpoints.values().cloned().collect(),
        ..VerifyOptions::default()
    };
    let outcome = export(disk, &folder).and_then(|left| {
        verify(&folder, key, &options, |_| {}).map_err(|error| format!("the verifier: {error}"))?;
        compare(&folder, promises)?;
        Ok(left)
    });
    drop(std::fs::remove_dir_all(&folder));
    outcome
}

/// Every acknowledged entry, as an auditor reads it.
fn compare(folder: &Path, promises: &Promises) -> Result<(), String> {
    let mut left = entries(folder);
    for (index, bytes) in &promises.entries {
        let found = loop {
            let next = left
                .next()
                .ok_or_else(|| format!("acknowledged entry {index} is lost"))?;
            let (at, entry) = next.map_err(|error| error.to_string())?;
            if at == *index {
                break entry;
            }
        };
        if found.encode_canonical() != *bytes {
            return Err(format!("acknowledged entry {index} is another one now"));
        }
    }
    Ok(())
}

fn export(disk: &SimulatedDisk, folder: &Path) -> Result<Left, String> {
    let mut digest = Sha256::new();
    let mut sealed = 0;
    for (path, bytes) in disk.world().files() {
        digest.update(path.to_string_lossy().as_bytes());
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
        sealed += u64::from(path.extension().is_some_and(|extension| extension == "zst"));
        let path = folder.join(path.strip_prefix(FOLDER).unwrap_or(path));
        let above = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(above)
            .and_then(|()| std::fs::write(&path, bytes))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let digest: [u8; 32] = digest.finalize().into();
    let fingerprint = digest
        .iter()
        .take(8)
        .fold(0, |word, byte| word << 8 | u64::from(*byte));
    Ok(Left { sealed, fingerprint })
}
