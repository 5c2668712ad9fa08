//! The population service of NDXP as the worked example, in both versions of SOAP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::http::HeaderValue;
use prost::Message as _;

use crate::conformance::{Fixture, Outage, broken_promises};
use crate::http::tests::{Arrived, Mode, Reply, Server, said};
use crate::registry::{Question, Registry};
use crate::{Error, RegistrySettings, connect};

mod arguments;
mod faults;
mod nothing;

const CITIZEN: &str = "lienthong.population.v1.Citizen";

const FILE: &str = r#"
title_vi = "Thử"
title_en = "Test"
kind = "soap"

[connection]
version = "1.1"
server = { url = "https://localhost:PORT/dancu", ca = "ca.pem" }
answers = { transaction = "TraCuuThongTinCongDanResponse.CongdanCollection.id" }
fault_code = "detail.MaLoi"
faults = { "004" = "refused", "005" = "cannot_say", "busy" = "unavailable" }

[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
action = "urn:TraCuuThongTinCongDan"
body = """
<d:TraCuuThongTinCongDan xmlns:d="http://dancuquocgia.bca">
  <d:MaYeuCau>{request_id}</d:MaYeuCau>
  <d:MaDVC>1.004222</d:MaDVC>
  <d:MaTichHop>037</d:MaTichHop>
  <d:SoDinhDanh>{key}</d:SoDinhDanh>
</d:TraCuuThongTinCongDan>"""
nothing_when = { path = "TraCuuThongTinCongDanResponse.CongdanCollection.SoCongDan", equals = "0" }

[protection]
timeout = "5s"
max_record = "4 KiB"

[records."lienthong.population.v1.Citizen"]
from = "TraCuuThongTinCongDanResponse.CongdanCollection.CongDan"
keys = [{ from = "SoDinhDanh", field = "personal_id", digits = 12 }]

[records."lienthong.population.v1.Citizen".fields]
personal_id = { from = "SoDinhDanh", required = true }
full_name = { join = ["HoVaTen.Ho", "HoVaTen.ChuDem", "HoVaTen.Ten"], as = "normal_name" }
birth_date = { first_of = ["NgayThangNamSinh.NgayThangNam", "NgayThangNamSinh.Nam"] }

[records."lienthong.population.v1.Citizen".lists.other_names]
from = "TenKhac"
value = { from = "." }
"#;

fn connected(server: &Server, change: impl Fn(String) -> String) -> Arc<dyn Registry> {
    let text = change(FILE.replace("PORT", &server.port.to_string()));
    let settings: RegistrySettings = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let pool = proto::descriptors();
    connect(
        "test",
        &settings,
        server.folder.path(),
        &pool,
        &Default::default(),
    )
    .unwrap_or_else(|error| panic!("{error:?}"))
}

fn question(key: &str, time: Duration) -> Question {
    Question {
        record: CITIZEN.into(),
        key: key.into(),
        deadline: Instant::now() + time,
        call: None,
        trace: crate::Trace::default(),
    }
}

async fn outcome(registry: &Arc<dyn Registry>, key: &str) -> &'static str {
    let given = registry.look_up(question(key, Duration::from_secs(1))).await;
    given.as_ref().map_or_else(Error::name, |_| "found")
}

fn message(content: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body>{content}</S:Body></S:Envelope>"
    )
}

fn collection(content: &str) -> String {
    message(&format!(
        "<r:TraCuuThongTinCongDanResponse xmlns:r=\"http://dancuquocgia.bca\"><CongdanCollection xmlns=\"http://www.mic.gov.vn/dancu/1.0\"><id>tx-9</id>{content}</CongdanCollection></r:TraCuuThongTinCongDanResponse>"
    ))
}

fn person(id: &str, name: &str, more: &str) -> String {
    collection(&format!(
        "<CongDan><SoDinhDanh>{id}</SoDinhDanh><HoVaTen><Ho/><ChuDem/><Ten>{name}</Ten></HoVaTen>{more}</CongDan>"
    ))
}

fn fault(code: &str, own: &str) -> String {
    message(&format!(
        "<S:Fault><faultcode>S:{code}</faultcode><faultstring>x</faultstring><detail><MaLoi>{own}</MaLoi></detail></S:Fault>"
    ))
}

