//! Section `[audit]`: the access log.

use std::path::PathBuf;

use adapters::settings::Interval;
use audit::PeriodLength;
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
    /// The folder of the keys that name subjects, one for each period. The gateway makes the folder and the keys; nobody
    /// else may write there, and only the owner may read a key.
    pub subject_keys: Spanned<PathBuf>,
    /// How long a period is, in the calendar of Viet Nam: `"day"`, `"month"` or `"year"`.
    #[serde(default)]
    pub subject_period: SubjectPeriod,
    /// The auditors' public key, to which identifiers of subjects are sealed. Made by `lienthong pki auditor-key`; the
    /// private half is theirs alone.
    pub auditor_key: Spanned<PathBuf>,
    /// How long entries are kept, at least; older ones are removed by whole segments, and the tree stays provable. Not written:
    /// for ever.
    pub keep: Option<Spanned<Interval>>,
    /// Who cosigns the log's checkpoints (c2sp.org/tlog-witness).
    #[serde(default)]
    pub witnesses: Vec<WitnessSettings>,
    /// The longest time that lookups are answered while no witness has cosigned what was published. Not written: answers do
    /// not wait for witnesses.
    pub witness_patience: Option<Spanned<Interval>>,
    /// The index that auditors search.
    #[serde(default)]
    pub index: AuditIndexSettings,
}

/// How long subject keys are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectPeriod {
    /// A calendar day.
    Day,
    /// A calendar month.
    #[default]
    Month,
    /// A calendar year.
    Year,
}

impl From<SubjectPeriod> for PeriodLength {
    fn from(period: SubjectPeriod) -> Self {
        match period {
            SubjectPeriod::Day => Self::Day,
            SubjectPeriod::Month => Self::Month,
            SubjectPeriod::Year => Self::Year,
        }
    }
}

/// Section `[audit.index]`: where the index of the log lies. It can be deleted at any time, and is built anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditIndexSettings {
    /// Its file. Not written: `<folder>.index.sqlite`, beside the folder of the log.
    pub file: Option<Spanned<PathBuf>>,
}

/// A witness of the log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessSettings {
    /// Its name in messages.
    pub name: Spanned<String>,
    /// Its submission prefix, `http://` or `https://`; `/add-checkpoint` is added.
    pub url: Spanned<String>,
    /// The authorities of the server of an `https://` address.
    pub ca: Option<Spanned<PathBuf>>,
    /// Its public key, `<name>+<key id>+<key>`, of the kind that cosigns.
    pub key: Spanned<String>,
}
