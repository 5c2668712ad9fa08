//! Section `[tls]`: who the gateway is, and which authorities vouch for its callers.

use std::path::PathBuf;
use std::time::Duration;

use adapters::settings::Interval;
use serde::Deserialize;
use toml::Spanned;

/// The gateway's certificate and the authorities of its callers. Files are PEM; relative paths
/// start from the configuration folder.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSettings {
    /// The gateway's certificate, with the certificates between it and its authority.
    pub certificate: Spanned<PathBuf>,
    /// The private key of that certificate. Only its owner may read the file.
    pub key: Spanned<PathBuf>,
    /// The authorities whose client certificates are looked at. At least one.
    pub client_ca: Spanned<Vec<ClientCa>>,
}

/// An authority that vouches for client certificates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCa {
    /// The name by which agency files mean it.
    pub name: Spanned<String>,
    /// Its certificate, or several of them in one file.
    pub file: Spanned<PathBuf>,
    /// The certificates between it and its clients that sign revocation lists of their own.
    pub intermediates: Option<Spanned<PathBuf>>,
    /// The revocation lists of the authority and of its intermediates. Not written: nothing is
    /// revoked. Written: a certificate that no list in force speaks of is refused.
    pub revocation: Option<Spanned<Vec<RevocationSettings>>>,
}

/// A revocation list, in PEM or DER.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevocationSettings {
    /// The file of the list. With `url`, the gateway keeps there what it fetched last.
    pub file: Spanned<PathBuf>,
    /// Where the authority publishes the list, `http://` or `https://`. Not written: whoever writes
    /// the file renews it.
    pub url: Option<Spanned<String>>,
    /// The authorities of the server of an `https://` address.
    pub ca: Option<Spanned<PathBuf>>,
    /// Time between two looks at the address.
    #[serde(default = "every")]
    pub every: Spanned<Interval>,
}

fn every() -> Spanned<Interval> {
    Spanned::new(0..0, Interval(Duration::from_secs(60 * 60)))
}

impl ClientCa {
    /// Every file that decides who is trusted.
    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let lists = self.lists().iter();
        [self.file.get_ref()]
            .into_iter()
            .chain(self.intermediates.as_ref().map(Spanned::get_ref))
            .chain(lists.flat_map(|list| list.ca.as_ref().map(Spanned::get_ref)))
            .chain(self.lists().iter().map(|list| list.file.get_ref()))
    }

    /// The revocation lists; empty when revocation is not checked.
    pub fn lists(&self) -> &[RevocationSettings] {
        self.revocation.as_ref().map_or(&[], |lists| lists.get_ref())
    }
}
