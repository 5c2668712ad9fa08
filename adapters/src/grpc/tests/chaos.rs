use ::http::Response;
use ::http::header::LOCATION;
use bytes::Bytes;
use http_body_util::Full;

use super::*;

/// The deadline, and how late the answer word may be.
const DEADLINE: Duration = Duration::from_millis(1_000);
const GRACE: Duration = Duration::from_millis(100);

fn http(status: u16) -> Response<Full<Bytes>> {
    said(status, "<html>")
}

fn answer(arrived: &Arrived) -> Reply {
    let id = asked(arrived).id;
    let number: u8 = id.get(10..).and_then(|number| number.parse().ok()).unwrap_or(99);
    match number {
        // Statuses of gRPC, each alone.
        1..=17 => status(number),
        20 => {
            let mut answer = http(302);
            answer
                .headers_mut()
                .insert(LOCATION, HeaderValue::from_static("/elsewhere"));
            answer.into()
        }
        21 => http(404).into(),
        22 => http(401).into(),
        23 => http(403).into(),
        24 => http(503).into(),
        // A page with a good status.
        25 => http(200).into(),
        // An answer without an end, and an end without a status.
        26 => Reply {
            end: None,
            ..people(vec![person(&id, "A")])
        },
        27 => Reply {
            end: Some(HeaderMap::new()),
            ..people(vec![person(&id, "A")])
        },
        // Larger than it may be, by what it says and by what it is.
        28 => raw(vec![0, 0xff, 0xff, 0xff, 0xff], "0"),
        29 => message(&vec![0; 2 << 20]),
        // Half a message, and a message with a bad end.
        30 => raw(vec![0, 0, 0, 0, 9, 1], "0"),
        31 => Reply {
            end: raw(Vec::new(), "14").end,
            ..people(vec![person(&id, "A")])
        },
        32 => people(vec![person("079092000099", "A")]),
        33 => Reply {
            after: Duration::from_secs(20),
            ..people(vec![person(&id, "A")])
        },
        // A great many people of whom nothing is known, and one within the other without end.
        34 => message(&[0x1a, 0].repeat(60_000)),
        35 => message(&[0x1b; 1_000]),
        36 => raw(Vec::new(), "0"),
        37 => message(&[0x1a, 4, 0x0a, 2, 0xff, 0xfe]),
        _ => people(vec![person(&id, "A")]),
    }
}

#[tokio::test]
async fn whatever_the_server_says_the_word_is_right_and_comes_in_time() {
    let server = Server::start(answer).await;
    let text = file(CONNECTION).replace("timeout = \"5s\"", "timeout = \"5s\"\nbreaker.failures = 0");
    let registry = try_connect(&server, &text).expect("it is right");
    for (number, word) in [
        (1, "unavailable"),
        (2, "unavailable"),
        (3, "refused"),
        // Long before the deadline: the server's own trouble.
        (4, "unavailable"),
        (5, "refused"),
        (6, "refused"),
        (7, "refused"),
        (8, "unavailable"),
        (9, "refused"),
        (10, "unavailable"),
        (11, "refused"),
        (12, "unavailable"),
        (13, "unavailable"),
        (14, "unavailable"),
        (15, "garbled"),
        (16, "unavailable"),
        (17, "unavailable"),
        (20, "unavailable"),
        (21, "unavailable"),
        (22, "unavailable"),
        (23, "refused"),
        (24, "unavailable"),
        (25, "garbled"),
        (26, "unavailable"),
        (27, "unavailable"),
        (28, "garbled"),
        (29, "garbled"),
        (30, "unavailable"),
        (31, "unavailable"),
        (32, "garbled"),
        (33, "deadline_exceeded"),
        (34, "garbled"),
        (35, "garbled"),
        (36, "garbled"),
        (37, "garbled"),
    ] {
        let start = Instant::now();
        let given = registry
            .look_up(question(&format!("0790920000{number:02}"), DEADLINE))
            .await;
        let given = given.as_ref().map_or_else(Error::name, |_| "found");
        assert_eq!(given, word, "no. {number}");
        let time = start.elapsed();
        assert!(time < DEADLINE + GRACE, "no. {number}: {time:?}");
        assert_eq!(
            outcome(&registry, "079092000099").await,
            "found",
            "after no. {number}"
        );
    }
}

#[tokio::test]
async fn whatever_the_connection_does_the_word_is_right_and_comes_in_time() {
    let server = Server::start(answer).await;
    for (mode, words) in [
        (Mode::Mute, ["unavailable", "deadline_exceeded"]),
        (Mode::Reset, ["unavailable"; 2]),
        (Mode::WrongAuthority, ["unavailable"; 2]),
        (Mode::NoTls, ["unavailable"; 2]),
        (Mode::Garbage, ["unavailable"; 2]),
        (Mode::Drip, ["unavailable", "deadline_exceeded"]),
        (Mode::Cut, ["unavailable"; 2]),
        (Mode::Endless, ["unavailable"; 2]),
        (Mode::EndlessHead, ["unavailable"; 2]),
    ] {
        server.turn(mode);
        let registry = connected(&server, CONNECTION);
        let start = Instant::now();
        let given = registry.look_up(question("079092000099", DEADLINE)).await;
        let given = given.as_ref().map_or_else(Error::name, |_| "found");
        assert!(words.contains(&given), "{mode:?}: {given}");
        let time = start.elapsed();
        assert!(time < DEADLINE + GRACE, "{mode:?}: {time:?}");
        server.turn(Mode::Well);
        assert_eq!(
            outcome(&registry, "079092000099").await,
            "found",
            "after {mode:?}"
        );
    }
}

#[tokio::test]
async fn a_name_that_stands_for_an_address_that_is_not_allowed_leads_nowhere() {
    let server = Server::start(answer).await;
    for (networks, word) in [("10.0.0.0/8", "unavailable"), ("127.0.0.0/8", "found")] {
        let networks = format!("ca.pem\", addresses = [\"{networks}\"]");
        let registry = connected(&server, &CONNECTION.replace("ca.pem\"", &networks));
        assert_eq!(outcome(&registry, "079092000099").await, word);
    }
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_gets_the_configured_one_and_none_otherwise() {
    let server = Server::start(answer).await;
    server.turn(Mode::WantsCertificate);
    let own = "ca.pem\", certificate = \"client.pem\", key = \"client.key\"";
    for (connection, word) in [
        (CONNECTION.to_owned(), "unavailable"),
        (CONNECTION.replace("ca.pem\"", own), "found"),
    ] {
        let registry = connected(&server, &connection);
        assert_eq!(outcome(&registry, "079092000099").await, word);
    }
}

#[test]
fn a_runtime_that_ended_while_it_connected_leaves_nothing_behind() {
    let of_server = tokio::runtime::Runtime::new().expect("a runtime");
    let server = of_server.block_on(Server::start(answer));
    let registry = connected(&server, CONNECTION);
    let own = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().expect("a runtime")
    };
    server.turn(Mode::Mute);
    let given = own().block_on(async {
        tokio::time::timeout(Duration::from_millis(100), outcome(&registry, "079092000099")).await
    });
    assert!(given.is_err(), "{given:?}");
    server.turn(Mode::Well);
    assert_eq!(own().block_on(outcome(&registry, "079092000099")), "found");
}
