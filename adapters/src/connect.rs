//! From settings to a registry that can be asked.

use std::path::Path;
use std::sync::Arc;

use prost_reflect::DescriptorPool;

use crate::check::{Problem, check};
use crate::registry::Registry;
use crate::settings::RegistrySettings;

/// Why a registry can't be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConnectError {
    /// The settings are wrong, by themselves or for the registry they point at.
    #[error("the settings have {} problems", .0.len())]
    Settings(Vec<Problem>),
    /// The registry can't be reached.
    #[error("the registry can't be reached: {what}")]
    Unreachable {
        /// What stood in the way.
        what: String,
    },
}

/// Opens the registry `name`, checks the settings against it, and puts the protections around it.
/// Relative paths start from `base`.
///
/// # Errors
/// [`ConnectError`], with every problem of the settings at once.
pub fn connect(
    name: &str,
    settings: &RegistrySettings,
    base: &Path,
    pool: &DescriptorPool,
) -> Result<Arc<dyn Registry>, ConnectError> {
    let problems = check(settings, pool);
    if !problems.is_empty() {
        return Err(ConnectError::Settings(problems));
    }
    let file = base.join(settings.connection.get_ref().file.get_ref());
    Err(ConnectError::Unreachable {
        what: format!("registry {name}: {} can't be opened yet", file.display()),
    })
}
