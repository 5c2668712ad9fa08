//! What a new configuration changes, by the names of files.

use std::collections::BTreeSet;
use std::path::Path;

use audit::Operation;
use sha2::{Digest as _, Sha256};
use toml::Spanned;

use crate::settings::Settings;

/// The longest list that is told whole.
const MOST: usize = 20;

/// What a file is to the gateway, as far as it is put in force on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    KeySet,
    RevocationList,
    Trust,
    ServerCertificate,
}

/// The files that differ between two configurations.
pub(super) struct Diff<'a> {
    versions: [&'a str; 2],
    /// In the order of their paths: the path, and the hashes of its content before and after.
    files: Vec<(&'a Path, [Option<&'a [u8; 32]>; 2])>,
    parts: Vec<Part>,
}

impl<'a> Diff<'a> {
    pub(super) fn new(before: &'a Settings, after: &'a Settings) -> Self {
        let paths: BTreeSet<&Path> = before
            .files
            .keys()
            .chain(after.files.keys())
            .map(|path| &**path)
            .collect();
        let files: Vec<_> = paths
            .into_iter()
            .map(|path| (path, [before.files.get(path), after.files.get(path)]))
            .filter(|(_, [old, new])| old != new)
            .collect();
        let mut parts = Vec::new();
        for (path, _) in &files {
            if let Some(part) = part(before, path).or_else(|| part(after, path))
                && !parts.contains(&part)
            {
                parts.push(part);
            }
        }
        Self {
            versions: [&before.version, &after.version],
            files,
            parts,
        }
    }

    /// Names the files that were added, changed or removed, such as
    /// `changed agreements/population.toml; removed agencies/H29.12.toml`. Nothing of what stands in them.
    pub(super) fn told(&self) -> String {
        let mut told: Vec<String> = self
            .files
            .iter()
            .map(|(path, hashes)| {
                let what = match hashes {
                    [None, _] => "added",
                    [_, None] => "removed",
                    _ => "changed",
                };
                format!("{what} {}", shown(path))
            })
            .collect();
        let rest = told.len().saturating_sub(MOST);
        told.truncate(MOST);
        if rest > 0 {
            told.push(format!("and {rest} more"));
        }
        told.join("; ")
    }

    /// `from 0123456789ab to ba9876543210; diff sha256:…`: SHA-256 over the two versions, then path, old and new hash of
    /// each file that differs, each part with its length (8 bytes, big-endian) before it and an absent file as nothing.
    pub(super) fn proof(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        for version in self.versions {
            add(version.as_bytes());
        }
        for (path, hashes) in &self.files {
            add(path.as_os_str().as_encoded_bytes());
            for file in hashes {
                add(file.map_or(&[], |hash| hash.as_slice()));
            }
        }
        let [from, to] = self.versions;
        format!(
            "from {from} to {to}; diff sha256:{}",
            hex::encode(hash.finalize())
        )
    }

    /// The operations that the change is, beside being a new configuration.
    pub(super) fn operations(&self) -> impl Iterator<Item = Operation> {
        self.parts.iter().map(|part| match part {
            Part::KeySet => Operation::KeySetReload,
            Part::RevocationList => Operation::RevocationListReload,
            Part::Trust => Operation::TrustReload,
            Part::ServerCertificate => Operation::ServerCertificateReload,
        })
    }
}

fn part(settings: &Settings, path: &Path) -> Option<Part> {
    let gateway = &settings.gateway;
    let issuers = gateway.token.issuers.get_ref();
    if gateway.tls.certificate.get_ref() == path {
        return Some(Part::ServerCertificate);
    }
    if issuers.iter().any(|issuer| issuer.jwks.get_ref() == path) {
        return Some(Part::KeySet);
    }
    for ca in gateway.tls.client_ca.get_ref() {
        let intermediates = ca.intermediates.as_ref().map(Spanned::get_ref);
        if ca.file.get_ref() == path || intermediates.is_some_and(|file| file == path) {
            return Some(Part::Trust);
        }
        if ca.lists().iter().any(|list| list.file.get_ref() == path) {
            return Some(Part::RevocationList);
        }
    }
    None
}

/// The settings that a running gateway does not take over, where they changed.
pub(super) fn need_restart(before: &Settings, after: &Settings) -> Vec<&'static str> {
    let (before, after) = (&before.gateway, &after.gateway);
    let mut sections = Vec::new();
    if before.listener != after.listener {
        sections.push("listener");
    }
    if before.audit != after.audit {
        sections.push("audit");
    }
    if before.telemetry != after.telemetry {
        sections.push("telemetry");
    }
    sections
}

/// The path as it is written in the settings, without control characters.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string().replace(char::is_control, "?")
}
