//! Revocation, agreements, keys and certificates change under load: whom it hits, it hits at once; the
//! others do not notice.

use std::cell::RefCell;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use harness::messages::get;
use harness::pki::{Authority, Keyed, agency_uri};
use harness::registries::AN;
use harness::tokens::{self, TokenIssuer};
use harness::tree::{OFFICE, STRANGER};
use harness::{Agency, Client, Gateway, Scene};

const RELOADS: usize = 100;
const LIST: &str = "tls/ca.crl";

/// A scene whose authority publishes a revocation list.
fn revoking() -> Scene {
    let scene = Scene::new();
    scene.tree.write(LIST, &scene.authority.revocation_list(&[]));
    scene.tree.edit(
        "gateway.toml",
        "file = \"tls/ca.pem\"",
        "file = \"tls/ca.pem\"\nrevocation = [{ file = \"tls/ca.crl\" }]",
    );
    scene
}

async fn word(client: &Client) -> String {
    word_for(client, OFFICE).await
}

/// The outcome of a call at the counter of an agency.
async fn word_for(client: &Client, agency: &str) -> String {
    let mut ask = get(AN);
    ask.context.as_mut().unwrap().receiving_agency = agency.to_owned();
    let outcome = client.citizen(ask).await;
    outcome.map_or_else(
        |refused| format!("{:?} {}", refused.code, refused.word),
        |_| "OK".into(),
    )
}

