//! The keys of a development log: the pair that signs checkpoints, and the key of pseudonyms.

use std::fs;
use std::path::PathBuf;

use audit::pseudonym::PseudonymKeyError;
use audit::{KeyError, Pseudonymizer, Signer};

use super::folder::{FolderError, KeyFiles, KeyFolder};

/// The files of a log's keys.
#[derive(Clone, Debug)]
pub struct LogKeys {
    /// The key pair of checkpoints, in the text forms of signed notes.
    pub signing: KeyFiles,
    /// The key under which subjects become pseudonyms.
    pub pseudonym: PathBuf,
}

/// Why a log's keys cannot be made.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum LogKeyError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Signing(#[from] KeyError),
    #[error(transparent)]
    Pseudonym(#[from] PseudonymKeyError),
}

/// Makes both keys in the folder. `name` is the origin of the log's checkpoints.
pub fn log_keys(folder: &KeyFolder, name: &str) -> Result<LogKeys, LogKeyError> {
    let keys = LogKeys {
        signing: folder.log(),
        pseudonym: folder.pseudonym(),
    };
    folder.make_room(&[&keys.signing.private, &keys.pseudonym, &keys.signing.public])?;
    let signer = Signer::create_key_file(&keys.signing.private, name)?;
    Pseudonymizer::create_key_file(&keys.pseudonym)?;
    let public = format!("{}\n", signer.key());
    fs::write(&keys.signing.public, public).map_err(|source| FolderError::Write {
        path: keys.signing.public.clone(),
        source,
    })?;
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_its_keys_once() {
        let root = tempfile::tempdir().unwrap();
        let make = |force| log_keys(&KeyFolder::new(root.path().join("keys"), force), "log.test");
        let keys = make(false).unwrap();
        let read = || fs::read(&keys.signing.private).unwrap();
        let first = read();
        assert!(make(false).is_err());
        assert_eq!(read(), first);
        make(true).unwrap();
        assert_ne!(read(), first);

        let signer = Signer::load(&keys.signing.private).unwrap();
        let public: audit::VerifyingKey = fs::read_to_string(&keys.signing.public).unwrap().parse().unwrap();
        assert_eq!(&public, signer.key());
        assert_eq!(public.name(), "log.test");
        Pseudonymizer::load(&keys.pseudonym).unwrap();
    }
}
