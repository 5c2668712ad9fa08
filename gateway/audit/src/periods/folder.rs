//! The folder of subject keys: `2026-11.key` for each period, and `2026-11.destroyed` where there was one.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::Period;
use crate::pseudonym::{PeriodKeys, PseudonymKeyError, create_key_file};

/// The name in the place of a period for entries that name none: they are older than periods. The one key of that time
/// is kept under this name.
pub const BEFORE_PERIODS: &str = "before-periods";

/// A folder of subject keys.
#[derive(Clone, Debug)]
pub struct SubjectKeyFolder {
    path: PathBuf,
}

/// Why the keys of a period cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyFolderError {
    /// The folder or a file in it could not be read, made or taken away.
    #[error("subject keys in {}: {source}", .path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others than the owner may write to the folder: they could put keys of their own there.
    #[error("mode {mode:03o} of {} lets others write, want 700", .path.display())]
    Open {
        /// The folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A key file is not one.
    #[error("subject key {}: {source}", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PseudonymKeyError,
    },
    /// The keys of this period were destroyed; none are made again.
    #[error("the subject keys of period {0} were destroyed")]
    Destroyed(String),
    /// There are no keys of this period.
    #[error("there are no subject keys of period {0}")]
    Missing(String),
}

impl SubjectKeyFolder {
    /// Takes a folder up. Nothing is made.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The keys of a period. `name` is what stands in the entry; empty for entries older than periods.
    ///
    /// # Errors
    /// When they are missing, were destroyed, or others may read them.
    pub fn read(&self, name: &str) -> Result<PeriodKeys, KeyFolderError> {
        let stem = if name.is_empty() { BEFORE_PERIODS } else { name };
        // A name comes from an entry: it must not lead anywhere else.
        if stem != BEFORE_PERIODS && stem.parse::<Period>().is_err() {
            return Err(KeyFolderError::Missing("without a name".to_owned()));
        }
        if self.is_destroyed(stem) {
            return Err(KeyFolderError::Destroyed(stem.to_owned()));
        }
        let path = self.key(stem);
        if !path.exists() {
            return Err(KeyFolderError::Missing(stem.to_owned()));
        }
        PeriodKeys::load(name, &path).map_err(|source| KeyFolderError::Key { path, source })
    }

    /// The keys of every period that has some, oldest first: to find a subject in the whole log, its pseudonym under
    /// each is needed.
    ///
    /// # Errors
    /// When the folder or one of the files cannot be read.
    pub fn every(&self) -> Result<Vec<PeriodKeys>, KeyFolderError> {
        let mut names = self.names("key")?;
        names.sort();
        let read = |name: String| self.read(if name == BEFORE_PERIODS { "" } else { &name });
        let mut keys = names.into_iter().map(read).collect::<Vec<_>>();
        // Those that are being destroyed have both files for a moment.
        keys.retain(|keys| {
            !matches!(
                keys,
                Err(KeyFolderError::Destroyed(_) | KeyFolderError::Missing(_))
            )
        });
        keys.into_iter().collect()
    }

