//! How much of a request is taken in, for whom and for how long: of every service alike.

use std::time::{Duration, Instant};

use bytes::Bytes;
use harness::messages::get;
use harness::registries::AN;
use harness::tree::OFFICE;
use harness::{Client, Gateway, Refused, Scene};
use prost::Message as _;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

const GET: &str = "/lienthong.population.v1.PopulationService/GetCitizen";
const CATALOG: &str = "/lienthong.catalog.v1.CatalogService/ListRegistries";
const AUDIT: &str = "/lienthong.audit.v1.AuditService/GetCheckpoint";
const CHECK: &str = "/grpc.health.v1.Health/Check";
const WATCH: &str = "/grpc.health.v1.Health/Watch";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const PATIENCE: Duration = Duration::from_secs(8);

fn scene(more: &str) -> Scene {
    let scene = Scene::new();
    let listener = format!("[listener]\n{more}\n");
    scene.tree.edit("gateway.toml", "[listener]\n", &listener);
    scene
}

async fn connect(scene: &Scene, gateway: &Gateway) -> Client {
    let office = scene.agency(OFFICE);
    gateway.connect(&office, office.token(scene)).await
}

/// The prefix of a message of this length, and so much of it.
fn begun(length: usize, some: usize) -> Bytes {
    let announced = u32::try_from(length).unwrap().to_be_bytes();
    [&[0][..], &announced, &vec![0; some]].concat().into()
}

/// Calls with these bytes and does not end.
async fn held(client: &Client, method: &str, bytes: Bytes) -> Result<Bytes, Refused> {
    let (pieces, received) = mpsc::channel(1);
    pieces.send(bytes).await.unwrap();
    let outcome = timeout(PATIENCE, client.raw_pieces(method, received)).await;
    drop(pieces);
    outcome.unwrap_or_else(|_| panic!("{method} has no answer"))
}

fn retry_delay(refused: Refused) -> Option<Duration> {
    let status = Status::with_details(refused.code, "", refused.details.into_vec().into());
    status.get_details_retry_info().and_then(|info| info.retry_delay)
}

#[tokio::test]
async fn a_call_of_any_service_whose_message_does_not_come_ends_in_its_time() {
    let scene = scene("call_timeout = \"1s\"");
    let gateway = scene.start();
    let client = connect(&scene, &gateway).await;
    for method in [GET, CATALOG, AUDIT, CHECK, WATCH, REFLECTION] {
        for bytes in [Bytes::from_static(b"\0"), begun(100, 3)] {
            let began = Instant::now();
            let refused = held(&client, method, bytes).await.unwrap_err();
            assert_eq!(
                (refused.code, refused.word.as_str()),
                (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
                "{method}: {refused:?}"
            );
            let took = began.elapsed();
            assert!((900..4_000).contains(&took.as_millis()), "{method}: {took:?}");
            let is_health = [CHECK, WATCH].contains(&method);
            assert_eq!(
                refused.audit_index().is_none(),
                is_health,
                "{method}: {refused:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused_by_its_length_whatever_the_service() {
    let scene = scene("");
    let gateway = scene.start();
    let client = connect(&scene, &gateway).await;
    for method in [GET, CATALOG, AUDIT, CHECK, WATCH, REFLECTION] {
        let began = Instant::now();
        let refused = held(&client, method, begun((1 << 20) + 1, 0)).await.unwrap_err();
        assert_eq!(
            (refused.code, refused.word.as_str()),
            (Code::ResourceExhausted, "OVERLOADED"),
            "{method}: {refused:?}"
        );
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "the rest was waited for"
        );
        assert_eq!(retry_delay(refused), None, "another try changes nothing");
    }
    client
        .citizen(get(AN))
        .await
        .expect("the same connection answers");
}

#[tokio::test]
async fn more_than_a_little_is_only_taken_in_for_a_caller() {
    let scene = scene("");
    let gateway = scene.start();
    let client = connect(&scene, &gateway).await;
    let nobody = Client {
        token: None,
        ..client
    };
    for method in [GET, CATALOG, AUDIT] {
        let refused = held(&nobody, method, begun(5_000, 100)).await.unwrap_err();
        assert_eq!(
            (refused.code, refused.word.as_str()),
            (Code::Unauthenticated, "TOKEN_MISSING"),
            "{method}"
        );
        let entry = scene
            .log()
            .entry(refused.audit_index().expect("it names its entry"));
        assert_eq!(
            (entry.outcome.as_str(), entry.agency.as_str()),
            ("TOKEN_MISSING", OFFICE)
        );
    }
}

#[tokio::test]
async fn large_messages_have_their_share_of_memory_and_small_ones_need_none() {
    let scene = scene("message_memory_per_client = \"1 MiB\"");
    let gateway = scene.start();
    let client = connect(&scene, &gateway).await;
    let (pieces, received) = mpsc::channel(1);
    let holding = client.raw_pieces(GET, received);
    let others = async {
        pieces.send(begun(1 << 20, 0)).await.unwrap();
        // All but what the window of a stream allows has been taken in when the last piece is on its way.
        for _ in 0..50 {
            pieces.send(vec![0; 16 << 10].into()).await.unwrap();
        }
        let end = Instant::now() + PATIENCE;
        let refused = loop {
            let refused = client.raw(GET, &vec![0; 400 << 10]).await.unwrap_err();
            if refused.word == "OVERLOADED" {
                break refused;
            }
            assert!(Instant::now() < end, "{refused:?}");
        };
        let entry = scene
            .log()
            .entry(refused.audit_index().expect("it names its entry"));
        assert_eq!(entry.outcome, "OVERLOADED");
        assert_eq!(retry_delay(refused), Some(Duration::from_secs(1)));
        client
            .citizen(get(AN))
            .await
            .expect("a small message needs no share");
        let other = connect(&scene, &gateway).await;
        let others = other.raw(GET, &vec![0; 400 << 10]).await.unwrap_err();
        assert_eq!(others.word, "MALFORMED", "another client has its own");
        drop(pieces);
    };
    let (held, ()) = tokio::join!(holding, others);
    assert_eq!(held.unwrap_err().word, "MALFORMED", "it never came whole");
    let after = client.raw(GET, &vec![0; 400 << 10]).await.unwrap_err();
    assert_eq!(after.word, "MALFORMED", "what was held is given back");
}

/// A large message is taken in for a caller that the headers show, and answered like any other.
#[tokio::test]
async fn a_large_message_that_is_in_order_is_answered() {
    let scene = scene("");
    let gateway = scene.start();
    let client = connect(&scene, &gateway).await;
    let mut message = get(AN).encode_to_vec();
    let small = message.len();
    // A field that nobody knows, number 1000, of 100,000 bytes (protobuf encoding, "Message Structure").
    message.extend([0xc2, 0x3e, 0xa0, 0x8d, 0x06]);
    message.resize(message.len() + 100_000, 7);
    let large = client.raw(GET, &message).await.expect("it is answered");
    let plain = client.raw(GET, &message[..small]).await.expect("it is answered");
    assert!(!large.is_empty() && !plain.is_empty());
}
