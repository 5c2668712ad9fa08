//! The example tree's files against the tables of the synthetic registries.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use prost::Message as _;
use rusqlite::Connection;

use crate::registry::{Question, Registry};
use crate::settings::RegistrySettings;
use crate::{ConnectError, Error, connect};

mod example_tree;
mod failures;
mod promises;

/// A configuration folder with one registry's file, and beside it the database it points at.
pub(super) struct Tree {
    folder: tempfile::TempDir,
    pub(super) settings: RegistrySettings,
}

impl Tree {
    /// `file` is the text of the registry's file, which points at `../data/<name>.db`; `sql` makes
    /// the database.
    pub(super) fn new(file: &str, sql: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["config", "data"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let settings = toml::from_str(file).unwrap_or_else(|error| panic!("{error}"));
        let tree = Self { folder, settings };
        tree.write(sql);
        tree
    }

    /// One of the files of the example tree, with the tables of the synthetic registry.
    pub(super) fn example(name: &str, rows: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let schema = format!("gateway/src/demo/schema/{}.sql", name.replace('-', "_"));
        let text = |path: String| std::fs::read_to_string(root.join(&path)).expect(&path);
        Self::new(
            &text(format!("config/registries/{name}.toml")),
            &(text(schema) + rows),
        )
    }

    pub(super) fn base(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    pub(super) fn database(&self) -> PathBuf {
        self.base().join(self.settings.files()[0].get_ref())
    }

    /// A connection that may write, as the registry's owner has one.
    pub(super) fn owner(&self) -> Connection {
        Connection::open(self.database()).expect("a database")
    }

    pub(super) fn write(&self, sql: &str) {
        self.owner()
            .execute_batch(sql)
            .unwrap_or_else(|error| panic!("{error}"));
    }

    pub(super) fn try_connect(&self) -> Result<Arc<dyn Registry>, ConnectError> {
        connect(
            "test",
            &self.settings,
            &self.base(),
            &proto::descriptors(),
            &crate::codes::tests::tables(),
        )
    }

    pub(super) fn connect(&self) -> Arc<dyn Registry> {
        self.try_connect().unwrap_or_else(|error| panic!("{error:?}"))
    }
}

pub(super) fn question(record: &str, key: &str) -> Question {
    Question {
        record: record.into(),
        key: key.into(),
        deadline: Instant::now() + Duration::from_secs(5),
        call: None,
        trace: crate::Trace::default(),
    }
}

/// Asks, and decodes what comes back.
pub(super) async fn ask<M: prost::Message + Default>(
    registry: &Arc<dyn Registry>,
    record: &str,
    key: &str,
) -> Result<M, Error> {
    let found = registry.look_up(question(record, key)).await?;
    Ok(M::decode(found.record).expect("a record decodes"))
}
