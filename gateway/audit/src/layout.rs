//! Names inside the log's folder. `checkpoint` and `tile/` are those of c2sp.org/tlog-tiles; `index/` is reserved.

use std::path::{Path, PathBuf};

/// Where the pieces of one log lie.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) root: PathBuf,
    pub(crate) journal: PathBuf,
    pub(crate) tile: PathBuf,
}

/// What a tile holds 256 of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Series {
    /// Hashes of complete subtrees of 256^row leaves.
    Hashes(usize),
    /// Entries.
    Entries,
}

/// The file that the one writer holds locked.
pub(crate) const LOCK: &str = "lock";
/// The latest published checkpoint.
pub(crate) const CHECKPOINT: &str = "checkpoint";
/// The latest checkpoint that witnesses cosigned.
pub(crate) const WITNESSED: &str = "checkpoint.witnessed";
/// What the name of a sealed segment ends with.
const SEALED: &str = ".seg.zst";
/// What the name of any other segment ends with.
const PLAIN: &str = ".seg";

impl Layout {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            journal: root.join("journal"),
            tile: root.join("tile"),
        }
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join(LOCK)
    }

    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.root.join(CHECKPOINT)
    }

    pub(crate) fn witnessed(&self) -> PathBuf {
        self.root.join(WITNESSED)
    }

    pub(crate) fn segment(&self, first_index: u64) -> PathBuf {
        self.journal.join(segment_name(first_index))
    }

    pub(crate) fn sealed_segment(&self, first_index: u64) -> PathBuf {
        self.journal.join(format!("{first_index:020}{SEALED}"))
    }

    pub(crate) fn full_tile(&self, series: Series, number: u64) -> PathBuf {
        self.root.join(tile_name(series, number))
    }

    /// The folder of the partial tiles that come before the full one.
    pub(crate) fn partial_tiles(&self, series: Series, number: u64) -> PathBuf {
        self.root.join(format!("{}.p", tile_name(series, number)))
    }

    pub(crate) fn partial_tile(&self, series: Series, number: u64, width: usize) -> PathBuf {
        self.partial_tiles(series, number).join(width.to_string())
    }
}

/// The file name of the segment that starts at `first_index`, before it is sealed.
pub(crate) fn segment_name(first_index: u64) -> String {
    format!("{first_index:020}{PLAIN}")
}

/// The first index that a segment's file name tells, if it is one.
pub(crate) fn first_index_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SEALED).or_else(|| name.strip_suffix(PLAIN))?;
    (digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Whether the name is that of a sealed segment.
pub(crate) fn is_sealed(name: &str) -> bool {
    name.ends_with(SEALED)
}

/// The name of a full tile: groups of three digits, all but the last with an `x` in front.
pub(crate) fn tile_name(series: Series, number: u64) -> String {
    let mut path = format!("{:03}", number % 1000);
    let mut rest = number / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    match series {
        Series::Hashes(row) => format!("tile/{row}/{path}"),
        Series::Entries => format!("tile/entries/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Series, tile_name};

    #[test]
    fn a_tile_has_the_name_of_the_specification() {
        assert_eq!(tile_name(Series::Hashes(0), 1_234_067), "tile/0/x001/x234/067");
        assert_eq!(tile_name(Series::Entries, 7), "tile/entries/007");
        assert_eq!(tile_name(Series::Hashes(2), 1000), "tile/2/x001/000");
    }
}
