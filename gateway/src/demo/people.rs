//! The citizens: person `i` is a pure function of the seed and `i`, so that households, parents and
//! enterprises can name each other without anything being kept in memory.

mod household;
mod identity;
mod record;

pub(crate) use identity::Identity;
pub(crate) use record::{Card, Person, Reference, as_of};

use super::cast;

/// Which synthetic country: everything in it follows from these two numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    /// Rows of the population registry, the cast included.
    pub(crate) citizens: u64,
}

/// Streams of draws, one a purpose: a new purpose never shifts an old one.
mod stream {
    pub(super) const PATTERN: u64 = 1;
    pub(super) const HOUSEHOLD: u64 = 2;
    pub(super) const IDENTITY: u64 = 3;
    pub(super) const RECORD: u64 = 4;
    pub(super) const ADDRESS: u64 = 5;
}

impl World {
    /// Persons that are generated, not cast; their indexes start at the cast's number.
    fn first_generated() -> u64 {
        cast::CITIZENS.len() as u64
    }

    /// The person at `index`.
    pub(crate) fn person(&self, index: u64) -> Person {
        match usize::try_from(index)
            .ok()
            .and_then(|index| cast::CITIZENS.get(index))
        {
            Some(member) => member.person(),
            None => self.generated(index),
        }
    }

    /// The head of the first (`which` 0) or second household of a block of ten persons.
    pub(crate) fn head_of_block(&self, block: u64, which: u64) -> u64 {
        let start = Self::first_generated() + block * household::BLOCK;
        if which == 0 {
            start
        } else {
            start + self.pattern(block)[0]
        }
    }
}

#[cfg(test)]
mod tests;
