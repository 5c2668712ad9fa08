use std::sync::Arc;
use std::time::{Duration, Instant};

use prost::Message as _;

use crate::http::tests::{Arrived, Mode, Reply, Server, said};
use crate::registry::{Question, Registry};
use crate::{ConnectError, Error, RegistrySettings, connect};

mod arguments;
mod chaos;
mod ids;
mod lost;
mod nothing;
mod packed;
mod profile;
mod promises;

pub(super) const CITIZEN: &str = "lienthong.population.v1.Citizen";

/// The mapping that the tests have in common.
pub(super) const RECORDS: &str = r#"
[records."lienthong.population.v1.Citizen"]
from = "data.CongDan"
keys = [{ from = "SoDinhDanh", field = "personal_id", digits = 12 }]

[records."lienthong.population.v1.Citizen".fields]
personal_id = { from = "SoDinhDanh", required = true }
full_name = { from = "HoVaTen" }
birth_date = { from = "NgaySinh" }

[records."lienthong.population.v1.Citizen".lists.other_names]
from = "TenKhac"
value = { from = "." }
"#;

/// A file with this connection.
pub(super) fn file(connection: &str) -> String {
    format!(
        "title_vi = \"Thử\"\ntitle_en = \"Test\"\nkind = \"rest\"\n{connection}\n[protection]\ntimeout = \"5s\"\nmax_record = \"4 KiB\"\n{RECORDS}"
    )
}

pub(super) fn try_connect(server: &Server, connection: &str) -> Result<Arc<dyn Registry>, ConnectError> {
    let text = file(&connection.replace("PORT", &server.port.to_string()));
    try_connect_by(server, &text)
}

/// By a whole file.
pub(super) fn try_connect_by(server: &Server, text: &str) -> Result<Arc<dyn Registry>, ConnectError> {
    let settings: RegistrySettings = toml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
    let pool = proto::descriptors();
    connect(
        "test",
        &settings,
        server.folder.path(),
        &pool,
        &Default::default(),
    )
}

pub(super) fn connected(server: &Server, connection: &str) -> Arc<dyn Registry> {
    try_connect(server, connection).unwrap_or_else(|error| panic!("{error:?}"))
}

pub(super) fn question(key: &str, time: Duration) -> Question {
    Question {
        record: CITIZEN.into(),
        key: key.into(),
        deadline: Instant::now() + time,
        call: None,
        trace: crate::Trace::default(),
    }
}

pub(super) async fn outcome(registry: &Arc<dyn Registry>, key: &str) -> &'static str {
    let given = registry.look_up(question(key, Duration::from_secs(5))).await;
    given.as_ref().map_or_else(Error::name, |_| "found")
}

/// The record of a person, as the server writes it.
pub(super) fn person(id: &str, name: &str, more: &str) -> String {
    format!(
        "{{\"error_code\":\"00\",\"id\":\"tx-7\",\"data\":{{\"CongDan\":{{\"SoDinhDanh\":\"{id}\",\"HoVaTen\":\"{name}\"{more}}}}}}}"
    )
}

pub(super) fn record(id: &str, name: &str, other_names: &[&str]) -> (String, bytes::Bytes) {
    let citizen = proto::population::v1::Citizen {
        personal_id: id.into(),
        full_name: name.into(),
        other_names: other_names.iter().map(|&name| name.into()).collect(),
        ..Default::default()
    };
    (id.to_owned(), citizen.encode_to_vec().into())
}

/// The identifier that a question with a query asks for.
pub(super) fn asked(arrived: &Arrived) -> String {
    let query = arrived.path.split_once("?id=").map(|(_, id)| id);
    query.unwrap_or_default().chars().take(12).collect()
}
