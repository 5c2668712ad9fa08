//! The operator's tree: read in one pass, checked whole, every problem told with its place.
//!
//! | file | idea |
//! |---|---|
//! | `gateway` | `gateway.toml`; its sections are `listener`, `tls`, `token`, `audit`, `telemetry` |
//! | `check/schemas` | `schemas/`: .proto files and descriptor sets, compiled by `proto::schemas` |
//! | `agency`, `agreement`, `procedure` | one file of that folder; registries are `adapters::settings` |
//! | `load` | from a folder to settings, or to all that is wrong with it |
//! | `tree`, `source` | the files, read in one pass; places in one of them |
//! | `read` | one file into one struct, with every mistake in it |
//! | `check` | what is wrong beyond the form of a file, a file a kind |
//! | `problem`, `report`, `nearest` | what is wrong, told as a compiler would |
//! | `imprint` | whether a secret is another one, without telling anything of it |
//! | `fields` | paths of fields in canonical records |

mod agency;
mod agreement;
mod audit;
mod check;
mod day;
mod fields;
mod gateway;
mod imprint;
mod listener;
mod load;
pub(crate) mod nearest;
mod problem;
mod procedure;
mod read;
mod report;
mod source;
mod telemetry;
mod tls;
mod token;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use adapters::RegistrySettings;
use adapters::codes::CodeTables;
use proto::schemas::Schemas;
use sha2::{Digest as _, Sha256};

pub use agency::{AgencyCertificate, AgencySettings, AgencyToken};
pub use agreement::{
    AgreementSettings, GrantOperation, GrantSettings, GrantStep, Party, QuotaSettings, SecondFact,
};
pub use audit::{AuditIndexSettings, AuditSettings};
pub use day::Day;
pub use gateway::GatewaySettings;
pub(crate) use imprint::Imprint;
pub use listener::ListenerSettings;
pub use load::{load, load_without_files};
pub use problem::{Excerpt, Position, Problem, Problems, Severity, Shown};
pub use procedure::{ComponentSettings, ProcedureSettings, ReplacementSettings};
pub use telemetry::{LogFormat, MetricsAddress, TelemetrySettings};
pub use tls::{ClientCa, RevocationSettings, TlsSettings};
pub use token::{TokenIssuerSettings, TokenSettings};
pub use tree::{folders, paths};

/// One whole tree, checked. Names of files without their ending are the keys.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The first 12 hexadecimal digits of SHA-256 over the tree. It stands in every answer and entry.
    pub version: String,
    /// `gateway.toml`.
    pub gateway: GatewaySettings,
    /// `registries/<name>.toml`.
    pub registries: BTreeMap<String, RegistrySettings>,
    /// `agencies/<id>.toml`.
    pub agencies: BTreeMap<String, AgencySettings>,
    /// `agreements/<name>.toml`.
    pub agreements: BTreeMap<String, AgreementSettings>,
    /// `procedures/<code>.toml`.
    pub procedures: BTreeMap<String, ProcedureSettings>,
    /// `codes/<name>.toml`, checked.
    pub codes: CodeTables,
    /// The built-in schemas, and those of `schemas/`.
    pub schemas: Schemas,
    /// The folder that relative paths start from.
    pub base: PathBuf,
    /// SHA-256 of each file that was read: those of the tree, and the certificates, revocation lists,
    /// key sets and schemas that it names. Private keys are not among them.
    pub files: BTreeMap<PathBuf, [u8; 32]>,
    /// What stood in the secrets that each registry names, told apart within this process alone.
    pub(crate) secrets: BTreeMap<String, Imprint>,
    /// What is worth a look, though the tree is used.
    pub warnings: Vec<Problem>,
}

impl Settings {
    /// A path of a setting, from the configuration folder when it is relative.
    #[must_use]
    pub fn path(&self, written: &Path) -> PathBuf {
        self.base.join(written)
    }

    /// SHA-256 over what a registry is opened from: its file, the schemas, certificates and secrets that it names, the
    /// code tables, and the schemas of the tree if it gives a record that is not built in. For this process alone.
    pub(crate) fn registry_file(&self, name: &str) -> [u8; 32] {
        let own = Path::new("registries").join(format!("{name}.toml"));
        let registry = self.registries.get(name);
        let schemas = registry.map(|registry| registry.schemas(&self.base));
        let named = registry.into_iter().flat_map(RegistrySettings::credentials);
        let named = named.map(|file| file.get_ref().clone());
        let named: BTreeSet<_> = schemas
            .into_iter()
            .flatten()
            .chain(named)
            .map(PathBuf::from)
            .collect();
        let built_in = proto::descriptors();
        let sectoral = registry.is_some_and(|registry| {
            let mut records = registry.records.keys();
            records.any(|record| built_in.get_message_by_name(record.get_ref()).is_none())
        });
        let read = self.files.iter().filter(|(path, _)| {
            **path == own
                || path.starts_with("codes")
                || named.contains(*path)
                || sectoral && path.starts_with(tree::SCHEMAS)
        });
        let mut hash = Sha256::new();
        for (path, of_file) in read {
            // The path's end is marked, and what follows it is of one length.
            hash.update(path.as_os_str().as_encoded_bytes());
            hash.update([0]);
            hash.update(of_file);
        }
        if let Some(imprint) = self.secrets.get(name) {
            hash.update(imprint.bytes());
        }
        hash.finalize().into()
    }

    /// The files outside the tree whose content is put in force with it, private keys included.
    #[must_use]
    pub fn named_files(&self) -> Vec<PathBuf> {
        let named = self
            .gateway
            .public_files()
            .chain([self.gateway.tls.key.get_ref()]);
        let registries = self.registries.values();
        let schemas = registries
            .clone()
            .flat_map(|registry| registry.schemas(&self.base));
        let credentials = registries.flat_map(RegistrySettings::credentials);
        named
            .map(|written| self.path(written))
            .chain(schemas.map(|written| self.base.join(written)))
            .chain(credentials.map(|written| self.base.join(written.get_ref())))
            .collect()
    }
}
