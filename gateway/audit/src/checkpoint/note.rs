//! Signed notes (c2sp.org/signed-note): a text, an empty line, signature lines.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::{Signer, VerifyingKey};

/// A note longer than this is refused before it is looked at.
pub(crate) const MAX_NOTE_BYTES: usize = 64 * 1024;

/// Why a note is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a note, or not a checkpoint.
    #[error("malformed note: {0}")]
    Malformed(&'static str),
    /// No signature line names the key.
    #[error("note is not signed by the log's key")]
    NotSigned,
    /// A signature line names the key and does not verify.
    #[error("signature of the log's key does not verify")]
    BadSignature,
    /// Signed by the key, but a checkpoint of another log.
    #[error("checkpoint of another origin")]
    Origin,
}

/// A note taken apart, not yet believed.
pub(super) struct Note<'a> {
    /// What is signed, with its last newline.
    pub(super) text: &'a str,
    signatures: &'a str,
}

impl<'a> Note<'a> {
    pub(super) fn parse(note: &'a str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(NoteError::Malformed("too long"));
        }
        if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::Malformed("control character"));
        }
        let split = note
            .rfind("\n\n")
            .ok_or(NoteError::Malformed("no signature block"))?;
        let (text, rest) = note.split_at(split + 1);
        let signatures = rest.strip_prefix('\n').unwrap_or_default();
        if signatures.is_empty() || !signatures.ends_with('\n') {
            return Err(NoteError::Malformed("signature line does not end"));
        }
        let parsed = Self { text, signatures };
        if parsed.lines().any(|line| line.is_none()) {
            return Err(NoteError::Malformed("signature line"));
        }
        let mut seen = HashSet::new();
        if !signatures.lines().all(|line| seen.insert(line)) {
            return Err(NoteError::Malformed("a signature line stands twice"));
        }
        Ok(parsed)
    }

    /// Name, key id and signature of each line; `None` for a line that is none.
    fn lines(&self) -> impl Iterator<Item = Option<(&'a str, [u8; 4], Vec<u8>)>> {
        self.signatures.split_terminator('\n').map(|line| {
            let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
            let bytes = STANDARD.decode(encoded).ok()?;
            let (id, signature) = bytes.split_first_chunk::<4>()?;
            Some((name, *id, signature.to_vec()))
        })
    }

    /// The signatures that name the key, each with its whole line.
    pub(super) fn signatures_of(&self, key: &VerifyingKey) -> impl Iterator<Item = (&'a str, Vec<u8>)> {
        let whole = self.signatures.split_inclusive('\n');
        let named = whole.zip(self.lines()).filter_map(|(line, parts)| {
            let (name, id, signature) = parts?;
            (name == key.name() && id == key.id()).then_some((line, signature))
        });
        named.collect::<Vec<_>>().into_iter()
    }

    /// Checks every signature that names the key; those of other keys (witnesses, other algorithms) are passed over.
    pub(super) fn verify(&self, key: &VerifyingKey) -> Result<(), NoteError> {
        let mut signed = false;
        for (_, signature) in self.signatures_of(key) {
            if !key.verifies(self.text.as_bytes(), &signature) {
                return Err(NoteError::BadSignature);
            }
            signed = true;
        }
        if signed { Ok(()) } else { Err(NoteError::NotSigned) }
    }
}

/// The note of `text`, which must end in a newline.
pub(super) fn sign(text: &str, signer: &Signer) -> String {
    let mut signature = signer.key().id().to_vec();
    signature.extend_from_slice(&signer.signature(text.as_bytes()));
    format!(
        "{text}\n\u{2014} {} {}\n",
        signer.key().name(),
        STANDARD.encode(signature)
    )
}