/// The identifier that a message asks for.
fn asked(arrived: &Arrived) -> String {
    let id = arrived.body.split_once("<d:SoDinhDanh>").map(|(_, after)| after);
    id.unwrap_or_default().chars().take(12).collect()
}

fn answer(arrived: &Arrived) -> Reply {
    let id = asked(arrived);
    match id.as_str() {
        "079090000001" => said(200, person(&id, "A", "")).into(),
        "079090000002" => said(
            200,
            person(&id, "B", "<TenKhac>Một</TenKhac><TenKhac>Hai</TenKhac>"),
        )
        .into(),
        "079090000003" => said(
            200,
            collection(
                "<CongDan><SoDinhDanh>1</SoDinhDanh></CongDan><CongDan><SoDinhDanh>2</SoDinhDanh></CongDan>",
            ),
        )
        .into(),
        "079090000004" => said(200, person("079090000001", "E", "")).into(),
        "079090000005" => said(200, person(&id, &"X".repeat(5_000), "")).into(),
        "079090000006" => Reply {
            answer: said(200, person(&id, "F", "")),
            end: None,
            after: Duration::from_secs(3),
        },
        "079090000007" => said(
            200,
            person(
                &id,
                "G",
                "<NgayThangNamSinh><NgayThangNam>19900231</NgayThangNam></NgayThangNamSinh>",
            ),
        )
        .into(),
        "079090000008" => said(500, fault("Server", "004")).into(),
        "079090000010" => said(200, fault("Server", "005")).into(),
        "079090000011" => said(200, "<html><body>x</body></html>").into(),
        "079090000012" => said(200, message("")).into(),
        "079090000013" => said(200, message("<Khac/>")).into(),
        "079090000014" => said(
            200,
            "<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]><x>&y;</x>",
        )
        .into(),
        "079090000015" => said(
            200,
            message(&format!("{}{}", "<a>".repeat(500), "</a>".repeat(500))),
        )
        .into(),
        "079090000016" => said(200, message(&"<a/>".repeat(60_000))).into(),
        "079090000017" => said(
            200,
            "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><x>&b;</x>",
        )
        .into(),
        _ => said(200, collection("<SoCongDan>0</SoCongDan>")).into(),
    }
}

fn outages(server: &Server) -> Vec<Outage> {
    [
        ("it resets connections", Mode::Reset),
        ("it has a certificate of another authority", Mode::WrongAuthority),
    ]
    .into_iter()
    .map(|(name, mode)| Outage {
        name,
        begin: server.turner(mode),
        end: server.turner(Mode::Well),
    })
    .collect()
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

#[tokio::test]
async fn the_soap_kind_keeps_every_promise() {
    let server = Server::start(answer).await;
    let registry = connected(&server, |text| text);
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
            ("an empty body", "079090000012".into()),
            ("another message", "079090000013".into()),
            ("an external entity", "079090000014".into()),
            ("nesting without end", "079090000015".into()),
            ("elements without end", "079090000016".into()),
            ("entities of entities", "079090000017".into()),
        ],
        routes: vec!["direct".into()],
        transactions: true,
        outages: outages(&server),
    };
    assert_eq!(broken_promises(&registry, &fixture).await, [""; 0]);
    let arrived = server.arrived();
    let first = arrived.first().expect("a message");
    assert_eq!(first.path, "/dancu");
    assert_eq!(
        first.headers["soapaction"],
        HeaderValue::from_static("\"urn:TraCuuThongTinCongDan\"")
    );
    assert_eq!(first.headers["content-type"], "text/xml; charset=utf-8");
    let order: Vec<_> = ["MaYeuCau>", "MaDVC>", "MaTichHop>", "SoDinhDanh>"]
        .iter()
        .map(|name| first.body.find(name))
        .collect();
    assert!(
        order.is_sorted() && order.iter().all(Option::is_some),
        "{order:?}"
    );
    let hostile = arrived
        .iter()
        .any(|arrived| !asked(arrived).bytes().all(|byte| byte.is_ascii_digit()));
    assert!(!hostile, "a hostile identifier reached the server");
}
