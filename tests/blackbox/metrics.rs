//! What the gateway tells of itself to whoever looks after it, and what it does not.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use harness::messages::{DOSSIER, context, get, key};
use harness::registries::{AN, BINH, NOBODY, PEOPLE, Person};
use harness::tree::{OFFICE, client_id};
use harness::{Gateway, Scene};
use prost_types::FieldMask;
use proto::population::v1::GetCitizenRequest;

const PATIENCE: Duration = Duration::from_secs(10);
const LIST: &str = "tls/ca.crl";

/// A scene whose gateway has a page of metrics, and a revocation list that began a day ago and counts for so long.
fn watched(left: Duration) -> Scene {
    let scene = Scene::new();
    publish(&scene, left);
    scene.tree.edit(
        "gateway.toml",
        "file = \"tls/ca.pem\"",
        "file = \"tls/ca.pem\"\nrevocation = [{ file = \"tls/ca.crl\" }]",
    );
    let metrics = "[telemetry]\nmetrics = \"127.0.0.1:0\"\n";
    scene.tree.edit("gateway.toml", "[telemetry]\n", metrics);
    scene
}

fn publish(scene: &Scene, left: Duration) {
    let day = Duration::from_secs(86_400);
    let list = scene.authority.revocation_list_since(day, &[], left);
    scene.tree.write(LIST, &list);
}

/// The status line and all that follows.
fn ask(address: SocketAddr, request: &str) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

fn page(gateway: &Gateway) -> String {
    let answer = ask(
        gateway.metrics(),
        "GET /metrics HTTP/1.1\r\nhost: gateway\r\n\r\n",
    );
    let (head, page) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(
        head.contains("application/openmetrics-text; version=1.0.0"),
        "{head}"
    );
    assert!(page.ends_with("# EOF\n"), "{page}");
    page.to_owned()
}

/// The value of a series, written as the page has it.
fn value(page: &str, series: &str) -> f64 {
    let found = page
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    let found = found.unwrap_or_else(|| panic!("no {series} in\n{page}"));
    found.parse().unwrap()
}

