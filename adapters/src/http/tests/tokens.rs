use std::time::Instant;

use futures_util::future::join_all;

use super::*;
use crate::http::{SignIn, SignedIn};

/// Gives another token each time, that holds for two seconds.
async fn giver() -> Server {
    let given = AtomicUsize::new(0);
    Server::start(move |_| {
        let number = given.fetch_add(1, Ordering::Relaxed);
        let text = format!("{{\"access_token\":\"t{number}\",\"token_type\":\"Bearer\",\"expires_in\":2}}");
        Reply {
            answer: said(200, text),
            end: None,
            after: Duration::from_millis(50),
        }
    })
    .await
}

fn signed_in(server: &Server) -> SignedIn {
    let text = format!(
        "oauth2 = {{ server = {{ url = \"https://localhost:{}/token\", ca = \"ca.pem\" }}, client_id = \"a b\", client_secret = \"secret\", scope = \"dan-cu\" }}",
        server.port
    );
    let settings: SignIn = toml::from_str(&text).expect("settings");
    SignedIn::new(&settings, None, server.folder.path()).expect("it can be used")
}

async fn shown(signed_in: &SignedIn) -> String {
    let mut headers = HeaderMap::new();
    signed_in.show(&mut headers).await.expect("a token");
    headers["authorization"].to_str().expect("text").to_owned()
}

#[tokio::test]
async fn many_who_want_a_token_ask_for_it_once_and_one_that_ends_is_renewed_beside_its_use() {
    let server = giver().await;
    let signed_in = signed_in(&server);
    let tokens = join_all((0..100).map(|_| shown(&signed_in))).await;
    assert!(tokens.iter().all(|token| token == "Bearer t0"), "{tokens:?}");
    assert_eq!(server.arrived().len(), 1);

    tokio::time::sleep(Duration::from_millis(1_650)).await;
    let start = Instant::now();
    assert_eq!(shown(&signed_in).await, "Bearer t0");
    assert!(
        start.elapsed() < Duration::from_millis(40),
        "nobody waits for a renewal"
    );
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(shown(&signed_in).await, "Bearer t1");
    assert_eq!(server.arrived().len(), 2);
}

#[tokio::test]
async fn a_token_that_is_refused_is_given_up_and_credentials_are_encoded() {
    let server = giver().await;
    let signed_in = signed_in(&server);
    let mut headers = HeaderMap::new();
    let first = signed_in.show(&mut headers).await.expect("a token");
    assert!(signed_in.unknown(&first));
    assert_eq!(shown(&signed_in).await, "Bearer t1");
    // Who learns late that the first one is refused doesn't take the second one away.
    assert!(signed_in.unknown(&first));
    assert_eq!(shown(&signed_in).await, "Bearer t1");

    let asked = server.arrived();
    let asked = asked.first().expect("a question");
    assert_eq!(asked.body, "grant_type=client_credentials&scope=dan-cu");
    // a%20b:b%C3%AD%20m%E1%BA%ADt (RFC 6749 §2.3.1).
    assert_eq!(
        asked.headers["authorization"],
        "Basic YSUyMGI6YiVDMyVBRCUyMG0lRTElQkElQUR0"
    );
}

#[tokio::test]
async fn a_giver_that_fails_is_not_asked_for_every_question_while_a_token_holds() {
    let given = AtomicUsize::new(0);
    let server = Server::start(move |_| match given.fetch_add(1, Ordering::Relaxed) {
        0 => said(200, "{\"access_token\":\"t\",\"expires_in\":3}").into(),
        _ => said(500, "").into(),
    })
    .await;
    let signed_in = signed_in(&server);
    assert_eq!(shown(&signed_in).await, "Bearer t");
    tokio::time::sleep(Duration::from_millis(2_420)).await;
    for _ in 0..20 {
        assert_eq!(shown(&signed_in).await, "Bearer t");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(server.arrived().len(), 2);
}
