//! Writes the synthetic registries.

mod business;
mod criminal_record;
mod population;

use std::fs;
use std::path::Path;
use std::thread;

use anyhow::{Context as _, Result, anyhow, ensure};
use serde::{Deserialize, Serialize};

use super::cast;
use super::people::World;
use super::sectoral;

/// The seed of the shipped demo data.
pub const SEED: u64 = 0x1e17_7406;

/// Fewest citizens: the cast and some neighbours.
pub const FEWEST: u64 = 100;

/// Most citizens: the six free digits of a personal identifier are given out once each.
pub const MOST: u64 = 1_000_000;

/// File names in the data folder, one a registry.
pub const FILES: [&str; 3] = ["population.db", "criminal-record.db", "business.db"];

/// What a data folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Format of the data; a change of generator or schema raises it.
    pub edition: u32,
    /// The seed that everything follows from.
    pub seed: u64,
    /// Rows of the population registry.
    pub citizens: u64,
    /// Rows of the business registry.
    pub enterprises: u64,
    /// Persons in the criminal record registry.
    pub criminal_records: u64,
    /// Certificates in it.
    pub certificates: u64,
}

const EDITION: u32 = 2;

/// Writes the registries' files into `dir`. `progress` is told of rows as they are written, out of
/// [`rows`] in all, from several threads.
///
/// # Errors
/// When the number of citizens is out of range or a file can't be written.
pub fn generate(dir: &Path, citizens: u64, progress: &(dyn Fn(u64) + Sync)) -> Result<Summary> {
    generate_from(SEED, dir, citizens, progress)
}

/// As [`generate`], from another seed.
///
/// # Errors
/// When the number of citizens is out of range or a file can't be written.
pub fn generate_from(
    seed: u64,
    dir: &Path,
    citizens: u64,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Summary> {
    ensure!(
        (FEWEST..=MOST).contains(&citizens),
        "the number of citizens must be from {FEWEST} to {MOST}"
    );
    fs::create_dir_all(dir).context("the data folder can't be made")?;
    let world = World { seed, citizens };
    let [population, criminal_record, business] = FILES.map(|name| dir.join(name));
    let (criminal_records, certificates) = thread::scope(|scope| {
        let people = scope.spawn(|| population::write(&world, &population, progress));
        let records = scope.spawn(|| criminal_record::write(&world, &criminal_record, progress));
        let sectoral = scope.spawn(|| sectoral::write(&world, dir));
        business::write(&world, &business, progress)?;
        joined(people)?;
        joined(sectoral)?;
        joined(records)
    })?;
    let enterprises = world.enterprises();
    Ok(Summary {
        edition: EDITION,
        seed,
        citizens,
        enterprises,
        criminal_records,
        certificates,
    })
}

/// Steps that [`generate`] reports for so many citizens.
pub fn rows(citizens: u64) -> u64 {
    2 * citizens + (citizens / 5).max(cast::ENTERPRISES.len() as u64)
}

/// Whether `summary` is what [`generate`] writes today for so many citizens.
pub fn is_current(summary: &Summary, citizens: u64) -> bool {
    summary.edition == EDITION && summary.seed == SEED && summary.citizens == citizens
}

/// Reports in steps, so that telling costs less than the work.
struct Steps<'a> {
    progress: &'a (dyn Fn(u64) + Sync),
    untold: u64,
}

impl<'a> Steps<'a> {
    fn new(progress: &'a (dyn Fn(u64) + Sync)) -> Self {
        Self { progress, untold: 0 }
    }

    fn one(&mut self) {
        self.untold += 1;
        if self.untold == 1_000 {
            self.tell();
        }
    }

    fn tell(&mut self) {
        (self.progress)(std::mem::take(&mut self.untold));
    }
}

impl Drop for Steps<'_> {
    fn drop(&mut self) {
        self.tell();
    }
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread
        .join()
        .map_err(|_| anyhow!("a writer of a registry's file stopped"))?
}

#[cfg(test)]
mod tests;
