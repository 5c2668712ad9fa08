//! Who is let in. Rule 4: certificate and token are compared on every request.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use harness::messages::get;
use harness::pki::{Authority, agency_uri};
use harness::registries::AN;
use harness::tokens::{self, unix_seconds};
use harness::tree::{OFFICE, STRANGER};
use harness::{Agency, Scene};
use serde_json::{Value, json};
use tonic::Code;

#[tokio::test]
async fn a_token_over_the_certificate_of_another_agency_is_refused_also_after_the_owners_call() {
    let scene = Scene::new();
    let (gateway, office, stranger) = (scene.start(), scene.agency(OFFICE), scene.agency(STRANGER));
    let token = office.token(&scene);
    gateway
        .connect(&office, token.clone())
        .await
        .citizen(get(AN))
        .await
        .expect("the owner may");
    let thief = gateway.connect(&stranger, token).await;
    let refused = thief.citizen(get(AN)).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.word.as_str()),
        (Code::Unauthenticated, "TOKEN_BINDING")
    );
}

#[tokio::test]
async fn a_token_over_another_certificate_of_the_same_agency_is_refused_also_after_the_owners_call() {
    let scene = Scene::new();
    let (gateway, office, renewed) = (scene.start(), scene.agency(OFFICE), scene.agency(OFFICE));
    let token = office.token(&scene);
    let owner = gateway.connect(&office, token.clone()).await;
    owner.citizen(get(AN)).await.expect("the owner may");
    let other = gateway.connect(&renewed, token).await;
    assert_eq!(other.citizen(get(AN)).await.unwrap_err().word, "TOKEN_BINDING");
    let own = other.with_token(renewed.token(&scene));
    own.citizen(get(AN))
        .await
        .expect("with a token of its own it may");
}

#[tokio::test]
async fn each_fault_of_a_token_has_its_word() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let honest = gateway.connect(&office, office.token(&scene)).await;
    let faulty = |change: &dyn Fn(&mut Value)| {
        let mut claims = office.claims();
        change(&mut claims);
        scene.issuer.sign(&claims)
    };
    let now = unix_seconds();
    let mut header = tokens::header();
    header["typ"] = json!("JWT");
    for (token, word) in [
        (
            faulty(&|claims| {
                claims["iat"] = (now - 400).into();
                claims["exp"] = (now - 100).into();
            }),
            "TOKEN_EXPIRED",
        ),
        (
            faulty(&|claims| claims["nbf"] = (now + 120).into()),
            "TOKEN_NOT_YET_VALID",
        ),
        (
            faulty(&|claims| {
                claims["iat"] = (now + 120).into();
                claims["exp"] = (now + 300).into();
            }),
            "TOKEN_NOT_YET_VALID",
        ),
        (
            faulty(&|claims| claims["aud"] = "urn:other".into()),
            "TOKEN_AUDIENCE",
        ),
        (
            faulty(&|claims| claims["iss"] = "https://other.example".into()),
            "TOKEN_ISSUER",
        ),
        (
            faulty(&|claims| claims["client_id"] = "other".into()),
            "CLIENT_UNKNOWN",
        ),
        (
            faulty(&|claims| claims["exp"] = (now + 86_400).into()),
            "TOKEN_LIFETIME",
        ),
        (scene.issuer.sign_under(&header, &office.claims()), "TOKEN_TYPE"),
        (
            tokens::TokenIssuer::new().sign(&office.claims()),
            "TOKEN_SIGNATURE",
        ),
        ("abc".to_owned(), "TOKEN_MALFORMED"),
    ] {
        let refused = honest.with_token(token).citizen(get(AN)).await.unwrap_err();
        assert_eq!(
            (refused.word.as_str(), refused.code),
            (word, Code::Unauthenticated)
        );
        honest
            .citizen(get(AN))
            .await
            .expect("an honest token on the same connection");
    }
    let silent = harness::Client {
        token: None,
        ..honest
    };
    assert_eq!(silent.citizen(get(AN)).await.unwrap_err().word, "TOKEN_MISSING");
}

#[tokio::test]
async fn a_certificate_that_stands_for_no_agency_is_refused() {
    let scene = Scene::new();
    let gateway = scene.start();
    let uri = agency_uri(OFFICE);
    for keyed in [
        None,
        Some(Authority::new("another authority").client(&uri)),
        Some(scene.authority.expired_client(&uri)),
        Some(scene.authority.client("urn:lienthong:agency:H29.99")),
    ] {
        let known = keyed.is_some();
        let agency = Agency {
            id: OFFICE.into(),
            keyed,
        };
        let token = known.then(|| agency.token(&scene));
        // In TLS 1.3 the refusal may come after the client has finished its part.
        if let Ok(client) = gateway.try_connect(&agency, token).await {
            let refused = client
                .citizen(get(AN))
                .await
                .expect_err("no answer without a certificate");
            assert!(
                matches!(
                    refused.code,
                    Code::Unauthenticated | Code::Unavailable | Code::Unknown | Code::Cancelled
                ),
                "{refused:?}"
            );
        }
    }
    let office = scene.agency(OFFICE);
    let client = gateway.connect(&office, office.token(&scene)).await;
    client.citizen(get(AN)).await.expect("the gateway is alive");
}

#[test]
fn what_is_not_tls_1_3_gets_no_answer() {
    let scene = Scene::new();
    let gateway = scene.start();
    let reply = |sent: &[u8]| {
        let mut stream = TcpStream::connect(gateway.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(sent).unwrap();
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        reply
    };
    // A ClientHello of TLS 1.2 (RFC 5246 §7.4.1.2) with two suites and the curves and signatures they need.
    let extensions = [0, 10, 0, 4, 0, 2, 0, 0x1d, 0, 13, 0, 4, 0, 2, 4, 3];
    let mut hello = vec![3, 3];
    hello.extend([7; 32]);
    hello.extend([0, 0, 4, 0xc0, 0x2b, 0xc0, 0x2f, 1, 0, 0, extensions.len() as u8]);
    hello.extend(extensions);
    let length = hello.len() as u8;
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    let refused = reply(&record);
    assert_eq!(refused.first(), Some(&21), "an alert: {refused:?}");
    assert_eq!(refused.get(6), Some(&70), "protocol_version: {refused:?}");
    let plain = reply(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert!(plain.first().is_none_or(|first| *first == 21), "{plain:?}");
}
