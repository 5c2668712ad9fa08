//! What is no call has its entry too, in words of a closed list: start and stop, changes of the configuration, overload.

use std::time::Duration;

use audit::Operation;
use harness::Scene;
use harness::messages::get;
use harness::registries::AN;
use harness::tokens::TokenIssuer;
use harness::tree::OFFICE;

/// Operations of the log with their details, in order.
fn operations(scene: &Scene) -> Vec<(String, String)> {
    let entries = scene.log().entries().into_iter().map(|(_, entry)| entry);
    entries
        .filter(|entry| entry.kind == i32::from(audit::EntryKind::Operation))
        .inspect(|entry| {
            let known = Operation::ALL.iter().any(|one| one.word() == entry.operation);
            assert!(known, "{}", entry.operation);
        })
        .map(|entry| (entry.operation, entry.detail))
        .collect()
}

async fn until(scene: &Scene, operation: &str) -> String {
    for _ in 0..1_000 {
        if let Some((_, detail)) = operations(scene)
            .into_iter()
            .rev()
            .find(|(word, _)| word == operation)
        {
            return detail;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no {operation} in {:?}", operations(scene));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn start_stop_and_what_a_change_changes_stand_in_the_log() {
    let scene = Scene::new();
    let mut gateway = scene.start();
    let (_, started) = operations(&scene).remove(0);
    assert!(
        started.starts_with("version ") && started.contains("; subjects 20"),
        "{started}"
    );

    let keys = TokenIssuer::new().key_set().to_string();
    scene.tree.write("issuers/test.json", &keys);
    let proof = until(&scene, "key-set-reload").await;
    let reload = until(&scene, "reload").await;
    assert_eq!(reload, format!("changed issuers/test.json; {proof}"));
    let hash = proof.split_once("; diff sha256:").unwrap().1;
    assert!(
        hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{proof}"
    );

    scene.replace_server(&scene.authority.server());
    until(&scene, "server-certificate-reload").await;
    let both = format!(
        "{}{}",
        scene.authority.pem(),
        harness::pki::Authority::new("second").pem()
    );
    scene.tree.write("tls/ca.pem", &both);
    until(&scene, "trust-reload").await;
    assert!(gateway.stop().success());
    let told = operations(&scene);
    let words: Vec<_> = told.iter().map(|(word, _)| word.as_str()).collect();
    let wanted = [
        "start",
        "reload",
        "key-set-reload",
        "reload",
        "server-certificate-reload",
        "reload",
        "trust-reload",
        "stop",
    ];
    assert_eq!(words, wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_while_the_log_takes_nothing_is_told_when_it_does_again() {
    let scene = Scene::new();
    let mut gateway = scene.start();
    gateway.let_files_grow(false);
    scene
        .tree
        .write("issuers/test.json", &TokenIssuer::new().key_set().to_string());
    // It can't say so in its process log either, which is a file here.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let words = |told: Vec<(String, String)>| told.into_iter().map(|(word, _)| word).collect::<Vec<_>>();
    assert_eq!(words(operations(&scene)), ["start"]);
    gateway.let_files_grow(true);
    until(&scene, "key-set-reload").await;
    assert!(gateway.stop().success());
    assert_eq!(
        words(operations(&scene)),
        ["start", "reload", "key-set-reload", "stop"],
        "once each, in their order"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_refused_calls_leaves_two_entries() {
    let scene = Scene::new();
    scene.tree.edit(
        "gateway.toml",
        "[listener]\n",
        "[listener]\nmax_calls_per_client = 1\n",
    );
    let (mut gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let mut refused = 0;
    for _ in 0..200 {
        let calls = (0..20).map(|_| client.citizen(get(AN)));
        for ended in futures_util::future::join_all(calls).await {
            let Err(error) = ended else { continue };
            assert_eq!(error.word, "OVERLOADED", "{error:?}");
            refused += 1;
        }
    }
    assert!(refused > 100, "{refused}");
    assert_eq!(
        client.connections.gone(),
        0,
        "the connection is the same all the time"
    );
    until(&scene, "overload-begin").await;
    assert!(gateway.stop().success());
    let told: Vec<_> = operations(&scene)
        .into_iter()
        .filter(|(word, _)| word.starts_with("overload"))
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    let counted = told[1]
        .1
        .strip_prefix("refused ")
        .and_then(|rest| rest.split_once("; seconds "));
    let counted: usize = counted.unwrap().0.parse().unwrap();
    assert_eq!(counted, refused, "{told:?}");
}
