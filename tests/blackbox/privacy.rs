//! Rule 6: no personal value, identifier, token or secret in a log line, error text or file name.

use std::fs;
use std::path::Path;

use harness::Scene;
use harness::messages::{confirm, get};
use harness::registries::{AN, NOBODY, Person};
use harness::tree::{OFFICE, STRANGER};

#[tokio::test]
async fn nothing_that_was_sent_in_or_recorded_is_left_behind() {
    let scene = Scene::new();
    let (mut gateway, office, stranger) = (scene.start(), scene.agency(OFFICE), scene.agency(STRANGER));
    let token = office.token(&scene);
    let client = gateway.connect(&office, token.clone()).await;
    client.citizen(get(AN)).await.unwrap();
    client.confirm(confirm(AN)).await.unwrap();
    let canary = Person {
        id: NOBODY,
        name: "TÔN NỮ HOÀNG YẾN",
        ..AN
    };
    let mut malformed = get(canary);
    malformed.key.as_mut().unwrap().personal_id = "98765x43210".into();
    let mut strange = get(canary);
    strange.context.as_mut().unwrap().dossier_code = "CANARY-DOSSIER".into();
    let mut texts = String::new();
    for ask in [get(canary), malformed, strange] {
        texts += &format!("{:?}", client.citizen(ask).await.unwrap_err());
    }
    for token in [token.clone(), "canary-token-in-the-clear".into()] {
        let thief = gateway.connect(&stranger, token).await;
        texts += &format!("{:?}", thief.citizen(get(canary)).await.unwrap_err());
    }
    assert!(gateway.stop().success());

    let mut left = texts.into_bytes();
    gather(&scene.folder().join("audit"), &mut left);
    for file in ["stdout.txt", "stderr.txt"] {
        left.extend(fs::read(scene.folder().join(file)).unwrap());
    }
    for secret in [
        AN.id,
        AN.name,
        AN.phone,
        canary.id,
        canary.name,
        "98765x43210",
        "CANARY-DOSSIER",
        "canary-token",
        &token,
    ] {
        assert!(
            !left.windows(secret.len()).any(|part| part == secret.as_bytes()),
            "{secret} was left behind"
        );
    }
}

fn gather(folder: &Path, into: &mut Vec<u8>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        into.extend(path.to_string_lossy().as_bytes());
        if path.is_dir() {
            gather(&path, into);
        } else {
            into.extend(fs::read(&path).unwrap());
        }
    }
}
