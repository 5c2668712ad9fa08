//! Searching a log's files: by the index as far as it goes, and by reading what it does not know.

use std::path::{Path, PathBuf};

use anyhow::Result;
use audit::{EntriesAt, Entry, Index, Order, Question, entries};

use super::place::Take;

/// Places asked from the index at once.
const PAGE: usize = 1000;

/// A log's folder and its index.
pub(super) struct Files {
    folder: PathBuf,
    index: Index,
    at: EntriesAt,
}

impl Files {
    pub(super) fn open(folder: &Path, index: Option<PathBuf>) -> Result<Self> {
        let file = index.unwrap_or_else(|| Index::usual_file(folder));
        Ok(Self {
            folder: folder.to_owned(),
            index: Index::new(file),
            at: EntriesAt::new(folder),
        })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn entry(&self, index: u64) -> Result<Option<Entry>> {
        match entries(&self.folder).from(index).next() {
            Some(found) => Ok(Some(found?)
                .filter(|(at, _)| *at == index)
                .map(|(_, entry)| entry)),
            None => Ok(None),
        }
    }

    pub(super) fn search(&self, question: &Question, take: &mut Take<'_>) -> Result<()> {
        let known = self.indexed();
        match question.order {
            Order::OldestFirst => {
                let from = question.from.unwrap_or(0);
                if from < known && !self.by_index(question, known, take)? {
                    return Ok(());
                }
                self.by_reading(question, known.max(from), take)
            }
            Order::NewestFirst => {
                let mut places = Vec::new();
                self.by_reading(question, known, &mut |index, _| {
                    places.push(index);
                    Ok(true)
                })?;
                for index in places.into_iter().rev() {
                    if !take(index, &self.at.entry(index)?)? {
                        return Ok(());
                    }
                }
                if known > 0 {
                    self.by_index(question, known, take)?;
                }
                Ok(())
            }
        }
    }

    /// Entries that the index knows; 0 when there is none of this log.
    fn indexed(&self) -> u64 {
        let ours = |(last, leaf): (u64, audit::Hash)| {
            let bytes = self.at.bytes(last).ok()?;
            (audit::tree::leaf_hash(&bytes) == leaf).then_some(last + 1)
        };
        let known = self.index.last_leaf().ok().flatten().and_then(ours);
        if known.is_none() && self.index.file().exists() {
            anstream::eprintln!(
                "warning: {} is no index of this log; the whole log is read. `lienthong audit reindex` makes it anew",
                self.index.file().display()
            );
        }
        known.unwrap_or(0)
    }

    /// Entries below `known` alone: a gateway at work may add to the index meanwhile, and those behind are read. `false` when no more is wanted.
    fn by_index(&self, question: &Question, known: u64, take: &mut Take<'_>) -> Result<bool> {
        let mut question = question.clone();
        loop {
            let narrowed = self.index.narrow(&question, PAGE, known)?;
            for index in narrowed.places.into_iter().filter(|index| *index < known) {
                let entry = match self.at.entry(index) {
                    // Retention removed it.
                    Err(audit::reader::ReaderError::File(error))
                        if error.kind() == std::io::ErrorKind::NotFound =>
                    {
                        continue;
                    }
                    other => other?,
                };
                if question.fits(&entry) && !take(index, &entry)? {
                    return Ok(false);
                }
            }
            match narrowed.next {
                Some(next) => question.from = Some(next),
                None => return Ok(true),
            }
        }
    }

    fn by_reading(&self, question: &Question, from: u64, take: &mut Take<'_>) -> Result<()> {
        for entry in entries(&self.folder).from(from) {
            let (index, entry) = entry?;
            if question.fits(&entry) && !take(index, &entry)? {
                break;
            }
        }
        Ok(())
    }
}
