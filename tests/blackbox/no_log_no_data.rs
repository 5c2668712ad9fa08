//! Rule 1: no answer without a durable entry. While the log can't write, nothing is answered.

use std::time::{Duration, Instant};

use harness::messages::{confirm, context, get};
use harness::registries::{AN, BINH, CUONG};
use harness::tree::{AUDITOR, OFFICE};
use harness::{Client, Gateway, Refused, Scene};
use prost_types::FieldMask;
use proto::audit::v1::GetCheckpointRequest;
use proto::audit::v1::audit_service_client::AuditServiceClient;
use proto::population::v1::{
    BatchConfirmCitizensItem, BatchConfirmCitizensRequest, BatchConfirmCitizensResponse,
    ConfirmCitizenRequest, GetCitizenRequest,
};
use tonic::Code;

const PATIENCE: Duration = Duration::from_secs(5);

fn batch() -> BatchConfirmCitizensRequest {
    let items = [AN, BINH]
        .map(confirm)
        .map(|ConfirmCitizenRequest { key, claims, .. }| BatchConfirmCitizensItem { key, claims });
    BatchConfirmCitizensRequest {
        context: Some(context()),
        items: items.into(),
        ..Default::default()
    }
}

fn unlogged(refused: &Refused) {
    assert_eq!(
        (refused.code, refused.word.as_str()),
        (Code::Unavailable, "LOG_UNAVAILABLE"),
        "{refused:?}"
    );
    assert_eq!(refused.audit_index(), None, "there is no entry to name");
}

fn unlogged_item(item: &BatchConfirmCitizensResponse) {
    let refusal = item.refusal.as_ref().expect("the item is refused");
    assert_eq!(refusal.reason, "LOG_UNAVAILABLE");
    assert!(item.verdicts.is_empty());
    assert_eq!(item.provenance.as_ref().unwrap().audit_index, 0);
}

/// Until the log takes entries again.
async fn recovered(gateway: &Gateway, client: &Client) {
    let since = Instant::now();
    while client.citizen(get(CUONG)).await.is_err() {
        assert!(since.elapsed() < PATIENCE, "still refused: {}", gateway.words());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_log_cannot_write_nothing_is_answered_and_it_goes_on_by_itself() {
    let scene = Scene::new();
    let (mut gateway, office, auditor) = (scene.start(), scene.agency(OFFICE), scene.agency(AUDITOR));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let reader = gateway.connect(&auditor, auditor.token(&scene)).await;
    for _ in 0..2 {
        client.citizen(get(AN)).await.expect("an answer, then a kept one");
    }
    let before = scene.log().entries().len();

    gateway.let_files_grow(false);
    let denied = GetCitizenRequest {
        read_mask: Some(FieldMask {
            paths: vec!["phone".into()],
        }),
        ..get(AN)
    };
    let malformed = GetCitizenRequest {
        context: None,
        ..get(AN)
    };
    // Twice: first the write fails, then the log knows that it can't.
    for _ in 0..2 {
        for (what, ask) in [
            ("a cache hit", get(AN)),
            ("a record never asked for", get(BINH)),
            ("a denial", denied.clone()),
            ("a malformed request", malformed.clone()),
        ] {
            let refused = client.citizen(ask).await.expect_err(what);
            unlogged(&refused);
        }
        unlogged(&client.confirm(confirm(AN)).await.expect_err("a confirmation"));
        let items = client.batch(batch()).await.unwrap();
        assert_eq!(items.len(), 2);
        items.iter().for_each(unlogged_item);
        let thief = client.with_token("abc".into());
        unlogged(&thief.citizen(get(AN)).await.expect_err("a bad token"));
        let mut log = AuditServiceClient::new(reader.channel.clone());
        let request = reader.request(GetCheckpointRequest {});
        unlogged(&log.get_checkpoint(request).await.expect_err("no reading").into());
    }
    assert_eq!(
        scene.log().entries().len(),
        before,
        "nothing was logged meanwhile"
    );

    gateway.let_files_grow(true);
    recovered(&gateway, &client).await;
    client.confirm(confirm(AN)).await.expect("it answers again");
    assert!(gateway.stop().success());
    scene.log().verify().expect("the log is whole");
}

/// The moment that a reply is here, its entry is on disk, whatever the reply says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_entry_is_on_disk_when_the_reply_arrives() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let mut denied = get(AN);
    denied.context.as_mut().unwrap().receiving_agency = AUDITOR.into();
    let log = scene.log();
    for round in 0..20 {
        let citizen = client.citizen(get([AN, BINH, CUONG][round % 3])).await.unwrap();
        let provenance = citizen.provenance.unwrap();
        let entry = log.entry(provenance.audit_index);
        assert_eq!(
            (entry.outcome.as_str(), entry.request_id),
            ("OK", provenance.request_id)
        );

        let refused = client.citizen(denied.clone()).await.unwrap_err();
        let entry = log.entry(refused.audit_index().unwrap());
        assert_eq!(
            (&entry.outcome, entry.request_id.as_str()),
            (&refused.word, refused.request_id())
        );

        for item in client.batch(batch()).await.unwrap() {
            let provenance = item.provenance.unwrap();
            let entry = log.entry(provenance.audit_index);
            assert_eq!((entry.request_id, entry.item), (provenance.request_id, item.item));
        }
    }
}
