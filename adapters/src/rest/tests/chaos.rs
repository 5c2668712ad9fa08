use std::io::Write as _;
use std::sync::LazyLock;

use ::http::Response;
use ::http::header::{CONTENT_ENCODING, HeaderValue, LOCATION};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::Full;

use super::*;

const CONNECTION: &str = r#"
[connection.server]
url = "https://localhost:PORT"
ca = "ca.pem"

[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
path = "/citizens"
query = { id = "{key}" }
"#;

/// The deadline, and how late the answer word may be.
const DEADLINE: Duration = Duration::from_millis(1_000);
const GRACE: Duration = Duration::from_millis(100);

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// 64 MiB of blanks, packed once.
fn bomb() -> Response<Full<Bytes>> {
    static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(&vec![b' '; 64 << 20]));
    let mut answer = said(200, BOMB.clone());
    answer
        .headers_mut()
        .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    answer
}

fn answer(arrived: &Arrived) -> Reply {
    let id = asked(arrived);
    let packed = |bytes: &[u8], encoding: &'static str| {
        let mut answer = said(200, gzip(bytes));
        answer
            .headers_mut()
            .insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        answer
    };
    let status = |status: u16| said(status, "");
    match id.as_str() {
        "079091000001" => {
            let mut answer = said(302, "");
            answer
                .headers_mut()
                .insert(LOCATION, HeaderValue::from_static("/citizens?id=079091000099"));
            answer.into()
        }
        "079091000002" => bomb().into(),
        "079091000003" => packed(b"{}", "br").into(),
        "079091000004" => said(200, "[".repeat(100_000)).into(),
        "079091000005" => said(200, format!("{{\"data\":[{}0]}}", "0,".repeat(60_000))).into(),
        "079091000006" => said(200, vec![b' '; 2 << 20]).into(),
        "079091000007" => said(200, vec![0xff, 0xfe, 0x00, 0x80]).into(),
        "079091000008" => said(200, "").into(),
        "079091000009" => status(500).into(),
        "079091000010" => status(503).into(),
        "079091000011" => status(404).into(),
        "079091000012" => status(401).into(),
        "079091000013" => status(403).into(),
        "079091000014" => status(429).into(),
        "079091000015" => said(200, person("079091000099", "A", "")).into(),
        "079091000016" => status(204).into(),
        "079091000017" => Reply {
            answer: said(200, person(&id, "A", "")),
            end: None,
            after: Duration::from_secs(20),
        },
        "079091000018" => said(200, format!("{}x", person(&id, "A", ""))).into(),
        "079091000019" => said(200, "{\"fault\":{\"code\":7}}").into(),
        _ => said(200, person(&id, "A", "")).into(),
    }
}

#[tokio::test]
async fn whatever_the_server_says_the_word_is_right_and_comes_in_time() {
    drop(bomb());
    let server = Server::start(answer).await;
    let registry = connected(&server, CONNECTION);
    for (number, word) in [
        (1, "unavailable"),
        (2, "garbled"),
        (3, "garbled"),
        (4, "garbled"),
        (5, "garbled"),
        (6, "garbled"),
        (7, "garbled"),
        (8, "garbled"),
        (9, "unavailable"),
        (10, "unavailable"),
        (11, "unavailable"),
        (12, "unavailable"),
        (13, "refused"),
        (14, "unavailable"),
        (15, "garbled"),
        (16, "garbled"),
        (17, "deadline_exceeded"),
        (18, "garbled"),
        (19, "garbled"),
    ] {
        let start = Instant::now();
        let given = registry
            .look_up(question(&format!("0790910000{number:02}"), DEADLINE))
            .await;
        let given = given.as_ref().map_or_else(Error::name, |_| "found");
        assert_eq!(given, word, "no. {number}");
        assert!(
            start.elapsed() < DEADLINE + GRACE,
            "no. {number}: {:?}",
            start.elapsed()
        );
        assert_eq!(
            outcome(&registry, "079091000099").await,
            "found",
            "after no. {number}"
        );
    }
    assert!(
        server
            .arrived()
            .iter()
            .filter(|arrived| asked(arrived) == "079091000001")
            .count()
            >= 1
    );
}

#[tokio::test]
async fn whatever_the_connection_does_the_word_is_right_and_comes_in_time() {
    let server = Server::start(answer).await;
    for (mode, words) in [
        (Mode::Mute, ["unavailable", "deadline_exceeded"]),
        (Mode::Reset, ["unavailable"; 2]),
        (Mode::WrongAuthority, ["unavailable"; 2]),
        (Mode::NoTls, ["unavailable"; 2]),
        (Mode::Garbage, ["unavailable", "garbled"]),
        (Mode::Drip, ["unavailable", "deadline_exceeded"]),
        (Mode::Cut, ["unavailable"; 2]),
        (Mode::Announced, ["garbled"; 2]),
        (Mode::Endless, ["garbled"; 2]),
        (Mode::EndlessHead, ["garbled"; 2]),
    ] {
        server.turn(mode);
        let registry = connected(&server, &CONNECTION.replace("[[", "protocol = \"http1\"\n[["));
        let start = Instant::now();
        let given = registry.look_up(question("079091000099", DEADLINE)).await;
        let given = given.as_ref().map_or_else(Error::name, |_| "found");
        assert!(words.contains(&given), "{mode:?}: {given}");
        assert!(
            start.elapsed() < DEADLINE + GRACE,
            "{mode:?}: {:?}",
            start.elapsed()
        );
        server.turn(Mode::Well);
        assert_eq!(
            outcome(&registry, "079091000099").await,
            "found",
            "after {mode:?}"
        );
    }
}

#[tokio::test]
async fn a_name_that_stands_for_an_address_that_is_not_allowed_leads_nowhere() {
    let server = Server::start(answer).await;
    for (networks, word) in [("10.0.0.0/8", "unavailable"), ("127.0.0.0/8", "found")] {
        let networks = format!("addresses = [\"{networks}\"]\n[[");
        let registry = connected(&server, &CONNECTION.replace("[[", &networks));
        assert_eq!(outcome(&registry, "079091000099").await, word);
    }
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_gets_the_configured_one_and_none_otherwise() {
    let server = Server::start(answer).await;
    server.turn(Mode::WantsCertificate);
    let own = "certificate = \"client.pem\"\nkey = \"client.key\"\n[[";
    for (connection, word) in [
        (CONNECTION.to_owned(), "unavailable"),
        (CONNECTION.replace("[[", own), "found"),
    ] {
        let registry = connected(&server, &connection);
        assert_eq!(outcome(&registry, "079091000099").await, word);
    }
}
