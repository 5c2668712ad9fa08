//! `config/codes/<name>.toml` as data.
//!
//! ```toml
//! title_vi = "Tỉnh, thành phố trực thuộc trung ương"
//! title_en = "Provinces"
//! source = "QĐ 19/2025/QĐ-TTg"
//! digits = 2
//! prefixes = ["Tỉnh", "Thành phố", "TP."]
//! editions = [{ version = "QD124/2004", to = "2025-06-30" }, { version = "QD19/2025", from = "2025-07-01" }]
//! codes = [
//!     { code = "15", label = "Yên Bái", to = "2025-06-30", becomes = ["15"] },
//!     { code = "15", label = "Lào Cai", from = "2025-07-01" },
//! ]
//! ```

use serde::Deserialize;
use toml::Spanned;

use super::Day;

/// One code table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeTableSettings {
    /// Name for people, Vietnamese.
    pub title_vi: String,
    /// Name for people, English.
    pub title_en: String,
    /// The act or the source that the table was taken from.
    pub source: String,
    /// Exact number of digits. A shorter number gets its lost zeros back; nothing else ever does.
    pub digits: Option<Spanned<usize>>,
    /// Words before a label that don't matter when a code is sought by its name.
    #[serde(default)]
    pub prefixes: Vec<String>,
    /// The table's editions, one after the other.
    #[serde(default)]
    pub editions: Vec<Spanned<EditionSettings>>,
    /// The codes. A code may stand here several times, for different days.
    #[serde(default)]
    pub codes: Vec<Spanned<CodeSettings>>,
}

/// An edition of a table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditionSettings {
    /// What the edition is called where a code is kept with it.
    pub version: String,
    /// First day; without it, since ever.
    pub from: Option<Day>,
    /// Last day; without it, until further notice.
    pub to: Option<Day>,
}

/// What a code means on some days.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeSettings {
    /// The code, or the phrase that stands for one.
    pub code: String,
    /// What it is called.
    pub label: Option<String>,
    /// The name of the enum value that it means.
    pub value: Option<Spanned<String>>,
    /// Other names.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// First day; without it, since ever.
    pub from: Option<Day>,
    /// Last day; without it, until further notice.
    pub to: Option<Day>,
    /// The codes of the days after, when this one ends.
    #[serde(default)]
    pub becomes: Vec<Spanned<String>>,
}
