//! A log whose beginning was removed by retention: its hashes must lead to the signed tree, and an entry must tell of it.

use std::cmp::Reverse;
use std::sync::Mutex;

use super::damage::{Damage, Finding, VerifyError};
use super::walk::stored::Stored;
use super::{VerifyOptions, Witnessed};
use crate::checkpoint::{SignedCheckpoint, VerifyingKey};
use crate::entry::{Entry, EntryKind};
use crate::layout::{CHECKPOINT, Layout, Series, WITNESSED, tile_name};
use crate::proof::range_root;
use crate::retention::removal;
use crate::tiles::StoredNodes;
use crate::tree::{TILE_HEIGHT, TILE_WIDTH, Tree};

/// What is known from elsewhere.
pub(super) struct Known {
    /// The checkpoints that the log must continue, the largest first.
    pub(super) checkpoints: Vec<SignedCheckpoint>,
    /// The size of the published one.
    pub(super) published: u64,
    pub(super) witnessed: Vec<Witnessed>,
}

pub(super) fn known(
    layout: &Layout,
    key: &VerifyingKey,
    options: &VerifyOptions,
    published: Option<SignedCheckpoint>,
) -> Result<Known, VerifyError> {
    let size = published
        .as_ref()
        .map_or(0, |published| published.checkpoint().size);
    let mut checkpoints = options.known.clone();
    checkpoints.extend(published);
    let mut told = Vec::new();
    for witness in &options.witnesses {
        let (signed, time) = witnessed(layout, key, witness)?;
        told.push(Witnessed {
            name: witness.name().to_owned(),
            entries: signed.checkpoint().size,
            unix_seconds: time,
        });
        checkpoints.push(signed);
    }
    checkpoints.sort_by_key(|known| Reverse(known.checkpoint().size));
    Ok(Known {
        checkpoints,
        published: size,
        witnessed: told,
    })
}

/// The largest checkpoint of the folder that the witness cosigned, and when it did.
fn witnessed(
    layout: &Layout,
    key: &VerifyingKey,
    witness: &VerifyingKey,
) -> Result<(SignedCheckpoint, u64), VerifyError> {
    let cosigned = [layout.checkpoint(), layout.witnessed()]
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .filter_map(|note| {
            let signed = SignedCheckpoint::verify(&note, key).ok()?;
            let time = signed.cosigned(witness).ok()?;
            Some((signed, time))
        })
        .max_by_key(|(signed, _)| signed.checkpoint().size);
    cosigned.ok_or_else(|| {
        VerifyError::Damaged(Finding {
            damage: Damage::BadSignature,
            file: WITNESSED.to_owned(),
            offset: 0,
            entries: 0..0,
            detail: format!("no checkpoint with a good cosignature of {}", witness.name()),
        })
    })
}

/// Goes through the hashes of the removed entries up to the tree that the journal begins with.
pub(super) fn walk(
    stored: &Stored,
    wanted: &Tree,
    known: &mut Vec<SignedCheckpoint>,
) -> Result<(), VerifyError> {
    let mut tree = Tree::empty();
    let full = wanted.size() >> TILE_HEIGHT;
    for number in 0..full {
        for leaf in leaves(stored, number)? {
            meet(&tree, known)?;
            tree.push(leaf);
        }
        for tile in tree.completed() {
            if tile.row > 0 {
                stored.compare(tile)?;
            }
        }
        tree.forget_completed(u64::MAX);
    }
    // The tile that the journal begins in the middle of is compared when it is full; its first hashes stand in the edge.
    for leaf in wanted.unfinished(0) {
        meet(&tree, known)?;
        tree.push(*leaf);
    }
    meet(&tree, known)?;
    if tree.edge() == wanted.edge() {
        Ok(())
    } else {
        Err(tile_damage(
            full.saturating_sub(1),
            "tiles of the removed entries do not lead to the signed tree",
        ))
    }
}

/// The leaf hashes of a full tile.
fn leaves(stored: &Stored, number: u64) -> Result<Vec<crate::tree::Hash>, VerifyError> {
    let name = tile_name(Series::Hashes(0), number);
    let bytes = match stored.tiles.read(Series::Hashes(0), number) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(tile_damage(number, "tile of removed entries is missing"));
        }
        other => other.map_err(VerifyError::file(&name))?,
    };
    let (leaves, rest) = bytes.as_chunks::<32>();
    if leaves.len() == TILE_WIDTH && rest.is_empty() {
        Ok(leaves.to_vec())
    } else {
        Err(tile_damage(number, "tile of removed entries has another length"))
    }
}

