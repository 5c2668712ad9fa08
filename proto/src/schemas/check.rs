//! The rules that the built-in schemas keep, demanded of others too.

mod lookup;
mod record;

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor, Syntax};

use super::Problem;
use super::link::Linked;
use crate::lookup::v1::MatchRule;
use crate::rules::lookup_method;

/// Checks the files that are not built in. Whether what they describe can be walked through at all: a
/// record without bounds is not handed on, whatever else is right with it.
pub(super) fn check(pool: &DescriptorPool, linked: &Linked, problems: &mut Vec<Problem>) -> bool {
    let mut checking = Checking {
        pool,
        linked,
        problems,
        registries: BTreeMap::new(),
        reserved: BTreeSet::new(),
        kinds: BTreeMap::new(),
        records: BTreeSet::new(),
        bounded: true,
    };
    let is_own = |file: &FileDescriptor| linked.contains_key(file.name());
    for file in pool.files().filter(|file| !is_own(file)) {
        checking.know(&file);
    }
    for file in pool.files().filter(is_own) {
        if file.syntax() != Syntax::Proto3 {
            checking.tell(&file, &[12], "wanted syntax = \"proto3\";");
        }
        for service in file.services() {
            for method in service.methods() {
                checking.method(&method);
            }
        }
    }
    checking.bounded
}

struct Checking<'a> {
    pool: &'a DescriptorPool,
    linked: &'a Linked,
    problems: &'a mut Vec<Problem>,
    /// The registry of each record.
    registries: BTreeMap<String, String>,
    /// The registries of the built-in schemas.
    reserved: BTreeSet<String>,
    /// The sorts of identifiers, each with the rule of its form: by both an auditor finds a subject again.
    kinds: BTreeMap<String, MatchRule>,
    /// The records that were checked.
    records: BTreeSet<String>,
    bounded: bool,
}

impl Checking<'_> {
    /// What built-in lookup methods lay down.
    fn know(&mut self, file: &FileDescriptor) {
        for method in file
            .services()
            .flat_map(|service| service.methods().collect::<Vec<_>>())
        {
            if let Some(lookup) = lookup_method(&method) {
                self.reserved.insert(lookup.registry);
                if let Some(identifier) = lookup::key_of(&method).and_then(|key| key.get_field(1)) {
                    let rule = crate::rules::field_rule(&identifier).r#match();
                    self.kinds.insert(identifier.name().to_owned(), rule);
                }
            }
        }
    }

    fn is_own(&self, message: &MessageDescriptor) -> bool {
        self.linked.contains_key(message.parent_file().name())
    }

    fn tell(&mut self, file: &FileDescriptor, path: &[i32], message: impl Into<String>) {
        if let Some(draft) = self.linked.get(file.name()) {
            self.problems.push(draft.problem(path, message));
        }
    }
}
