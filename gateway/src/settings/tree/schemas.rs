//! The files of `schemas/`: .proto files in the folders of their packages, and descriptor sets.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{LARGEST, Reading, SCHEMAS, bytes_up_to};

/// The most files of schemas, and the most bytes of them all. Against a wrong folder.
const MOST_FILES: usize = 200;
const MOST_BYTES: usize = 8 << 20;

/// How deep the folders go. Against a link that leads back.
const DEEPEST: usize = 10;

/// One file of schemas.
#[derive(Debug)]
pub(in crate::settings) struct SchemaFile {
    /// Its path from the configuration folder.
    pub(in crate::settings) path: PathBuf,
    /// What stands in it.
    pub(in crate::settings) bytes: Vec<u8>,
}

/// Whether a name is that of a schema.
pub(super) fn is_schema(path: &Path) -> bool {
    is_text(path) || path.extension().is_some_and(|ending| ending == "binpb")
}

/// Whether it is the name of a .proto file.
pub(in crate::settings) fn is_text(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "proto")
}

/// The files of schemas and their folders, as paths from the configuration folder and in order.
pub(super) fn files(base: &Path) -> (BTreeSet<PathBuf>, BTreeSet<PathBuf>) {
    let (mut files, mut folders) = (BTreeSet::new(), BTreeSet::new());
    let mut waiting = vec![(PathBuf::from(SCHEMAS), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        let Ok(entries) = fs::read_dir(base.join(&folder)) else {
            continue;
        };
        folders.insert(folder.clone());
        for entry in entries.flatten() {
            let name = entry.file_name();
            let hidden = name.to_str().is_none_or(|name| name.starts_with('.'));
            let path = folder.join(name);
            if hidden || files.len() > MOST_FILES || folders.len() > MOST_FILES {
                continue;
            }
            if base.join(&path).is_dir() {
                if depth < DEEPEST {
                    waiting.push((path, depth + 1));
                }
            } else {
                files.insert(path);
            }
        }
    }
    (files, folders)
}

impl Reading<'_> {
    /// The schemas. What can't be read is told and left out.
    pub(super) fn schemas(&mut self) -> Vec<SchemaFile> {
        let mut found = Vec::new();
        let mut left = MOST_BYTES;
        for path in files(self.base).0 {
            if !is_schema(&path) {
                self.warn(
                    &path,
                    "not read, wanted a name that ends in .proto or .binpb".to_owned(),
                );
                continue;
            }
            if found.len() == MOST_FILES {
                let message = format!("more than {MOST_FILES} schemas; the rest is not read");
                self.tell(Path::new(SCHEMAS), message);
                break;
            }
            match bytes_up_to(&self.base.join(&path), LARGEST) {
                Ok(bytes) if bytes.len() > left => {
                    let message = format!("the schemas are larger than {} MiB in all", MOST_BYTES >> 20);
                    self.tell(&path, message);
                }
                Ok(bytes) => {
                    left -= bytes.len();
                    found.push(SchemaFile { path, bytes });
                }
                Err(error) => self.tell(&path, format!("can't be read: {error}")),
            }
        }
        found
    }
}