/// Waits until a call has the outcome that is wanted; gives the time from `since` until it began.
async fn until_for(
    agency: &str,
    client: &Client,
    wanted: impl Fn(&str) -> bool,
    since: Instant,
    gateway: &Gateway,
) -> Duration {
    loop {
        let began = since.elapsed();
        let word = word_for(client, agency).await;
        if wanted(&word) {
            return began;
        }
        assert!(began < Duration::from_secs(20), "{word}: {}", gateway.words());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn until(
    client: &Client,
    wanted: impl Fn(&str) -> bool,
    since: Instant,
    gateway: &Gateway,
) -> Duration {
    until_for(OFFICE, client, wanted, since, gateway).await
}

async fn until_gone(client: &Client, since: Instant) -> Duration {
    while client.connections.gone() == 0 {
        assert!(
            since.elapsed() < Duration::from_secs(20),
            "the connection stays open"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    since.elapsed()
}

/// Calls on one connection for as long as it is wanted; the time of each call.
async fn honest(client: Client, wanted: Arc<AtomicBool>) -> Vec<Duration> {
    let mut times = Vec::new();
    while wanted.load(Ordering::SeqCst) {
        let began = Instant::now();
        client.citizen(get(AN)).await.expect("an honest call is answered");
        times.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(
        (client.connections.made(), client.connections.gone()),
        (1, 0),
        "all on one connection"
    );
    times
}

#[derive(Default)]
struct Figures {
    refused: Vec<Duration>,
    closed: Vec<Duration>,
    agreement: Vec<Duration>,
    keys: Vec<Duration>,
    certificate: Vec<Duration>,
}

/// The middle and the longest; it must be no longer than `most`.
fn shown(name: &str, mut times: Vec<Duration>, most: Duration) -> String {
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_millis();
    assert!(*times.last().unwrap() <= most, "{name}");
    format!(
        "{name}: {} times, p50 {} ms, max {} ms",
        times.len(),
        at(50),
        at(100)
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_reloads_under_load_hit_whom_they_should_within_a_second_and_nobody_else() {
    let scene = revoking();
    let (mut gateway, office, stranger) = (scene.start(), scene.agency(OFFICE), scene.agency(STRANGER));
    let wanted = Arc::new(AtomicBool::new(true));
    let mut honest_ones = Vec::new();
    for _ in 0..4 {
        let client = gateway.connect(&office, office.token(&scene)).await;
        honest_ones.push(tokio::spawn(honest(client, wanted.clone())));
    }
    let rotated = TokenIssuer::new();
    let mut header = tokens::header();
    header["kid"] = "rotated".into();
    let office_client = gateway.connect(&office, office.token(&scene)).await;
    let by_rotated = office_client.with_token(rotated.sign_under(&header, &office.claims()));
    let stranger_client = gateway.connect(&stranger, stranger.token(&scene)).await;
    let key_set = scene.issuer.key_set();
    let agreement = std::fs::read_to_string(scene.tree.root().join("agreements/population.toml")).unwrap();
    let for_stranger = agreement.replace(OFFICE, STRANGER);

    let mut figures = Figures::default();
    let mut revoked: Vec<Keyed> = Vec::new();
    let began = Instant::now();
    for reload in 0..RELOADS {
        match reload % 4 {
            0 => {
                let victim = Agency::new(OFFICE, &scene.authority);
                let client = gateway.connect(&victim, victim.token(&scene)).await;
                assert_eq!(word(&client).await, "OK");
                revoked.push(victim.keyed.clone().unwrap());
                let list = scene
                    .authority
                    .revocation_list(&revoked.iter().collect::<Vec<_>>());
                let since = Instant::now();
                scene.tree.write(LIST, &list);
                figures
                    .refused
                    .push(until(&client, |word| word != "OK", since, &gateway).await);
                figures.closed.push(until_gone(&client, since).await);
                assert_ne!(word(&client).await, "OK", "nor over a new connection");
            }
            1 => {
                let (text, wanted) = match reload % 8 {
                    1 => (for_stranger.as_str(), "OK"),
                    _ => ("", "PermissionDenied NO_AGREEMENT"),
                };
                let since = Instant::now();
                match text {
                    "" => std::fs::remove_file(scene.tree.root().join("agreements/stranger.toml")).unwrap(),
                    text => scene.tree.write("agreements/stranger.toml", text),
                }
                figures.agreement.push(
                    until_for(STRANGER, &stranger_client, |word| word == wanted, since, &gateway).await,
                );
            }
            2 => {
                let (set, wanted) = match reload % 8 {
                    2 => (rotated.beside(key_set.clone(), "rotated"), "OK"),
                    _ => (key_set.clone(), "Unauthenticated TOKEN_SIGNATURE"),
                };
                let since = Instant::now();
                scene.tree.write("issuers/test.json", &set.to_string());
                figures
                    .keys
                    .push(until(&by_rotated, |word| word == wanted, since, &gateway).await);
            }
            _ => {
                let server = scene.authority.server();
                let since = Instant::now();
                // The key first: the pair is wrong for a moment, and then the old one stays in force.
                scene.replace_server(&server);
                while gateway.certificate(&office).await != server.certificate {
                    assert!(since.elapsed() < Duration::from_secs(20), "{}", gateway.words());
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                figures.certificate.push(since.elapsed());
            }
        }
    }
    let took = began.elapsed();
    wanted.store(false, Ordering::SeqCst);
    let mut calls = Vec::new();
    for one in honest_ones {
        calls.extend(one.await.expect("no honest call failed"));
    }
    println!("{RELOADS} changes in {took:?}");
    println!(
        "{}",
        shown("honest calls, none with an error", calls, Duration::from_secs(10))
    );
    let second = Duration::from_secs(1);
    println!("{}", shown("revoked, refused after", figures.refused, second));
    println!("{}", shown("revoked, closed after", figures.closed, 5 * second));
    println!("{}", shown("agreement in force after", figures.agreement, second));
    println!("{}", shown("key set in force after", figures.keys, second));
    println!(
        "{}",
        shown("certificate served after", figures.certificate, second)
    );
    gateway.stop();
    let entries = scene.log().entries();
    let reloads = entries
        .iter()
        .filter(|(_, entry)| entry.operation == "reload" && entry.outcome == "OK");
    assert!(reloads.count() >= RELOADS, "each stands in the log");
    let revocations = entries
        .iter()
        .filter(|(_, entry)| entry.detail.starts_with("changed tls/ca.crl; "));
    assert_eq!(revocations.count(), RELOADS / 4, "with what changed");
}

#[tokio::test]
async fn a_bad_list_leaves_the_last_good_one_until_its_next_update_and_then_nobody_is_let_in() {
    let scene = revoking();
    let first = scene.authority.revocation_list_for(&[], Duration::from_secs(16));
    scene.tree.write(LIST, &first);
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let other = Authority::new("another authority");
    scene.tree.write(LIST, &other.revocation_list(&[]));
    let since = Instant::now();
    while !gateway
        .words()
        .contains("the last good revocation list stays in force")
    {
        assert!(since.elapsed() < Duration::from_secs(5), "{}", gateway.words());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(word(&client).await, "OK");
    until(&client, |word| word != "OK", since, &gateway).await;
    until_gone(&client, since).await;
    assert!(since.elapsed() < Duration::from_secs(26));
    assert!(
        gateway.words().contains("ends soon"),
        "warned before: {}",
        gateway.words()
    );
    scene.tree.write(LIST, &scene.authority.revocation_list(&[]));
    until(&client, |word| word == "OK", Instant::now(), &gateway).await;
}

#[tokio::test]
async fn lists_and_key_sets_come_into_force_beside_a_configuration_that_is_refused() {
    let scene = revoking();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let victim = Agency::new(OFFICE, &scene.authority);
    let stays = gateway.connect(&office, office.token(&scene)).await;
    let client = gateway.connect(&victim, victim.token(&scene)).await;
    assert_eq!(word(&client).await, "OK");
    scene.tree.write("agreements/broken.toml", "agencies = 7");
    let since = Instant::now();
    while !gateway.words().contains("the old configuration stays in force") {
        assert!(since.elapsed() < Duration::from_secs(5), "{}", gateway.words());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let revoked = victim.keyed.as_ref().unwrap();
    let since = Instant::now();
    scene
        .tree
        .write(LIST, &scene.authority.revocation_list(&[revoked]));
    until(&client, |word| word != "OK", since, &gateway).await;
    assert!(until_gone(&client, since).await < Duration::from_secs(5));
    assert_eq!(word(&stays).await, "OK", "the agreement in force stays");

    let rotated = TokenIssuer::new();
    scene
        .tree
        .write("issuers/test.json", &rotated.key_set().to_string());
    let refused = |word: &str| word == "Unauthenticated TOKEN_SIGNATURE";
    until(&stays, refused, Instant::now(), &gateway).await;
    let entries = scene.log().entries();
    let told = |changed: &str| {
        let mut details = entries.iter().map(|(_, entry)| &entry.detail);
        details.any(|detail| detail.starts_with(changed))
    };
    assert!(told("changed tls/ca.crl; ") && told("changed issuers/test.json; "));
}

#[tokio::test]
async fn whoever_leaves_the_configuration_is_refused_and_disconnected() {
    let scene = Scene::new();
    let other = Authority::new("another authority");
    let bundle = format!("{}{}", scene.authority.pem(), other.pem());
    scene.tree.write("tls/ca.pem", &bundle);
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let under_other = Agency::new(OFFICE, &other);
    let stays = gateway.connect(&office, office.token(&scene)).await;
    let client = gateway.connect(&under_other, under_other.token(&scene)).await;
    assert_eq!(word(&client).await, "OK");
    let since = Instant::now();
    scene.tree.write("tls/ca.pem", scene.authority.pem());
    until(&client, |word| word != "OK", since, &gateway).await;
    assert!(until_gone(&client, since).await < Duration::from_secs(5));
    assert_eq!(word(&stays).await, "OK");

    let uri = agency_uri(OFFICE);
    let since = Instant::now();
    scene.tree.edit(
        &format!("agencies/{OFFICE}.toml"),
        &uri,
        "urn:lienthong:agency:renamed",
    );
    until(&stays, |word| word != "OK", since, &gateway).await;
    assert!(until_gone(&stays, since).await < Duration::from_secs(5));
    assert_eq!(stays.connections.gone(), 1);
}

#[tokio::test]
async fn a_certificate_that_ends_on_an_open_connection_is_refused_and_disconnected() {
    let scene = Scene::new();
    let gateway = scene.start();
    let brief = Agency {
        id: OFFICE.into(),
        keyed: Some(scene.authority.brief_client(&agency_uri(OFFICE), 3)),
    };
    let client = gateway.connect(&brief, brief.token(&scene)).await;
    assert_eq!(word(&client).await, "OK");
    let since = Instant::now();
    let first = RefCell::new(String::new());
    let not_answered = |word: &str| {
        word.clone_into(&mut first.borrow_mut());
        word != "OK"
    };
    let refused = until(&client, not_answered, since, &gateway).await;
    let gone = until_gone(&client, since).await;
    assert!(refused <= Duration::from_secs(5), "{refused:?}");
    assert!(gone <= refused + Duration::from_secs(5), "{gone:?}");
    let first = first.into_inner();
    if first == "Unauthenticated CERTIFICATE_EXPIRED" {
        let entries = scene.log().entries();
        let logged = entries
            .iter()
            .any(|(_, entry)| entry.outcome == "CERTIFICATE_EXPIRED" && entry.agency == OFFICE);
        assert!(logged, "{entries:?}");
    } else {
        // The connection went first: no answer of the gateway, so no word.
        assert!(first.ends_with(' '), "{first}");
    }
}

/// Serves the bytes that are published now to each who asks.
fn publish(list: &Arc<Mutex<String>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let list = list.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let body = list.lock().unwrap().clone();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    format!("http://{address}/ca.crl")
}

#[tokio::test]
async fn a_list_is_fetched_before_the_start_and_again_and_what_it_revokes_is_refused() {
    let scene = Scene::new();
    let published = Arc::new(Mutex::new(scene.authority.revocation_list(&[])));
    let address = publish(&published);
    scene.tree.edit(
        "gateway.toml",
        "file = \"tls/ca.pem\"",
        &format!(
            "file = \"tls/ca.pem\"\nrevocation = [{{ file = \"../fetched/ca.crl\", url = \"{address}\", every = \"1s\" }}]"
        ),
    );
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    assert_eq!(word(&client).await, "OK");
    let since = Instant::now();
    *published.lock().unwrap() = scene.authority.revocation_list(&[office.keyed.as_ref().unwrap()]);
    let refused = until(&client, |word| word != "OK", since, &gateway).await;
    assert!(refused < Duration::from_secs(4), "{refused:?}");
    assert!(until_gone(&client, since).await < refused + Duration::from_secs(5));
}

#[tokio::test]
async fn a_revoked_certificate_is_told_so_by_every_service_while_its_connection_is_still_open() {
    let scene = revoking();
    let gateway = scene.start();
    // Connections look at a new configuration in the order of their certificates: this one is late.
    let victim = loop {
        let agency = scene.agency(OFFICE);
        if agency.keyed.as_ref().unwrap().fingerprint()[0] >= 0xc0 {
            break agency;
        }
    };
    let client = gateway.connect(&victim, victim.token(&scene)).await;
    let health = async || client.raw("/grpc.health.v1.Health/Check", b"").await;
    health().await.expect("health, before");
    let list = scene.authority.revocation_list(&[victim.keyed.as_ref().unwrap()]);
    scene.tree.write(LIST, &list);
    let since = Instant::now();
    let refused = loop {
        if let Err(refused) = health().await {
            break refused;
        }
        assert!(since.elapsed() < Duration::from_secs(5), "{}", gateway.words());
    };
    assert_eq!(refused.word, "CERTIFICATE_REVOKED");
    assert_eq!(word(&client).await, "Unauthenticated CERTIFICATE_REVOKED");
    assert_eq!(client.connections.gone(), 0, "on the same connection");
    let index = refused.audit_index().expect("an entry");
    assert_eq!(scene.log().entry(index).outcome, "CERTIFICATE_REVOKED");
    until_gone(&client, since).await;
}
