//! A copy of the checkpoint and the tiles alone, as c2sp.org/tlog-tiles publishes them: everything is derived from the bundles.

use std::time::Duration;

use super::damage::{Damage, Finding, VerifyError};
use super::pruned::{self, Known, Told};
use super::walk::stored::{Stored, compare_entries, published};
use super::{Progress, Report, VerifyOptions};
use crate::checkpoint::{Checkpoint, VerifyingKey};
use crate::entry::check_canonical;
use crate::layout::{CHECKPOINT, Layout, Series, tile_name};
use crate::tiles::unbundle;
use crate::tree::{Hash, TILE_HEIGHT, TILE_WIDTH, Tree, fold_complete};

/// Bundles between two reports of progress.
const PROGRESS_EVERY: u64 = 64;

pub(super) fn walk(
    layout: &Layout,
    key: &VerifyingKey,
    options: &VerifyOptions,
    mut progress: impl FnMut(Progress),
) -> Result<Report, VerifyError> {
    let signed = published(layout, key)?.ok_or_else(|| {
        let detail = "neither a journal nor a published checkpoint";
        damaged(Damage::Removed, CHECKPOINT.to_owned(), 0..0, detail)
    })?;
    let Known {
        checkpoints: mut known,
        published: size,
        witnessed,
    } = pruned::known(layout, key, options, Some(signed.clone()))?;
    let mut stored = Stored::new(layout, size);
    stored.owed = u64::MAX;
    let first = first_bundle(layout, size);
    stored.bundles_from = first << TILE_HEIGHT;
    let mut told = Told::default();
    let mut tree = Tree::empty();
    let mut bytes = 0;
    for number in 0..size.div_ceil(TILE_WIDTH as u64) {
        let width = (size - (number << TILE_HEIGHT)).min(TILE_WIDTH as u64) as usize;
        let leaves = leaves(&stored, number, width)?;
        if number >= first {
            let bundle = bundle(&stored, number, width)?;
            bytes += bundle.1.len() as u64;
            entries(
                &stored,
                &mut told,
                &tree,
                number,
                &leaves,
                &bundle,
                signed.checkpoint(),
            )?;
        }
        for leaf in leaves {
            pruned::meet(&tree, &mut known)?;
            tree.push(leaf);
        }
        for tile in tree.completed().filter(|tile| tile.row > 0) {
            stored.compare(tile)?;
        }
        tree.forget_completed(u64::MAX);
        if number % PROGRESS_EVERY == 0 {
            let total_bytes = 0;
            progress(Progress {
                bytes,
                total_bytes,
                entries: tree.size(),
            });
        }
    }
    if tree.root() != signed.checkpoint().root {
        let detail = "tiles do not lead to the signed root";
        return Err(damaged(Damage::Forked, CHECKPOINT.to_owned(), 0..size, detail));
    }
    pruned::meet(&tree, &mut known)?;
    if let Some(more) = known.first().map(|known| known.checkpoint().size) {
        let detail = format!("the log has {size} entries, a signed checkpoint says {more}");
        return Err(damaged(
            Damage::Truncated,
            CHECKPOINT.to_owned(),
            size..more,
            &detail,
        ));
    }
    stored.compare_unfinished(&tree)?;
    let removed = stored.bundles_from.min(size);
    told.covers(removed)?;
    Ok(Report {
        origin: key.name().to_owned(),
        entries: size,
        removed,
        root: tree.root(),
        segments: 0,
        checkpoints: 1,
        bytes,
        journal: false,
        published: size,
        witnessed,
        unfinished_bytes: 0,
        duration: Duration::ZERO,
    })
}

/// The first bundle that is there; only those before it may be missing.
fn first_bundle(layout: &Layout, size: u64) -> u64 {
    let missing = |number: &u64| {
        let full = layout.full_tile(Series::Entries, *number);
        let partial = layout.partial_tiles(Series::Entries, *number);
        !full.exists() && !partial.exists()
    };
    let count = size.div_ceil(TILE_WIDTH as u64);
    (0..count).find(|number| !missing(number)).unwrap_or(count)
}

