//! Synthetic registries and the demonstration that runs on them.
//!
//! Every person and enterprise is invented: a pure function of a seed and an index. The ones worth
//! knowing by name stand in [`cast`].

pub mod cast;
pub mod data;
pub mod folder;

mod config_tree;
mod convictions;
mod enterprises;
mod identifiers;
mod load;
mod names;
mod people;
pub mod places;
mod profiles;
pub(crate) mod random;
pub(crate) mod samples;

#[cfg(test)]
mod tests;
