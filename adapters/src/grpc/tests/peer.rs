use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use proto::lookup::v1::{Provenance, Source};
use proto::population::v1::{Citizen, CitizenKey, GetCitizenRequest, GetCitizenResponse};

use super::super::status::ErrorInfo;
use super::*;
use crate::registry::{Call, Found, Kept, Retrieved};

const ID: &str = "0197f1f0-0000-7000-8000-000000000001";
const THEIR_ID: &str = "0197f1f0-0000-7000-8000-000000000002";
/// 2026-11-05T08:30:00Z.
const NOW: i64 = 1_793_867_400_000_000;

const FILE: &str = r#"
title_vi = "Thử"
title_en = "Test"
kind = "grpc"

[connection]
server = { url = "https://localhost:PORT", ca = "ca.pem", certificate = "client.pem", key = "client.key" }

[connection.lienthong]
issuer = "https://lien-thong.h29.example.vn"
audience = "urn:lienthong:gateway:other"
client_id = "h29-gateway"
signing_key = "client.key"
key_id = "k1"
role_claim = "vai-tro"

[cache]
scope = "per-case"

[protection]
timeout = "5s"
breaker.failures = 0
retry.times = 0

[records."lienthong.population.v1.Citizen"]
from = "."
keys = [{ from = "personal_id", field = "personal_id", digits = 12 }]
"#;

fn call() -> Call {
    let mut asked = GetCitizenRequest::default();
    let context = asked.context.get_or_insert_default();
    context.procedure_code = "2.001478".into();
    context.dossier_code = "H29.12-261105-0001".into();
    let key = CitizenKey {
        personal_id: "079090000001".into(),
        full_name: "Nguyễn Văn A".into(),
        ..Default::default()
    };
    Call {
        request_id: ID.into(),
        at: NOW,
        agency: "H29.12".into(),
        officer: "cán bộ 7".into(),
        role: "receiving-officer".into(),
        context: context.encode_to_vec().into(),
        key: key.encode_to_vec().into(),
        facts: Vec::new(),
        max_age: Some(90_500_000),
    }
}

async fn look_up(registry: &Arc<dyn Registry>, key: &str, call: Option<Call>) -> Result<Found, Error> {
    let asked = Question {
        call: call.map(Arc::new),
        ..question(key, Duration::from_secs(5))
    };
    registry.look_up(asked).await
}

fn moment(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp {
        seconds,
        nanos: 5_000,
    })
}

fn response(id: &str) -> GetCitizenResponse {
    GetCitizenResponse {
        citizen: Some(Citizen {
            personal_id: id.into(),
            full_name: "Nguyễn Văn A".into(),
            record_version: "7".into(),
            ..Default::default()
        }),
        provenance: Some(Provenance {
            registry: "population".into(),
            as_of: moment(1_793_800_000),
            retrieved_at: moment(1_793_860_000),
            source: Source::Cache.into(),
            config_version: "abc".into(),
            request_id: THEIR_ID.into(),
            ..Default::default()
        }),
        receipt: None,
    }
}

/// A refusal as this product writes it, of this domain.
fn refused(code: u8, reason: &str, domain: &str) -> Reply {
    let info = ErrorInfo {
        reason: reason.into(),
        domain: domain.into(),
        metadata: [("request_id".to_owned(), THEIR_ID.to_owned())].into(),
    };
    let any = prost_types::Any {
        type_url: "type.googleapis.com/google.rpc.ErrorInfo".into(),
        value: info.encode_to_vec(),
    };
    let mut details = vec![0x1a];
    prost::encoding::encode_varint(any.encoded_len() as u64, &mut details);
    details.extend(any.encode_to_vec());
    let mut reply = status(code);
    let text = HeaderValue::from_str(&BASE64_STANDARD.encode(details)).expect("text");
    reply.answer.headers_mut().insert("grpc-status-details-bin", text);
    reply
}

#[tokio::test]
async fn the_record_is_taken_as_it_is_with_what_the_other_gateway_says_of_it() {
    let server = Server::start(|_| message(&response("079090000001").encode_to_vec())).await;
    server.turn(Mode::WantsCertificate);
    let registry = try_connect(&server, FILE).expect("it is right");
    let found = look_up(&registry, "079090000001", Some(call()))
        .await
        .expect("a record");
    let wanted = response("079090000001")
        .citizen
        .expect("a citizen")
        .encode_to_vec();
    assert_eq!(found.record, wanted);
    assert_eq!(found.as_of, Some(1_793_800_000_000_005));
    assert_eq!(found.upstream_exchange(), (Some("direct"), Some(THEIR_ID)));
    let retrieved = Retrieved {
        at: 1_793_860_000_000_005,
        kept: Kept::Fresh,
    };
    assert_eq!(found.retrieved, Some(retrieved));
    assert!(registry.check().await.is_ok());
}

