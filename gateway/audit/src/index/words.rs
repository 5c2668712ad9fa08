//! Names that come again and again, as small numbers; and names that do not, as hashes.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};
use sha2::{Digest as _, Sha256};

/// Words held in memory while an index is written.
const REMEMBERED: usize = 100_000;

/// Gives words their numbers.
#[derive(Debug, Default)]
pub(super) struct Words {
    words: HashMap<String, i64>,
    given: HashMap<String, i64>,
}

impl Words {
    /// The number of a word, a new one for a new word; none for the empty one.
    pub(super) fn number(&mut self, connection: &Connection, word: &str) -> rusqlite::Result<Option<i64>> {
        if word.is_empty() {
            return Ok(None);
        }
        if let Some(number) = self.words.get(word) {
            return Ok(Some(*number));
        }
        let number = number_of(connection, word)?;
        let number = match number {
            Some(number) => number,
            None => {
                connection
                    .prepare_cached("INSERT INTO words (word) VALUES (?1)")?
                    .execute([word])?;
                connection.last_insert_rowid()
            }
        };
        remember(&mut self.words, word, number);
        Ok(Some(number))
    }

    /// The number of a set of fields; none for the empty one.
    pub(super) fn fields(
        &mut self,
        connection: &Connection,
        fields: &[String],
    ) -> rusqlite::Result<Option<i64>> {
        if fields.is_empty() {
            return Ok(None);
        }
        let mut sorted: Vec<&str> = fields.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        sorted.dedup();
        let text = sorted.join("\n");
        if let Some(number) = self.given.get(&text) {
            return Ok(Some(*number));
        }
        let known = connection
            .prepare_cached("SELECT id FROM given WHERE fields = ?1")?
            .query_row([&text], |row| row.get(0))
            .optional()?;
        let number = match known {
            Some(number) => number,
            None => {
                connection
                    .prepare_cached("INSERT INTO given (fields) VALUES (?1)")?
                    .execute([&text])?;
                let number = connection.last_insert_rowid();
                for field in sorted {
                    let field = self.number(connection, field)?;
                    connection
                        .prepare_cached("INSERT OR IGNORE INTO given_fields (field, given) VALUES (?1, ?2)")?
                        .execute((field, number))?;
                }
                number
            }
        };
        remember(&mut self.given, &text, number);
        Ok(Some(number))
    }

    /// Forgets everything: what was numbered in a transaction that was undone has no number.
    pub(super) fn forget(&mut self) {
        self.words.clear();
        self.given.clear();
    }
}

/// The number of a word that the index knows.
pub(super) fn number_of(connection: &Connection, word: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM words WHERE word = ?1")?
        .query_row([word], |row| row.get(0))
        .optional()
}

/// The first eight bytes of a text's SHA-256; none for the empty text.
pub(super) fn short_hash(text: &str) -> Option<i64> {
    (!text.is_empty())
        .then(|| first_eight(&Sha256::digest(text)))
        .flatten()
}

/// The first eight bytes, as SQLite keeps them, zeros behind a shorter text; none of the empty one.
pub(super) fn first_eight(bytes: &[u8]) -> Option<i64> {
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(bytes) {
        *to = *from;
    }
    (!bytes.is_empty()).then(|| i64::from_be_bytes(first))
}

fn remember(known: &mut HashMap<String, i64>, word: &str, number: i64) {
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(word.to_owned(), number);
}
