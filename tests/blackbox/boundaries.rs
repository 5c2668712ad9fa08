//! Rule 3: what may know what. Adapters and the log know nothing of agencies, tokens or RPCs, one kind of
//! adapter knows nothing of another, and the log knows no crate of the workspace.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// The kinds of registries that design and settings name, there or to come.
const KINDS: [&str; 5] = ["embedded", "postgres", "rest", "soap", "grpc"];
/// Types and crates of the floors above.
const ABOVE: [&str; 17] = [
    "Agency",
    "AgencySettings",
    "Agreement",
    "Agreements",
    "Caller",
    "LookupContext",
    "Officer",
    "Permit",
    "Provenance",
    "Receipt",
    "Status",
    "Token",
    "audit",
    "gateway",
    "jsonwebtoken",
    "rustls",
    "tonic",
];

/// The dependencies of a package, as the manifest declares them: name, and whether it lies here.
fn dependencies(package: &str) -> Vec<(String, bool)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(ROOT)
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let found = packages.iter().find(|one| one["name"] == package).unwrap();
    let declared = found["dependencies"].as_array().unwrap();
    declared
        .iter()
        .map(|one| (one["name"].as_str().unwrap().to_owned(), !one["path"].is_null()))
        .collect()
}

fn of_the_workspace(package: &str) -> BTreeSet<String> {
    let local = dependencies(package).into_iter().filter(|(_, local)| *local);
    local.map(|(name, _)| name).collect()
}

/// The identifiers of the code under a folder, with their files; comments and texts are left out.
fn identifiers(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(identifiers(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.extend(identifiers_of(&path));
        }
    }
    found
}

fn identifiers_of(file: &Path) -> Vec<(PathBuf, String)> {
    let text = fs::read_to_string(file).unwrap();
    let mut found = Vec::new();
    for line in text.lines() {
        let code = line.split("//").next().unwrap_or_default();
        // Every second piece between quotation marks is a text.
        for piece in code.split('"').step_by(2) {
            let words = piece.split(|c: char| !c.is_alphanumeric() && c != '_');
            found.extend(words.map(|word| (file.to_owned(), word.to_owned())));
        }
    }
    found
}

#[test]
fn the_log_depends_on_no_crate_of_the_workspace_and_adapters_on_the_schemas_alone() {
    assert_eq!(of_the_workspace("audit"), BTreeSet::new());
    assert_eq!(of_the_workspace("adapters"), BTreeSet::from(["proto".to_owned()]));
    assert_eq!(of_the_workspace("proto"), BTreeSet::new());
}

#[test]
fn adapters_and_the_log_depend_on_nothing_that_speaks_tokens_or_serves_calls() {
    let banned = ["jsonwebtoken", "tonic-health", "tonic-reflection"];
    for package in ["adapters", "audit"] {
        for (name, _) in dependencies(package) {
            assert!(!banned.contains(&name.as_str()), "{package} depends on {name}");
        }
    }
    let log: Vec<_> = dependencies("audit").into_iter().map(|(name, _)| name).collect();
    assert!(
        !log.iter()
            .any(|name| name == "tonic" || name.starts_with("hyper")),
        "{log:?}"
    );
}

#[test]
fn adapters_name_nothing_of_agencies_tokens_or_rpcs() {
    let source = Path::new(ROOT).join("adapters/src");
    let names = identifiers(&source);
    assert!(names.len() > 1000, "the sources are read");
    for (file, name) in names {
        // These are registries' own protocols, in the kinds that speak them and in what two of them share.
        let own_protocol = ["tonic", "Status", "rustls", "Token"].contains(&name.as_str());
        if own_protocol
            && ["grpc", "http", "rest", "soap", "postgres"]
                .iter()
                .any(|kind| is_of(&file, kind))
        {
            continue;
        }
        // What another gateway says of its answer is a registry's own protocol too.
        if name == "Provenance" && is_of(&file, "grpc") {
            continue;
        }
        // What a registry is told of the case that it is asked for stands in its question.
        if ["Agency", "LookupContext", "Officer"].contains(&name.as_str())
            && ["http", "rest", "soap"].iter().any(|kind| is_of(&file, kind))
        {
            continue;
        }
        assert!(!ABOVE.contains(&name.as_str()), "{} names {name}", file.display());
        let generated = name.ends_with("_service_client") || name.ends_with("_service_server");
        assert!(!generated, "{} names {name}", file.display());
    }
}

#[test]
fn one_kind_of_adapter_names_no_other() {
    let source = Path::new(ROOT).join("adapters/src");
    let mut kinds = 0;
    for kind in KINDS {
        let (file, folder) = (source.join(format!("{kind}.rs")), source.join(kind));
        let mut files = BTreeSet::new();
        if file.exists() {
            kinds += 1;
            files.insert(file);
        }
        if folder.exists() {
            files.extend(identifiers(&folder).into_iter().map(|(file, _)| file));
        }
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for other in KINDS.into_iter().filter(|other| *other != kind) {
                // As a module; some are English words too.
                let named = [format!("{other}::"), format!("::{other}")];
                let named = text.lines().any(|line| {
                    let code = line.split("//").next().unwrap_or_default();
                    named.iter().any(|path| code.contains(path))
                });
                assert!(!named, "{} names {other}", file.display());
            }
        }
    }
    assert!(kinds > 0, "there are kinds");
}

fn is_of(file: &Path, kind: &str) -> bool {
    file.ends_with(format!("{kind}.rs")) || file.components().any(|part| part.as_os_str() == kind)
}
