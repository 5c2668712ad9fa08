//! The files in the order of their imports, added to the built-in ones.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::DescriptorPool;
use protox::file::{FileResolver as _, GoogleFileResolver};

use super::Problem;
use super::parse::{Draft, told};

/// Packages that nobody adds to.
const GOOGLE: &str = "google.";

/// The files that were added, by name.
pub(super) type Linked = BTreeMap<String, Draft>;

/// The built-in descriptors and those of the files. What can't be added is told and left out.
pub(super) fn link(drafts: Vec<Draft>, problems: &mut Vec<Problem>) -> (DescriptorPool, Linked) {
    let built_in = crate::descriptors();
    let mut linking = Linking {
        pool: built_in.clone(),
        drafts: BTreeMap::new(),
        tried: BTreeSet::new(),
        problems,
    };
    for draft in drafts {
        linking.take(draft, &built_in);
    }
    let names: Vec<_> = linking.drafts.keys().cloned().collect();
    for name in names {
        linking.add(&name, &mut Vec::new());
    }
    let Linking { pool, mut drafts, .. } = linking;
    drafts.retain(|name, _| pool.get_file_by_name(name).is_some());
    (pool, drafts)
}

struct Linking<'a> {
    pool: DescriptorPool,
    drafts: BTreeMap<String, Draft>,
    /// The files that were added, or could not be.
    tried: BTreeSet<String>,
    problems: &'a mut Vec<Problem>,
}

impl Linking<'_> {
    /// Takes a file up, unless it is a copy of what is built in, or says what is not its to say.
    fn take(&mut self, draft: Draft, built_in: &DescriptorPool) {
        let (name, package) = (draft.proto.name().to_owned(), draft.proto.package().to_owned());
        let from_set = draft.text.is_none();
        let known = built_in.get_file_by_name(&name).is_some() || name.starts_with("google/");
        if known && from_set {
            // Sets hold what they import; the built-in one counts.
            return;
        }
        let twice = self.drafts.contains_key(&name);
        let reserved = built_in.files().any(|file| file.package_name() == package);
        if known {
            self.tell(&draft, &[], "a built-in schema has this name, wanted another");
        } else if reserved || package.starts_with(GOOGLE) || package == "google" {
            let message =
                format!("package {package:?} belongs to the built-in schemas, wanted one of your own");
            self.tell(&draft, &[2], message);
        } else if !from_set && folder_of(&name) != package.replace('.', "/") {
            let message = format!(
                "package {package:?} wants the folder \"schemas/{}/\" of its name",
                package.replace('.', "/")
            );
            self.tell(&draft, &[2], message);
        } else if package.is_empty() {
            self.tell(&draft, &[], "wanted a package");
        } else if twice {
            self.tell(&draft, &[], format!("{name:?} stands in the schemas twice"));
        } else {
            self.drafts.insert(name, draft);
        }
    }

    /// Adds a file after those that it imports. Whether it is there now.
    fn add(&mut self, name: &str, importing: &mut Vec<String>) -> bool {
        if self.pool.get_file_by_name(name).is_some() {
            return true;
        }
        if !self.drafts.contains_key(name) {
            return self.add_google(name);
        }
        if !self.tried.insert(name.to_owned()) {
            return false;
        }
        importing.push(name.to_owned());
        let whole = self.add_imports(name, importing);
        importing.pop();
        whole && self.add_itself(name)
    }

    fn add_imports(&mut self, name: &str, importing: &mut Vec<String>) -> bool {
        let imports = self.drafts[name].proto.dependency.clone();
        let mut whole = true;
        for (at, import) in (0..).zip(&imports) {
            let cycle = importing.contains(import);
            if !cycle && self.add(import, importing) {
                continue;
            }
            whole = false;
            let message = if cycle {
                format!("import {import:?} leads back to this file")
            } else if self.drafts.contains_key(import) {
                // What is wrong with that file is told there.
                continue;
            } else {
                format!(
                    "import {import:?} is not there, wanted a file of schemas/, \
                     \"lienthong/lookup/v1/…\" or \"google/protobuf/…\""
                )
            };
            let draft = &self.drafts[name];
            let problem = draft.problem(&[3, at], message);
            self.problems.push(problem);
        }
        whole
    }

    fn add_itself(&mut self, name: &str) -> bool {
        let draft = &self.drafts[name];
        let added = match &draft.encoded {
            Some(encoded) => self.pool.decode_file_descriptor_proto(encoded.clone()),
            None => self.pool.add_file_descriptor_proto(draft.proto.clone()),
        };
        match added {
            Ok(()) => true,
            Err(error) => {
                let error = match &draft.text {
                    Some(text) => error.with_source_code(text),
                    None => error,
                };
                told(&draft.found_in, &error, self.problems);
                false
            }
        }
    }

    /// A file that every compiler brings with it.
    fn add_google(&mut self, name: &str) -> bool {
        let file = GoogleFileResolver::new().open_file(name);
        file.is_ok_and(|file| {
            let proto = file.file_descriptor_proto().clone();
            let imports = proto.dependency.clone();
            imports.iter().all(|import| self.add(import, &mut Vec::new()))
                && self.pool.add_file_descriptor_proto(proto).is_ok()
        })
    }

    fn tell(&mut self, draft: &Draft, path: &[i32], message: impl Into<String>) {
        self.problems.push(draft.problem(path, message));
    }
}

fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}
