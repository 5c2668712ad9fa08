//! How far the index went, and of which log it is: size and root, and the tree's edge to go on from.

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::IndexError;
use crate::tree::{Hash, Tree, empty_root};

/// What the index remembers of the log.
#[derive(Debug)]
pub(super) struct Position {
    /// Entries indexed.
    pub(super) size: u64,
    /// The root of the tree of these.
    pub(super) root: Hash,
    /// The hash of the last of them.
    pub(super) last_leaf: Hash,
    /// Whether it can be asked: the first filling is over.
    pub(super) ready: bool,
}

/// The position of a file that can be asked.
pub(super) fn ready(connection: &Connection) -> Result<Position, IndexError> {
    let position = connection
        .prepare_cached("SELECT size, root, last_leaf, ready FROM position")?
        .query_row([], read)
        .optional()?;
    position
        .filter(|position| position.ready)
        .ok_or(IndexError::Building)
}

/// The position and the tree to go on with; those of an empty log when there is none.
pub(super) fn load(connection: &Connection) -> Result<(Position, Tree), IndexError> {
    let found = connection
        .prepare_cached("SELECT size, root, last_leaf, ready, edge FROM position")?
        .query_row([], |row| Ok((read(row)?, row.get::<_, Vec<u8>>(4)?)))
        .optional()?;
    let Some((position, edge)) = found else {
        let position = Position {
            size: 0,
            root: empty_root(),
            last_leaf: [0; 32],
            ready: false,
        };
        return Ok((position, Tree::empty()));
    };
    let tree = Tree::from_edge(&edge)
        .filter(|tree| tree.size() == position.size && tree.root() == position.root)
        .ok_or(IndexError::Foreign("its position is damaged"))?;
    Ok((position, tree))
}

/// Writes the position, in the transaction of the entries that it covers.
pub(super) fn save(
    connection: &Connection,
    tree: &Tree,
    last_leaf: &Hash,
    ready: bool,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO position (one, size, root, last_leaf, edge, ready) VALUES (1, ?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((tree.size().cast_signed(), tree.root(), last_leaf, tree.edge(), ready))?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Position> {
    Ok(Position {
        size: row.get::<_, i64>(0)?.cast_unsigned(),
        root: row.get(1)?,
        last_leaf: row.get(2)?,
        ready: row.get(3)?,
    })
}
