//! Witnesses cosign what is published, pinned verifiers see it, and the gateway answers no longer than was set without one.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use harness::messages::get;
use harness::program::{Ran, run};
use harness::registries::AN;
use harness::tree::{AUDITOR, OFFICE};
use harness::witness::Witness;
use harness::{Client, Gateway, Scene};
use proto::audit::v1::GetEntryRequest;
use proto::audit::v1::audit_service_client::AuditServiceClient;
use serde_json::Value;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// How long lookups are answered without a cosignature.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between a call and the publishing of its checkpoint, on a machine that is busy too.
const SLACK: Duration = Duration::from_secs(8);

/// A scene whose gateway is watched by a witness.
fn scene() -> (Scene, Witness) {
    let scene = Scene::new();
    let log = fs::read_to_string(scene.folder().join("log.pub")).unwrap();
    let witness = Witness::start("witness.example/w1", &log);
    let tree = &scene.tree;
    tree.edit(
        "gateway.toml",
        "[audit]\n",
        "[audit]\nwitness_patience = \"1s\"\n",
    );
    tree.edit(
        "gateway.toml",
        "[telemetry]\n",
        &format!("{}[telemetry]\n", witness.settings()),
    );
    (scene, witness)
}

fn verify(scene: &Scene, more: &[&str]) -> Ran {
    let (log, key) = (scene.log().folder().to_owned(), scene.folder().join("log.pub"));
    let [log, key] = [&log, &key].map(|path| path.to_str().unwrap());
    run(&[&["audit", "verify", "--log", log, "--key", key], more].concat())
}

