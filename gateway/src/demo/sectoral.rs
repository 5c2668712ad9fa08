//! The two sectoral registries of the demo, whose schemas are files of `config/schemas`: driver licences
//! and dossiers. Their subjects are citizens of the same synthetic country.

mod dossiers;
mod licences;

use std::path::Path;

use anyhow::Result;

use super::people::World;
pub use dossiers::{IMPOSSIBLE, IN_ORDER, UNKNOWN_STATE};
pub use licences::{OWNER_LICENCE, SUSPENDED_LICENCE};

/// File names in the data folder.
pub const FILES: [&str; 2] = ["driver-licence.db", "dossier.db"];

/// Citizens whose licences and dossiers are written: a sectoral registry holds a part of the country.
const MOST: u64 = 20_000;

/// Writes both files.
pub(super) fn write(world: &World, folder: &Path) -> Result<()> {
    let [licences, dossiers] = FILES.map(|name| folder.join(name));
    licences::write(world, world.citizens.min(MOST), &licences)?;
    dossiers::write(world, world.citizens.min(MOST), &dossiers)
}

#[cfg(test)]
mod tests;
