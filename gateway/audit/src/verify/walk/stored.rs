//! What stands on disk beside the journal: the published checkpoint, tiles and bundles.

use std::io;
use std::path::Path;

use super::damaged;
use crate::checkpoint::{MAX_NOTE_BYTES, NoteError, SignedCheckpoint, VerifyingKey};
use crate::layout::{CHECKPOINT, Layout, Series, tile_name};
use crate::storage::Disk;
use crate::tiles::{Tiles, unbundle};
use crate::tree::{Hash, ROWS, TILE_HEIGHT, TILE_WIDTH, Tile, Tree, full_tiles, leaf_hash, tile_end};
use crate::verify::damage::{Damage, Finding, VerifyError};

/// The published checkpoint. A log has one from its first second on; a copy may be without.
pub(in crate::verify) fn published(
    layout: &Layout,
    key: &VerifyingKey,
) -> Result<Option<SignedCheckpoint>, VerifyError> {
    let bytes = match std::fs::read(layout.checkpoint()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(VerifyError::file(CHECKPOINT))?,
    };
    let note = String::from_utf8(bytes)
        .ok()
        .filter(|note| note.len() <= MAX_NOTE_BYTES)
        .ok_or(NoteError::Malformed("not text"));
    note.and_then(|note| SignedCheckpoint::verify(&note, key))
        .map(Some)
        .map_err(|error| damaged(Damage::BadSignature, CHECKPOINT.to_owned(), 0, &error.to_string()))
}

/// The files under `tile/`, and which of them there must be.
pub(in crate::verify) struct Stored {
    pub(in crate::verify) tiles: Tiles<Disk>,
    layout: Layout,
    /// Entries that the published checkpoint names: it is published after the tiles.
    pub(in crate::verify) published: u64,
    /// Tiles that end here or before it must be there; those behind it a crash of the machine can have taken.
    /// `u64::MAX` for a log at rest.
    pub(in crate::verify) owed: u64,
    /// Bundles before this entry's were removed by retention.
    pub(in crate::verify) bundles_from: u64,
}

impl Stored {
    pub(in crate::verify) fn new(layout: &Layout, published: u64) -> Self {
        Self {
            tiles: Tiles::new(Disk, layout.clone()),
            layout: layout.clone(),
            published,
            owed: 0,
            bundles_from: 0,
        }
    }

    /// Compares a full tile, and the bundle of its entries.
    pub(in crate::verify) fn compare(&self, tile: &Tile) -> Result<(), VerifyError> {
        if tile.end() > self.published {
            return Ok(());
        }
        self.compare_hashes(tile.row, tile.number, &tile.hashes, true)?;
        if tile.row == 0 && (tile.number + 1) << TILE_HEIGHT > self.bundles_from {
            self.compare_bundle(tile.number, &tile.hashes, true)?;
        }
        Ok(())
    }

    /// Compares what there is of the unfinished tiles.
    pub(in crate::verify) fn compare_unfinished(&self, tree: &Tree) -> Result<(), VerifyError> {
        for row in 0..ROWS {
            let hashes = tree.unfinished(row);
            let number = full_tiles(row, tree.size());
            if hashes.is_empty() {
                continue;
            }
            self.compare_hashes(row, number, hashes, false)?;
            if row == 0 {
                self.compare_bundle(number, hashes, false)?;
            }
        }
        Ok(())
    }

    /// The files in which a tile may be, each with its width: the full one if it is due, and the partial ones there are.
    fn files(
        &self,
        series: Series,
        number: u64,
        full: bool,
        count: usize,
    ) -> io::Result<Vec<(String, usize, bool)>> {
        let name = tile_name(series, number);
        let row = if let Series::Hashes(row) = series { row } else { 0 };
        let end = tile_end(row, number);
        let at_rest = self.owed == u64::MAX;
        let mut files = Vec::new();
        if full {
            files.push((name.clone(), TILE_WIDTH, end <= self.owed));
        } else if at_rest {
            files.push((format!("{name}.p/{count}"), count, true));
        }
        for width in self.tiles.partial_widths(series, number)? {
            if width < count || (width == count && !at_rest) {
                files.push((format!("{name}.p/{width}"), width, at_rest));
            }
        }
        Ok(files)
    }