async fn until<T>(what: &str, mut done: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(done) = done().await {
            return done;
        }
        assert!(begun.elapsed() < PATIENCE + SLACK, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn health(client: &Client) -> ServingStatus {
    let mut health = HealthClient::new(client.channel.clone());
    let checked = health.check(HealthCheckRequest::default()).await;
    checked.unwrap().into_inner().status()
}

/// Calls until one is refused for want of a witness; gives how many were answered.
async fn answered_until_refused(client: &Client) -> u64 {
    let mut answered = 0;
    until("answers go on without a witness", async || {
        match client.citizen(get(AN)).await {
            Ok(_) => {
                answered += 1;
                None
            }
            Err(refused) => {
                assert_eq!(
                    (refused.code, refused.word.as_str(), refused.audit_index()),
                    (Code::Unavailable, "LOG_UNAVAILABLE", None)
                );
                Some(())
            }
        }
    })
    .await;
    answered
}

/// Lookups that were answered, as the log has them.
fn answers(scene: &Scene) -> u64 {
    let entries = scene.log().entries();
    let given = entries
        .iter()
        .filter(|(_, entry)| entry.operation == "get" && entry.outcome == "OK");
    given.count() as u64
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_witness_lookups_end_after_the_time_that_was_set_and_go_on_with_one() {
    let (scene, witness) = scene();
    let (mut gateway, office, auditor) = (scene.start(), scene.agency(OFFICE), scene.agency(AUDITOR));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let reader = gateway.connect(&auditor, auditor.token(&scene)).await;
    let index = client
        .citizen(get(AN))
        .await
        .unwrap()
        .provenance
        .unwrap()
        .audit_index;
    until("the witness knows the answer", async || {
        (witness.size() > index).then_some(())
    })
    .await;

    witness.set_down(true);
    let begun = Instant::now();
    let answered = answered_until_refused(&client).await;
    assert!(begun.elapsed() >= PATIENCE, "refused after {:?}", begun.elapsed());
    assert!(answered > 0, "the patience was not used");
    until("the health does not say so", async || {
        (health(&client).await == ServingStatus::NotServing).then_some(())
    })
    .await;
    assert_eq!(answers(&scene), 1 + answered, "what is refused is not answered");
    // What auditors do is logged all the time.
    let mut log = AuditServiceClient::new(reader.channel.clone());
    let read = log.get_entry(reader.request(GetEntryRequest { index })).await;
    read.expect("an auditor reads");
    let (_, last) = scene.log().entries().pop().unwrap();
    assert_eq!(
        (last.operation.as_str(), last.outcome.as_str()),
        ("get-entry", "OK")
    );
    assert_eq!(client.citizen(get(AN)).await.unwrap_err().word, "LOG_UNAVAILABLE");

    witness.set_down(false);
    until("lookups are not answered again", async || {
        client.citizen(get(AN)).await.ok()
    })
    .await;
    until("the health does not say so", async || {
        (health(&client).await == ServingStatus::Serving).then_some(())
    })
    .await;
    drop((client, reader, log));
    assert!(gateway.stop().success());
    assert!(
        witness.answers().iter().all(|status| *status == 200),
        "{:?}",
        witness.answers()
    );
    assert!(
        gateway
            .words()
            .contains("no witness has cosigned for too long; lookups are refused")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pinned_verifier_shows_what_was_cosigned_and_refuses_a_log_that_nobody_vouches_for() {
    let (scene, witness) = scene();
    let (mut gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    for _ in 0..20 {
        client.citizen(get(AN)).await.unwrap();
    }
    let size = scene.log().entries().len() as u64;
    until("the witness knows all", async || {
        (witness.size() == size).then_some(())
    })
    .await;
    drop(client);
    assert!(gateway.stop().success());

    let pinned = ["--witness", witness.key(), "--at-rest"];
    let people = until("it is not kept", async || {
        let ran = verify(&scene, &pinned);
        (ran.code == Some(0)).then_some(ran)
    })
    .await;
    let row = people
        .out
        .lines()
        .find(|line| line.contains("cosigned by witness.example/w1"));
    assert!(
        row.is_some_and(|row| row.contains(&format!("{size} entries, "))),
        "{}",
        people.out
    );
    let report = verify(&scene, &[&pinned[..], &["--json"]].concat()).json();
    let told = &report["witnessed"][0];
    assert_eq!(
        (
            &report["verified"],
            told["witness"].as_str(),
            told["entries"].as_u64()
        ),
        (&Value::Bool(true), Some("witness.example/w1"), Some(size)),
        "{report}"
    );
    assert!(
        told["time"].as_str().is_some_and(|time| time.starts_with("20")),
        "{report}"
    );

    let log = fs::read_to_string(scene.folder().join("log.pub")).unwrap();
    let stranger = Witness::start("witness.example/w1", &log);
    let refused = verify(&scene, &["--witness", stranger.key()]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.out.contains("no checkpoint with a good cosignature"),
        "{refused:?}"
    );
    let no_witness = verify(&scene, &["--witness", log.trim()]);
    assert!(
        no_witness.code != Some(0) && no_witness.err.contains("not a key that cosigns"),
        "{no_witness:?}"
    );
}

/// Copies a folder of files and folders over another place, which goes first.
fn put(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let (path, place) = (item.path(), to.join(item.file_name()));
        if path.is_dir() {
            put(&path, &place);
        } else {
            fs::copy(&path, &place).unwrap();
        }
    }
}

async fn work(gateway: &mut Gateway, scene: &Scene, calls: usize) {
    let office = scene.agency(OFFICE);
    let client = gateway.connect(&office, office.token(scene)).await;
    for _ in 0..calls {
        client.citizen(get(AN)).await.unwrap();
    }
    drop(client);
    assert!(gateway.stop().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_set_back_is_an_alarm_and_no_lookup_is_answered_from_it_for_long() {
    let (scene, witness) = scene();
    let (log, aside) = (scene.log().folder().to_owned(), scene.folder().join("aside"));
    work(&mut scene.start(), &scene, 2).await;
    put(&log, &aside);
    let mut gateway = scene.start();
    let known = witness.size() + 8;
    let office = scene.agency(OFFICE);
    let client = gateway.connect(&office, office.token(&scene)).await;
    for _ in 0..10 {
        client.citizen(get(AN)).await.unwrap();
    }
    until("the witness knows them", async || {
        (witness.size() > known).then_some(())
    })
    .await;
    drop(client);
    assert!(gateway.stop().success());
    let cosigned = fs::read_to_string(log.join("checkpoint.witnessed")).unwrap();
    fs::write(scene.folder().join("cosigned"), cosigned).unwrap();

    put(&aside, &log);
    let gateway = scene.start();
    let client = gateway.connect(&office, office.token(&scene)).await;
    answered_until_refused(&client).await;
    let alarm = "the witness does not agree with this log";
    assert!(gateway.words().contains(alarm), "{}", gateway.words());
    let cosigned = scene.folder().join("cosigned");
    let verified = verify(&scene, &["--checkpoint", cosigned.to_str().unwrap()]);
    assert_eq!(verified.code, Some(1), "{verified:?}");
    assert!(verify(&scene, &[]).code == Some(0), "the log alone does not tell");
}
