//! A change that a PostgreSQL registry tells by itself removes what the gateway keeps of that person, end to end.
//! `tests/run` runs this in its step "kind postgres"; elsewhere it is ignored.

use std::time::{Duration, Instant};

use harness::messages::get;
use harness::registries::{AN, CUONG, Person};
use harness::tree::OFFICE;
use harness::{Client, Scene};
use proto::lookup::v1::Source;

use crate::postgres_server::Server;

const PATIENCE: Duration = Duration::from_secs(10);

const TABLES: &str = "
CREATE TABLE cong_dan (so_dinh_danh text PRIMARY KEY, ho_ten text, ngay_sinh date, dia_chi text);
INSERT INTO cong_dan VALUES ('001090000011', 'NGUYỄN VĂN AN', '1990-07-05', 'Số 1'),
  ('079085000013', 'LÊ QUỐC CƯỜNG', '1985-12-31', 'Số 1');
GRANT SELECT ON cong_dan TO reader;
";

/// As `docs/adapters.md` shows it.
const TRIGGER: &str = "
CREATE FUNCTION doi() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('doi_ho_so', NEW.so_dinh_danh); RETURN NULL; END $$;
CREATE TRIGGER doi AFTER INSERT OR UPDATE ON cong_dan FOR EACH ROW EXECUTE FUNCTION doi();
";

fn file(server: &Server) -> String {
    format!(
        r#"title_vi = "Dân cư"
title_en = "Population"
kind = "postgres"

[connection]
host = {:?}
port = {}
database = "postgres"
user = "reader"
changes = "doi_ho_so"

[cache]
fresh = "1h"
usable = "1h"

[records."lienthong.population.v1.Citizen"]
from = "cong_dan"
keys = [{{ from = "so_dinh_danh", field = "personal_id", digits = 12 }}]

[records."lienthong.population.v1.Citizen".fields]
personal_id = {{ from = "so_dinh_danh" }}
full_name = {{ from = "ho_ten" }}
birth_date = {{ from = "ngay_sinh" }}
"permanent_residence.detail" = {{ from = "dia_chi" }}
"#,
        server.base().display().to_string(),
        server.port
    )
}

/// Where the answer came from, and the address in it.
async fn ask(client: &Client, person: Person) -> (Source, String) {
    let answer = client.citizen(get(person)).await.unwrap();
    let residence = answer.citizen.unwrap().permanent_residence.unwrap();
    (answer.provenance.unwrap().source(), residence.detail)
}

/// Asks until the answer is this one.
async fn until(client: &Client, person: Person, wanted: (Source, &str)) {
    let since = Instant::now();
    loop {
        let (source, address) = ask(client, person).await;
        if (source, address.as_str()) == wanted {
            return;
        }
        assert!(
            since.elapsed() < PATIENCE,
            "wanted {wanted:?}, the last was {source:?} {address}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_notice_of_the_database_removes_the_kept_record_of_whom_it_names_and_of_nobody_else() {
    let server = Server::start(TABLES);
    let scene = Scene::new();
    scene.tree.write("registries/population.toml", &file(&server));
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    for person in [AN, CUONG] {
        // When it begins to listen it forgets what it kept before: whoever is answered from what is kept twice
        // apart is kept by a gateway that listens.
        until(&client, person, (Source::Cache, "Số 1")).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    for person in [AN, CUONG] {
        until(&client, person, (Source::Cache, "Số 1")).await;
    }

    server.write("UPDATE cong_dan SET dia_chi = 'Số 2'");
    for person in [AN, CUONG] {
        assert_eq!(
            ask(&client, person).await,
            (Source::Cache, "Số 1".to_owned()),
            "nobody was told"
        );
    }
    server.write("NOTIFY doi_ho_so, '001090000011'");
    until(&client, AN, (Source::Registry, "Số 2")).await;
    assert_eq!(
        ask(&client, CUONG).await,
        (Source::Cache, "Số 1".to_owned()),
        "it named another"
    );

    server.write(TRIGGER);
    server.write("UPDATE cong_dan SET dia_chi = 'Số 3' WHERE so_dinh_danh = '001090000011'");
    until(&client, AN, (Source::Registry, "Số 3")).await;
    until(&client, AN, (Source::Cache, "Số 3")).await;
}
