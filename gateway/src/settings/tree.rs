//! The operator's files, read in one pass, so that everything is decided from one moment's state.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

mod schemas;

use super::nearest;
use super::problem::{Position, Problem, Severity};
use super::source::Source;
pub(super) use schemas::{SchemaFile, is_text};

/// The file of the gateway's own settings.
const GATEWAY: &str = "gateway.toml";

/// The folders of files that are read.
const FOLDERS: [&str; 5] = ["agencies", "agreements", "codes", "procedures", "registries"];

/// Endings of schemas, which stand beside the registries that name them.
const SCHEMA_ENDINGS: [&str; 2] = [".proto", ".binpb"];

/// The folder of schemas, whose folders are those of their packages.
pub(super) const SCHEMAS: &str = "schemas";

/// The largest file that is read. Against a wrong file that fills the memory.
pub(super) const LARGEST: u64 = 1 << 20;

/// The most files that are read. Against a wrong folder.
const MOST_FILES: usize = 10_000;

/// The files, by folder and by name without their ending. One that can't be read is a name alone.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) gateway: Option<Source>,
    pub(super) registries: BTreeMap<String, Option<Source>>,
    pub(super) agencies: BTreeMap<String, Option<Source>>,
    pub(super) agreements: BTreeMap<String, Option<Source>>,
    pub(super) procedures: BTreeMap<String, Option<Source>>,
    pub(super) codes: BTreeMap<String, Option<Source>>,
    pub(super) schemas: Vec<SchemaFile>,
}

impl Files {
    /// Every file with its path from the configuration folder, in a stable order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Source> {
        let folders = [
            &self.agencies,
            &self.agreements,
            &self.codes,
            &self.procedures,
            &self.registries,
        ];
        self.gateway
            .iter()
            .chain(folders.into_iter().flat_map(BTreeMap::values).flatten())
    }

    /// Every file's path from the configuration folder and what stands in it, in a stable order.
    pub(super) fn contents(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        let settings = self.all().map(|source| (&*source.path, source.text.as_bytes()));
        let schemas = self.schemas.iter().map(|file| (&*file.path, &*file.bytes));
        settings.chain(schemas)
    }
}

/// Reads all files of the tree. What can't be read is told and left out.
pub(super) fn read_files(base: &Path) -> (Files, Vec<Problem>) {
    let mut reading = Reading {
        base,
        left: MOST_FILES,
        problems: Vec::new(),
    };
    let files = Files {
        gateway: reading.file(Path::new(GATEWAY)),
        agencies: reading.folder("agencies"),
        agreements: reading.folder("agreements"),
        codes: reading.folder("codes"),
        procedures: reading.folder("procedures"),
        registries: reading.folder("registries"),
        schemas: reading.schemas(),
    };
    reading.strangers();
    (files, reading.problems)
}

/// The paths of all files of the tree that are read, as far as they can be listed.
#[must_use]
pub fn paths(base: &Path) -> Vec<PathBuf> {
    let mut reading = Reading {
        base,
        left: MOST_FILES,
        problems: Vec::new(),
    };
    let mut paths = vec![base.join(GATEWAY)];
    for folder in FOLDERS {
        let names = reading.names(Path::new(folder)).into_iter();
        let settings = names.filter(|name| name.ends_with(".toml"));
        paths.extend(settings.map(|name| base.join(folder).join(name)));
    }
    paths.extend(schemas::files(base).0.into_iter().map(|path| base.join(path)));
    paths
}

/// The folders of those files.
pub fn folders(base: &Path) -> impl Iterator<Item = PathBuf> {
    let schemas = schemas::files(base).1;
    FOLDERS
        .into_iter()
        .map(PathBuf::from)
        .chain(schemas)
        .map(|folder| base.join(folder))
}

struct Reading<'a> {
    base: &'a Path,
    left: usize,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    /// The settings files of one folder. A folder that is not there is empty.
    fn folder(&mut self, folder: &str) -> BTreeMap<String, Option<Source>> {
        let mut sources = BTreeMap::new();
        for name in self.names(Path::new(folder)) {
            let path = Path::new(folder).join(&name);
            let Some(stem) = name.strip_suffix(".toml") else {
                // Schemas are read where a registry names them.
                if folder == "registries" && SCHEMA_ENDINGS.iter().any(|end| name.ends_with(end)) {
                    continue;
                }
                self.warn(&path, "not read, wanted a name that ends in .toml".to_owned());
                continue;
            };
            if self.left == 0 {
                self.tell(
                    Path::new(folder),
                    format!("more than {MOST_FILES} files; the rest is not read"),
                );
                break;
            }
            self.left -= 1;
            sources.insert(stem.to_owned(), self.file(&path));
        }
        sources
    }

    fn file(&mut self, path: &Path) -> Option<Source> {
        let bytes = match bytes(&self.base.join(path)) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.tell(path, format!("can't be read: {error}"));
                return None;
            }
        };
        match String::from_utf8(bytes) {
            Ok(text) => Some(Source {
                path: path.to_owned(),
                text,
            }),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
                let source = Source {
                    path: path.to_owned(),
                    text,
                };
                let message = "found bytes that are not UTF-8, wanted text in UTF-8".to_owned();
                self.problems
                    .push(source.problem(valid..valid, Severity::Error, message));
                None
            }
        }
    }

    /// What has the look of settings and is at no place where settings are read: a slip in a name.
    fn strangers(&mut self) {
        for name in self.names(Path::new("")) {
            let path = PathBuf::from(&name);
            if FOLDERS.contains(&name.as_str()) || name == GATEWAY || name == SCHEMAS {
                continue;
            }
            if schemas::is_schema(&path) {
                self.tell(
                    &path,
                    format!("a schema that nothing reads, wanted it in {SCHEMAS}/"),
                );
            } else if name.ends_with(".toml") {
                let near = nearest::suggestion(&name, [GATEWAY]);
                self.tell(&path, format!("a file of settings that nothing reads{near}"));
            } else if self.base.join(&path).is_dir()
                && self.names(&path).iter().any(|name| name.ends_with(".toml"))
            {
                let said = nearest::one_of(&name, FOLDERS);
                self.tell(&path, format!("a folder of settings that nothing reads: {said}"));
            }
        }
    }

    /// The names in a folder in order, hidden ones left out.
    fn names(&mut self, folder: &Path) -> Vec<String> {
        let entries = match fs::read_dir(self.base.join(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                self.tell(folder, format!("can't be read: {error}"));
                return Vec::new();
            }
        };
        let mut names: Vec<_> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        names
    }

    fn tell(&mut self, path: &Path, message: String) {
        self.problems.push(about(path, Severity::Error, message));
    }

    fn warn(&mut self, path: &Path, message: String) {
        self.problems.push(about(path, Severity::Warning, message));
    }
}

/// A problem with a file or folder as a whole.
fn about(path: &Path, severity: Severity, message: String) -> Problem {
    Problem {
        path: path.to_owned(),
        position: None::<Position>,
        severity,
        message,
        excerpt: None,
    }
}

/// The bytes of a file of at most [`LARGEST`].
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    bytes_up_to(path, LARGEST)
}

/// The bytes of a file of at most so many.
pub(super) fn bytes_up_to(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a file"));
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("larger than {} MiB", most >> 20)));
    }
    Ok(bytes)
}