    /// The names of the periods whose keys were destroyed, oldest first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn destroyed(&self) -> Result<Vec<String>, KeyFolderError> {
        let mut names = self.names("destroyed")?;
        names.sort();
        Ok(names)
    }

    /// Makes the folder when it is missing, with mode 0700.
    pub(super) fn make(&self) -> Result<(), KeyFolderError> {
        let failed = |source| self.failed(&self.path, source);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path)
            .map_err(failed)?;
        let mode = fs::metadata(&self.path).map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o022 == 0 {
            Ok(())
        } else {
            Err(KeyFolderError::Open {
                path: self.path.clone(),
                mode,
            })
        }
    }

    /// The keys of a period, made durably when there are none yet.
    pub(super) fn read_or_make(&self, period: &Period) -> Result<PeriodKeys, KeyFolderError> {
        let name = period.to_string();
        match self.read(&name) {
            Err(KeyFolderError::Missing(_)) => self.create(&name)?,
            other => return other,
        }
        self.read(&name)
    }

    /// Destroys the keys of a period. What is left says only that there were some. Done again, it finishes what a crash
    /// left half done.
    ///
    /// The files are unlinked, not written over: journals, snapshots and wear levelling keep what was written before,
    /// so that overwriting promises what it cannot hold. Backups and snapshots of the folder have to go too.
    ///
    /// # Errors
    /// When there never were such keys, or the folder cannot be changed.
    pub fn destroy(&self, name: &str) -> Result<(), KeyFolderError> {
        let (key, half) = (self.key(name), self.half_made(name));
        let known = name == BEFORE_PERIODS || name.parse::<Period>().is_ok();
        if !known || !(key.exists() || half.exists() || self.is_destroyed(name)) {
            return Err(KeyFolderError::Missing(name.to_owned()));
        }
        // First the mark: from here on no keys of this name are used or made.
        let mark = self.mark(name);
        File::create(&mark)
            .and_then(|file| file.sync_all())
            .and_then(|()| self.sync())
            .map_err(|source| self.failed(&mark, source))?;
        for path in [key, half] {
            remove(&path).map_err(|source| self.failed(&path, source))?;
        }
        self.sync().map_err(|source| self.failed(&self.path, source))
    }

    /// Makes new keys. The file has its name only when it is whole, and never takes the place of another.
    fn create(&self, name: &str) -> Result<(), KeyFolderError> {
        let (path, half) = (self.key(name), self.half_made(name));
        remove(&half).map_err(|source| self.failed(&half, source))?;
        create_key_file(&half).map_err(|source| KeyFolderError::Key {
            path: half.clone(),
            source,
        })?;
        let linked = match fs::hard_link(&half, &path) {
            // Another process was first: its keys are the keys.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        };
        linked
            .and_then(|()| remove(&half))
            .and_then(|()| self.sync())
            .map_err(|source| self.failed(&path, source))
    }

    fn names(&self, extension: &str) -> Result<Vec<String>, KeyFolderError> {
        let failed = |source| self.failed(&self.path, source);
        let mut names = Vec::new();
        for item in fs::read_dir(&self.path).map_err(failed)? {
            let path = item.map_err(failed)?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            if let Some(stem) = stem
                && path.extension().is_some_and(|found| found == extension)
                && (stem == BEFORE_PERIODS || stem.parse::<Period>().is_ok())
            {
                names.push(stem.to_owned());
            }
        }
        Ok(names)
    }

    fn is_destroyed(&self, name: &str) -> bool {
        self.mark(name).exists()
    }

    fn key(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.key"))
    }

    fn half_made(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.new"))
    }

    fn mark(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.destroyed"))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    fn failed(&self, path: &Path, source: io::Error) -> KeyFolderError {
        KeyFolderError::Folder {
            path: path.to_owned(),
            source,
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn november() -> Period {
        "2026-11".parse().expect("a period")
    }

    #[test]
    fn keys_are_made_once_for_their_owner_alone_and_nothing_else_stays() {
        let root = tempfile::tempdir().expect("temporary folder");
        let folder = SubjectKeyFolder::new(root.path().join("keys"));
        folder.make().expect("folder");
        let made = folder.read_or_make(&november()).expect("made");
        let read = folder.read_or_make(&november()).expect("read");
        assert_eq!(made.subject("citizen", "1"), read.subject("citizen", "1"));
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(folder.path()), 0o700);
        assert_eq!(mode(&folder.key("2026-11")), 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1);
    }

    #[test]
    fn keys_or_a_folder_that_others_get_at_are_refused() {
        let root = tempfile::tempdir().expect("temporary folder");
        let folder = SubjectKeyFolder::new(root.path());
        folder.read_or_make(&november()).expect("made");
        let set =
            |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
        set(&folder.key("2026-11"), 0o640);
        assert!(matches!(folder.read("2026-11"), Err(KeyFolderError::Key { .. })));
        set(root.path(), 0o770);
        assert!(matches!(
            folder.make(),
            Err(KeyFolderError::Open { mode: 0o770, .. })
        ));
    }

    #[test]
    fn destroyed_keys_are_gone_and_are_not_made_again() {
        let root = tempfile::tempdir().expect("temporary folder");
        let folder = SubjectKeyFolder::new(root.path());
        assert!(matches!(
            folder.destroy("2026-11"),
            Err(KeyFolderError::Missing(_))
        ));
        folder.read_or_make(&november()).expect("made");
        fs::copy(folder.key("2026-11"), folder.half_made("2026-11")).expect("as a crash leaves it");
        folder.destroy("2026-11").expect("destroyed");
        folder.destroy("2026-11").expect("and again");
        assert!(matches!(
            folder.read_or_make(&november()),
            Err(KeyFolderError::Destroyed(_))
        ));
        assert_eq!(folder.destroyed().expect("readable"), ["2026-11"]);
        assert_eq!(folder.every().expect("readable").len(), 0);
        let left: Vec<_> = fs::read_dir(root.path()).expect("readable").collect();
        assert_eq!(left.len(), 1, "the mark alone: {left:?}");
    }

    #[test]
    fn a_name_out_of_an_entry_leads_nowhere_else() {
        let root = tempfile::tempdir().expect("temporary folder");
        let folder = SubjectKeyFolder::new(root.path().join("keys"));
        for name in ["../2026-11", "/etc/passwd", "2026-11/../x"] {
            assert!(
                matches!(folder.read(name), Err(KeyFolderError::Missing(_))),
                "{name}"
            );
            assert!(folder.destroy(name).is_err(), "{name}");
        }
    }

    #[test]
    fn the_one_key_of_older_entries_is_found_under_its_name() {
        let root = tempfile::tempdir().expect("temporary folder");
        let folder = SubjectKeyFolder::new(root.path());
        create_key_file(&folder.key(BEFORE_PERIODS)).expect("made");
        folder.read_or_make(&november()).expect("made");
        assert_eq!(folder.read("").expect("there").name(), "");
        let names: Vec<_> = folder
            .every()
            .expect("readable")
            .iter()
            .map(|keys| keys.name().to_owned())
            .collect();
        assert_eq!(names, ["2026-11", ""]);
    }
}
