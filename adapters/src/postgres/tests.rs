//! Against a real PostgreSQL. `tests/run` installs one and runs these; elsewhere they are ignored.

use std::collections::BTreeSet;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use prost::Message as _;

mod changes;
mod server;

use crate::conformance::{Fixture, Outage, broken_promises};
use crate::registry::{Change, Question, Registry};
use crate::settings::RegistrySettings;
use crate::{ConnectError, Error, connect};
use server::Server;

const RECORD: &str = "lienthong.population.v1.Citizen";

const MAPPING: &str = r#"
[protection]
timeout = "5s"
max_record = "4 KiB"

[records."lienthong.population.v1.Citizen"]
from = "cong_dan_xem"
keys = [{ from = "hoi_theo", field = "personal_id", digits = 12 }]

[records."lienthong.population.v1.Citizen".fields]
personal_id = { from = "so_dinh_danh" }
full_name = { from = "ho_ten" }
household_no = { from = "cham" }
birth_date = { from = "ngay_sinh" }
death_date = { from = "ngay_chet" }
as_of = { from = "thoi_diem" }

[records."lienthong.population.v1.Citizen".lists.other_names]
from = "dan_cu.ten_khac"
key = "so_dinh_danh"
order = "thu_tu"
only = { loai = "1" }
absent = ["huy"]
value = { from = "ho_ten" }
"#;

const TABLES: &str = "
CREATE TABLE cong_dan (hoi_theo char(12), so_dinh_danh varchar(12), ho_ten text, cho int, ngay_chet date,
  thoi_diem timestamptz);
