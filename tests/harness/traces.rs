//! What a gateway leaves behind, and the search for what must not be in it.

use std::fs;
use std::path::Path;

use crate::refused::Refused;

/// What a compressed file begins with (RFC 8878 section 3.1.1).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// What was said to callers, and what must not be found.
#[derive(Default)]
pub struct Traces {
    /// Everything that was left.
    pub left: Vec<u8>,
    /// What must not stand in it, in any case of letters.
    pub secrets: Vec<String>,
}

impl Traces {
    /// Keeps what a caller was told.
    ///
    /// # Panics
    /// When the refusal has no answer word.
    pub fn told(&mut self, refused: Refused) {
        assert!(!refused.word.is_empty(), "refused by name: {refused:?}");
        self.left.extend(format!("{refused:?}").into_bytes());
        self.left.extend(refused.details);
    }

    /// Keeps the names and contents of the files under a folder, but for the contents of those passed over.
    ///
    /// # Panics
    /// When a file can't be read.
    pub fn gather(&mut self, folder: &Path, passed_over: &[&str]) {
        for entry in fs::read_dir(folder).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            self.left.extend(path.to_string_lossy().as_bytes());
            if passed_over.iter().any(|name| path.ends_with(name)) {
                continue;
            }
            if path.is_dir() {
                self.gather(&path, passed_over);
            } else {
                let bytes = fs::read(&path).expect("it can be read");
                // Segments that were sealed are compressed.
                if bytes.starts_with(&ZSTD) {
                    let whole = zstd::decode_all(&*bytes).unwrap_or_default();
                    self.left.extend(whole);
                }
                self.left.extend(bytes);
            }
        }
    }

    /// What was left, without the long runs of zeros that the log writes ahead; single zeros stay, as in UTF-16.
    #[must_use]
    pub fn without_zeros(&self) -> Vec<u8> {
        let mut kept = Vec::new();
        for byte in &self.left {
            if *byte != 0 || !kept.ends_with(&[0; 16]) {
                kept.push(*byte);
            }
        }
        kept
    }

    /// Searches.
    ///
    /// # Panics
    /// With the place, when a secret stands there.
    pub fn hold_no_secret(self) {
        let left: Vec<u8> = self.left.into_iter().filter(|byte| *byte != 0).collect();
        let left = String::from_utf8_lossy(&left).to_ascii_lowercase();
        for secret in &self.secrets {
            if let Some(at) = left.find(&secret.to_ascii_lowercase()) {
                let before = left[..at].chars().rev().take(80).collect::<Vec<_>>();
                let around: String = before
                    .into_iter()
                    .rev()
                    .chain(left[at..].chars().take(80))
                    .collect();
                panic!("{secret} was left behind: {around}");
            }
        }
    }
}
