//! Checkpoints: the size and root of the tree, signed as a C2SP note (c2sp.org/tlog-checkpoint, c2sp.org/signed-note).

mod key;
mod note;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::tree::Hash;

pub use key::{KeyError, Signer, VerifyingKey};
pub(crate) use note::MAX_NOTE_BYTES;
use note::Note;
pub use note::NoteError;

/// What a log claims: under this origin, this many entries, this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// Entries in the tree.
    pub size: u64,
    /// The tree's root hash.
    pub root: Hash,
}

/// A checkpoint together with the note that was signed; the signature has been checked or just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: String,
}

impl Checkpoint {
    /// The three lines that are signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// Reads the text of a note. Extension lines are allowed and ignored.
    ///
    /// # Errors
    /// When one of the three lines is missing or malformed.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.split_terminator('\n');
        let mut line = || {
            lines
                .next()
                .filter(|line| !line.is_empty())
                .ok_or(NoteError::Malformed("checkpoint line is missing"))
        };
        let (origin, size, root) = (line()?, line()?, line()?);
        if lines.any(str::is_empty) {
            return Err(NoteError::Malformed("empty extension line"));
        }
        let size = decimal(size).ok_or(NoteError::Malformed("tree size"))?;
        let root = hash_from_base64(root).ok_or(NoteError::Malformed("root hash"))?;
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
        })
    }

    /// Signs. Only the writer and tests of this crate do: what is signed must continue what was signed before.
    #[must_use]
    pub(crate) fn sign(self, signer: &Signer) -> SignedCheckpoint {
        let note = note::sign(&self.text(), signer);
        SignedCheckpoint {
            checkpoint: self,
            note,
        }
    }
}

impl SignedCheckpoint {
    /// Reads a note and checks that the key's holder signed it and that it is of this key's log.
    ///
    /// # Errors
    /// When the note is malformed, of another origin, or without a good signature of the key.
    pub fn verify(note: &str, key: &VerifyingKey) -> Result<Self, NoteError> {
        let parsed = Note::parse(note)?;
        parsed.verify(key)?;
        let checkpoint = Checkpoint::parse(parsed.text)?;
        if checkpoint.origin != key.name() {
            return Err(NoteError::Origin);
        }
        Ok(Self {
            checkpoint,
            note: note.to_owned(),
        })
    }

    /// When the witness cosigned it, in seconds since 1970.
    ///
    /// # Errors
    /// When it did not, or a signature that names its key does not verify.
    pub fn cosigned(&self, witness: &VerifyingKey) -> Result<u64, NoteError> {
        let note = Note::parse(&self.note)?;
        note.verify(witness)?;
        let times = note.signatures_of(witness);
        times
            .filter_map(|(_, signature)| witness.time(&signature))
            .max()
            .ok_or(NoteError::NotSigned)
    }

    /// The same checkpoint with the signature lines that are the witness's, and when it cosigned. Lines of others are left out.
    ///
    /// # Errors
    /// When there is no line of the witness, or one does not verify.
    pub fn with_cosignature(&self, lines: &str, witness: &VerifyingKey) -> Result<(Self, u64), NoteError> {
        let answer = format!("{}\n{lines}", self.checkpoint_text()?);
        let parsed = Note::parse(&answer)?;
        let mut note = self.note.clone();
        for (line, _) in parsed.signatures_of(witness) {
            if !note.contains(line) {
                note.push_str(line);
            }
        }
        let cosigned = Self {
            checkpoint: self.checkpoint.clone(),
            note,
        };
        let time = cosigned.cosigned(witness)?;
        Ok((cosigned, time))
    }

    fn checkpoint_text(&self) -> Result<&str, NoteError> {
        Ok(Note::parse(&self.note)?.text)
    }

    /// What was signed.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The whole note, with its signature lines.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }
}

/// A decimal number without leading zeros or sign.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let plain = text == "0" || !text.starts_with('0');
    (plain && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A hash in standard base64.
pub(crate) fn hash_from_base64(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests;