async fn until(gateway: &Gateway, holds: impl Fn(&str) -> bool) -> String {
    let end = Instant::now() + PATIENCE;
    loop {
        let page = page(gateway);
        if holds(&page) {
            return page;
        }
        assert!(Instant::now() < end, "it does not come about:\n{page}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_revocation_list_near_its_end_is_warned_of_and_a_renewed_one_is_not() {
    let scene = watched(Duration::from_secs(3_600));
    let gateway = scene.start();
    let soon = "lienthong_revocation_list_ends_soon{authority=\"root\",file=\"ca.crl\"}";
    let left = "lienthong_revocation_list_remaining_seconds{authority=\"root\",file=\"ca.crl\"}";
    let warned = page(&gateway);
    assert_eq!(value(&warned, soon), 1.0, "an hour of a day and an hour is left");
    let seconds = value(&warned, left);
    assert!((3_500.0..=3_600.0).contains(&seconds), "{seconds}");

    publish(&scene, Duration::from_secs(86_400));
    let renewed = until(&gateway, |page| value(page, soon) == 0.0).await;
    assert!(value(&renewed, left) > 80_000.0);
    assert_eq!(value(&renewed, "lienthong_revocation_lists_kept"), 0.0);
}

#[tokio::test]
async fn every_call_is_counted_and_nothing_of_one_stands_in_any_metric() {
    let scene = watched(Duration::from_secs(86_400));
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let mut secrets = Vec::new();
    for person in [AN, BINH, AN] {
        let answer = client.citizen(get(person)).await.expect("an answer");
        secrets.push(answer.provenance.expect("each answer has it").request_id);
    }
    let nobody = Person { id: NOBODY, ..AN };
    let masked = GetCitizenRequest {
        context: Some(context()),
        key: Some(key(AN)),
        read_mask: Some(FieldMask {
            paths: vec!["phone".into()],
        }),
        ..GetCitizenRequest::default()
    };
    for (ask, word) in [(get(nobody), "NOT_FOUND"), (masked, "FIELD_NOT_AGREED")] {
        let refused = client.citizen(ask).await.expect_err("refused");
        assert_eq!(refused.word, word);
        secrets.push(refused.request_id().to_owned());
    }
    let stranger = gateway.connect(&office, "a.b.c".to_owned()).await;
    stranger.citizen(get(AN)).await.expect_err("no token");

    let page = page(&gateway);
    for (series, count) in [
        ("calls_total{outcome=\"OK\"}", 3.0),
        ("calls_total{outcome=\"NOT_FOUND\"}", 1.0),
        ("calls_total{outcome=\"FIELD_NOT_AGREED\"}", 1.0),
        ("calls_total{outcome=\"TOKEN_MALFORMED\"}", 1.0),
        ("calls_total{outcome=\"OVERLOADED\"}", 0.0),
        ("answers_total{registry=\"population\",source=\"registry\"}", 2.0),
        ("answers_total{registry=\"population\",source=\"cache\"}", 1.0),
        (
            "registry_questions_total{registry=\"population\",end=\"found\"}",
            2.0,
        ),
        (
            "registry_questions_total{registry=\"population\",end=\"not-found\"}",
            1.0,
        ),
        (
            "route_questions_total{registry=\"population\",route=\"direct\"}",
            3.0,
        ),
        ("route_is_paused{registry=\"population\",route=\"direct\"}", 0.0),
        ("connections", 2.0),
        ("connections_ended_total{fault=\"flood\"}", 0.0),
        ("log_takes_calls", 1.0),
    ] {
        assert_eq!(value(&page, &format!("lienthong_{series}")), count, "{series}");
    }
    let entries = value(&page, "lienthong_log_entries");
    assert_eq!(entries, scene.log().entries().len() as f64);

    let (_, entry) = scene.log().entries().pop().expect("an entry");
    secrets.extend(
        PEOPLE
            .iter()
            .flat_map(|person| [person.id.to_owned(), person.name.to_owned()]),
    );
    secrets.extend([NOBODY, DOSSIER, "officer-7", OFFICE, "H29.14"].map(str::to_owned));
    secrets.extend([client_id(OFFICE), hex::encode(&entry.certificate_sha256)]);
    for secret in secrets {
        assert!(
            secret.len() > 5 && !page.contains(&secret),
            "{secret} stands in\n{page}"
        );
    }
    each_series_stands_once_and_is_documented(&page);
}

fn each_series_stands_once_and_is_documented(page: &str) {
    let samples: Vec<_> = page.lines().filter(|line| !line.starts_with('#')).collect();
    let series: Vec<_> = samples
        .iter()
        .filter_map(|line| Some(line.rsplit_once(' ')?.0))
        .collect();
    let different: BTreeSet<_> = series.iter().collect();
    assert_eq!(different.len(), series.len(), "a series stands twice in\n{page}");
    let names: BTreeSet<_> = series.iter().filter_map(|one| one.split('{').next()).collect();
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    let document = fs::read_to_string(document).unwrap();
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<_> = rows
        .filter_map(|row| row.split('`').next())
        .filter(|name| name.starts_with("lienthong_"))
        .collect();
    assert_eq!(names, documented, "docs/metrics.md");
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_shows_until_it_is_mended() {
    let scene = watched(Duration::from_secs(86_400));
    let gateway = scene.start();
    let (taken, refused) = (
        "lienthong_configurations_total{outcome=\"taken\"}",
        "lienthong_configurations_total{outcome=\"refused\"}",
    );
    let state = "lienthong_configuration_is_refused";
    let version = |page: &str| {
        let line = page
            .lines()
            .find(|line| line.starts_with("lienthong_configuration_info{"));
        line.expect("the version").to_owned()
    };
    let first = page(&gateway);
    assert_eq!((value(&first, state), value(&first, refused)), (0.0, 0.0));
    let (good, bad) = ("title = \"business", "titel = \"business");
    scene.tree.edit("agreements/business.toml", good, bad);
    let broken = until(&gateway, |page| value(page, state) == 1.0).await;
    assert_eq!((value(&broken, taken), value(&broken, refused)), (0.0, 1.0));
    assert_eq!(version(&broken), version(&first));
    scene
        .tree
        .edit("agreements/business.toml", bad, "title = \"other business");
    let mended = until(&gateway, |page| value(page, state) == 0.0).await;
    assert_eq!((value(&mended, taken), value(&mended, refused)), (1.0, 1.0));
    assert_ne!(version(&mended), version(&first));
}

#[tokio::test]
async fn the_page_is_all_that_is_told_and_peers_that_say_nothing_do_not_keep_it_for_long() {
    let scene = watched(Duration::from_secs(86_400));
    let gateway = scene.start();
    let address = gateway.metrics();
    for (request, wanted) in [
        ("GET / HTTP/1.1\r\n\r\n", "404"),
        ("GET /metrics?x HTTP/1.1\r\n\r\n", "404"),
        ("DELETE /metrics HTTP/1.1\r\n\r\n", "405"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"),
    ] {
        let answer = ask(address, request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {wanted} ")), "{answer}");
    }
    let silent: Vec<_> = (0..8).map(|_| TcpStream::connect(address).unwrap()).collect();
    let began = Instant::now();
    let told = tokio::task::spawn_blocking(move || {
        let page = page(&gateway);
        (gateway, page)
    });
    let (gateway, _) = told.await.unwrap();
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    drop(silent);
    drop(gateway);

    let out = fs::read_to_string(scene.folder().join("stdout.txt")).unwrap();
    assert!(out.contains("metrics on 127.0.0.1:"), "{out}");
    let unasked = Scene::new();
    let _gateway = unasked.start();
    let out = fs::read_to_string(unasked.folder().join("stdout.txt")).unwrap();
    assert!(!out.contains("metrics"), "{out}");
}
