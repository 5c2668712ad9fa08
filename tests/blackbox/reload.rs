//! A new configuration. Rule 5: it is taken whole or not at all.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use bytes::Bytes;
use harness::messages::get;
use harness::registries::AN;
use harness::tokens::TokenIssuer;
use harness::tree::{OFFICE, OTHER_PROCEDURE, PROCEDURE};
use harness::{Client, Gateway, Scene};
use prost::Message as _;
use proto::lookup::v1::Source;

/// Waits until a call has this outcome: the word of a refusal, or `OK`.
async fn becomes(gateway: &Gateway, client: &Client, wanted: &str) {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let word = client
            .citizen(get(AN))
            .await
            .map_or_else(|refused| refused.word, |_| "OK".into());
        if word == wanted {
            return;
        }
        assert!(
            Instant::now() < end,
            "{word}, wanted {wanted}: {}",
            gateway.words()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_changed_agreement_acts_on_an_open_connection_and_a_broken_file_changes_nothing() {
    let scene = Scene::new();
    let (mut gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let version = async || {
        client
            .citizen(get(AN))
            .await
            .unwrap()
            .provenance
            .unwrap()
            .config_version
    };
    let first = version().await;
    let file = "agreements/population.toml";
    scene.tree.edit(file, PROCEDURE, OTHER_PROCEDURE);
    becomes(&gateway, &client, "PROCEDURE_NOT_AGREED").await;
    scene.tree.edit(file, OTHER_PROCEDURE, PROCEDURE);
    scene.tree.edit(file, "version = \"1\"", "version = \"2\"");
    becomes(&gateway, &client, "OK").await;
    let second = version().await;
    assert_ne!(first, second);

    scene.tree.edit(file, "version = \"2\"", "version = ");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(version().await, second);
    let told = gateway
        .words()
        .matches("the old configuration stays in force")
        .count();
    assert_eq!(told, 1, "a broken tree is told once: {}", gateway.words());
    gateway.reload();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let told = gateway
        .words()
        .matches("the old configuration stays in force")
        .count();
    assert_eq!(told, 2, "and again when somebody asks");

    gateway.stop();
    let entries = scene.log().entries();
    let reloads = entries.iter().filter(|(_, entry)| entry.operation == "reload");
    let told: Vec<_> = reloads
        .map(|(_, entry)| (entry.outcome.as_str(), entry.detail.as_str()))
        .collect();
    let (outcome, detail) = told[0];
    let (changed, proof) = detail.split_once("; ").unwrap();
    assert_eq!((outcome, changed), ("OK", format!("changed {file}").as_str()));
    assert!(
        proof.starts_with("from ") && proof.contains("; diff sha256:"),
        "{proof}"
    );
    assert_eq!(told.last(), Some(&("REFUSED", "")));
}

/// A caller could begin its calls before a change and send their messages after it.
#[tokio::test]
async fn a_call_is_decided_by_the_configuration_that_its_message_meets() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    client.citizen(get(AN)).await.unwrap();
    let message = get(AN).encode_to_vec();
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let framed = Bytes::from([&[0][..], &length, &message].concat());
    let (pieces, received) = tokio::sync::mpsc::channel(2);
    let method = "/lienthong.population.v1.PopulationService/GetCitizen";
    let call = client.raw_pieces(method, received);
    let rest = async {
        pieces.send(framed.slice(..9)).await.unwrap();
        scene
            .tree
            .edit("agreements/population.toml", PROCEDURE, OTHER_PROCEDURE);
        becomes(&gateway, &client, "PROCEDURE_NOT_AGREED").await;
        pieces.send(framed.slice(9..)).await.unwrap();
        drop(pieces);
    };
    let (outcome, ()) = tokio::join!(call, rest);
    assert_eq!(outcome.unwrap_err().word, "PROCEDURE_NOT_AGREED");
}

#[tokio::test]
async fn a_file_outside_the_folder_and_a_folder_that_is_a_link_are_seen_without_a_signal() {
    let mut scene = Scene::new();
    let outside = scene.folder().join("keys");
    fs::create_dir(&outside).unwrap();
    let jwks = outside.join("test.json");
    fs::write(&jwks, scene.issuer.key_set().to_string()).unwrap();
    scene
        .tree
        .edit("gateway.toml", "issuers/test.json", "../keys/test.json");
    // As a ConfigMap is mounted: the file is a link through a link, and that one is led elsewhere.
    let root = scene.tree.root().to_owned();
    let version = |name: &str, procedure: &str| {
        let folder = root.join(name);
        fs::create_dir(&folder).unwrap();
        let text = fs::read_to_string(root.join("agreements/population.toml")).unwrap();
        fs::write(folder.join("population.toml"), text.replace(PROCEDURE, procedure)).unwrap();
    };
    version("..first", PROCEDURE);
    version("..second", OTHER_PROCEDURE);
    symlink("..first", root.join("..data")).unwrap();
    fs::remove_file(root.join("agreements/population.toml")).unwrap();
    symlink(
        "../..data/population.toml",
        root.join("agreements/population.toml"),
    )
    .unwrap();

    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    becomes(&gateway, &client, "OK").await;
    symlink("..second", root.join("..next")).unwrap();
    fs::rename(root.join("..next"), root.join("..data")).unwrap();
    becomes(&gateway, &client, "PROCEDURE_NOT_AGREED").await;
    symlink("..first", root.join("..next")).unwrap();
    fs::rename(root.join("..next"), root.join("..data")).unwrap();
    becomes(&gateway, &client, "OK").await;

    scene.issuer = TokenIssuer::new();
    fs::write(&jwks, scene.issuer.key_set().to_string()).unwrap();
    becomes(&gateway, &client, "TOKEN_SIGNATURE").await;
    let client = client.with_token(office.token(&scene));
    becomes(&gateway, &client, "OK").await;
}

#[tokio::test]
async fn a_registry_keeps_its_answers_when_another_file_changes_and_loses_them_with_its_own() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let provenance = async || client.citizen(get(AN)).await.unwrap().provenance.unwrap();
    let changed = async |file: &str, old: &str, new: &str| {
        let before = provenance().await.config_version;
        scene.tree.edit(file, old, new);
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let now = provenance().await;
            if now.config_version != before {
                return now.source();
            }
            assert!(Instant::now() < end, "{}", gateway.words());
        }
    };
    provenance().await;
    assert_eq!(provenance().await.source(), Source::Cache);
    let agreement = changed("agreements/population.toml", "version = \"1\"", "version = \"2\"").await;
    assert_eq!(agreement, Source::Cache);
    let registry = changed("registries/population.toml", "fresh = \"5m\"", "fresh = \"6m\"").await;
    assert_eq!(registry, Source::Registry);
    assert_eq!(provenance().await.source(), Source::Cache);
}
