//! The key pairs around a development log: the one that signs checkpoints, and the auditors'.

use std::fs;
use std::path::Path;

use audit::sealing::AuditorKeyError;
use audit::{AuditorPrivateKey, KeyError, Signer};

use super::folder::{FolderError, KeyFiles, KeyFolder};

/// Why a log's keys cannot be made.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum LogKeyError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Signing(#[from] KeyError),
    #[error(transparent)]
    Auditor(#[from] AuditorKeyError),
}

/// Makes the key pair of checkpoints in the folder, in the text forms of signed notes. `name` is the origin of the log's
/// checkpoints.
pub fn log_key(folder: &KeyFolder, name: &str) -> Result<KeyFiles, LogKeyError> {
    let files = folder.log();
    folder.make_room(&[&files.private, &files.public])?;
    let signer = Signer::create_key_file(&files.private, name)?;
    publish(&files.public, &signer.key().to_string())?;
    Ok(files)
}

/// Makes the auditors' key pair in the folder, which is theirs: gateways get the public half alone.
pub fn auditor_key(folder: &KeyFolder) -> Result<KeyFiles, LogKeyError> {
    let files = folder.auditor();
    folder.make_room(&[&files.private, &files.public])?;
    let auditor = AuditorPrivateKey::create_key_file(&files.private)?;
    publish(&files.public, &auditor.key().to_string())?;
    Ok(files)
}

fn publish(path: &Path, key: &str) -> Result<(), FolderError> {
    fs::write(path, format!("{key}\n")).map_err(|source| FolderError::Write {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_its_key_once() {
        let root = tempfile::tempdir().unwrap();
        let make = |force| log_key(&KeyFolder::new(root.path().join("keys"), force), "log.test");
        let files = make(false).unwrap();
        let read = || fs::read(&files.private).unwrap();
        let first = read();
        assert!(make(false).is_err());
        assert_eq!(read(), first);
        make(true).unwrap();
        assert_ne!(read(), first);

        let signer = Signer::load(&files.private).unwrap();
        let public: audit::VerifyingKey = fs::read_to_string(&files.public).unwrap().parse().unwrap();
        assert_eq!(&public, signer.key());
        assert_eq!(public.name(), "log.test");
    }

    #[test]
    fn auditors_have_their_key_once_and_gateways_can_seal_to_it() {
        let root = tempfile::tempdir().unwrap();
        let make = || auditor_key(&KeyFolder::new(root.path().join("auditor"), false));
        let files = make().unwrap();
        assert!(make().is_err());
        let private = AuditorPrivateKey::load(&files.private).unwrap();
        let public = audit::AuditorKey::load(&files.public).unwrap();
        assert_eq!(public.id(), private.key().id());
        assert!(
            audit::AuditorKey::load(&files.private).is_err(),
            "a gateway does not take it"
        );
    }
}
