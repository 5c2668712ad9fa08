//! The registry of the comparison with Envoy: stock tonic over plain HTTP/2 on loopback, another process. It answers the
//! gateway's questions about each person, and what Envoy passes on with one answer from memory.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::io::Write as _;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use clap::Args;
use prost::Message;
use tokio::net::TcpListener;
use tokio_stream::wrappers::ReceiverStream;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status};
use tower::Service;

use crate::population::Citizen;
use crate::reference::{Encoded, OneAnswer};

/// Its schema, as the operator's file has it.
pub(crate) const SCHEMA: &str = r#"syntax = "proto3";
package vn.bench.v1;
service Registry { rpc Find(FindRequest) returns (FindResponse); }
message FindRequest { string id = 1; }
message FindResponse { string exchange_id = 1; Person person = 2; }
message Person {
  string id = 1;
  string name = 2;
  string birth_date = 3;
  string sex = 4;
  string nationality = 5;
  string father = 6;
  string mother = 7;
  string household = 8;
  string address = 9;
  string province = 10;
  string commune = 11;
  string as_of = 12;
}
"#;

/// The registry's file, up to the port.
pub(crate) fn file(port: u16) -> String {
    format!(
        r#"title_vi = "Dân cư"
title_en = "Population"
kind = "grpc"

[connection]
descriptors = ["registries/bench.proto"]
server = {{ url = "http://127.0.0.1:{port}", plaintext = true }}

[connection.answers]
transaction = "exchange_id"

[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
method = "vn.bench.v1.Registry/Find"
message = {{ id = "{{key}}" }}

[cache]
fresh = "0s"
usable = "0s"
stale_if_error = "0s"
negative = "0s"

[protection]
timeout = "5s"
concurrency = 512

[records."lienthong.population.v1.Citizen"]
from = "person"
keys = [{{ from = "id", field = "personal_id", digits = 12 }}]

[records."lienthong.population.v1.Citizen".fields]
personal_id = {{ from = "id", required = true }}
full_name = {{ from = "name" }}
birth_date = {{ from = "birth_date" }}
sex = {{ from = "sex", codes = {{ 1 = "SEX_MALE", 2 = "SEX_FEMALE" }}, unknown = "SEX_UNSPECIFIED" }}
nationality = {{ from = "nationality" }}
household_no = {{ from = "household" }}
"father.full_name" = {{ from = "father" }}
"mother.full_name" = {{ from = "mother" }}
"permanent_residence.detail" = {{ from = "address" }}
"permanent_residence.province.code" = {{ from = "province" }}
"permanent_residence.commune.code" = {{ from = "commune" }}
as_of = {{ from = "as_of" }}
"#
    )
}

/// What the registry needs to know.
#[derive(Debug, Args)]
pub(crate) struct Upstream {
    /// The file of the encoded answer to what is passed on; an empty answer without it.
    #[arg(long)]
    answer: Option<PathBuf>,
}

impl Upstream {
    /// Serves on a free port, which it tells, until it is ended.
    pub(crate) fn serve(self) -> anyhow::Result<()> {
        let answer = self.answer.map(std::fs::read).transpose()?;
        let answer = Bytes::from(answer.unwrap_or_default());
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(async move {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
                writeln!(std::io::stdout(), "listening on {}", listener.local_addr()?)?;
                let (ready, connections) = tokio::sync::mpsc::channel(64);
                tokio::spawn(async move {
                    while let Ok((stream, _)) = listener.accept().await {
                        let stream = stream.set_nodelay(true).map(|()| stream);
                        // Only fails when the server is going away.
                        let _ = ready.send(stream).await;
                    }
                });
                tonic::transport::Server::builder()
                    .add_service(OneAnswer(answer))
                    .add_service(Registry)
                    .serve_with_incoming(ReceiverStream::new(connections))
                    .await?;
                Ok(())
            })
    }
}

#[derive(Clone, PartialEq, Message)]
struct FindRequest {
    #[prost(string, tag = "1")]
    id: String,
}

#[derive(Clone, PartialEq, Message)]
struct FindResponse {
    #[prost(string, tag = "1")]
    exchange_id: String,
    #[prost(message, optional, tag = "2")]
    person: Option<Person>,
}

#[derive(Clone, PartialEq, Message)]
struct Person {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(string, tag = "3")]
    birth_date: String,
    #[prost(string, tag = "4")]
    sex: String,
    #[prost(string, tag = "5")]
    nationality: String,
    #[prost(string, tag = "6")]
    father: String,
    #[prost(string, tag = "7")]
    mother: String,
    #[prost(string, tag = "8")]
    household: String,
    #[prost(string, tag = "9")]
    address: String,
    #[prost(string, tag = "10")]
    province: String,
    #[prost(string, tag = "11")]
    commune: String,
    #[prost(string, tag = "12")]
    as_of: String,
}

#[derive(Clone)]
struct Registry;

impl NamedService for Registry {
    const NAME: &'static str = "vn.bench.v1.Registry";
}

impl Service<http::Request<Body>> for Registry {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = tower::service_fn(|request: Request<Bytes>| ready(found(&request.into_inner())));
        Box::pin(async move { Ok(Grpc::new(Encoded).unary(method, request).await) })
    }
}

fn found(question: &Bytes) -> Result<Response<Bytes>, Status> {
    let no_question = |_| Status::invalid_argument("no question");
    let id = FindRequest::decode(question.clone()).map_err(no_question)?.id;
    // The last six digits are the citizen's number.
    let number = id.get(6..).and_then(|number| number.parse().ok());
    let Some(citizen) = number.map(Citizen).filter(|citizen| citizen.personal_id() == id) else {
        return Ok(Response::new(FindResponse::default().encode_to_vec().into()));
    };
    let address = format!("Số {} phố Hàng Bông", citizen.0 % 300 + 1);
    let person = Person {
        id,
        name: citizen.full_name(),
        birth_date: format!("{:02}/{:02}/1990", citizen.0 % 28 + 1, citizen.0 % 12 + 1),
        sex: (citizen.0 % 2 + 1).to_string(),
        nationality: "VN".into(),
        father: Citizen(citizen.0 + 3).full_name(),
        mother: Citizen(citizen.0 + 5).full_name(),
        household: format!("{:09}", citizen.0),
        address,
        province: "01".into(),
        commune: "00070".into(),
        as_of: "20261101080000".into(),
    };
    let response = FindResponse {
        exchange_id: format!("bench-{}", citizen.0),
        person: Some(person),
    };
    Ok(Response::new(response.encode_to_vec().into()))
}
