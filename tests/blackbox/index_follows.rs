//! The index follows the log within a second, also while others call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use harness::messages::{confirm, get};
use harness::registries::{AN, PEOPLE};
use harness::tree::{AUDITOR, OFFICE};
use harness::{Client, Refused, Scene};
use proto::audit::v1 as wire;
use proto::audit::v1::audit_service_client::AuditServiceClient;

/// What is promised below a thousand calls a second.
const WITHIN: Duration = Duration::from_secs(1);
/// Callers beside, and the pause of each between two calls.
const OTHERS: usize = 4;
const PAUSE: Duration = Duration::from_millis(10);
/// Answers of theirs between two looks.
const BETWEEN: u64 = 10;
/// Entries that are looked for.
const ROUNDS: usize = 20;

/// Calls until it is told to end; counts its answers.
async fn call(client: Client, ended: Arc<AtomicBool>, answers: Arc<AtomicU64>) {
    for person in PEOPLE.iter().cycle() {
        if ended.load(Ordering::Relaxed) {
            return;
        }
        client.confirm(confirm(*person)).await.expect("an answer");
        answers.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(PAUSE).await;
    }
}

/// Searches for a dossier until it is found.
async fn found(reader: &Client, dossier: &str) -> Vec<u64> {
    let ask = wire::SearchEntriesRequest {
        filter: Some(wire::EntryFilter {
            dossier: dossier.to_owned(),
            kind: wire::EntryKind::Outcome.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut log = AuditServiceClient::new(reader.channel.clone());
    let begun = Instant::now();
    loop {
        match log.search_entries(reader.request(ask.clone())).await {
            Ok(page) if page.get_ref().entries.is_empty() => {}
            Ok(page) => return page.get_ref().entries.iter().map(|entry| entry.index).collect(),
            Err(refused) => assert_eq!(Refused::from(refused).word, "INDEX_UNAVAILABLE"),
        }
        assert!(begun.elapsed() < 5 * WITHIN, "it is not found at all");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_just_answered_is_found_within_a_second_while_others_call() {
    let scene = Scene::new();
    let (gateway, office, auditor) = (scene.start(), scene.agency(OFFICE), scene.agency(AUDITOR));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let reader = gateway.connect(&auditor, auditor.token(&scene)).await;
    let (ended, answers) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
    let others: Vec<_> = (0..OTHERS)
        .map(|_| tokio::spawn(call(client.clone(), ended.clone(), answers.clone())))
        .collect();
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let enough = answers.load(Ordering::Relaxed) + BETWEEN;
        tokio::time::timeout(5 * WITHIN, async {
            while answers.load(Ordering::Relaxed) < enough {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await
        .expect("others call");
        let mut ask = get(AN);
        let dossier = format!("H29.12-260624-1{round:03}");
        ask.context.as_mut().unwrap().dossier_code = dossier.clone();
        let index = client.citizen(ask).await.unwrap().provenance.unwrap().audit_index;
        let answered = Instant::now();
        assert_eq!(found(&reader, &dossier).await, [index]);
        times.push(answered.elapsed());
    }
    ended.store(true, Ordering::Relaxed);
    for other in others {
        other.await.expect("an answer to each");
    }
    assert!(times.iter().all(|time| *time <= WITHIN), "{times:?}");
}