fn tile_damage(number: u64, detail: &str) -> VerifyError {
    let first = number << TILE_HEIGHT;
    VerifyError::Damaged(Finding {
        damage: Damage::Tile,
        file: tile_name(Series::Hashes(0), number),
        offset: 0,
        entries: first..first + TILE_WIDTH as u64,
        detail: detail.to_owned(),
    })
}

/// Compares the known checkpoints of this tree's size with it.
pub(super) fn meet(tree: &Tree, known: &mut Vec<SignedCheckpoint>) -> Result<(), VerifyError> {
    while let Some(next) = known.last().map(SignedCheckpoint::checkpoint)
        && next.size == tree.size()
    {
        if next.root != tree.root() {
            return Err(VerifyError::Damaged(Finding {
                damage: Damage::Forked,
                file: CHECKPOINT.to_owned(),
                offset: 0,
                entries: 0..0,
                detail: format!("a signed checkpoint of {} entries has another root", next.size),
            }));
        }
        known.pop();
    }
    Ok(())
}

/// Known checkpoints from before the first entry that is there, of which nothing can be said without tiles.
pub(super) fn forget_known(known: &mut [SignedCheckpoint], first: u64) -> Result<(), VerifyError> {
    match known.last().map(|known| known.checkpoint().size) {
        Some(size) if size < first => Err(VerifyError::Damaged(Finding {
            damage: Damage::Removed,
            file: "tile".to_owned(),
            offset: 0,
            entries: 0..first,
            detail: format!("a signed checkpoint of {size} entries cannot be compared without tiles"),
        })),
        _ => Ok(()),
    }
}

/// What entries tell of removals.
#[derive(Default)]
pub(super) struct Told {
    until: u64,
}

impl Told {
    /// Takes in an entry. One that tells of a removal must name the root that the tree had.
    pub(super) fn hear(
        &mut self,
        index: u64,
        bytes: &[u8],
        stored: &Stored,
        tree: &Tree,
    ) -> Result<(), VerifyError> {
        if !is_operation(bytes) {
            return Ok(());
        }
        let Some(removal) = Entry::decode_canonical(bytes).ok().as_ref().and_then(removal) else {
            return Ok(());
        };
        let root = match removal.until {
            until if until > index => None,
            until if until == tree.size() => Some(tree.root()),
            // Without tiles nothing can be said of a root further back.
            until => range_root(
                &StoredNodes::new(&stored.tiles, &Mutex::new(tree.clone())),
                0,
                until,
            )
            .ok(),
        };
        if removal.until > index || root.is_some_and(|root| root != removal.root) {
            return Err(VerifyError::Damaged(Finding {
                damage: Damage::Forked,
                file: "journal".to_owned(),
                offset: 0,
                entries: index..index + 1,
                detail: "entry tells of a removal from another tree".to_owned(),
            }));
        }
        self.until = self.until.max(removal.until);
        Ok(())
    }

    /// Whether an entry tells that the first `removed` entries were removed.
    pub(super) fn covers(&self, removed: u64) -> Result<(), VerifyError> {
        if removed <= self.until {
            return Ok(());
        }
        Err(VerifyError::Damaged(Finding {
            damage: Damage::Removed,
            file: "journal".to_owned(),
            offset: 0,
            entries: self.until..removed,
            detail: "the first entries are missing, and no entry tells that retention removed them"
                .to_owned(),
        }))
    }
}

/// Whether these canonical bytes are an operation's, seen without decoding them: field 4 follows version, time and request id.
fn is_operation(bytes: &[u8]) -> bool {
    fn skip_varint(bytes: &[u8]) -> Option<&[u8]> {
        let end = bytes.iter().position(|byte| byte & 0x80 == 0)?;
        bytes.get(end + 1..)
    }
    let mut rest = bytes;
    loop {
        let Some((&key, value)) = rest.split_first() else {
            return false;
        };
        let next = match key {
            0x08 | 0x10 => skip_varint(value),
            // Request ids are short: one byte of length.
            0x1a => match value.split_first() {
                Some((&length, text)) if length < 0x80 => text.get(usize::from(length)..),
                _ => return true,
            },
            0x20 => return value.first() == Some(&(EntryKind::Operation as u8)),
            _ => return false,
        };
        let Some(next) = next else { return false };
        rest = next;
    }
}
