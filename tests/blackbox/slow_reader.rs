//! Auditors who ask for much and read nothing: no answer is later for it, and little is kept for them.

use std::time::{Duration, Instant};

use harness::messages::{confirm, get};
use harness::registries::{AN, BINH};
use harness::tree::{AUDITOR, OFFICE};
use harness::{Client, Gateway, Scene};
use prost::Message as _;
use proto::audit::v1 as wire;
use proto::audit::v1::audit_service_client::AuditServiceClient;

/// Entries of the log, from before, and bytes of each: far more than may be ahead of a reader, or than a page takes.
const ENTRIES: u64 = 1_000;
const BYTES: usize = 4 << 10;
/// Streams that nobody reads, each on a connection of its own.
const TAILS: usize = 8;
/// Searches that nobody reads.
const SEARCHES: usize = 8;
/// Bytes of an answer that come unread.
const WINDOW: u32 = 1 << 10;
/// Memory that may be kept for all of them: 320 entries for a stream, a page of 1 MiB for a search, the buffers of a connection.
const MOST: u64 = 40 << 20;
/// How long others look up beside them. A stream that is not read is ended by name after five seconds; nobody may wait for that.
const BESIDE: Duration = Duration::from_secs(2);

const TAIL: &str = "/lienthong.audit.v1.AuditService/TailEntries";
const SEARCH: &str = "/lienthong.audit.v1.AuditService/SearchEntries";

/// The time of the slowest of the lookups and confirmations of this time, each of which must be answered.
async fn slowest(client: &Client, time: Duration) -> Duration {
    let (mut slowest, begun) = (Duration::ZERO, Instant::now());
    while begun.elapsed() < time {
        let asked = Instant::now();
        client.citizen(get(AN)).await.expect("an answer");
        client.confirm(confirm(BINH)).await.expect("an answer");
        slowest = slowest.max(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    slowest
}

/// Answers that nobody reads.
async fn unread(gateway: &Gateway, scene: &Scene) -> Vec<http::Response<tonic::body::Body>> {
    let auditor = scene.agency(AUDITOR);
    let token = auditor.token(scene);
    let tail = wire::TailEntriesRequest {
        from_index: Some(0),
        filter: None,
    };
    let search = wire::SearchEntriesRequest {
        page_size: 500,
        ..Default::default()
    };
    let mut held = Vec::new();
    for number in 0..TAILS + SEARCHES {
        let client = gateway.connect_narrow(&auditor, token.clone(), WINDOW).await;
        let answer = match number < TAILS {
            true => client.unread(TAIL, &tail.encode_to_vec()).await,
            false => client.unread(SEARCH, &search.encode_to_vec()).await,
        };
        held.push(answer.expect("an answer begins"));
    }
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_stop_reading_slow_no_answer_and_little_is_kept_for_them() {
    let scene = Scene::new();
    scene.thick_past(ENTRIES, BYTES);
    let (mut gateway, office, auditor) = (scene.start(), scene.agency(OFFICE), scene.agency(AUDITOR));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let (alone, before) = (slowest(&client, BESIDE / 2).await, gateway.resident());

    let held = unread(&gateway, &scene).await;
    let reader = gateway.connect(&auditor, auditor.token(&scene)).await;
    let beside = slowest(&client, BESIDE / 2).await;
    // Who reads nothing of an answer keeps none of the places for reading the log.
    let mut log = AuditServiceClient::new(reader.channel.clone());
    let ask = reader.request(wire::GetEntryRequest { index: ENTRIES / 2 });
    let read = tokio::time::timeout(Duration::from_secs(2), log.get_entry(ask)).await;
    read.expect("another auditor does not wait").expect("an entry");
    let (beside, after) = (beside.max(slowest(&client, BESIDE).await), gateway.resident());
    assert!(
        beside < alone + Duration::from_secs(1),
        "the slowest answer came after {beside:?}, without those who do not read after {alone:?}"
    );
    assert!(
        after < before + MOST,
        "{before} bytes before, {after} beside them"
    );
    let readings = scene.log().entries();
    let readings = readings
        .iter()
        .filter(|(_, entry)| entry.agency == AUDITOR && entry.outcome == "OK");
    assert_eq!(readings.count(), held.len() + 1, "each has its entry");
    drop((held, client, reader, log));
    assert!(gateway.stop().success());
}
