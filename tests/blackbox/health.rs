//! Health: for every client certificate, without a token, and without an entry.

use harness::tree::OFFICE;
use harness::{Agency, Scene};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

#[tokio::test]
async fn health_is_told_and_watched_with_a_certificate_alone_and_leaves_no_entry() {
    let scene = Scene::new();
    let gateway = scene.start();
    let client = gateway.try_connect(&scene.agency(OFFICE), None).await.unwrap();
    let before = scene.log().entries().len();
    let mut health = HealthClient::new(client.channel);
    let whole = HealthCheckRequest::default();
    let checked = health.check(whole.clone()).await.unwrap().into_inner();
    assert_eq!(checked.status(), ServingStatus::Serving);
    let mut watched = health.watch(whole).await.unwrap().into_inner();
    let first = watched
        .message()
        .await
        .unwrap()
        .expect("the state of now comes at once");
    assert_eq!(first.status(), ServingStatus::Serving);
    let unknown = HealthCheckRequest {
        service: "no.such.Service".into(),
    };
    assert_eq!(health.check(unknown).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(scene.log().entries().len(), before);
}

#[tokio::test]
async fn without_a_certificate_not_even_health_is_told() {
    let scene = Scene::new();
    let gateway = scene.start();
    let nobody = Agency {
        id: OFFICE.into(),
        keyed: None,
    };
    // In TLS 1.3 the refusal may come after the client has finished its part.
    if let Ok(client) = gateway.try_connect(&nobody, None).await {
        let outcome = HealthClient::new(client.channel)
            .check(HealthCheckRequest::default())
            .await;
        assert!(outcome.is_err(), "{outcome:?}");
    }
}
