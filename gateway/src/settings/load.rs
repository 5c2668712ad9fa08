//! From a folder to settings, or to all that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::check::{Draft, Parsed};
use super::day::Day;
use super::problem::{Problem, Problems, Severity};
use super::tree::{self, Files};
use super::{Imprint, Settings};
use crate::clock::Moment;
use crate::identity::revocation::LARGEST_FILE;

/// Largest file of a key, a password or a secret.
const LARGEST_SECRET: u64 = 1 << 20;

/// Reads and checks a whole tree.
///
/// # Errors
/// Every problem of the tree at once. None of it is then used.
pub fn load(dir: &Path) -> Result<Settings, Problems> {
    load_with(dir, true)
}

/// As [`load`], for a tree whose keys, certificates and databases lie elsewhere: they are not looked for.
///
/// # Errors
/// Every problem of the tree at once.
pub fn load_without_files(dir: &Path) -> Result<Settings, Problems> {
    load_with(dir, false)
}

fn load_with(dir: &Path, with_files: bool) -> Result<Settings, Problems> {
    let (files, mut problems) = tree::read_files(dir);
    let mut hashes = BTreeMap::new();
    for (path, bytes) in files.contents() {
        hashes.insert(path.to_owned(), Sha256::digest(bytes).into());
    }
    let draft = read_and_check(files, dir, with_files, &mut problems);
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(Problems::new(dir, problems));
    }
    let Some(gateway) = draft.gateway else {
        // Without the file there was an error above.
        return Err(Problems::new(dir, problems));
    };
    let schemas = draft.registries.values().flat_map(|file| file.value.schemas(dir));
    let schemas: BTreeSet<_> = schemas.map(PathBuf::from).collect();
    let (mut credentials, mut secrets) = (BTreeSet::new(), BTreeMap::new());
    for (name, file) in &draft.registries {
        let own = file.value.secrets();
        let own: BTreeSet<_> = own.iter().map(|file| Path::new(file.get_ref())).collect();
        let named = file.value.credentials();
        let named = named.iter().map(|file| Path::new(file.get_ref()));
        credentials.extend(named.filter(|path| !own.contains(path)).map(Path::to_owned));
        let read = |path| (path, tree::bytes_up_to(&dir.join(path), LARGEST_SECRET).ok());
        secrets.insert(name.clone(), Imprint::of(own.into_iter().map(read)));
    }
    for path in gateway.value.public_files().chain(&schemas).chain(&credentials) {
        if let Ok(bytes) = tree::bytes_up_to(&dir.join(path), LARGEST_FILE) {
            hashes.insert(path.clone(), Sha256::digest(&bytes).into());
        }
    }
    Ok(Settings {
        version: version(&hashes),
        gateway: gateway.value,
        registries: values(draft.registries),
        agencies: values(draft.agencies),
        agreements: values(draft.agreements),
        procedures: values(draft.procedures),
        codes: draft.codes,
        schemas: draft.schemas,
        base: dir.to_owned(),
        files: hashes,
        secrets,
        warnings: Problems::new(dir, problems).problems,
    })
}

fn read_and_check(files: Files, dir: &Path, with_files: bool, problems: &mut Vec<Problem>) -> Draft {
    let draft = Draft::read(files, dir, Day(Moment::now().viet_nam_day()), problems);
    draft.check(problems);
    if with_files {
        draft.check_files(dir, problems);
    }
    draft
}

impl Settings {
    /// The same with the certificates, revocation lists and key sets that they name as those are now.
    #[must_use]
    pub(crate) fn with_files_as_they_are(&self) -> Self {
        let mut settings = self.clone();
        for path in self.gateway.public_files() {
            match tree::bytes_up_to(&self.base.join(path), LARGEST_FILE) {
                Ok(bytes) => settings.files.insert(path.clone(), Sha256::digest(&bytes).into()),
                Err(_) => settings.files.remove(path),
            };
        }
        settings.version = version(&settings.files);
        settings
    }
}

/// The version of a configuration, from path and hash of each of its files. The path has its length before it, so that no two
/// trees look the same.
fn version(files: &BTreeMap<PathBuf, [u8; 32]>) -> String {
    let mut hash = Sha256::new();
    for (path, of_file) in files {
        let path = path.as_os_str().as_encoded_bytes();
        hash.update((path.len() as u64).to_be_bytes());
        hash.update(path);
        hash.update(of_file);
    }
    hex::encode(hash.finalize())[..12].to_owned()
}

fn values<T>(files: BTreeMap<String, Parsed<T>>) -> BTreeMap<String, T> {
    files.into_iter().map(|(name, file)| (name, file.value)).collect()
}

#[cfg(test)]
mod tests;
