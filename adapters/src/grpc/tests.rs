use std::sync::Arc;
use std::time::{Duration, Instant};

use ::http::HeaderMap;
use ::http::header::{CONTENT_TYPE, HeaderValue};
use prost::Message as _;

use crate::http::tests::{Arrived, Mode, Reply, Server, said};
use crate::registry::{Question, Registry};
use crate::{ConnectError, Error, RegistrySettings, connect};

mod chaos;
mod nothing;
mod peer;
mod profile;
mod promises;

pub(super) const CITIZEN: &str = "lienthong.population.v1.Citizen";

/// What the registry's owner gives.
pub(super) const PROTO: &str = r#"syntax = "proto3";
package vn.test.v1;

service PeopleService {
  rpc Find(FindRequest) returns (FindResponse);
  rpc Watch(FindRequest) returns (stream FindResponse);
}
message FindRequest {
  string id = 1;
  Options options = 2;
  repeated string tags = 3;
  int64 number = 4;
  bytes raw = 5;
  map<string, string> labels = 6;
  oneof way { string direct = 7; string through = 8; }
}
message Options { bool full = 1; string trace = 2; int32 level = 3; Kind kind = 4; }
enum Kind { KIND_UNSPECIFIED = 0; KIND_PERSON = 1; }
message FindResponse {
  string code = 1;
  string exchange = 2;
  repeated Person people = 3;
  repeated string notes = 4;
  Found found = 5;
}
message Found {
  repeated Person people = 1;
  string note = 2;
}
message Person {
  string id = 1;
  string name = 2;
  string birth = 3;
  repeated string other_names = 4;
}
"#;

/// The same messages, written by hand.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FindRequest {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(message, optional, tag = "2")]
    pub(super) options: Option<Options>,
    #[prost(string, repeated, tag = "3")]
    pub(super) tags: Vec<String>,
    #[prost(int64, tag = "4")]
    pub(super) number: i64,
    #[prost(bytes = "vec", tag = "5")]
    pub(super) raw: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Options {
    #[prost(bool, tag = "1")]
    pub(super) full: bool,
    #[prost(string, tag = "2")]
    pub(super) trace: String,
    #[prost(int32, tag = "3")]
    pub(super) level: i32,
    #[prost(int32, tag = "4")]
    pub(super) kind: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FindResponse {
    #[prost(string, tag = "1")]
    pub(super) code: String,
    #[prost(string, tag = "2")]
    pub(super) exchange: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) people: Vec<Person>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Person {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(string, tag = "2")]
    pub(super) name: String,
    #[prost(string, tag = "3")]
    pub(super) birth: String,
    #[prost(string, repeated, tag = "4")]
    pub(super) other_names: Vec<String>,
}

pub(super) const CONNECTION: &str = r#"
[connection]
descriptors = ["people.proto"]
server = { url = "https://localhost:PORT", ca = "ca.pem" }
answers = { transaction = "exchange" }

[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
method = "vn.test.v1.PeopleService/Find"
message = { id = "{key}" }
"#;

/// The mapping that the tests have in common.
pub(super) const RECORDS: &str = r#"
[records."lienthong.population.v1.Citizen"]
from = "people"
keys = [{ from = "id", field = "personal_id", digits = 12 }]

[records."lienthong.population.v1.Citizen".fields]
personal_id = { from = "id", required = true }
full_name = { from = "name" }
birth_date = { from = "birth" }

[records."lienthong.population.v1.Citizen".lists.other_names]
from = "other_names"
value = { from = "." }
"#;

/// A file with this connection.
pub(super) fn file(connection: &str) -> String {
    format!(
        "title_vi = \"Thử\"\ntitle_en = \"Test\"\nkind = \"grpc\"\n{connection}\n[protection]\ntimeout = \"5s\"\nmax_record = \"4 KiB\"\n{RECORDS}"
    )
}

pub(super) fn try_connect(server: &Server, text: &str) -> Result<Arc<dyn Registry>, ConnectError> {
    std::fs::write(server.folder.path().join("people.proto"), PROTO).expect("a file");
    let text = text.replace("PORT", &server.port.to_string());
    let settings: RegistrySettings = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
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
    try_connect(server, &file(connection)).unwrap_or_else(|error| panic!("{error:?}"))
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

/// What arrived.
pub(super) fn asked(arrived: &Arrived) -> FindRequest {
    let message = arrived.bytes.get(5..).unwrap_or_default();
    FindRequest::decode(message).unwrap_or_default()
}

/// A person, as the server writes one.
pub(super) fn person(id: &str, name: &str) -> Person {
    Person {
        id: id.into(),
        name: name.into(),
        ..Default::default()
    }
}

pub(super) fn people(people: Vec<Person>) -> Reply {
    let answer = FindResponse {
        code: "00".into(),
        exchange: "tx-7".into(),
        people,
    };
    message(&answer.encode_to_vec())
}

/// One message with its prefix, and a good end.
pub(super) fn message(bytes: &[u8]) -> Reply {
    raw(framed(0, bytes), "0")
}

pub(super) fn framed(packed: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![packed];
    out.extend_from_slice(&u32::try_from(bytes.len()).expect("small").to_be_bytes());
    out.extend_from_slice(bytes);
    out
}

/// A body, and an end with this status.
pub(super) fn raw(body: Vec<u8>, status: &'static str) -> Reply {
    let mut answer = said(200, body);
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    let mut end = HeaderMap::new();
    end.insert("grpc-status", HeaderValue::from_static(status));
    Reply {
        end: Some(end),
        ..answer.into()
    }
}

/// A status and nothing else.
pub(super) fn status(code: u8) -> Reply {
    let mut answer = said(200, "");
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", u16::from(code).into());
    answer.into()
}
