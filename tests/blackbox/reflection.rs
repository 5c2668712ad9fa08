//! Reflection: for authenticated callers alone, and each of its calls in the log.

use std::time::{Duration, Instant};

use harness::tokens::TokenIssuer;
use harness::tree::OFFICE;
use harness::{Client, Refused, Scene};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

async fn services(client: &Client) -> Result<Vec<String>, Refused> {
    let list = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut reflection = ServerReflectionClient::new(client.channel.clone());
    let request = client.request(tokio_stream::once(list));
    let mut answers = reflection.server_reflection_info(request).await?.into_inner();
    match answers
        .message()
        .await?
        .and_then(|answer| answer.message_response)
    {
        Some(MessageResponse::ListServicesResponse(list)) => {
            Ok(list.service.into_iter().map(|service| service.name).collect())
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn reflection_needs_a_token_and_is_logged_when_allowed_and_when_refused() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let names = services(&client).await.unwrap();
    for wanted in [
        "lienthong.population.v1.PopulationService",
        "lienthong.audit.v1.AuditService",
    ] {
        assert!(names.iter().any(|name| name == wanted), "{names:?}");
    }
    let (_, entry) = scene.log().entries().pop().unwrap();
    assert_eq!(
        (
            entry.operation.as_str(),
            entry.outcome.as_str(),
            entry.agency.as_str(),
            entry.officer.as_str()
        ),
        ("reflection", "OK", OFFICE, "officer-7")
    );

    let silent = Client {
        token: None,
        ..client
    };
    let refused = services(&silent).await.unwrap_err();
    assert_eq!(refused.word, "TOKEN_MISSING");
    let entry = scene
        .log()
        .entry(refused.audit_index().expect("it names its entry"));
    assert_eq!(
        (entry.outcome.as_str(), entry.agency.as_str()),
        ("TOKEN_MISSING", OFFICE)
    );
}

#[tokio::test]
async fn a_stream_of_questions_ends_with_the_callers_token() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let list = || ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let (questions, asked) = tokio::sync::mpsc::channel(1);
    let request = client.request(tokio_stream::wrappers::ReceiverStream::new(asked));
    let mut reflection = ServerReflectionClient::new(client.channel.clone());
    questions.send(list()).await.unwrap();
    let answers = reflection.server_reflection_info(request).await;
    let mut answers = answers.unwrap().into_inner();
    assert!(answers.message().await.unwrap().is_some());
    questions.send(list()).await.unwrap();
    assert!(
        answers.message().await.unwrap().is_some(),
        "the next is answered too"
    );

    // Nobody vouches for the token any more.
    let other = TokenIssuer::new().key_set();
    scene.tree.write("issuers/test.json", &other.to_string());
    let begun = Instant::now();
    let refused = loop {
        assert!(begun.elapsed() < Duration::from_secs(10), "{}", gateway.words());
        tokio::time::sleep(Duration::from_millis(50)).await;
        // An error says that the stream has ended.
        let _ = questions.send(list()).await;
        let answer = tokio::time::timeout(Duration::from_secs(10), answers.message()).await;
        match answer.expect("a question is answered or refused") {
            Ok(answer) => assert!(answer.is_some(), "it ends with a reason"),
            Err(status) => break Refused::from(status),
        }
    };
    assert_eq!(refused.word, "TOKEN_SIGNATURE");
    let entry = scene
        .log()
        .entry(refused.audit_index().expect("it names its entry"));
    assert_eq!(entry.outcome, "TOKEN_SIGNATURE");
}
