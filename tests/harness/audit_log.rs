//! The access log that the gateway under test wrote, read as an auditor does: from its published
//! files and the public key alone.

use std::fs;
use std::path::{Path, PathBuf};

use audit::{Entry, Receipt, Report, VerifyError, VerifyOptions, VerifyingKey};

/// The log's folder and the public key.
pub struct AuditLog {
    folder: PathBuf,
    key: VerifyingKey,
}

impl AuditLog {
    pub(crate) fn new(folder: PathBuf, key: &Path) -> Self {
        let text = fs::read_to_string(key).expect("the log's public key");
        Self {
            folder,
            key: text.parse().expect("a public key"),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Derives everything anew and compares it with what was signed.
    ///
    /// # Errors
    /// At the first place that is not as it was signed.
    pub fn verify(&self) -> Result<Report, VerifyError> {
        audit::verify(&self.folder, &self.key, &VerifyOptions::default(), |_| {})
    }

    /// Changes one bit of the first place of the journal where this text stands.
    ///
    /// # Panics
    /// When it stands nowhere.
    pub fn damage(&self, text: &str) {
        let segment = fs::read_dir(self.folder.join("journal"))
            .expect("a journal")
            .next()
            .expect("a segment")
            .expect("a segment that can be read")
            .path();
        let mut bytes = fs::read(&segment).expect("a segment that can be read");
        let at = bytes
            .windows(text.len())
            .position(|part| part == text.as_bytes())
            .expect("the text");
        bytes[at] ^= 1;
        fs::write(&segment, bytes).expect("a segment that can be written");
    }

    /// Whether the proof shows that this log has these bytes as its entry at the index.
    #[must_use]
    pub fn proves(&self, proof: &str, index: u64, entry: &[u8]) -> bool {
        Receipt::parse(proof)
            .is_ok_and(|receipt| receipt.index == index && receipt.verify(entry, &self.key).is_ok())
    }

    /// Every entry with its index.
    ///
    /// # Panics
    /// When the log cannot be read.
    #[must_use]
    pub fn entries(&self) -> Vec<(u64, Entry)> {
        let entries = audit::entries(&self.folder).collect::<Result<_, _>>();
        entries.expect("a log that can be read")
    }

    /// The entry at an index.
    ///
    /// # Panics
    /// When the log holds none there.
    #[must_use]
    pub fn entry(&self, index: u64) -> Entry {
        let found = audit::entries(&self.folder).from(index).next();
        let (at, entry) = found.expect("an entry").expect("a log that can be read");
        assert_eq!(at, index);
        entry
    }
}
