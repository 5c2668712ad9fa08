//! When a batch does not lead to its signed root: which entry is it, and what was done to it?
//!
//! The root says only that something is wrong. The stored leaf hashes say more, and they can be believed when the tree before
//! the batch together with them does lead to the signed root.

use crate::checkpoint::Checkpoint;
use crate::storage::Disk;
use crate::tiles::Tiles;
use crate::tree::{Hash, Tree};

use super::damage::Damage;

/// What is wrong with a batch: the damage, the position in the batch, how many entries, and in words.
pub(super) struct Diagnosis {
    pub(super) damage: Damage,
    pub(super) at: usize,
    pub(super) count: usize,
    pub(super) detail: &'static str,
}

/// `tree` is the tree before the batch, `found` the leaf hashes in it, `signed` the checkpoint behind it.
pub(super) fn diagnose(tiles: &Tiles<Disk>, tree: &Tree, found: &[Hash], signed: &Checkpoint) -> Diagnosis {
    if signed.size <= tree.size() {
        let damage = if found.is_empty() && signed.size == tree.size() {
            Damage::Forked
        } else {
            Damage::Duplicated
        };
        return Diagnosis {
            damage,
            at: 0,
            count: found.len(),
            detail: "checkpoint of an earlier tree stands here again",
        };
    }
    match believable(tiles, tree, signed) {
        Some(expected) => compare(found, &expected),
        None => by_number(found, signed.size - tree.size()),
    }
}

/// The stored leaf hashes of the batch, if with them the root is the signed one.
fn believable(tiles: &Tiles<Disk>, tree: &Tree, signed: &Checkpoint) -> Option<Vec<Hash>> {
    let count = usize::try_from(signed.size - tree.size()).ok()?;
    let expected = tiles.leaves(tree.size(), count).ok()?;
    let mut tree = tree.clone();
    expected.iter().for_each(|leaf| tree.push(*leaf));
    (tree.root() == signed.root).then_some(expected)
}

fn compare(found: &[Hash], expected: &[Hash]) -> Diagnosis {
    let at = found
        .iter()
        .zip(expected)
        .position(|(found, expected)| found != expected)
        .unwrap_or(found.len().min(expected.len()));
    let (rest, wanted) = (
        found.get(at..).unwrap_or_default(),
        expected.get(at..).unwrap_or_default(),
    );
    let say = |damage, count, detail| Diagnosis {
        damage,
        at,
        count,
        detail,
    };
    if let Some((first, after)) = rest.split_first() {
        // Where the entry that stands here belongs.
        if let Some(belongs) = expected.iter().position(|hash| hash == first) {
            if belongs < at {
                return say(
                    Damage::Duplicated,
                    1,
                    "entry that stands further up stands here again",
                );
            }
            let removed = belongs - at;
            if rest.len() + removed == wanted.len() && wanted.get(removed..) == Some(rest) {
                return say(Damage::Removed, removed, "signed entries are missing here");
            }
            if wanted.first().is_some_and(|wanted| rest.contains(wanted)) {
                return say(
                    Damage::Swapped,
                    removed + 1,
                    "signed entries stand in another order",
                );
            }
            return say(Damage::Removed, removed.max(1), "signed entries are missing here");
        }
        if rest.len() > wanted.len() && after.first() == wanted.first() {
            return say(Damage::Added, 1, "entry was not signed at this place");
        }
        return say(
            if wanted.is_empty() {
                Damage::Added
            } else {
                Damage::Changed
            },
            1,
            "entry is not the one that was signed",
        );
    }
    match wanted.len() {
        0 => say(
            Damage::Forked,
            found.len(),
            "entries and stored hashes agree but not with the checkpoint",
        ),
        missing => say(
            Damage::Removed,
            missing,
            "signed entries are missing at the end of the batch",
        ),
    }
}

fn by_number(found: &[Hash], signed: u64) -> Diagnosis {
    let count = found.len();
    let twice = found
        .iter()
        .enumerate()
        .find(|(at, hash)| found.get(..*at).is_some_and(|before| before.contains(hash)));
    if let Some((at, _)) = twice
        && count < 4096
    {
        return Diagnosis {
            damage: Damage::Duplicated,
            at,
            count: 1,
            detail: "entry stands in its batch twice",
        };
    }
    let (damage, detail) = match (count as u64).cmp(&signed) {
        std::cmp::Ordering::Less => (Damage::Removed, "batch has fewer entries than were signed"),
        std::cmp::Ordering::Greater => (Damage::Added, "batch has more entries than were signed"),
        std::cmp::Ordering::Equal => (Damage::Changed, "batch does not lead to the signed root"),
    };
    Diagnosis {
        damage,
        at: 0,
        count: count.max(1),
        detail,
    }
}
