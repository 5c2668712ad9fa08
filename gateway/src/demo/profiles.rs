//! Who calls in the demonstration, and their client profiles.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::folder::Folder;
use crate::cli::client::{Profile, TokenMint, TokenSource};

/// An agency's system with an officer in front of it.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) agency: &'static str,
    issuer: &'static str,
    client: &'static str,
    officer: &'static str,
    role: &'static str,
}

/// The one-stop office that the demonstration looks at.
pub(super) const ONE_STOP: &str = "H29.12";
/// Another one-stop office.
pub(super) const OTHER_ONE_STOP: &str = "H26.5";
/// The agency that decides.
pub(super) const POLICE: &str = "G01.79";

pub(super) const ACTORS: [Actor; 4] = [
    Actor {
        agency: ONE_STOP,
        issuer: "one-stop",
        client: "mot-cua-h29-12",
        officer: "cb-0412",
        role: "receiving-officer",
    },
    Actor {
        agency: OTHER_ONE_STOP,
        issuer: "one-stop",
        client: "mot-cua-h26-5",
        officer: "cb-2605",
        role: "receiving-officer",
    },
    Actor {
        agency: POLICE,
        issuer: "police",
        client: "quan-ly-hanh-chinh-g01-79",
        officer: "ca-7901",
        role: "deciding-officer",
    },
    Actor {
        agency: "H29.99",
        issuer: "one-stop",
        client: "kiem-tra-h29-99",
        officer: "kt-9901",
        role: "auditor",
    },
];

/// The profile file of an actor, in the folder `profiles` beside `keys`.
pub(super) fn text(actor: &Actor, address: &str) -> Result<String> {
    let keys = Path::new("../keys");
    let clients = |ending: &str| keys.join("clients").join(format!("{}.{ending}", actor.agency));
    let profile = Profile {
        address: address.to_owned(),
        server_name: None,
        ca: keys.join("ca.pem"),
        certificate: clients("pem"),
        key: clients("key"),
        agency: actor.agency.to_owned(),
        token: TokenSource::Mint(TokenMint {
            issuer_key: keys.join("issuers").join(format!("{}.key", actor.issuer)),
            issuer: format!("urn:lienthong:issuer:{}", actor.issuer),
            audience: "urn:lienthong:gateway:demo".to_owned(),
            client: actor.client.to_owned(),
            officer: actor.officer.to_owned(),
            role: actor.role.to_owned(),
            unit: None,
        }),
        folder: PathBuf::new(),
    };
    let head = "# Development only: the token is made from the issuer's private key. A real system names a\n\
                # token file, [token] file = \"…\", which its own sign-on keeps fresh.\n\n";
    Ok(format!("{head}{}", toml::to_string(&profile)?))
}

/// The profile of an agency.
pub(super) fn load(folder: &Folder, agency: &str) -> Result<Profile> {
    Profile::load(&folder.profile(agency))
}
