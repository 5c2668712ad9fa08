//! The demo's folder: data, keys, configuration, client profiles. Made once, used again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};

use super::config_tree;
use super::data::{self, Summary};
use super::profiles::{self, ACTORS};
use super::sectoral;
use crate::clock::Moment;
use crate::development::folder::KeyFolder;
use crate::development::log_key::{auditor_key, log_key};
use crate::development::pki::{self, Authority, agency_uri};
use crate::development::token;

/// Its presence says that a folder is a demo folder.
const MARKER: &str = "lienthong-demo.json";

/// Certificates are made anew at each start.
const CERTIFICATE_VALIDITY: Duration = Duration::from_secs(90 * 86_400);

/// Name of the certificate by which the gateway shows itself to registries.
pub(super) const GATEWAY: &str = "gateway";

const ISSUERS: [&str; 2] = ["one-stop", "police"];

/// A demo folder. One program at a time has it open.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    config: PathBuf,
    /// The marker, locked.
    _held: File,
}

impl Folder {
    /// Makes `root` a demo folder, or takes one up again.
    ///
    /// # Errors
    /// When it holds something else, another program has it open, or it can't be written.
    pub fn open(root: &Path) -> Result<Self> {
        let marker = root.join(MARKER);
        let occupied = root.exists() && fs::read_dir(root).is_ok_and(|mut inside| inside.next().is_some());
        if occupied && !marker.exists() {
            bail!(
                "{} is not empty and not a demo folder: name another with --dir",
                root.display()
            );
        }
        fs::create_dir_all(root).with_context(|| format!("{} can't be made", root.display()))?;
        if !marker.exists() {
            fs::write(&marker, "{}\n").with_context(|| format!("{} can't be written", marker.display()))?;
        }
        let held = File::open(&marker)?;
        held.try_lock().map_err(|_| {
            anyhow!(
                "a demo already runs in {}: stop it, or name another folder with --dir",
                root.display()
            )
        })?;
        Ok(Self {
            root: root.to_owned(),
            config: root.join("config"),
            _held: held,
        })
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The same with a configuration tree of its own, for registries behind adapters: that of the demo's
    /// usual form stays as it is.
    #[must_use]
    pub fn with_adapters(mut self) -> Self {
        self.config = self.root.join("config-adapters");
        self
    }

    /// The configuration tree.
    pub fn config(&self) -> PathBuf {
        self.config.clone()
    }

    /// The access log.
    pub fn audit(&self) -> PathBuf {
        self.root.join("audit")
    }

    /// The public key of the access log.
    pub fn log_key(&self) -> PathBuf {
        self.keys(false).log().public
    }

    /// The client profile of an agency.
    pub fn profile(&self, agency: &str) -> PathBuf {
        self.root.join("profiles").join(format!("{agency}.toml"))
    }

    /// A file with a token of an agency, for clients that are not ours.
    pub fn token(&self, agency: &str) -> PathBuf {
        self.root.join("tokens").join(format!("{agency}.jwt"))
    }

    pub(super) fn keys(&self, overwrite: bool) -> KeyFolder {
        KeyFolder::new(self.root.join("keys"), overwrite)
    }

    /// The data that the folder holds, if it is what would be written today.
    pub fn current_data(&self, citizens: u64) -> Option<Summary> {
        let marker = fs::read(self.root.join(MARKER)).ok()?;
        let summary: Summary = serde_json::from_slice(&marker).ok()?;
        let whole = data::FILES
            .iter()
            .chain(&sectoral::FILES)
            .all(|file| self.root.join("data").join(file).exists());
        (whole && data::is_current(&summary, citizens)).then_some(summary)
    }

    /// Writes the synthetic registries.
    ///
    /// # Errors
    /// As [`data::generate`].
    pub fn write_data(&self, citizens: u64, progress: &(dyn Fn(u64) + Sync)) -> Result<Summary> {
        fs::write(self.root.join(MARKER), "{}\n")?;
        let summary = data::generate(&self.root.join("data"), citizens, progress)?;
        fs::write(
            self.root.join(MARKER),
            format!("{}\n", serde_json::to_string_pretty(&summary)?),
        )?;
        Ok(summary)
    }

    /// Makes the keys that are missing, and all certificates anew.
    ///
    /// # Errors
    /// When a key can't be made or written.
    pub fn write_keys(&self, now: Moment) -> Result<()> {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let fresh = self.keys(false);
        if !fresh.authority().private.exists() {
            pki::init(&fresh, &names, now, CERTIFICATE_VALIDITY)?;
        }
        for name in ISSUERS {
            if !fresh.issuer(name)?.private.exists() {
                token::issuer(&fresh, name)?;
            }
        }
        if !fresh.log().private.exists() {
            log_key(&fresh, "lienthong.example/demo")?;
        }
        // As in life: the private half lies with the auditors, the gateway's folder has the public one.
        let auditors = KeyFolder::new(self.root.join("auditor"), false);
        if !auditors.auditor().private.exists() {
            auditor_key(&auditors)?;
        }
        fs::copy(auditors.auditor().public, fresh.auditor().public)?;
        let again = self.keys(true);
        let server = Authority::load(&again)?.server(&names, now, CERTIFICATE_VALIDITY)?;
        again.write(&again.server(), &server.certificate_pem, &server.key_pem)?;
        for actor in &ACTORS {
            pki::client(
                &again,
                actor.agency,
                &agency_uri(actor.agency),
                now,
                CERTIFICATE_VALIDITY,
            )?;
        }
        let own = "urn:lienthong:gateway:demo";
        pki::client(&again, GATEWAY, own, now, CERTIFICATE_VALIDITY)?;
        Ok(())
    }

    /// Writes the configuration files that are missing, and the address into `gateway.toml`. What an
    /// operator changed stays.
    ///
    /// # Errors
    /// When a file can't be written.
    pub fn write_config(&self, address: &str) -> Result<()> {
        for (path, contents) in config_tree::FILES {
            let target = self.config().join(path);
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder)?;
            }
            if !target.exists() {
                fs::write(&target, contents)?;
            }
        }
        let gateway = self.config().join("gateway.toml");
        let written = fs::read_to_string(&gateway)?;
        fs::write(&gateway, config_tree::with_address(&written, address))?;
        Ok(())
    }

    /// Writes the client profiles for a gateway that listens on `address`.
    ///
    /// # Errors
    /// When a file can't be written.
    pub fn write_profiles(&self, address: &str) -> Result<()> {
        fs::create_dir_all(self.root.join("profiles"))?;
        for actor in &ACTORS {
            fs::write(self.profile(actor.agency), profiles::text(actor, address)?)?;
        }
        Ok(())
    }

    /// Writes a token of each agency. They live for a few minutes, as all tokens do.
    ///
    /// # Errors
    /// When a token can't be made or written.
    pub fn write_tokens(&self) -> Result<()> {
        fs::create_dir_all(self.root.join("tokens"))?;
        for actor in &ACTORS {
            let token = profiles::load(self, actor.agency)?.token()?;
            write_secret(&self.token(actor.agency), &token)?;
        }
        Ok(())
    }
}

