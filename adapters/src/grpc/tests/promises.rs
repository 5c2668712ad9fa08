use super::*;
use crate::conformance::{Fixture, Outage, broken_promises};

/// What the server says about each identifier.
fn answer(arrived: &Arrived) -> Reply {
    if arrived.path == "/grpc.health.v1.Health/Check" {
        return message(&[8, 1]);
    }
    let id = asked(arrived).id;
    let other_names = vec!["Một".to_owned(), "Hai".to_owned()];
    let birth = "31/02/1990".to_owned();
    let coded = |code: &str| {
        let answer = FindResponse {
            code: code.into(),
            ..Default::default()
        };
        message(&answer.encode_to_vec())
    };
    match id.as_str() {
        "079090000001" => people(vec![person(&id, "A")]),
        "079090000002" => people(vec![Person {
            other_names,
            ..person(&id, "B")
        }]),
        "079090000003" => people(vec![person("1", "C"), person("2", "D")]),
        "079090000004" => people(vec![person("079090000001", "E")]),
        "079090000005" => people(vec![person(&id, &"X".repeat(5_000))]),
        "079090000006" => Reply {
            after: Duration::from_secs(3),
            ..people(vec![person(&id, "F")])
        },
        "079090000007" => people(vec![Person {
            birth,
            ..person(&id, "G")
        }]),
        "079090000008" => coded("004"),
        "079090000010" => status(9),
        "079090000011" => message(b"\xff\xff\xff this is no message"),
        "079090000012" => message(&[]),
        // `people` as a number.
        "079090000013" => message(&[0x18, 7]),
        "079090000014" => message(&[0x0a, 1, b'0', 0x0a, 1, b'1']),
        "079090000015" => raw([framed(0, &[]), framed(0, &[])].concat(), "0"),
        "079090000016" => raw(framed(1, &[]), "0"),
        _ => status(5),
    }
}

const MORE: &str = r#"
answers = { transaction = "exchange", code = "code", ok = ["00"], words = { "004" = "refused" }, statuses = { NOT_FOUND = "not_found", FAILED_PRECONDITION = "cannot_say" } }
server.health = "/grpc.health.v1.Health/Check"
"#;

#[tokio::test]
async fn the_grpc_kind_keeps_every_promise() {
    let server = Server::start(answer).await;
    let connection = CONNECTION
        .replace("answers = { transaction = \"exchange\" }", MORE)
        .replace(
            "server = { url = \"https://localhost:PORT\", ca = \"ca.pem\" }",
            "server.url = \"https://localhost:PORT\"\nserver.ca = \"ca.pem\"",
        );
    let registry = connected(&server, &connection);
    let outages = [
        ("it resets connections", Mode::Reset),
        ("it has a certificate of another authority", Mode::WrongAuthority),
        ("it speaks no TLS", Mode::NoTls),
    ];
    let fixture = Fixture {
        record: CITIZEN.into(),
        known: vec![
            record("079090000001", "A", &[]),
            record("079090000002", "B", &["Một", "Hai"]),
        ],
        unknown: "079090000009".into(),
        several: Some("079090000003".into()),
        wrong_subject: Some("079090000004".into()),
        too_large: Some("079090000005".into()),
        slow: Some("079090000006".into()),
        incomplete: Some(("079090000007".into(), "birth_date".into())),
        refused: Some(("079090000008".into(), "004".into())),
        cannot_say: Some("079090000010".into()),
        garbled: vec![
            ("noise", "079090000011".into()),
            ("silence about the record", "079090000012".into()),
            ("another type", "079090000013".into()),
            ("two codes", "079090000014".into()),
            ("two messages", "079090000015".into()),
            ("a packed message", "079090000016".into()),
        ],
        routes: vec!["direct".into()],
        transactions: true,
        outages: outages
            .into_iter()
            .map(|(name, mode)| Outage {
                name,
                begin: server.turner(mode),
                end: server.turner(Mode::Well),
            })
            .collect(),
    };
    assert_eq!(broken_promises(&registry, &fixture).await, [""; 0]);
    // Of an asker who goes away the message may not arrive.
    let strange = server.arrived().iter().any(|arrived| {
        let whole = arrived.path == "/vn.test.v1.PeopleService/Find" && !arrived.bytes.is_empty();
        whole && asked(arrived).id.len() != 12
    });
    assert!(!strange, "a hostile identifier reached the server");
}

fn record(id: &str, name: &str, other_names: &[&str]) -> (String, bytes::Bytes) {
    let citizen = proto::population::v1::Citizen {
        personal_id: id.into(),
        full_name: name.into(),
        other_names: other_names.iter().map(|&name| name.into()).collect(),
        ..Default::default()
    };
    (id.to_owned(), citizen.encode_to_vec().into())
}
