//! What is older than its time is removed, and the log stays provable: told in it first, seen by `verify`, and no proof across
//! the gap is lost.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use audit::{Entry, Receipt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use harness::messages::get;
use harness::past::{Past, segments};
use harness::program::{Ran, run};
use harness::registries::AN;
use harness::tree::{AUDITOR, OFFICE};
use harness::{Client, Gateway, Refused, Scene, merkle};
use proto::audit::v1 as wire;
use proto::audit::v1::audit_service_client::AuditServiceClient;
use serde_json::Value;

const OLD: u64 = 700;
const YOUNG: u64 = 500;

/// A scene whose log keeps a year and has entries of two years ago.
fn scene() -> (Scene, Past) {
    let scene = Scene::new();
    scene
        .tree
        .edit("gateway.toml", "[audit]\n", "[audit]\nkeep = \"365d\"\n");
    let past = scene.past(OLD, YOUNG);
    (scene, past)
}

fn operations(scene: &Scene, word: &str) -> Vec<(u64, Entry)> {
    let entries = scene.log().entries().into_iter();
    entries.filter(|(_, entry)| entry.operation == word).collect()
}

/// Waits until the removal is done; gives where it is told, and the first entry that is left.
fn removed(scene: &Scene) -> (u64, u64) {
    let begun = Instant::now();
    loop {
        let first = segments(scene.log().folder())[0].0;
        let told = operations(scene, "retention");
        if let Some((index, entry)) = told.first()
            && entry.detail.contains(&format!(" until {first}, "))
        {
            return (*index, first);
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{first} {told:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The hashes of all entries: those kept from before, and those that the log has.
fn leaves(scene: &Scene, past: &Past, first: u64) -> Vec<merkle::Hash> {
    let entries = scene.log().entries();
    assert_eq!(entries[0].0, first, "the log begins where the removal ended");
    let mut leaves = past.leaves[..usize::try_from(first).unwrap()].to_vec();
    for (index, entry) in entries {
        assert_eq!(index, leaves.len() as u64);
        leaves.push(merkle::leaf(&entry.encode_canonical()));
    }
    assert_eq!(leaves[..past.leaves.len()], past.leaves, "nothing else changed");
    leaves
}

fn audit(scene: &Scene, command: &str, more: &[&str]) -> Ran {
    let log = scene.log().folder().to_str().unwrap().to_owned();
    run(&[&["audit", command, "--log", &log], more].concat())
}

fn hashes(path: &[bytes::Bytes]) -> Vec<merkle::Hash> {
    path.iter().map(|hash| hash[..].try_into().unwrap()).collect()
}

async fn proofs_hold_across_the_gap(gateway: &Gateway, scene: &Scene, past: &Past, first: u64) {
    let auditor = scene.agency(AUDITOR);
    let reader = gateway.connect(&auditor, auditor.token(scene)).await;
    let mut log = AuditServiceClient::new(reader.channel.clone());
    for gone in [0, first / 2, first - 1] {
        let ask = wire::GetEntryRequest { index: gone };
        let refused = log.get_entry(reader.request(ask)).await.unwrap_err();
        assert_eq!(Refused::from(refused).word, "NOT_FOUND", "{gone}");
    }
    let leaves = leaves(scene, past, first);
    let root = |size: u64| merkle::root(&leaves[..usize::try_from(size).unwrap()]);
    for old_size in [1, first / 2, first, OLD, OLD + YOUNG] {
        let new_size = leaves.len() as u64;
        let ask = wire::ProveConsistencyRequest { old_size, new_size };
        let told = log
            .prove_consistency(reader.request(ask))
            .await
            .unwrap()
            .into_inner();
        let (new, old) = ((new_size, root(new_size)), (old_size, root(old_size)));
        assert!(merkle::continues(new, old, &hashes(&told.path)), "{old_size}");
        assert_eq!((&told.old_root[..], &told.new_root[..]), (&old.1[..], &new.1[..]));
    }
    for index in [first, OLD, OLD + YOUNG] {
        let ask = wire::GetEntryRequest { index };
        let told = log.get_entry(reader.request(ask)).await.unwrap().into_inner();
        assert!(
            scene.log().proves(&told.proof, index, &told.entry_bytes),
            "{index}"
        );
    }
}

/// A search finds the entry that names the range and the root, and nothing of the range.
async fn a_search_tells_what_is_gone(gateway: &Gateway, scene: &Scene, past: &Past, first: u64) {
    let wanted = format!(
        "entries 0 until {first}, root {}",
        STANDARD.encode(merkle::root(&past.leaves[..usize::try_from(first).unwrap()]))
    );
    let files = audit(scene, "search", &["--operation", "retention", "--json"]).json_lines();
    assert_eq!(
        (files.len(), files[0]["detail"].as_str()),
        (1, Some(&*wanted)),
        "{files:?}"
    );

    let auditor = scene.agency(AUDITOR);
    let reader = gateway.connect(&auditor, auditor.token(scene)).await;
    let told = search(&reader, "retention").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].entry.as_ref().unwrap().detail, wanted);
    let calls = search(&reader, "get").await;
    assert_eq!(calls[0].index, first, "the oldest that is left");
}

/// The oldest entries of an operation, once the index has gone through the log.
async fn search(reader: &Client, operation: &str) -> Vec<wire::PlacedEntry> {
    let ask = wire::SearchEntriesRequest {
        filter: Some(wire::EntryFilter {
            operation: operation.into(),
            ..Default::default()
        }),
        order: wire::EntryOrder::OldestFirst.into(),
        ..Default::default()
    };
    let mut log = AuditServiceClient::new(reader.channel.clone());
    let begun = Instant::now();
    loop {
        match log.search_entries(reader.request(ask.clone())).await {
            Ok(page) if page.get_ref().searched_size > OLD + YOUNG => return page.into_inner().entries,
            Ok(_) => {}
            Err(refused) => assert_eq!(Refused::from(refused).word, "INDEX_UNAVAILABLE"),
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "the index is late");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Writes something down beside the log.
fn kept(scene: &Scene, name: &str, text: &str) -> String {
    let path = scene.folder().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let (path, to) = (item.as_ref().unwrap().path(), to.join(item.unwrap().file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_entries_go_and_every_proof_across_the_gap_holds() {
    let (scene, past) = scene();
    let mut gateway = scene.start();
    let (told_at, first) = removed(&scene);
    assert!(
        (1..=OLD).contains(&first) && told_at >= OLD + YOUNG,
        "{first} {told_at}"
    );
    let office = scene.agency(OFFICE);
    let client = gateway.connect(&office, office.token(&scene)).await;
    client.citizen(get(AN)).await.expect("answers go on");
    proofs_hold_across_the_gap(&gateway, &scene, &past, first).await;
    a_search_tells_what_is_gone(&gateway, &scene, &past, first).await;
    drop(client);
    assert!(gateway.stop().success());

    // Nothing more is old at the next start, and what is there goes on.
    let mut gateway = scene.start();
    let client = gateway.connect(&office, office.token(&scene)).await;
    client.citizen(get(AN)).await.expect("answers go on");
    drop(client);
    assert!(gateway.stop().success());
    assert_eq!(operations(&scene, "retention").len(), 1);
    leaves(&scene, &past, first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_says_how_much_is_gone_and_believes_no_other_gap() {
    let (scene, past) = scene();
    let mut gateway = scene.start();
    let (_, first) = removed(&scene);
    assert!(gateway.stop().success());

    let key = scene.folder().join("log.pub").to_str().unwrap().to_owned();
    let checkpoint = kept(&scene, "checkpoint.kept", &past.checkpoint);
    let proof = kept(&scene, "proof.kept", &past.first);
    let pinned = [
        "--key",
        &key,
        "--checkpoint",
        &checkpoint,
        "--checkpoint",
        &proof,
        "--at-rest",
    ];
    let people = audit(&scene, "verify", &pinned);
    assert_eq!(people.code, Some(0), "{people:?}");
    let row = people
        .out
        .lines()
        .find(|line| line.contains("removed by retention"));
    assert!(
        row.is_some_and(|row| row.contains(&first.to_string())),
        "{}",
        people.out
    );
    let report = audit(&scene, "verify", &[&pinned[..], &["--json"]].concat()).json();
    let size = leaves(&scene, &past, first).len() as u64;
    assert_eq!(
        (
            &report["verified"],
            report["removed"].as_u64(),
            report["entries"].as_u64()
        ),
        (&Value::Bool(true), Some(first), Some(size))
    );
    assert!(Receipt::parse(&past.first).is_ok_and(|receipt| receipt.index < first));

    let (gone, there) = (first - 1, first.to_string());
    let refused = audit(&scene, "prove", &[&gone.to_string(), "--key", &key]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.err.contains("was removed when its time was over"),
        "{refused:?}"
    );
    let out = scene.folder().join("proof.txt").to_str().unwrap().to_owned();
    assert_eq!(
        audit(&scene, "prove", &[&there, "--key", &key, "--out", &out]).code,
        Some(0)
    );
    assert_eq!(
        run(&["audit", "prove", "--check", &out, "--key", &key]).code,
        Some(0)
    );

    // What is published, alone: the bundles that end before the gap does are gone, the hashes are not.
    let (log, published) = (scene.log().folder().to_owned(), scene.folder().join("copy"));
    copy(&log.join("tile"), &published.join("tile"));
    fs::copy(log.join("checkpoint"), published.join("checkpoint")).unwrap();
    let copied = [
        "audit",
        "verify",
        "--copy",
        "--json",
        "--log",
        published.to_str().unwrap(),
        "--key",
        &key,
    ];
    let report = run(&copied).json();
    assert_eq!(
        (&report["verified"], report["removed"].as_u64()),
        (&Value::Bool(true), Some(first / 256 * 256))
    );

    // One segment more than the log tells of.
    let name = format!("journal/{first:020}.seg.zst");
    fs::remove_file(log.join(name)).unwrap();
    let damaged = audit(&scene, "verify", &pinned);
    assert_eq!(damaged.code, Some(1), "{damaged:?}");
    assert!(
        damaged.out.contains("removed") && damaged.out.contains("no entry tells that retention removed them"),
        "{damaged:?}"
    );
}