/// A token lets its reader in: nobody but the owner reads the file.
fn write_secret(path: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let partial = path.with_extension("partial");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)?;
    file.write_all(text.as_bytes())?;
    fs::rename(partial, path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings;

    #[test]
    fn a_folder_that_holds_something_else_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "x").unwrap();
        assert!(Folder::open(dir.path()).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let held = Folder::open(&dir.path().join("new")).unwrap();
        let again = Folder::open(&dir.path().join("new")).unwrap_err().to_string();
        assert!(again.contains("already runs"), "{again}");
        drop(held);
        Folder::open(&dir.path().join("new")).unwrap();
    }

    #[test]
    fn what_is_written_is_a_tree_that_the_gateway_loads() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        folder.write_data(100, &|_| {}).unwrap();
        folder.write_keys(Moment::now()).unwrap();
        folder.write_config("127.0.0.1:0").unwrap();
        let loaded = settings::load(&folder.config()).map_err(|problems| problems.to_string());
        let loaded = loaded.unwrap();
        assert_eq!((loaded.registries.len(), loaded.agencies.len()), (5, 4));
        assert_eq!(loaded.warnings.len(), 0, "{:?}", loaded.warnings);
        folder.write_profiles("127.0.0.1:1").unwrap();
        folder.write_tokens().unwrap();
    }

    #[test]
    fn data_is_used_again_when_it_is_what_would_be_written() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        assert_eq!(folder.current_data(100), None);
        let summary = folder.write_data(100, &|_| {}).unwrap();
        assert_eq!(folder.current_data(100), Some(summary));
        assert_eq!(folder.current_data(101), None);
    }

    #[test]
    fn keys_of_log_and_issuers_outlive_a_restart_and_an_edited_file_does_too() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let start = |address| {
            folder.write_keys(Moment::now()).unwrap();
            folder.write_config(address).unwrap();
            fs::read(folder.log_key()).unwrap()
        };
        let before = start("127.0.0.1:1");
        let agency = folder.config().join("agencies/H29.12.toml");
        fs::write(&agency, "# mine").unwrap();
        assert_eq!(start("127.0.0.1:2"), before);
        assert_eq!(fs::read_to_string(agency).unwrap(), "# mine");
        let gateway = fs::read_to_string(folder.config().join("gateway.toml")).unwrap();
        assert!(gateway.contains("127.0.0.1:2") && !gateway.contains("127.0.0.1:1\""));
    }
}
