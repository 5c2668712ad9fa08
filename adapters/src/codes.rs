//! Code tables with validity dates: `config/codes/<name>.toml`.
//!
//! A code means something on a day: 15 was Yên Bái until 30 June 2025 and is Lào Cai since. A table
//! never picks: what a code doesn't say for sure stays as it was recorded.

mod day;
mod settings;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use day::Day;
pub use settings::{CodeSettings, CodeTableSettings, EditionSettings};
pub use table::{Code, CodeTable, Reading, When};

/// The tables of a tree, by name.
pub type CodeTables = BTreeMap<String, Arc<CodeTable>>;

#[cfg(test)]
pub(crate) mod tests;
