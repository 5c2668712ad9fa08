//! One entry of a log's files by its place, for those who have no writer to ask.

use std::io;
use std::path::Path;

use crate::entry::Entry;
use crate::layout::Layout;
use crate::locate::Places;
use crate::reader::ReaderError;
use crate::storage::Disk;

/// Reads entries by their places. It learns where they are as it is used.
pub struct EntriesAt {
    layout: Layout,
    places: Places,
}

impl EntriesAt {
    /// Of the log in `folder`.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            layout: Layout::new(folder),
            places: Places::default(),
        }
    }

    /// The entry at `index`.
    ///
    /// # Errors
    /// When there is none, or it can't be read.
    pub fn entry(&self, index: u64) -> Result<Entry, ReaderError> {
        let bytes = self.bytes(index)?;
        Entry::decode_canonical(&bytes).map_err(|error| ReaderError::Entry { index, error })
    }

    /// Its canonical bytes.
    ///
    /// # Errors
    /// When there is none, or it can't be read.
    pub fn bytes(&self, index: u64) -> io::Result<Vec<u8>> {
        self.places.entry(&Disk, &self.layout, index)
    }
}

impl std::fmt::Debug for EntriesAt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("EntriesAt").finish_non_exhaustive()
    }
}
