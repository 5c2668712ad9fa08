//! Files that settings name: there, readable, and private where they hold a secret. What is in them
//! is checked by the parts that use them.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use audit::AuditorKey;
use toml::Spanned;

use super::Draft;
use crate::settings::problem::Problem;
use crate::settings::report::Report;

pub(super) fn check(draft: &Draft, base: &Path, problems: &mut Vec<Problem>) {
    if let Some(file) = &draft.gateway {
        let mut report = Report::new(&file.source, problems);
        let gateway = &file.value;
        readable(base, &gateway.tls.certificate, &mut report);
        secret(base, &gateway.tls.key, &mut report);
        for ca in gateway.tls.client_ca.get_ref() {
            readable(base, &ca.file, &mut report);
            let others = ca.lists().iter().filter_map(|list| list.ca.as_ref());
            for path in ca.intermediates.iter().chain(others) {
                readable(base, path, &mut report);
            }
            // Lists themselves are not looked for: one that is gone leaves the last good one in force.
        }
        for issuer in gateway.token.issuers.get_ref() {
            // A set that is fetched need not be there yet.
            if issuer.url.is_none() || base.join(issuer.jwks.get_ref()).exists() {
                readable(base, &issuer.jwks, &mut report);
            }
            if let Some(ca) = &issuer.ca {
                readable(base, ca, &mut report);
            }
        }
        secret(base, &gateway.audit.signing_key, &mut report);
        auditor_key(base, &gateway.audit.auditor_key, &mut report);
        subject_keys(base, &gateway.audit.subject_keys, &mut report);
        for ca in gateway
            .audit
            .witnesses
            .iter()
            .filter_map(|witness| witness.ca.as_ref())
        {
            readable(base, ca, &mut report);
        }
    }
    for file in draft.registries.values() {
        let mut report = Report::new(&file.source, problems);
        let secrets = file.value.secrets();
        for written in file.value.files() {
            let path = Spanned::new(written.span(), PathBuf::from(written.get_ref()));
            let is_secret = secrets.iter().any(|secret| secret.span() == written.span());
            match is_secret {
                true => secret(base, &path, &mut report),
                false => drop(readable(base, &path, &mut report)),
            }
        }
    }
}

/// The auditors' public key. Without one that is in order nobody could ever say who was looked up.
fn auditor_key(base: &Path, path: &Spanned<PathBuf>, report: &mut Report<'_>) {
    if readable(base, path, report).is_some()
        && let Err(error) = AuditorKey::load(&base.join(path.get_ref()))
    {
        report.error(
            path.span(),
            format!("found {error}, wanted the file that `lienthong pki auditor-key` made for gateways"),
        );
    }
}

/// The gateway makes the folder; one that is there must be the owner's alone to change.
fn subject_keys(base: &Path, path: &Spanned<PathBuf>, report: &mut Report<'_>) {
    if looks_like_a_key(path.get_ref()) {
        report.error(
            path.span(),
            "found a key itself, wanted the path of a folder for keys",
        );
        return;
    }
    let Ok(metadata) = fs::metadata(base.join(path.get_ref())) else {
        return;
    };
    let mode = metadata.permissions().mode() & 0o777;
    if !metadata.is_dir() {
        report.error(
            path.span(),
            "found a file, wanted a folder for the keys of periods",
        );
    } else if mode & 0o022 != 0 {
        report.error(
            path.span(),
            format!("found mode {mode:03o}, wanted 700: others could put keys of their own there"),
        );
    }
}

/// The file's permissions, when it is there and can be read.
fn readable(base: &Path, path: &Spanned<PathBuf>, report: &mut Report<'_>) -> Option<u32> {
    if looks_like_a_key(path.get_ref()) {
        // The value is not repeated: it is a secret.
        report.error(
            path.span(),
            "found a key itself, wanted the path of the file that holds it",
        );
        return None;
    }
    let opened = File::open(base.join(path.get_ref())).and_then(|file| {
        let metadata = file.metadata()?;
        if metadata.is_file() {
            Ok(metadata)
        } else {
            Err(io::Error::other("not a file"))
        }
    });
    match opened {
        Ok(metadata) => Some(metadata.permissions().mode()),
        Err(error) => {
            let found = path.get_ref().display();
            let said = match error.kind() {
                io::ErrorKind::NotFound => "no such file".to_owned(),
                io::ErrorKind::PermissionDenied => "this account may not read it".to_owned(),
                _ => error.to_string(),
            };
            report.error(
                path.span(),
                format!("found \"{found}\": {said}; paths start from the configuration folder"),
            );
            None
        }
    }
}

/// As [`readable`], and nobody but the owner may read it.
fn secret(base: &Path, path: &Spanned<PathBuf>, report: &mut Report<'_>) {
    if let Some(mode) = readable(base, path, report)
        && mode & 0o077 != 0
    {
        let mode = mode & 0o777;
        report.error(
            path.span(),
            format!("found mode {mode:03o}, wanted 600: only its owner may read a key or a secret"),
        );
    }
}

fn looks_like_a_key(path: &Path) -> bool {
    path.to_str().is_some_and(|text| {
        text.contains('\n') || text.starts_with("PRIVATE+") || text.starts_with("-----BEGIN")
    })
}
