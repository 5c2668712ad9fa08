//! Where development keys lie.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

/// A folder of development keys.
#[derive(Clone, Debug)]
pub struct KeyFolder {
    root: PathBuf,
    overwrite: bool,
}

/// A key and what is published of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct KeyFiles {
    /// The certificate (PEM) or the key set (JSON).
    pub public: PathBuf,
    /// The private key: PKCS #8 in PEM, readable by its owner alone.
    pub private: PathBuf,
}

/// Why a key file cannot be written.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum FolderError {
    #[error("{} exists; --force writes it anew", .0.display())]
    Exists(PathBuf),
    #[error("{} cannot be written", .path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{0:?} is not a name of letters, digits, dots, dashes and underscores")]
    BadName(String),
}

impl KeyFolder {
    /// The folder need not exist. Existing files are kept unless `overwrite`.
    pub fn new(root: impl Into<PathBuf>, overwrite: bool) -> Self {
        Self {
            root: root.into(),
            overwrite,
        }
    }

    /// The authority's certificate and key.
    pub fn authority(&self) -> KeyFiles {
        self.files("ca", "pem")
    }

    /// The authority's revocation list.
    pub fn revocation_list(&self) -> PathBuf {
        self.root.join("ca.crl")
    }

    /// The gateway's certificate and key.
    pub fn server(&self) -> KeyFiles {
        self.files("server", "pem")
    }

    /// The client certificate and key of an agency.
    pub fn client(&self, agency: &str) -> Result<KeyFiles, FolderError> {
        Ok(self.files(&format!("clients/{}", file_name(agency)?), "pem"))
    }

    /// The key set and key of a token issuer.
    pub fn issuer(&self, name: &str) -> Result<KeyFiles, FolderError> {
        Ok(self.files(&format!("issuers/{}", file_name(name)?), "jwks.json"))
    }

    /// The key pair of the log's checkpoints.
    pub fn log(&self) -> KeyFiles {
        self.files("log", "pub")
    }

    /// The auditors' key pair, to which subjects are sealed.
    pub fn auditor(&self) -> KeyFiles {
        self.files("auditor", "pub")
    }

    /// Fails when any of the files exists and may not be overwritten, before anything is written.
    pub fn check_free(&self, files: &[&KeyFiles]) -> Result<(), FolderError> {
        let taken = files
            .iter()
            .flat_map(|files| [&files.public, &files.private])
            .find(|path| path.exists());
        match taken {
            Some(path) if !self.overwrite => Err(FolderError::Exists(path.clone())),
            _ => Ok(()),
        }
    }

    /// Writes both halves, the private one with mode 0600.
    pub fn write(&self, files: &KeyFiles, public: &str, private: &SecretString) -> Result<(), FolderError> {
        self.check_free(&[files])?;
        self.write_file(&files.private, private.expose_secret(), 0o600)?;
        self.write_file(&files.public, public, 0o644)
    }

    /// Makes sure that new files can be made at these places; files that may be overwritten go,
    /// because an old file would keep its mode. Nothing is touched when one may not be.
    pub(super) fn make_room(&self, paths: &[&Path]) -> Result<(), FolderError> {
        if !self.overwrite
            && let Some(taken) = paths.iter().find(|path| path.exists())
        {
            return Err(FolderError::Exists(taken.to_path_buf()));
        }
        for path in paths {
            let failed = |source| FolderError::Write {
                path: path.to_path_buf(),
                source,
            };
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(failed)?;
            }
            if self.overwrite
                && let Err(error) = fs::remove_file(path)
                && error.kind() != io::ErrorKind::NotFound
            {
                return Err(failed(error));
            }
        }
        Ok(())
    }

    fn files(&self, stem: &str, public: &str) -> KeyFiles {
        KeyFiles {
            public: self.root.join(format!("{stem}.{public}")),
            private: self.root.join(format!("{stem}.key")),
        }
    }

    fn write_file(&self, path: &Path, text: &str, mode: u32) -> Result<(), FolderError> {
        let failed = |source| FolderError::Write {
            path: path.to_owned(),
            source,
        };
        self.make_room(&[path])?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)
            .map_err(|source| match source.kind() {
                io::ErrorKind::AlreadyExists => FolderError::Exists(path.to_owned()),
                _ => failed(source),
            })?;
        file.write_all(text.as_bytes()).map_err(failed)
    }
}

fn file_name(name: &str) -> Result<&str, FolderError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if name.is_empty() || name.starts_with('.') || !name.bytes().all(plain) {
        return Err(FolderError::BadName(name.to_owned()));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_private_key_is_readable_by_its_owner_alone_and_not_overwritten_unasked() {
        let root = tempfile::tempdir().unwrap();
        let folder = KeyFolder::new(root.path(), false);
        let files = folder.client("H29.12").unwrap();
        folder.write(&files, "public", &"private".into()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&files.private), 0o600);

        assert!(matches!(
            folder.write(&files, "x", &"x".into()),
            Err(FolderError::Exists(_))
        ));
        assert_eq!(fs::read_to_string(&files.private).unwrap(), "private");

        fs::set_permissions(&files.private, fs::Permissions::from_mode(0o644)).unwrap();
        KeyFolder::new(root.path(), true)
            .write(&files, "other", &"secret".into())
            .unwrap();
        assert_eq!(fs::read_to_string(&files.private).unwrap(), "secret");
        assert_eq!(mode(&files.private), 0o600);
    }

    #[test]
    fn a_name_cannot_lead_out_of_the_folder() {
        let folder = KeyFolder::new("/nowhere", false);
        for name in ["../x", "a/b", "", "..", ".hidden", "a\0"] {
            assert!(
                matches!(folder.client(name), Err(FolderError::BadName(_))),
                "{name:?}"
            );
        }
    }
}
