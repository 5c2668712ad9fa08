//! Development certificates and tokens from the command line.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use harness::program::{Ran, run};
use serde_json::Value;
use tempfile::TempDir;

fn make(folder: &Path, task: &[&str]) -> Ran {
    let folder = folder.to_str().unwrap();
    let flag = if matches!(task[0], "init" | "auditor-key") {
        "--out"
    } else {
        "--dir"
    };
    run(&[&["pki", task[0], flag, folder], &task[1..]].concat())
}

/// Authority, gateway, one agency, one issuer, one log.
fn keys() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for task in [
        &["init", "--name", "localhost"][..],
        &["client", "--agency", "H29.12"],
        &["issuer", "--name", "one-stop"],
        &["log-key", "--name", "gateway.example/log"],
        &["auditor-key"],
    ] {
        let made = make(folder.path(), task);
        assert_eq!(made.code, Some(0), "{task:?} {made:?}");
    }
    folder
}

fn token(folder: &Path, more: &[&str]) -> Ran {
    let key = folder.join("issuers/one-stop.key");
    let given = [
        "token",
        "issue",
        "--issuer-key",
        key.to_str().unwrap(),
        "--agency",
        "H29.12",
        "--client",
        "one-stop-h29-12",
        "--officer",
        "officer-7",
        "--role",
        "receiving-officer",
        "--audience",
        "urn:lienthong:under-test",
    ];
    run(&[&given[..], more].concat())
}

fn show(folder: &Path, token: &str, audience: &str, keys: &str) -> Ran {
    let (certificate, keys) = (folder.join("clients/H29.12.pem"), folder.join(keys));
    run(&[
        "token",
        "show",
        token,
        "--json",
        "--audience",
        audience,
        "--certificate",
        certificate.to_str().unwrap(),
        "--keys",
        keys.to_str().unwrap(),
    ])
}

#[test]
fn private_keys_are_their_owners_alone_and_nothing_is_written_over_unasked() {
    let folder = keys();
    for file in [
        "ca.key",
        "server.key",
        "clients/H29.12.key",
        "issuers/one-stop.key",
        "log.key",
        "auditor.key",
    ] {
        let mode = fs::metadata(folder.path().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let before = fs::read(folder.path().join("ca.key")).unwrap();
    let again = make(folder.path(), &["init", "--name", "localhost"]);
    assert_eq!((again.code, again.out.as_str()), (Some(1), ""), "{again:?}");
    assert!(again.err.contains("--force"), "{}", again.err);
    assert_eq!(fs::read(folder.path().join("ca.key")).unwrap(), before);
    let bad = make(folder.path(), &["client", "--agency", "../H29.12"]);
    assert_eq!(bad.code, Some(1), "{bad:?}");
    let forced = make(
        folder.path(),
        &["client", "--agency", "H29.12", "--force", "--json"],
    );
    assert_eq!(forced.json()[0]["name"], "urn:lienthong:agency:H29.12");
}

#[test]
fn a_token_is_issued_and_explained_and_each_broken_rule_is_named() {
    let folder = keys();
    let issued = token(folder.path(), &[]);
    assert_eq!((issued.code, issued.err.as_str()), (Some(0), ""), "{issued:?}");
    let jwt = issued.out.trim();
    let good = show(
        folder.path(),
        jwt,
        "urn:lienthong:under-test",
        "issuers/one-stop.jwks.json",
    );
    assert_eq!(good.code, Some(0), "{good:?}");
    assert_eq!(good.json()["claims"]["sub"], "officer-7");

    let broken = |ran: Ran, word: &str| {
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let told = ran.json();
        let rules = told["rules"].as_object().unwrap();
        let words: Vec<&Value> = rules.values().map(|rule| &rule["kept"]).collect();
        assert!(words.iter().any(|kept| **kept == word), "{word}: {told}");
    };
    broken(
        show(folder.path(), jwt, "urn:other", "issuers/one-stop.jwks.json"),
        "TOKEN_AUDIENCE",
    );
    make(folder.path(), &["issuer", "--name", "other"]);
    broken(
        show(
            folder.path(),
            jwt,
            "urn:lienthong:under-test",
            "issuers/other.jwks.json",
        ),
        "TOKEN_SIGNATURE",
    );
    make(folder.path(), &["client", "--agency", "H29.12", "--force"]);
    broken(
        show(
            folder.path(),
            jwt,
            "urn:lienthong:under-test",
            "issuers/one-stop.jwks.json",
        ),
        "TOKEN_BINDING",
    );
    let long = token(folder.path(), &["--lifetime", "2h"]);
    let long = show(
        folder.path(),
        long.out.trim(),
        "urn:lienthong:under-test",
        "issuers/one-stop.jwks.json",
    );
    broken(long, "TOKEN_LIFETIME");
    broken(
        show(folder.path(), "abc", "urn:x", "issuers/one-stop.jwks.json"),
        "TOKEN_MALFORMED",
    );
    let no_time = token(folder.path(), &["--lifetime", "5"]);
    assert_eq!(no_time.code, Some(2), "{no_time:?}");
}