fn damaged(damage: Damage, file: String, entries: std::ops::Range<u64>, detail: &str) -> VerifyError {
    VerifyError::Damaged(Finding {
        damage,
        file,
        offset: 0,
        entries,
        detail: detail.to_owned(),
    })
}

/// The file name and bytes of the tile that has `width`, or of the full one in its place.
fn file(
    stored: &Stored,
    series: Series,
    number: u64,
    width: usize,
) -> Result<(String, Vec<u8>), VerifyError> {
    let full = tile_name(series, number);
    let partial = format!("{full}.p/{width}");
    let names = if width < TILE_WIDTH {
        vec![partial, full]
    } else {
        vec![full]
    };
    let first = number << TILE_HEIGHT;
    for name in &names {
        match stored.read(name) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            other => return Ok((name.clone(), other.map_err(VerifyError::file(name))?)),
        }
    }
    let name = names.into_iter().next().unwrap_or_default();
    Err(damaged(
        Damage::Removed,
        name,
        first..first + width as u64,
        "file is missing",
    ))
}

fn leaves(stored: &Stored, number: u64, width: usize) -> Result<Vec<Hash>, VerifyError> {
    let (name, bytes) = file(stored, Series::Hashes(0), number, width)?;
    let leaves = bytes.as_chunks::<32>().0.get(..width);
    let first = number << TILE_HEIGHT;
    leaves.map(<[Hash]>::to_vec).ok_or_else(|| {
        damaged(
            Damage::Tile,
            name,
            first..first + width as u64,
            "tile is cut short",
        )
    })
}

/// The file name of the bundle and its first `width` entries' bytes.
fn bundle(stored: &Stored, number: u64, width: usize) -> Result<(String, Vec<u8>), VerifyError> {
    let (name, mut bytes) = file(stored, Series::Entries, number, width)?;
    if !name.contains(".p/") && width < TILE_WIDTH {
        let wanted = unbundle(&bytes).take(width).flatten();
        let length = wanted.map(|entry| entry.len() + 2).sum();
        bytes.truncate(length);
    }
    Ok((name, bytes))
}

/// Compares a bundle with its leaf hashes, and says which of the two is not what was signed.
fn entries(
    stored: &Stored,
    told: &mut Told,
    tree: &Tree,
    number: u64,
    leaves: &[Hash],
    (name, bytes): &(String, Vec<u8>),
    signed: &Checkpoint,
) -> Result<(), VerifyError> {
    let first = number << TILE_HEIGHT;
    let mut growing = tree.clone();
    let mut offset = 0;
    for (index, (entry, leaf)) in (first..).zip(unbundle(bytes).zip(leaves)) {
        let Some(entry) = entry else { break };
        if let Err(error) = check_canonical(entry)
            && crate::tree::leaf_hash(entry) == *leaf
        {
            return Err(VerifyError::Damaged(Finding {
                damage: Damage::NotCanonical,
                file: name.clone(),
                offset,
                entries: index..index + 1,
                detail: error.to_string(),
            }));
        }
        offset += 2 + entry.len() as u64;
        if crate::tree::leaf_hash(entry) == *leaf {
            told.hear(index, entry, stored, &growing)?;
        }
        growing.push(*leaf);
    }
    let Some((mut finding, _)) = compare_entries(name, number, bytes, leaves) else {
        return Ok(());
    };
    if believable(stored, tree, number, leaves, signed) {
        finding.damage = Damage::Changed;
    } else {
        finding.file = tile_name(Series::Hashes(0), number);
        finding.offset = (finding.entries.start - first) * 32;
        finding.detail = "hash is not that of the entry".to_owned();
    }
    Err(VerifyError::Damaged(finding))
}

/// Whether the leaf hashes are those that were signed: they lead to what stands above them.
fn believable(stored: &Stored, tree: &Tree, number: u64, leaves: &[Hash], signed: &Checkpoint) -> bool {
    if leaves.len() == TILE_WIDTH {
        let above = stored.tiles.read(Series::Hashes(1), number >> TILE_HEIGHT);
        let at = number as usize % TILE_WIDTH;
        return above.is_ok_and(|above| above.as_chunks::<32>().0.get(at) == Some(&fold_complete(leaves)));
    }
    let mut tree = tree.clone();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree.root() == signed.root
}
