//! Section `[connection]` of kind `embedded`.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::settings::{Interval, Size};

/// Where the database is and how it is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The database file; a relative path starts from the configuration folder.
    pub file: Spanned<String>,
    /// Threads that read, each with its own connection.
    #[serde(default = "two")]
    pub readers: Spanned<usize>,
    /// Page cache of each reader.
    #[serde(default = "eight_mebibytes")]
    pub page_cache: Size,
    /// How long a reader waits for a writer's lock.
    #[serde(default = "quarter_second")]
    pub busy_timeout: Interval,
}

fn two() -> Spanned<usize> {
    Spanned::new(0..0, 2)
}

fn eight_mebibytes() -> Size {
    Size(8 << 20)
}

fn quarter_second() -> Interval {
    Interval(Duration::from_millis(250))
}
