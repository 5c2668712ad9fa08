use super::*;
use crate::conformance::{Fixture, Outage, broken_promises};

const CONNECTION: &str = r#"
[connection.server]
url = "https://localhost:PORT/api"
ca = "ca.pem"
protocol = "PROTOCOL"
health = "/health"

[connection.answers]
code = "error_code"
ok = ["0", "00"]
words = { "004" = "refused", "005" = "cannot_say", "01" = "not_found" }
transaction = "id"

[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
path = "/citizens"
query = { id = "{key}" }
"#;

/// What the server says about each identifier.
fn answer(arrived: &Arrived) -> Reply {
    let id = asked(arrived);
    let code = |code: &str| said(200, format!("{{\"error_code\":\"{code}\",\"data\":null}}"));
    match id.as_str() {
        _ if arrived.path.ends_with("/health") => said(200, "").into(),
        "079090000001" => said(200, person(&id, "A", "")).into(),
        "079090000002" => said(200, person(&id, "B", ",\"TenKhac\":[\"Một\",\"Hai\"]")).into(),
        "079090000003" => said(
            200,
            "{\"error_code\":0,\"data\":{\"CongDan\":[{\"SoDinhDanh\":\"1\"},{\"SoDinhDanh\":\"2\"}]}}",
        )
        .into(),
        "079090000004" => said(200, person("079090000001", "E", "")).into(),
        "079090000005" => said(200, person(&id, &"X".repeat(5_000), "")).into(),
        "079090000006" => Reply {
            answer: said(200, person(&id, "F", "")),
            end: None,
            after: Duration::from_secs(3),
        },
        "079090000007" => said(200, person(&id, "G", ",\"NgaySinh\":\"31/02/1990\"")).into(),
        "079090000008" => code("004").into(),
        "079090000010" => code("005").into(),
        "079090000009" => code("01").into(),
        "079090000011" => said(200, "<html>not here</html>").into(),
        "079090000012" => said(200, "{}").into(),
        "079090000013" => said(
            200,
            format!(
                "{{\"error_code\":\"00\",\"data\":{}1{}}}",
                "[".repeat(100),
                "]".repeat(100)
            ),
        )
        .into(),
        "079090000014" => said(200, "{\"error_code\":\"00\",\"error_code\":\"01\",\"data\":null}").into(),
        _ => said(200, "{\"error_code\":\"00\",\"data\":{\"CongDan\":[]}}").into(),
    }
}

fn outages(server: &Server) -> Vec<Outage> {
    [
        ("it resets connections", Mode::Reset),
        ("it has a certificate of another authority", Mode::WrongAuthority),
        ("it speaks no TLS", Mode::NoTls),
    ]
    .into_iter()
    .map(|(name, mode)| Outage {
        name,
        begin: server.turner(mode),
        end: server.turner(Mode::Well),
    })
    .collect()
}

async fn keeps_every_promise(protocol: &str) {
    let server = Server::start(answer).await;
    let registry = connected(&server, &CONNECTION.replace("PROTOCOL", protocol));
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
            ("a page", "079090000011".into()),
            ("silence about the record", "079090000012".into()),
            ("nesting without end", "079090000013".into()),
            ("two codes", "079090000014".into()),
        ],
        routes: vec!["direct".into()],
        transactions: true,
        outages: outages(&server),
    };
    assert_eq!(broken_promises(&registry, &fixture).await, [""; 0]);
    assert_eq!(
        outcome(&registry, "079090000099").await,
        "not_found",
        "an empty list"
    );
    let strange = server.arrived().iter().any(|arrived| {
        arrived.path != "/api/health" && !(asked(arrived).len() == 12 && arrived.path.len() == 29)
    });
    assert!(!strange, "a hostile identifier reached the server");
}

#[tokio::test]
async fn the_rest_kind_keeps_every_promise_over_http_1() {
    keeps_every_promise("http1").await;
}

#[tokio::test]
async fn the_rest_kind_keeps_every_promise_over_http_2() {
    keeps_every_promise("http2").await;
}
