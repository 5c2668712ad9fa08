//! Names inside the log's folder. `tile/` (C2SP tlog-tiles) and `index/` are reserved.

use std::path::{Path, PathBuf};

/// Where the pieces of one log lie.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) root: PathBuf,
    pub(crate) journal: PathBuf,
    pub(crate) hash: PathBuf,
}

/// The file that the one writer holds locked.
pub(crate) const LOCK: &str = "lock";
/// The latest published checkpoint.
pub(crate) const CHECKPOINT: &str = "checkpoint";

impl Layout {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            journal: root.join("journal"),
            hash: root.join("hash"),
        }
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join(LOCK)
    }

    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.root.join(CHECKPOINT)
    }

    pub(crate) fn segment(&self, first_index: u64) -> PathBuf {
        self.journal.join(segment_name(first_index))
    }

    pub(crate) fn hash_row(&self, level: usize) -> PathBuf {
        self.hash.join(level.to_string())
    }
}

/// The file name of the segment that starts at `first_index`.
pub(crate) fn segment_name(first_index: u64) -> String {
    format!("{first_index:020}.seg")
}

/// The first index that a segment's file name tells, if it is one.
pub(crate) fn first_index_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".seg")?;
    (digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}
