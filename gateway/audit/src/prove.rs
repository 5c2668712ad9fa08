//! A receipt from the files of a log alone: one pass over the entries and a handful of hashes in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::path::Path;

use crate::checkpoint::{NoteError, SignedCheckpoint, VerifyingKey};
use crate::index::rebuild::beginning;
use crate::layout::Layout;
use crate::proof::{self, Nodes, verify_inclusion};
use crate::reader::{ReaderError, entries};
use crate::receipt::Receipt;
use crate::segment;
use crate::storage::Disk;
use crate::tree::{Hash, leaf_hash, node_hash};

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The published checkpoint can't be read.
    #[error("published checkpoint: {0}")]
    File(#[from] io::Error),
    /// The published checkpoint is not the key's.
    #[error("published checkpoint: {0}")]
    Note(#[from] NoteError),
    /// The entries can't be read.
    #[error(transparent)]
    Log(#[from] ReaderError),
    /// The published checkpoint does not cover the entry.
    #[error("the published checkpoint covers {size} entries, {index} was asked for")]
    Beyond {
        /// Entries that it covers.
        size: u64,
        /// What was asked for.
        index: u64,
    },
    /// Retention removed the entry.
    #[error("entry {0} was removed when its time was over")]
    Removed(u64),
    /// The entries do not lead to the signed root.
    #[error("the entries do not lead to the signed root: the log is damaged")]
    Damaged,
}

/// The entry at `index` (canonical bytes) and its receipt under the published checkpoint of the log in `folder`, which is
/// believed when it is signed by `key`. `progress` hears how many entries were read. A writer may be at work; when its retention
/// takes what is being read, this begins again.
///
/// # Errors
/// When the checkpoint is not the key's or does not cover the entry, or the entries do not lead to its root.
pub fn prove(
    folder: &Path,
    key: &VerifyingKey,
    index: u64,
    mut progress: impl FnMut(u64),
) -> Result<(Vec<u8>, Receipt), ProveError> {
    let layout = Layout::new(folder);
    loop {
        let first = segment::first(&Disk, &layout).ok();
        match prove_once(folder, key, index, &mut progress) {
            Err(_) if segment::first(&Disk, &layout).ok() > first => {}
            proved => return proved,
        }
    }
}

fn prove_once(
    folder: &Path,
    key: &VerifyingKey,
    index: u64,
    progress: &mut impl FnMut(u64),
) -> Result<(Vec<u8>, Receipt), ProveError> {
    let note = std::fs::read_to_string(Layout::new(folder).checkpoint())?;
    let signed = SignedCheckpoint::verify(&note, key)?;
    let (size, root) = (signed.checkpoint().size, signed.checkpoint().root);
    if index >= size {
        return Err(ProveError::Beyond { size, index });
    }
    let mut wanted = wanted(index, size);
    let mut bytes = Vec::new();
    // For every set bit of the number of leaves so far, the root of that complete subtree.
    let mut peaks: Vec<Hash> = Vec::new();
    let mut count = 0_u64;
    // What retention removed still stands in the hashes that the log begins with.
    if let Some(before) = beginning(folder)? {
        count = before.size();
        for (level, number, hash) in before.peaks() {
            peaks.push(hash);
            if let Some(wanted) = wanted.get_mut(&(level, number)) {
                *wanted = hash;
            }
        }
    }
    if index < count {
        return Err(ProveError::Removed(index));
    }
    for entry in entries(folder) {
        let (at, entry) = entry?;
        let encoded = entry.encode_canonical();
        let mut node = leaf_hash(&encoded);
        if at == index {
            bytes = encoded;
        }
        let mut level = 0;
        loop {
            if let Some(hash) = wanted.get_mut(&(level, count >> level)) {
                *hash = node;
            }
            if count >> level & 1 == 0 {
                break;
            }
            let Some(left) = peaks.pop() else { break };
            node = node_hash(&left, &node);
            level += 1;
        }
        peaks.push(node);
        count += 1;
        progress(count);
        if count == size {
            break;
        }
    }
    let leaf = leaf_hash(&bytes);
    let path = infallible(proof::inclusion(&Known(wanted), index, size));
    if count < size || !verify_inclusion(&leaf, index, size, &path, &root) {
        return Err(ProveError::Damaged);
    }
    Ok((bytes, Receipt { index, path, note }))
}

/// The nodes that the audit path is made of, by level and number; their hashes are still to be found.
fn wanted(index: u64, size: u64) -> BTreeMap<(u32, u64), Hash> {
    let asked = Asked::default();
    infallible(proof::inclusion(&asked, index, size));
    asked.0.into_inner()
}

/// Remembers which nodes are asked for.
#[derive(Default)]
struct Asked(RefCell<BTreeMap<(u32, u64), Hash>>);

impl Nodes for Asked {
    type Error = Infallible;

    fn node(&self, level: u32, index: u64) -> Result<Hash, Infallible> {
        self.0.borrow_mut().insert((level, index), [0; 32]);
        Ok([0; 32])
    }
}

struct Known(BTreeMap<(u32, u64), Hash>);

impl Nodes for Known {
    type Error = Infallible;

    fn node(&self, level: u32, index: u64) -> Result<Hash, Infallible> {
        Ok(self.0.get(&(level, index)).copied().unwrap_or_default())
    }
}

fn infallible<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
        Err(never) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use super::{ProveError, prove};
    use crate::trial::{closed_log, entry, signer};

    #[test]
    fn every_entry_of_logs_of_many_sizes_is_proved_from_the_files_alone() {
        for size in [1, 2, 3, 7, 8, 60, 257] {
            let folder = tempfile::tempdir().expect("temporary folder");
            let log = folder.path().join("audit");
            closed_log(&log, &[size]);
            let key = signer(&log).key().clone();
            for index in (0..size).step_by(1 + usize::try_from(size / 20).expect("small")) {
                let (bytes, receipt) = prove(&log, &key, index, |_| {}).expect("a proof");
                assert_eq!(bytes, entry(index).encode_canonical());
                assert!(receipt.verify(&bytes, &key).is_ok(), "{index} of {size}");
            }
            assert!(matches!(
                prove(&log, &key, size, |_| {}),
                Err(ProveError::Beyond { .. })
            ));
        }
    }
}
