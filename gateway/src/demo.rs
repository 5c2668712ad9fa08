//! Synthetic registries and the demonstration that runs on them.
//!
//! Every person and enterprise is invented: a pure function of a seed and an index. The ones worth
//! knowing by name stand in [`cast`].

pub mod cast;
pub mod data;
pub mod folder;

pub(crate) mod adapters;
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
    let wanted = format!("registries/{name}.toml");
    let found = config_tree::FILES.iter().find(|(path, _)| *path == wanted);
    found.map(|(_, contents)| *contents).ok_or_else(|| {
        let names: Vec<_> = config_tree::registry_names().collect();
        anyhow::anyhow!(
            "there is no registry {name:?}, wanted one of {}",
            names.join(", ")
        )
    })
}

#[cfg(test)]
mod tests;
