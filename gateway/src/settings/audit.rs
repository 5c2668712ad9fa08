//! Section `[audit]`: the access log.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

/// Where the access log lies and with which keys it is written. Relative paths start from the
/// configuration folder.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditSettings {
    /// The folder of the log. Made when it is not there.
    pub folder: Spanned<PathBuf>,
    /// The log's name, which every checkpoint begins with (c2sp.org/tlog-checkpoint), such as
    /// `"example.gov.vn/lienthong"`.
    pub origin: Spanned<String>,
    /// The private key that signs checkpoints. Only its owner may read the file.
    pub signing_key: Spanned<PathBuf>,
    /// The key that makes pseudonyms of subjects. Only its owner may read the file.
    pub pseudonym_key: Spanned<PathBuf>,
    /// The index that auditors search.
    #[serde(default)]
    pub index: AuditIndexSettings,
}

/// Section `[audit.index]`: where the index of the log lies. It can be deleted at any time, and is built anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditIndexSettings {
    /// Its file. Not written: `<folder>.index.sqlite`, beside the folder of the log.
    pub file: Option<Spanned<PathBuf>>,
}
