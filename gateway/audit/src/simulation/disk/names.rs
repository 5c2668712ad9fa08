//! Names and when they last: a name is durable once its directory was synced.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::simulation::power_cut::Mood;
use crate::simulation::random::Random;

/// What a name stands for: a file's content, or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    File(usize),
    Directory(usize),
}

/// One change of names.
#[derive(Clone, Debug)]
struct Change {
    node: Node,
    removed: Option<PathBuf>,
    added: Option<PathBuf>,
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        if let Some(path) = &self.removed
            && names.get(path) == Some(&self.node)
        {
            names.remove(path);
        }
        if let Some(path) = &self.added {
            names.insert(path.clone(), self.node);
        }
    }

    fn touches(&self, directory: &Path) -> bool {
        [&self.removed, &self.added]
            .into_iter()
            .flatten()
            .any(|path| path.parent() == Some(directory))
    }
}

/// The names there are now, and those that would be left.
#[derive(Default)]
pub(super) struct Names {
    pub(super) now: BTreeMap<PathBuf, Node>,
    durable: BTreeMap<PathBuf, Node>,
    pending: Vec<Change>,
}

impl Names {
    pub(super) fn change(&mut self, node: Node, removed: Option<&Path>, added: Option<&Path>) {
        let change = Change {
            node,
            removed: removed.map(Path::to_owned),
            added: added.map(Path::to_owned),
        };
        change.apply(&mut self.now);
        self.pending.push(change);
    }

    /// Makes the changes in a directory durable, and what was done before to the same files.
    pub(super) fn sync(&mut self, directory: &Path) {
        let last: BTreeMap<usize, usize> = self
            .pending
            .iter()
            .enumerate()
            .filter(|(_, change)| change.touches(directory))
            .map(|(at, change)| (key(change.node), at))
            .collect();
        let mut at = 0;
        let durable = &mut self.durable;
        self.pending.retain(|change| {
            let done = last.get(&key(change.node)).is_some_and(|last| at <= *last);
            at += 1;
            if done {
                change.apply(durable);
            }
            !done
        });
    }

    /// Of what was not synced, chance keeps some; changes of one file keep their order.
    pub(super) fn power_cut(&mut self, mood: Mood, random: &mut Random) {
        let mut ended: Vec<usize> = Vec::new();
        for change in std::mem::take(&mut self.pending) {
            let node = key(change.node);
            if ended.contains(&node) || !mood.keeps(random) {
                ended.push(node);
            } else {
                change.apply(&mut self.durable);
            }
        }
        // What stands in a directory that is gone is gone.
        let all = self.durable.clone();
        self.durable.retain(|path, _| {
            path.ancestors()
                .skip(1)
                .filter(|above| above.components().count() > 1)
                .all(|above| matches!(all.get(above), Some(Node::Directory(_))))
        });
        self.now.clone_from(&self.durable);
    }
}

fn key(node: Node) -> usize {
    match node {
        Node::File(number) | Node::Directory(number) => number,
    }
}
