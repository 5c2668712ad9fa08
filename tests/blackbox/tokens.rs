//! The corpus of hostile tokens, sent to the running gateway over a real connection: none is accepted,
//! each is refused for its own reason, and every honest one is accepted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::future::join_all;
use harness::messages::get;
use harness::registries::AN;
use harness::tokens::{AUDIENCE, unix_seconds};
use harness::tree::{OFFICE, STRANGER, client_id};
use harness::{Refused, Scene};
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message as _;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::Status;

use crate::identity_sources::corpus::{Case, Facts, Forge, Keys};

const METHOD: &str = "https://localhost/lienthong.population.v1.PopulationService/GetCitizen";
/// What is longer is refused by HTTP/2 already, without a word of gRPC.
const HEADER_LIST: usize = 16 << 10;
/// Cases about times stay on their side of the limit for so long, in which they have to be tried.
const SECOND: Duration = Duration::from_millis(950);
const ATTEMPTS: usize = 10;

struct Stage {
    scene: Scene,
    keys: Keys,
    facts: Facts,
}

type Sender = SendRequest<Full<Bytes>>;

#[tokio::test]
async fn no_hostile_token_is_accepted_and_every_honest_one_is() {
    let (stage, office) = Stage::new();
    let gateway = stage.scene.start();
    let tls = Arc::new(office.tls(stage.scene.authority.der()));
    let sender = connect(gateway.address, &tls).await;
    let mut tried = Tried::default();
    stage.at_the_beginning_of_a_second(&sender, &mut tried).await;
    for case in stage.cases(unix_seconds()) {
        if !is_about_time(&case) {
            // What is too long for HTTP/2 may end its connection.
            let sender = match case.is_too_long() {
                true => connect(gateway.address, &tls).await,
                false => sender.clone(),
            };
            tried.look(&case, try_case(sender, &case).await);
        }
    }
    assert!(
        tried.wrong.is_empty(),
        "{} of {}:\n{}",
        tried.wrong.len(),
        tried.hostile + tried.honest,
        tried.wrong.join("\n")
    );
    assert!(
        tried.hostile >= 400 && tried.honest >= 17,
        "{} and {}",
        tried.hostile,
        tried.honest
    );
}

