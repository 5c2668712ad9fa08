//! What is wrong with a registry's settings, all of it at once, without opening anything.

use std::fmt;
use std::ops::Range;

use prost_reflect::DescriptorPool;

use crate::settings::RegistrySettings;

/// One thing that is wrong in a registry's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a range of bytes of the file.
    pub span: Option<Range<usize>>,
    /// What was found, what was wanted, and the nearest valid name if one is near.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Checks settings against the canonical schemas. Empty when nothing is wrong.
#[must_use]
pub fn check(settings: &RegistrySettings, pool: &DescriptorPool) -> Vec<Problem> {
    settings
        .records
        .keys()
        .filter(|name| pool.get_message_by_name(name.get_ref()).is_none())
        .map(|name| Problem {
            span: Some(name.span()),
            message: format!("there is no record {}", name.get_ref()),
        })
        .collect()
}
