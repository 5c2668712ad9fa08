//! Everything that one test needs, in one temporary folder.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;

use audit::{AuditorPrivateKey, SubjectKeyFolder};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::agency::Agency;
use crate::audit_log::AuditLog;
use crate::gateway::Gateway;
use crate::pki::{Authority, Keyed};
use crate::registries;
use crate::tokens::TokenIssuer;
use crate::tree::{ORIGIN, Tree};

/// Authorities, an issuer, registries, a configuration tree and the place of the log. The folder
/// goes with the scene, unless the test fails: then it stays and its place is printed.
pub struct Scene {
    folder: Option<TempDir>,
    /// The authority of the gateway and of its callers.
    pub authority: Authority,
    /// The issuer of the agencies' tokens.
    pub issuer: TokenIssuer,
    /// The auditors' private key, which the gateway does not have.
    pub auditor: AuditorPrivateKey,
    /// The configuration.
    pub tree: Tree,
}

impl Scene {
    /// A new scene; nothing runs yet.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (authority, issuer) = (Authority::new("authority of the test"), TokenIssuer::new());
        let tree = Tree::make(&folder.path().join("config"));
        let server = authority.server();
        tree.write("tls/ca.pem", authority.pem());
        tree.write("tls/server.pem", &server.certificate_pem);
        tree.write("issuers/test.json", &issuer.key_set().to_string());
        let secret = |path: &str, text: &str| write_secret(&tree.root().join(path), text);
        secret("tls/server.key", &server.key_pem);
        let (private, public) = log_key();
        secret("audit/log.key", &private);
        let auditors = folder.path().join("auditor");
        fs::create_dir(&auditors).expect("the auditors' folder");
        let auditor = AuditorPrivateKey::create_key_file(&auditors.join("auditor.key")).expect("their key");
        tree.write("audit/auditor.pub", &format!("{}\n", auditor.key()));
        fs::write(folder.path().join("log.pub"), public).expect("the log's public key");
        fs::create_dir(folder.path().join("data")).expect("a folder for registries");
        registries::make(&folder.path().join("data"));
        Self {
            folder: Some(folder),
            authority,
            issuer,
            auditor,
            tree,
        }
    }

    /// Puts another certificate of the gateway in its files, the key first.
    ///
    /// # Panics
    /// When a file can't be written.
    pub fn replace_server(&self, server: &Keyed) {
        let key = self.tree.root().join("tls/server.key");
        let beside = key.with_extension("new~");
        write_secret(&beside, &server.key_pem);
        fs::rename(&beside, &key).expect("the key takes its place");
        self.tree.write("tls/server.pem", &server.certificate_pem);
    }

    /// Starts the program and waits until it listens.
    #[must_use]
    pub fn start(&self) -> Gateway {
        Gateway::start(self)
    }

    /// An agency with an honest certificate of its own.
    #[must_use]
    pub fn agency(&self, id: &str) -> Agency {
        Agency::new(id, &self.authority)
    }

    /// The folder of everything.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.as_ref().expect("it is there until the end").path()
    }

    /// The database file of a registry.
    #[must_use]
    pub fn database(&self, registry: &str) -> PathBuf {
        self.folder().join(format!("data/{registry}.db"))
    }

    /// The subject keys that the gateway made.
    #[must_use]
    pub fn subject_keys(&self) -> SubjectKeyFolder {
        SubjectKeyFolder::new(self.tree.root().join("audit/subjects"))
    }

    /// The access log.
    #[must_use]
    pub fn log(&self) -> AuditLog {
        AuditLog::new(self.folder().join("audit"), &self.folder().join("log.pub"))
    }
}

impl Default for Scene {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Scene {
    #[expect(clippy::print_stderr, reason = "a failed test says where its files are")]
    fn drop(&mut self) {
        if thread::panicking()
            && let Some(folder) = self.folder.take()
        {
            eprintln!("the files of this test stay in {}", folder.keep().display());
        }
    }
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).expect("random bytes");
    bytes
}

/// The key pair of a log in the text forms of Go's `note` package: private, public.
fn log_key() -> (String, String) {
    let seed = random();
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("an Ed25519 key");
    let public = pair.public_key().as_ref();
    let id = Sha256::digest([ORIGIN.as_bytes(), b"\n\x01", public].concat());
    let id = hex::encode(&id[..4]);
    let encode = |key: &[u8]| STANDARD.encode([&[1], key].concat());
    (
        format!("PRIVATE+KEY+{ORIGIN}+{id}+{}\n", encode(&seed)),
        format!("{ORIGIN}+{id}+{}\n", encode(public)),
    )
}

fn write_secret(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .expect("a new file");
    file.write_all(text.as_bytes()).expect("the secret is written");
}