CREATE INDEX ON cong_dan (hoi_theo);
CREATE SCHEMA dan_cu;
CREATE TABLE dan_cu.ten_khac (so_dinh_danh text, thu_tu int, ho_ten text, loai smallint, huy text);
CREATE FUNCTION cham(cho int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
  IF cho = 1 THEN PERFORM pg_sleep(30); END IF;
  IF cho = 2 THEN RAISE EXCEPTION USING ERRCODE = 'P0004'; END IF;
  RETURN NULL; END $$;
CREATE VIEW cong_dan_xem AS SELECT hoi_theo, so_dinh_danh, ho_ten, cham(cho) AS cham,
  CASE hoi_theo WHEN '079090000007' THEN '31/02/1990' END AS ngay_sinh, ngay_chet, thoi_diem FROM cong_dan;
INSERT INTO cong_dan VALUES
  ('079090000001', '079090000001', 'A', 0), ('079090000003', '079090000003', 'C', 0),
  ('079090000003', '079090000003', 'D', 0), ('079090000004', '079090000001', 'E', 0),
  ('079090000005', '079090000005', repeat('X', 5000), 0), ('079090000006', '079090000006', 'F', 1),
  ('079090000007', '079090000007', 'G', 0), ('079090000008', '079090000008', 'H', 2),
  ('079090000010', '079090000010', repeat('X', 5000000), 0);
INSERT INTO cong_dan VALUES
  ('079090000002', '079090000002', 'B', 0, '2026-05-07', '2026-07-05 09:30:00+07');
INSERT INTO dan_cu.ten_khac VALUES ('079090000002', 2, 'Hai', 1, NULL), ('079090000002', 1, 'Một', 1, ''),
  ('079090000002', 3, 'Ba', 2, NULL), ('079090000002', 4, 'Bốn', 1, 'x');
GRANT USAGE ON SCHEMA dan_cu TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public, dan_cu TO reader;
";

fn settings(connection: &str, mapping: &str) -> RegistrySettings {
    let text = format!(
        "title_vi = \"Thử\"\ntitle_en = \"Test\"\nkind = \"postgres\"\n[connection]\n{connection}\n{mapping}"
    );
    toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn over_tls(server: &Server, ca: &str) -> String {
    format!(
        "host = \"127.0.0.1\"\nport = {}\ndatabase = \"postgres\"\nuser = \"reader\"\n\
         password_file = \"password\"\nca = \"{ca}\"\nchanges = \"doi\"",
        server.port
    )
}

fn opened(server: &Server, settings: &RegistrySettings) -> Result<Arc<dyn Registry>, ConnectError> {
    let pool = proto::descriptors();
    connect("test", settings, server.base(), &pool, &Default::default())
}

fn question(key: &str) -> Question {
    Question {
        record: RECORD.into(),
        key: key.into(),
        deadline: Instant::now() + Duration::from_secs(5),
        call: None,
        trace: crate::Trace::default(),
    }
}

fn record(id: &str, name: &str, names: &[&str], dated: bool) -> (String, bytes::Bytes) {
    let day = proto::lookup::v1::PartialDate {
        year: 2026,
        month: 5,
        day: 7,
    };
    let moment = prost_types::Timestamp {
        seconds: 1_783_218_600,
        nanos: 0,
    };
    let citizen = proto::population::v1::Citizen {
        personal_id: id.into(),
        full_name: name.into(),
        death_date: dated.then_some(day),
        as_of: dated.then_some(moment),
        ..Default::default()
    };
    // Lists are written behind the record's own row.
    let lists = proto::population::v1::Citizen {
        other_names: names.iter().map(|&name| name.into()).collect(),
        ..Default::default()
    };
    let bytes = [citizen.encode_to_vec(), lists.encode_to_vec()].concat();
    (id.to_owned(), bytes.into())
}

#[tokio::test(flavor = "current_thread")]
#[ignore = "needs PostgreSQL"]
async fn the_postgres_kind_keeps_every_promise() {
    let server = Arc::new(Server::start(TABLES));
    let registry = opened(&server, &settings(&over_tls(&server, "ca.crt"), MAPPING)).expect("opens");
    let (stopped, begun) = (Arc::clone(&server), Arc::clone(&server));
    let (locked, free) = (Arc::clone(&server), Arc::clone(&server));
    let fixture = Fixture {
        record: RECORD.into(),
        known: vec![
            record("079090000001", "A", &[], false),
            record("079090000002", "B", &["Một", "Hai"], true),
        ],
        unknown: "079090000009".into(),
        several: Some("079090000003".into()),
        wrong_subject: Some("079090000004".into()),
        too_large: Some("079090000005".into()),
        slow: Some("079090000006".into()),
        garbled: vec![("a row of five megabytes", "079090000010".into())],
        incomplete: Some(("079090000007".into(), "birth_date".into())),
        refused: Some(("079090000008".into(), "P0004".into())),
        routes: vec!["direct".into()],
        outages: vec![
            Outage {
                name: "the server is down",
                begin: Box::new(move || stopped.stop()),
                end: Box::new(move || begun.begin()),
            },
            Outage {
                name: "the right to read is gone",
                begin: Box::new(move || drop(locked.write("REVOKE SELECT ON cong_dan_xem FROM reader"))),
                end: Box::new(move || drop(free.write("GRANT SELECT ON cong_dan_xem TO reader"))),
            },
        ],
        ..Fixture::default()
    };
    assert_eq!(broken_promises(&registry, &fixture).await, [""; 0]);
    assert_eq!(
        server.write("SELECT count(*) FROM cong_dan"),
        "10",
        "nothing was changed"
    );
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn whatever_is_asked_the_database_is_told_one_prepared_text() {
    let server = Server::start(TABLES);
    // An identifier that is no number lets everything through that is printable.
    let mapping = MAPPING.replace(", digits = 12", "");
    let registry = opened(&server, &settings(&over_tls(&server, "ca.crt"), &mapping)).expect("opens");
    let before = server.log().len();
    let canary = crate::hostile::Canary::new();
    let aimed = canary.identifiers();
    let hostile = [
        "' OR '1'='1",
        "'; DROP TABLE cong_dan; --",
        "$1",
        "$$; DELETE FROM cong_dan; $$",
        "\\'; SELECT pg_sleep(10); --",
        "%",
        "E'\\x27 OR TRUE --",
        "079090000002' UNION SELECT * FROM pg_shadow --",
        "079090000002/**/OR/**/1=1",
        "＇ OR ＇1＇=＇1",
        "079090000009",
    ];
    for key in hostile.into_iter().chain(aimed.iter().map(String::as_str)) {
        assert_eq!(
            registry.look_up(question(key)).await,
            Err(Error::NotFound),
            "{key}"
        );
    }
    let log = server.log();
    let asked: BTreeSet<_> = log
        .get(before..)
        .expect("the log grows")
        .lines()
        .filter_map(|line| line.split_once("execute ")?.1.split_once(": "))
        .map(|(_, text)| text.trim())
        .filter(|text| text.contains("cong_dan"))
        .collect();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked.iter().all(|text| text.contains("= $1::text")), "{asked:?}");
    canary.expect_untouched();
    assert_eq!(server.write("SELECT count(*) FROM cong_dan"), "10");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn what_the_mapping_wants_and_the_database_has_not_is_told_with_its_place() {
    let server = Server::start(TABLES);
    let socket = format!(
        "host = \"{}\"\nport = {}\ndatabase = \"postgres\"\nuser = \"reader\"",
        server.base().display(),
        server.port
    );
    server.write("ALTER TABLE cong_dan ADD luong float8; REVOKE SELECT ON dan_cu.ten_khac FROM reader; GRANT SELECT (so_dinh_danh, thu_tu, loai, huy) ON dan_cu.ten_khac TO reader; GRANT SELECT ON cong_dan TO reader");
    let mapping = MAPPING
        .replace("\"cong_dan_xem\"", "\"cong_dan\"")
        .replace("\"cham\"", "\"luong\"")
        .replace("\"ngay_sinh\"", "\"ngay_chets\"");
    let refused = opened(&server, &settings(&socket, &mapping)).map(|_| ());
    let Err(ConnectError::Settings(problems)) = refused else {
        panic!("{refused:?}")
    };
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    for said in ["\"ngay_chets\"", "is a float8", "may not read column \"ho_ten\""] {
        assert!(told.iter().any(|told| told.contains(said)), "{said}: {told:?}");
    }
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(problems.iter().all(|problem| problem.span.is_some()));
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_schema_that_drifts_is_told_by_its_name() {
    let server = Server::start(TABLES);
    let registry = opened(&server, &settings(&over_tls(&server, "ca.crt"), MAPPING)).expect("opens");
    assert_eq!(registry.check().await, Ok(()));
    server.write("ALTER TABLE dan_cu.ten_khac RENAME huy TO da_huy");
    let told = registry.check().await.expect_err("drift").to_string();
    assert!(told.contains("column huy of dan_cu.ten_khac is gone"), "{told}");
    let asked = registry.look_up(question("079090000001")).await;
    assert!(matches!(asked, Err(Error::Drifted { .. })), "{asked:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_server_of_another_authority_is_not_asked() {
    let server = Server::start(TABLES);
    let registry = opened(&server, &settings(&over_tls(&server, "stranger.crt"), MAPPING)).expect("opens");
    let asked = registry.look_up(question("079090000001")).await;
    assert!(matches!(asked, Err(Error::Unavailable { .. })), "{asked:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_notice_of_the_database_tells_who_changed_and_a_lost_connection_everybody() {
    let server = Server::start(TABLES);
    let registry = opened(&server, &settings(&over_tls(&server, "ca.crt"), MAPPING)).expect("opens");
    let (sender, told) = mpsc::channel();
    registry.follow_changes(Arc::new(move |change| drop(sender.send(change))));
    let next = || told.recv_timeout(Duration::from_secs(10)).expect("a change");
    assert_eq!(next(), Change::Everything);
    server.write("NOTIFY doi, '079090000002'");
    assert_eq!(next(), Change::Subject("079090000002".into()));
    server.write("NOTIFY khac, '079090000001'");
    server.write("NOTIFY doi, 'all'");
    assert_eq!(next(), Change::Everything);
    server.stop();
    server.begin();
    assert_eq!(next(), Change::Everything);
    server.write("NOTIFY doi, '079090000001'");
    assert_eq!(next(), Change::Subject("079090000001".into()));
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn the_trigger_of_the_manual_tells_of_everybody_who_comes_goes_or_changes_number() {
    let server = Server::start(TABLES);
    let manual = include_str!("../../../docs/adapters.md");
    let sql = manual
        .split("```sql\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    server.write(&sql.expect("an example").replace("doi_ho_so", "doi"));
    let registry = opened(&server, &settings(&over_tls(&server, "ca.crt"), MAPPING)).expect("opens");
    let (sender, told) = mpsc::channel();
    registry.follow_changes(Arc::new(move |change| drop(sender.send(change))));
    let next = || told.recv_timeout(Duration::from_secs(10)).expect("a change");
    assert_eq!(next(), Change::Everything);
    let who = "so_dinh_danh = '079090000021'";
    for (sql, changed) in [
        (
            "INSERT INTO cong_dan (so_dinh_danh) VALUES ('079090000020')",
            &["079090000020"][..],
        ),
        (
            "UPDATE cong_dan SET so_dinh_danh = '079090000021' WHERE so_dinh_danh = '079090000020'",
            &["079090000020", "079090000021"],
        ),
        (
            &format!("UPDATE cong_dan SET ho_ten = 'X' WHERE {who}"),
            &["079090000021"],
        ),
        (&format!("DELETE FROM cong_dan WHERE {who}"), &["079090000021"]),
    ] {
        server.write(sql);
        for &changed in changed {
            assert_eq!(next(), Change::Subject(changed.into()), "{sql}");
        }
    }
    server.write("TRUNCATE cong_dan");
    assert_eq!(next(), Change::Everything);
}