    fn compare_hashes(
        &self,
        row: usize,
        number: u64,
        wanted: &[Hash],
        full: bool,
    ) -> Result<(), VerifyError> {
        let series = Series::Hashes(row);
        let files = self.files(series, number, full, wanted.len());
        for (name, width, owed) in files.map_err(VerifyError::file("tile"))? {
            let Some(bytes) = self.bytes(&name, owed)? else {
                continue;
            };
            let wanted = wanted.get(..width).unwrap_or(wanted).as_flattened();
            if bytes.len() < wanted.len() && !owed {
                continue;
            }
            if bytes != wanted {
                let at = bytes
                    .iter()
                    .zip(wanted)
                    .position(|(found, wanted)| found != wanted);
                let at = at.unwrap_or(bytes.len().min(wanted.len())) as u64;
                return Err(damaged(Damage::Tile, name, at, "hash is not that of the entries"));
            }
        }
        Ok(())
    }

    fn compare_bundle(&self, number: u64, wanted: &[Hash], full: bool) -> Result<(), VerifyError> {
        let files = self.files(Series::Entries, number, full, wanted.len());
        for (name, width, owed) in files.map_err(VerifyError::file("tile"))? {
            let Some(bytes) = self.bytes(&name, owed)? else {
                continue;
            };
            let wanted = wanted.get(..width).unwrap_or(wanted);
            match compare_entries(&name, number, &bytes, wanted) {
                None | Some((_, Cut(true))) if !owed => {}
                None => {}
                Some((finding, _)) => return Err(VerifyError::Damaged(finding)),
            }
        }
        Ok(())
    }

    /// The bytes of a file of the log's folder.
    pub(in crate::verify) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.tiles.read_file(&self.layout.root.join(Path::new(name)))
    }

    /// The bytes of a file under `tile/`; `None` when it is not there and need not be.
    fn bytes(&self, name: &str, owed: bool) -> Result<Option<Vec<u8>>, VerifyError> {
        match self.read(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && owed => {
                Err(damaged(Damage::Tile, name.to_owned(), 0, "file is missing"))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some).map_err(VerifyError::file(name)),
        }
    }
}

/// Whether a bundle only ends too soon.
pub(in crate::verify) struct Cut(pub(in crate::verify) bool);

/// The first place of a bundle that does not hold the entries of these leaf hashes.
pub(in crate::verify) fn compare_entries(
    name: &str,
    number: u64,
    bytes: &[u8],
    wanted: &[Hash],
) -> Option<(Finding, Cut)> {
    let (mut offset, mut seen) = (0, 0);
    let say = |offset, at: usize, cut, detail: &str| {
        let index = number * TILE_WIDTH as u64 + at as u64;
        let finding = Finding {
            damage: Damage::Tile,
            file: name.to_owned(),
            offset,
            entries: index..index + 1,
            detail: detail.to_owned(),
        };
        Some((finding, Cut(cut)))
    };
    for entry in unbundle(bytes) {
        match (entry, wanted.get(seen)) {
            (Some(entry), Some(leaf)) if leaf_hash(entry) == *leaf => offset += 2 + entry.len() as u64,
            (Some(_), Some(_)) => return say(offset, seen, false, "entry is not the one that was signed"),
            (None, _) => return say(offset, seen, true, "bundle is cut short"),
            (Some(_), None) => return say(offset, seen, false, "bundle has more entries than its name says"),
        }
        seen += 1;
    }
    if seen == wanted.len() {
        None
    } else {
        say(offset, seen, true, "bundle has fewer entries than its name says")
    }
}
