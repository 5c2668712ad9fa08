//! Whether files changed, without reading them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use crate::clock::Moment;

/// A file may change again within the resolution of its times; one as young as this is looked at anew.
const YOUNG_MICROS: i64 = 100_000;

/// What the file system says about a set of files at one moment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stamps {
    files: Vec<(PathBuf, Option<Stamp>)>,
    /// Whether a file was so young that a later change might not show.
    unsure: bool,
}

#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    mode: u32,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamps {
    /// Looks at the files. Links are followed, so that a link that leads elsewhere is a change.
    pub(super) fn take(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let young = Moment::now().0.saturating_sub(YOUNG_MICROS);
        let mut unsure = false;
        let mut look = |path: PathBuf| {
            let stamp = fs::metadata(&path).ok().map(|metadata| {
                let changed = (metadata.ctime(), metadata.ctime_nsec());
                unsure |= changed
                    .0
                    .saturating_mul(1_000_000)
                    .saturating_add(changed.1 / 1_000)
                    > young;
                Stamp {
                    device: metadata.dev(),
                    inode: metadata.ino(),
                    size: metadata.len(),
                    mode: metadata.mode(),
                    modified: (metadata.mtime(), metadata.mtime_nsec()),
                    changed,
                }
            });
            (path, stamp)
        };
        Self {
            files: paths.into_iter().map(&mut look).collect(),
            unsure,
        }
    }

    /// Whether what was read when `self` was taken may differ from what is there at `later`.
    pub(super) fn may_differ(&self, later: &Self) -> bool {
        self.unsure || self.files != later.files
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_file_that_is_written_replaced_removed_or_led_elsewhere_differs() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let settled = || {
            std::thread::sleep(Duration::from_millis(150));
            let stamps = Stamps::take([at("link"), at("plain")]);
            assert!(!stamps.may_differ(&Stamps::take([at("link"), at("plain")])));
            stamps
        };
        let differs = |before: &Stamps| before.may_differ(&Stamps::take([at("link"), at("plain")]));
        fs::write(at("one"), "1").unwrap();
        fs::write(at("two"), "2").unwrap();
        fs::write(at("plain"), "3").unwrap();
        std::os::unix::fs::symlink(at("one"), at("link")).unwrap();

        let before = settled();
        fs::write(at("plain"), "4").unwrap();
        assert!(differs(&before), "written in place");
        let before = settled();
        fs::rename(at("plain"), at("kept")).unwrap();
        assert!(differs(&before), "gone");
        let before = settled();
        std::os::unix::fs::symlink(at("two"), at("new")).unwrap();
        fs::rename(at("new"), at("link")).unwrap();
        assert!(differs(&before), "the link leads elsewhere");
        let young = Stamps::take([at("two")]);
        fs::write(at("two"), "5").unwrap();
        assert!(young.may_differ(&Stamps::take([at("two")])), "too young to tell");
    }
}
