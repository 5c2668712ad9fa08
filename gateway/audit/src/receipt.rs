//! Receipts that anybody can check offline, in the text form `c2sp.org/tlog-proof@v1`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{NoteError, SignedCheckpoint, VerifyingKey, decimal, hash_from_base64};
use crate::proof::verify_inclusion;
use crate::tree::{Hash, leaf_hash};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// No tree has a longer audit path.
const MAX_PATH: usize = 63;

/// Proof that an entry stands at an index of the log that a checkpoint describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The entry's index.
    pub index: u64,
    /// The audit path, the leaf's sibling first.
    pub path: Vec<Hash>,
    /// The signed checkpoint note.
    pub note: String,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not in the text form.
    #[error("malformed receipt: {0}")]
    Malformed(&'static str),
    /// The checkpoint in it is not believed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The path does not lead from the entry to the checkpoint's root.
    #[error("receipt does not belong to this entry")]
    NotIncluded,
}

impl Receipt {
    /// Reads the text form. Extra data is passed over: nothing vouches for it.
    ///
    /// # Errors
    /// When it is not in the form; nothing is verified yet.
    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        let (head, note) = text
            .split_once("\n\n")
            .ok_or(ReceiptError::Malformed("no checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(ReceiptError::Malformed("first line"));
        }
        if let Some(extra) = lines.next_if(|line| line.starts_with("extra ")) {
            STANDARD
                .decode(&extra["extra ".len()..])
                .map_err(|_| ReceiptError::Malformed("extra line"))?;
        }
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(decimal)
            .ok_or(ReceiptError::Malformed("index line"))?;
        let path: Option<Vec<Hash>> = lines.map(hash_from_base64).collect();
        let path = path
            .filter(|path| path.len() <= MAX_PATH)
            .ok_or(ReceiptError::Malformed("hash line"))?;
        Ok(Self {
            index,
            path,
            note: note.to_owned(),
        })
    }

    /// Checks that the log whose key this is has `entry` (canonical bytes) at [`Self::index`].
    ///
    /// # Errors
    /// When the checkpoint is not the log's, or the entry is not in it at that place.
    pub fn verify(&self, entry: &[u8], key: &VerifyingKey) -> Result<SignedCheckpoint, ReceiptError> {
        let signed = SignedCheckpoint::verify(&self.note, key)?;
        let checkpoint = signed.checkpoint();
        let included = verify_inclusion(
            &leaf_hash(entry),
            self.index,
            checkpoint.size,
            &self.path,
            &checkpoint.root,
        );
        if included {
            Ok(signed)
        } else {
            Err(ReceiptError::NotIncluded)
        }
    }
}

/// The text form.
impl fmt::Display for Receipt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{HEADER}\nindex {}", self.index)?;
        for hash in &self.path {
            writeln!(formatter, "{}", STANDARD.encode(hash))?;
        }
        write!(formatter, "\n{}", self.note)
    }
}

#[cfg(test)]
mod tests {
    use super::{Receipt, ReceiptError};
    use crate::checkpoint::{Checkpoint, Signer};
    use crate::tree::{leaf_hash, node_hash};

    fn signed_pair() -> (Signer, Receipt) {
        let signer = Signer::ephemeral("log.example/audit").expect("a good name");
        let (one, two) = (leaf_hash(b"one"), leaf_hash(b"two"));
        let root = node_hash(&one, &two);
        let note = Checkpoint {
            origin: "log.example/audit".to_owned(),
            size: 2,
            root,
        }
        .sign(&signer)
        .note()
        .to_owned();
        (
            signer,
            Receipt {
                index: 1,
                path: vec![one],
                note,
            },
        )
    }

    #[test]
    fn a_receipt_survives_its_text_form_and_proves_its_entry_only() {
        let (signer, receipt) = signed_pair();
        let again = Receipt::parse(&receipt.to_string()).expect("its own text");
        assert_eq!(again, receipt);
        assert!(again.verify(b"two", signer.key()).is_ok());
        assert_eq!(again.verify(b"one", signer.key()), Err(ReceiptError::NotIncluded));
    }

    #[test]
    fn extra_data_is_passed_over_and_a_wrong_index_refused() {
        let (signer, receipt) = signed_pair();
        let text = receipt.to_string().replace("\nindex", "\nextra AAAA\nindex");
        assert_eq!(Receipt::parse(&text), Ok(receipt.clone()));
        let moved = Receipt { index: 0, ..receipt };
        assert_eq!(moved.verify(b"two", signer.key()), Err(ReceiptError::NotIncluded));
        assert!(Receipt::parse(&text.replace("index 1", "index 01")).is_err());
    }
}
