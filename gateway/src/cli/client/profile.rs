//! The client profile: where a gateway is, and as whom it is called.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::development::pki::fingerprint_of;
use crate::development::token::{IssuerKey, TokenRequest};

/// A profile file. Relative paths start from its folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// Host and port.
    pub(crate) address: String,
    /// The name that the gateway's certificate must hold; the address's host when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) server_name: Option<String>,
    /// The authority of the gateway's certificate.
    pub(crate) ca: PathBuf,
    /// The agency's client certificate.
    pub(crate) certificate: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
    /// The agency, as receiving or competent agency of the calls.
    pub(crate) agency: String,
    pub(crate) token: TokenSource,
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

/// Where a token comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum TokenSource {
    File(TokenFile),
    Mint(TokenMint),
}

/// A file that holds a token and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenFile {
    pub(crate) file: PathBuf,
}

/// For development: the issuer's private key, with which tokens are made on the spot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenMint {
    pub(crate) issuer_key: PathBuf,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) client: String,
    pub(crate) officer: String,
    pub(crate) role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
}

impl Profile {
    /// Reads a profile file.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("profile {} cannot be read", path.display()))?;
        let profile: Self = toml::from_str(&text)
            .with_context(|| format!("profile {} is not as it should be", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self { folder, ..profile })
    }

    /// A path of the profile, from the profile's folder when it is relative.
    pub(super) fn path(&self, written: &Path) -> PathBuf {
        self.folder.join(written)
    }

    /// A token for this profile's certificate.
    pub(crate) fn token(&self) -> Result<String> {
        match &self.token {
            TokenSource::File(source) => {
                let path = self.path(&source.file);
                let text = std::fs::read_to_string(&path)
                    .with_context(|| format!("token file {} cannot be read", path.display()))?;
                Ok(text.trim().to_owned())
            }
            TokenSource::Mint(mint) => {
                let request = TokenRequest {
                    issuer: mint.issuer.clone(),
                    audience: mint.audience.clone(),
                    client: mint.client.clone(),
                    officer: mint.officer.clone(),
                    role: ("role".to_owned(), mint.role.clone()),
                    unit: mint.unit.clone().map(|unit| ("unit".to_owned(), unit)),
                    lifetime: Duration::from_secs(300),
                    certificate: fingerprint_of(&self.path(&self.certificate))?,
                };
                Ok(IssuerKey::load(&self.path(&mint.issuer_key))?.issue(&request, Moment::now())?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "address = \"127.0.0.1:1\"\nca = \"ca.pem\"\ncertificate = \"c.pem\"\n\
                        key = \"c.key\"\nagency = \"H29.12\"\n";

    fn profile(tail: &str) -> Result<(tempfile::TempDir, Profile)> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("profile.toml");
        std::fs::write(&path, format!("{HEAD}{tail}"))?;
        let profile = Profile::load(&path)?;
        Ok((folder, profile))
    }

    #[test]
    fn a_token_file_is_read_without_its_line_end() {
        let (folder, profile) = profile("token = { file = \"t.jwt\" }").unwrap();
        std::fs::write(folder.path().join("t.jwt"), "a.b.c\n").unwrap();
        assert_eq!(profile.token().unwrap(), "a.b.c");
    }

    #[test]
    fn a_profile_with_an_unknown_key_is_refused() {
        assert!(profile("token = { file = \"t.jwt\" }\ncolour = 1").is_err());
        assert!(profile("token = { file = \"t.jwt\", issuer = \"x\" }").is_err());
    }
}
