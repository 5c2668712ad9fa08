//! The revocation lists of one authority, and whether they are believed.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;

use super::bundle::read_authorities;
use super::{NamedCa, TrustError};
use crate::clock::Moment;
use crate::identity::revocation::{RevocationError, RevocationList};

/// Reads the lists of one authority, newest first. One that can't be used leaves `last` in force.
pub(super) fn lists_of(
    named: &NamedCa,
    certificates: &[CertificateDer<'static>],
    last: &[RevocationList],
    now: Moment,
    kept: &mut Vec<Arc<TrustError>>,
) -> Result<Vec<RevocationList>, TrustError> {
    let Some(files) = &named.lists else {
        return Ok(Vec::new());
    };
    if files.is_empty() {
        return Err(TrustError::NoList(named.name.clone()));
    }
    let between = match &named.intermediates {
        Some(path) => read_authorities(path)?,
        None => Vec::new(),
    };
    let signers: Vec<_> = certificates.iter().chain(&between).collect();
    let mut lists = Vec::new();
    for file in files {
        let of_file: Vec<_> = last.iter().filter(|list| list.file() == file).cloned().collect();
        let read = RevocationList::read(file, now).and_then(|lists| believed(lists, &signers, &of_file));
        match read {
            Ok(read) => lists.extend(read),
            Err(source) => {
                let error = TrustError::List {
                    file: file.clone(),
                    source,
                };
                let still = !of_file.is_empty() && of_file.iter().all(|list| is_signed(list, &signers));
                if !still {
                    return Err(error);
                }
                lists.extend(of_file);
                kept.push(Arc::new(error));
            }
        }
    }
    // Verification takes the first list that fits.
    lists.sort_by_key(|list| std::cmp::Reverse(list.this_update()));
    Ok(lists)
}

/// Whether lists are good for an authority: those in a file, or `bytes` that are to take its place.
pub(crate) fn try_lists(
    named: &NamedCa,
    file: &Path,
    bytes: Option<&[u8]>,
    now: Moment,
) -> Result<Result<(), RevocationError>, TrustError> {
    let mut signers = read_authorities(&named.pem)?;
    if let Some(path) = &named.intermediates {
        signers.extend(read_authorities(path)?);
    }
    let signers: Vec<_> = signers.iter().collect();
    let there = RevocationList::read(file, now);
    let tried = match bytes {
        None => there.and_then(|lists| believed(lists, &signers, &[])),
        Some(bytes) => RevocationList::parse(bytes, file, now)
            .and_then(|lists| believed(lists, &signers, &there.unwrap_or_default())),
    };
    Ok(tried.map(drop))
}

/// The lists, when one of `signers` signed each of them, all can be asked, and none is older than what is in force.
fn believed(
    lists: Vec<RevocationList>,
    signers: &[&CertificateDer<'static>],
    in_force: &[RevocationList],
) -> Result<Vec<RevocationList>, RevocationError> {
    for (number, list) in (1..).zip(&lists) {
        let signer = signers.iter().find(|signer| list.is_signed_by(signer));
        let signer = signer.ok_or(RevocationError::Stranger(number))?;
        // Told here, of this file alone: the verifier of the whole trust would refuse everything else with it.
        list.try_to_ask(signer)
            .map_err(|source| RevocationError::Unsupported { number, source })?;
        let newer = |other: &&RevocationList| {
            list.is_of_same_issuer(other) && other.this_update() > list.this_update()
        };
        if in_force.iter().any(|other| newer(&other)) {
            return Err(RevocationError::Older(number));
        }
    }
    Ok(lists)
}

fn is_signed(list: &RevocationList, signers: &[&CertificateDer<'static>]) -> bool {
    signers.iter().any(|signer| list.is_signed_by(signer))
}