async fn connect(address: SocketAddr, tls: &Arc<ClientConfig>) -> Sender {
    let stream = TcpStream::connect(address).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let stream = TlsConnector::from(tls.clone())
        .connect(name, stream)
        .await
        .unwrap();
    let (sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

impl Case {
    fn is_too_long(&self) -> bool {
        self.authorization.iter().map(Vec::len).sum::<usize>() > HEADER_LIST
    }
}

#[derive(Default)]
struct Tried {
    hostile: usize,
    honest: usize,
    wrong: Vec<String>,
}

impl Tried {
    fn look(&mut self, case: &Case, outcome: Result<(), String>) {
        let wrong = match (case.reason, outcome) {
            (Some(expected), outcome) => {
                self.hostile += 1;
                match outcome {
                    Ok(()) => Some("accepted".to_owned()),
                    Err(word) if word == expected => None,
                    // Longer than a header list may be: it does not come as far as the token's rules.
                    Err(_) if case.is_too_long() => None,
                    Err(word) => Some(format!("{word} instead of {expected}")),
                }
            }
            (None, outcome) => {
                self.honest += 1;
                outcome.err().map(|word| format!("honest, and refused: {word}"))
            }
        };
        self.wrong
            .extend(wrong.map(|wrong| format!("{}: {wrong}", case.name)));
    }
}

impl Stage {
    fn new() -> (Self, harness::Agency) {
        let scene = Scene::new();
        let (office, stranger) = (scene.agency(OFFICE), scene.agency(STRANGER));
        let fingerprint = |agency: &harness::Agency| agency.keyed.as_ref().unwrap().fingerprint();
        let facts = Facts {
            issuer: "https://issuer.test/realms/one".into(),
            other_issuer: "https://issuer.test/realms/two".into(),
            audience: AUDIENCE.into(),
            client: client_id(OFFICE),
            other_client: client_id(STRANGER),
            roles: ["receiving-officer".into(), "deciding-officer".into()],
            certificate: fingerprint(&office),
            other_certificate: fingerprint(&stranger),
            now: unix_seconds(),
        };
        let keys = Keys::generate();
        let tree = &scene.tree;
        tree.write("issuers/one.json", &keys.jwks().to_string());
        tree.write("issuers/two.json", &keys.other_jwks().to_string());
        let issuers = [("one", &facts.issuer), ("two", &facts.other_issuer)].map(|(name, issuer)| {
            format!(
                "[[token.issuers]]\nname = \"{name}\"\nissuer = \"{issuer}\"\njwks = \"issuers/{name}.json\"\n\n"
            )
        });
        tree.edit(
            "gateway.toml",
            "[audit]\n",
            &format!("{}[audit]\n", issuers.concat()),
        );
        for (agency, issuer) in [(OFFICE, "one"), (STRANGER, "two")] {
            let file = format!("agencies/{agency}.toml");
            let token = format!("issuer = \"{issuer}\"\nrole_claim = \"role\"\nunit_claim = \"unit\"");
            tree.edit(&file, "issuer = \"test\"", &token);
        }
        // Who comes in at all is the question here, not what a role may ask.
        let roles = "roles = [\"receiving-officer\", \"deciding-officer\"]";
        tree.edit(
            "agreements/population.toml",
            "roles = [\"receiving-officer\"]",
            roles,
        );
        (Self { scene, keys, facts }, office)
    }

    fn cases(&self, now: i64) -> Vec<Case> {
        let facts = Facts {
            now,
            ..self.facts.clone()
        };
        let forge = Forge {
            keys: &self.keys,
            facts: &facts,
        };
        [forge.hostile(), forge.honest()].concat()
    }

    /// Tries the cases about times within the second that they were made for, again if it was too short.
    async fn at_the_beginning_of_a_second(&self, sender: &Sender, tried: &mut Tried) {
        for _ in 0..ATTEMPTS {
            // Made beforehand: a token or two a millisecond is all that a slow build signs.
            let now = unix_seconds() + 2;
            let cases = self.cases(now);
            let cases: Vec<_> = cases.iter().filter(|case| is_about_time(case)).collect();
            if unix_seconds() >= now {
                continue;
            }
            while unix_seconds() < now {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let outcomes = join_all(cases.iter().map(|case| try_case(sender.clone(), case))).await;
            if unix_seconds() == now && into_the_second() < SECOND {
                for (case, outcome) in cases.into_iter().zip(outcomes) {
                    tried.look(case, outcome);
                }
                return;
            }
        }
        panic!("a second is too short for the cases about times, {ATTEMPTS} times in a row");
    }
}

fn is_about_time(case: &Case) -> bool {
    ["iat ", "exp ", "nbf "]
        .iter()
        .any(|claim| case.name.starts_with(claim))
}

#[expect(clippy::disallowed_methods, reason = "the test has a clock of its own")]
fn into_the_second() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Duration::from_nanos(since.subsec_nanos().into())
}

/// The answer word when it is refused.
async fn try_case(mut sender: Sender, case: &Case) -> Result<(), String> {
    let message = get(AN).encode_to_vec();
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let mut request = Request::new(Full::from([&[0][..], &length, &message].concat()));
    *request.method_mut() = http::Method::POST;
    *request.version_mut() = http::Version::HTTP_2;
    *request.uri_mut() = Uri::from_static(METHOD);
    let headers = request.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    headers.insert("te", HeaderValue::from_static("trailers"));
    for value in &case.authorization {
        headers.append("authorization", HeaderValue::from_bytes(value).unwrap());
    }
    sender.ready().await.map_err(|error| error.to_string())?;
    let response = sender
        .send_request(request)
        .await
        .map_err(|error| error.to_string())?;
    let mut status = Status::from_header_map(response.headers());
    let collected = response
        .into_body()
        .collect()
        .await
        .map_err(|error| error.to_string())?;
    if let Some(trailers) = collected.trailers() {
        status = Status::from_header_map(trailers).or(status);
    }
    match status {
        None => Err("no gRPC status".to_owned()),
        Some(status) if status.code() == tonic::Code::Ok => Ok(()),
        Some(status) => Err(Refused::from(status).word),
    }
}