#[tokio::test]
async fn context_key_age_and_officer_are_carried_on_and_the_number_of_the_call() {
    let server = Server::start(|_| message(&response("079090000001").encode_to_vec())).await;
    let registry = try_connect(&server, FILE).expect("it is right");
    for _time in 0..2 {
        let _ = look_up(&registry, "079090000001", Some(call())).await;
    }
    let another = Call {
        officer: "cán bộ 8".into(),
        ..call()
    };
    let _ = look_up(&registry, "079090000001", Some(another)).await;
    let later = Call {
        at: NOW + 241_000_000,
        ..call()
    };
    let _ = look_up(&registry, "079090000001", Some(later)).await;
    let arrived = server.arrived();
    let first = arrived.first().expect("a question");
    assert_eq!(
        first.path,
        "/lienthong.population.v1.PopulationService/GetCitizen"
    );
    assert_eq!(first.headers["x-request-id"], ID);
    let asked = GetCitizenRequest::decode(first.bytes.get(5..).expect("a message")).expect("a request");
    assert_eq!(asked.context.expect("a context").encode_to_vec(), call().context);
    assert_eq!(asked.key.expect("a key").encode_to_vec(), call().key);
    let age = asked.max_age.expect("an age");
    assert_eq!((age.seconds, age.nanos), (90, 500_000_000));
    let token = |at: usize| {
        arrived[at].headers["authorization"]
            .to_str()
            .expect("text")
            .to_owned()
    };
    let part = |token: &str, at: usize| -> serde_json::Value {
        let part = token
            .trim_start_matches("Bearer ")
            .split('.')
            .nth(at)
            .expect("a part");
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
    };
    assert_eq!(
        part(&token(0), 0),
        serde_json::json!({ "alg": "ES256", "typ": "at+jwt", "kid": "k1" })
    );
    let mut claims = part(&token(0), 1);
    let claims = claims.as_object_mut().expect("an object");
    assert!(claims.remove("jti").is_some());
    let bound = claims.remove("cnf").expect("bound");
    assert_eq!(bound["x5t#S256"].as_str().map(str::len), Some(43));
    assert_eq!(
        serde_json::Value::Object(claims.clone()),
        serde_json::json!({
            "iss": "https://lien-thong.h29.example.vn",
            "aud": "urn:lienthong:gateway:other",
            "sub": "cán bộ 7",
            "client_id": "h29-gateway",
            "vai-tro": "receiving-officer",
            "iat": 1_793_867_400_i64,
            "exp": 1_793_867_700_i64,
        })
    );
    assert_eq!(token(0), token(1), "kept");
    assert_ne!(token(0), token(2), "another officer's");
    assert_ne!(token(0), token(3), "most of its time is over");
}

#[tokio::test]
async fn a_refusal_keeps_its_meaning_and_what_is_no_refusal_of_a_gateway_has_none() {
    for (code, reason, domain, word) in [
        (5, "NOT_FOUND", "lienthong", "not_found"),
        (9, "SEVERAL", "lienthong", "several"),
        (9, "CANNOT_SAY", "lienthong", "cannot_say"),
        (9, "TOO_STALE", "lienthong", "unavailable"),
        (9, "UPSTREAM_REFUSED", "lienthong", "refused"),
        (13, "UPSTREAM_GARBLED", "lienthong", "garbled"),
        (14, "UPSTREAM_UNAVAILABLE", "lienthong", "unavailable"),
        (14, "LOG_UNAVAILABLE", "lienthong", "unavailable"),
        (3, "INCOMPLETE", "lienthong", "refused"),
        (7, "PROCEDURE_NOT_AGREED", "lienthong", "refused"),
        (7, "REFUSED_BY_LAW", "lienthong", "refused"),
        (8, "QUOTA_EXCEEDED", "lienthong", "refused"),
        (8, "OVERLOADED", "lienthong", "unavailable"),
        (16, "TOKEN_BINDING", "lienthong", "unavailable"),
        (12, "UNKNOWN_METHOD", "lienthong", "unavailable"),
        (5, "SOMETHING_NEW", "lienthong", "unavailable"),
        (5, "NOT_FOUND", "somebody.else", "unavailable"),
    ] {
        let server = Server::start(move |_| refused(code, reason, domain)).await;
        let registry = try_connect(&server, FILE).expect("it is right");
        let asked = Question {
            call: Some(Arc::new(call())),
            ..question("079090000001", Duration::from_secs(5))
        };
        let trace = asked.trace.clone();
        let given = registry.look_up(asked).await;
        let theirs = Some(THEIR_ID).filter(|_| domain == "lienthong");
        assert_eq!(trace.transaction().as_deref(), theirs, "{reason} of {domain}");
        let name = given.as_ref().map_or_else(Error::name, |_| "found");
        assert_eq!(name, word, "{reason} of {domain}");
        if let Err(Error::Refused { code }) = given {
            assert_eq!(code, reason);
        }
    }
    let server = Server::start(|_| status(5)).await;
    let registry = try_connect(&server, FILE).expect("it is right");
    let given = look_up(&registry, "079090000001", Some(call())).await;
    assert!(matches!(given, Err(Error::Unavailable { .. })), "{given:?}");
}

