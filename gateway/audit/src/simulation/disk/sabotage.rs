//! Rules that a log could break, done by the disk in its stead: to see that the stories notice.

use std::path::Path;

/// A broken rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sabotage {
    /// None: the log as it is.
    #[default]
    None,
    /// A batch is acknowledged without a sync.
    SkipSync,
    /// A batch is acknowledged before the sync, which follows.
    AnswerBeforeSync,
    /// Names are not made durable after create and rename.
    SkipDirectorySync,
    /// A file takes its final name before its content is synced.
    RenameBeforeSync,
    /// A failed sync is tried again on the same file.
    RetrySync,
    /// The tail of an interrupted batch is not cut away.
    KeepTornTail,
    /// A write that was cut short counts as done.
    IgnoreShortWrite,
}

impl Sabotage {
    /// All of them but none.
    pub const ALL: [Self; 7] = [
        Self::SkipSync,
        Self::AnswerBeforeSync,
        Self::SkipDirectorySync,
        Self::RenameBeforeSync,
        Self::RetrySync,
        Self::KeepTornTail,
        Self::IgnoreShortWrite,
    ];

    /// Whether the sync of this file is left out.
    pub(super) fn skips_sync(self, path: &Path) -> bool {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match self {
            Self::SkipSync => extension == Some("seg"),
            Self::RenameBeforeSync => extension == Some("new"),
            _ => false,
        }
    }
}
