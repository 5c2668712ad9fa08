//! A new configuration. Rule 5: it is taken whole or not at all.

use std::time::{Duration, Instant};

use harness::messages::get;
use harness::registries::AN;
use harness::tree::{OFFICE, OTHER_PROCEDURE, PROCEDURE};
use harness::{Client, Gateway, Scene};

async fn becomes(gateway: &Gateway, client: &Client, wanted: &str) {
    let end = Instant::now() + Duration::from_secs(10);
    gateway.reload();
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
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_changed_agreement_acts_on_an_open_connection_and_a_broken_file_changes_nothing() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
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
    gateway.reload();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(version().await, second);
}