#[tokio::test]
async fn what_is_not_about_the_subject_or_does_not_say_how_old_it_is_is_garbled() {
    type Change = fn(&mut GetCitizenResponse);
    let changes: [(&str, Change); 6] = [
        ("another subject", |answer| {
            *answer = response("079090000002");
        }),
        ("no record", |answer| answer.citizen = None),
        ("no provenance", |answer| answer.provenance = None),
        ("no source", |answer| {
            answer.provenance.get_or_insert_default().source = 0;
        }),
        ("no time", |answer| {
            answer.provenance.get_or_insert_default().retrieved_at = None;
        }),
        ("too large", |answer| {
            answer.citizen.get_or_insert_default().email = "x".repeat(300_000);
        }),
    ];
    for (what, change) in changes {
        let server = Server::start(move |_| {
            let mut answer = response("079090000001");
            change(&mut answer);
            message(&answer.encode_to_vec())
        })
        .await;
        let registry = try_connect(&server, FILE).expect("it is right");
        let given = look_up(&registry, "079090000001", Some(call())).await;
        assert!(matches!(given, Err(Error::Garbled { .. })), "{what}: {given:?}");
    }
}

#[tokio::test]
async fn nobody_is_asked_for_nobody() {
    let server = Server::start(|_| message(&response("079090000001").encode_to_vec())).await;
    let registry = try_connect(&server, FILE).expect("it is right");
    let given = look_up(&registry, "079090000001", None).await;
    assert!(matches!(given, Err(Error::Unavailable { .. })), "{given:?}");
    assert!(server.arrived().is_empty());
}

#[test]
fn what_another_gateway_needs_is_told() {
    let problems = |text: &str| -> Vec<String> {
        let settings: RegistrySettings = toml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
        let base = std::path::Path::new(".");
        let problems = crate::check(&settings, base, &proto::descriptors(), &Default::default());
        problems.into_iter().map(|problem| problem.message).collect()
    };
    let right = FILE.replace("PORT", "443");
    assert_eq!(problems(&right), [""; 0]);
    for (found, instead, said) in [
        (
            "scope = \"per-case\"",
            "scope = \"shared\"",
            "wanted scope = \"per-case\"",
        ),
        (
            ", certificate = \"client.pem\", key = \"client.key\"",
            "",
            "no certificate",
        ),
        ("role_claim = \"vai-tro\"", "lifetime = \"1h\"", "10s to 10m"),
        ("from = \".\"", "from = \"citizen\"", "taken as it is"),
        (
            "[protection]",
            "[records.\"lienthong.population.v1.Citizen\".fields]\nfull_name = { from = \"x\" }\n[protection]",
            "taken as it is",
        ),
        (
            "digits = 12 }]",
            "digits = 12 }]\n[records.\"lienthong.criminalrecord.v1.ConvictionStatus\"]\nfrom = \".\"\nkeys = [{ from = \"personal_id\", field = \"personal_id\" }]",
            "only compares it",
        ),
    ] {
        let given = problems(&right.replace(found, instead));
        assert!(
            given.iter().any(|problem| problem.contains(said)),
            "{instead}: {given:?}"
        );
    }
}

#[tokio::test]
async fn no_secret_and_no_number_stands_in_what_is_shown() {
    let shown = format!("{:?}", question("079090000001", Duration::ZERO));
    assert!(!shown.contains("079090000001"));
    let call = Call {
        key: Bytes::from_static(b"079090000001"),
        ..call()
    };
    assert_eq!(format!("{call:?}"), format!("Call {{ request_id: {ID:?}, .. }}"));
}
