//! Entries into tables, a batch a transaction.

use rusqlite::{Connection, TransactionBehavior};

use super::words::{Words, first_eight, short_hash};
use super::{IndexError, position, schema};
use crate::entry::Entry;
use crate::pace::give_way;
use crate::tree::{Hash, Tree, leaf_hash};

/// Entries of a block whose earliest and latest times are kept.
pub(super) const BLOCK: u64 = 1024;

/// Removed entries that one transaction forgets.
const FORGOTTEN_AT_ONCE: u32 = 2048;

/// From so many entries on, an empty index is filled first and its indexes are made at the end.
const MANY: u64 = 20_000;

/// The index for the one who writes it.
#[derive(Debug)]
pub(super) struct Filling {
    connection: Connection,
    words: Words,
    tree: Tree,
    last_leaf: Hash,
    ready: bool,
}

impl Filling {
    /// Goes on with what the connection's file holds.
    pub(super) fn resume(connection: Connection) -> Result<Self, IndexError> {
        let (position, tree) = position::load(&connection)?;
        Ok(Self {
            connection,
            words: Words::default(),
            tree,
            last_leaf: position.last_leaf,
            ready: position.ready,
        })
    }

    /// Entries indexed.
    pub(super) fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The root over them.
    pub(super) fn root(&self) -> Hash {
        self.tree.root()
    }

    /// Begins where the log begins after its oldest entries were removed: `tree` is that of all entries before.
    pub(super) fn begin_behind(&mut self, tree: Tree) {
        if self.size() < tree.size() {
            self.tree = tree;
        }
    }

    /// Forgets what retention removed from the log, some at a time; whether there may be more.
    pub(super) fn forget_before(&mut self, first: u64) -> Result<bool, IndexError> {
        let forgotten = self.connection.execute(
            "DELETE FROM entries WHERE place IN (SELECT place FROM entries WHERE place < ?1 LIMIT ?2)",
            (first.cast_signed(), FORGOTTEN_AT_ONCE),
        )?;
        self.connection.execute(
            "DELETE FROM blocks WHERE block < ?1",
            [(first / BLOCK).cast_signed()],
        )?;
        Ok(forgotten == FORGOTTEN_AT_ONCE as usize)
    }

    /// Makes an index that will not be long in the making ready at once.
    pub(super) fn begin(&mut self, entries_to_come: u64) -> Result<(), IndexError> {
        if !self.ready && entries_to_come < MANY {
            self.finish()?;
        }
        Ok(())
    }

    /// Makes the indexes; from now on it can be asked.
    pub(super) fn finish(&mut self) -> Result<(), IndexError> {
        if !self.ready {
            let transaction = self.connection.transaction()?;
            schema::index(&transaction)?;
            position::save(&transaction, &self.tree, &self.last_leaf, true)?;
            transaction.commit()?;
            self.ready = true;
        }
        Ok(())
    }

    /// Adds the entries that follow. All of them are in, or none.
    pub(super) fn add(&mut self, entries: &[(u64, Entry)]) -> Result<(), IndexError> {
        let before = self.tree.clone();
        let added = self.try_add(entries);
        if added.is_err() {
            self.tree = before;
            self.words.forget();
        }
        added
    }

    fn try_add(&mut self, entries: &[(u64, Entry)]) -> Result<(), IndexError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (place, entry) in entries {
            let place = *place;
            if place != self.tree.size() {
                return Err(IndexError::Foreign(
                    "entries between it and the log's are missing",
                ));
            }
            insert(&transaction, &mut self.words, place, entry)?;
            self.last_leaf = leaf_hash(&entry.encode_canonical());
            self.tree.push(self.last_leaf);
            give_way();
        }
        self.tree.forget_completed(self.tree.size());
        position::save(&transaction, &self.tree, &self.last_leaf, self.ready)?;
        transaction.commit()?;
        Ok(())
    }
}

fn insert(connection: &Connection, words: &mut Words, place: u64, entry: &Entry) -> rusqlite::Result<()> {
    let mut word = |word: &str| words.number(connection, word);
    let (agency, receiving, competent) = (
        word(&entry.agency)?,
        word(&entry.receiving_agency)?,
        word(&entry.competent_agency)?,
    );
    let (officer, procedure, registry) = (
        word(&entry.officer)?,
        word(&entry.procedure)?,
        word(&entry.registry)?,
    );
    let (operation, outcome) = (word(&entry.operation)?, word(&entry.outcome)?);
    let given = words.fields(connection, &entry.fields_given)?;
    connection
        .prepare_cached(
            "INSERT INTO entries (place, time, kind, agency, receiving, competent, officer, procedure, registry, \
             operation, outcome, given, dossier, subject, request) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute((
            place.cast_signed(),
            entry.time_unix_micros,
            entry.kind,
            agency,
            receiving,
            competent,
            officer,
            procedure,
            registry,
            operation,
            outcome,
            given,
            short_hash(&entry.dossier),
            first_eight(&entry.subject_pseudonym),
            short_hash(&entry.request_id),
        ))?;
    connection
        .prepare_cached(
            "INSERT INTO blocks (block, earliest, latest) VALUES (?1, ?2, ?2) ON CONFLICT (block) DO UPDATE \
             SET earliest = min(earliest, ?2), latest = max(latest, ?2)",
        )?
        .execute(((place / BLOCK).cast_signed(), entry.time_unix_micros))?;
    Ok(())
}
