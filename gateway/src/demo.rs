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
pub mod sectoral;

/// The shipped file of a registry.
///
/// # Errors
/// When there is none, with those that there are.
pub fn registry_file(name: &str) -> anyhow::Result<&'static str> {
    let named = |path: &'static str| path.strip_prefix("registries/")?.strip_suffix(".toml");
    let found = config_tree::FILES
        .iter()
        .find(|(path, _)| named(path) == Some(name));
    found.map(|(_, contents)| *contents).ok_or_else(|| {
        let names: Vec<_> = config_tree::FILES
            .iter()
            .filter_map(|(path, _)| named(path))
            .collect();
        anyhow::anyhow!(
            "there is no registry {name:?}, wanted one of {}",
            names.join(", ")
        )
    })
}

#[cfg(test)]
mod tests;
