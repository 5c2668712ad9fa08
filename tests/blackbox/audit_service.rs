//! The audit service: for auditors alone, and each reading is itself in the log.

use harness::messages::get;
use harness::registries::AN;
use harness::tree::{AUDITOR, OFFICE};
use harness::{Client, Refused, Scene};
use proto::audit::v1::audit_service_client::AuditServiceClient;
use proto::audit::v1::{GetCheckpointRequest, GetEntryRequest, GetEntryResponse};
use tonic::Code;

async fn entry(client: &Client, index: u64) -> Result<GetEntryResponse, Refused> {
    let mut log = AuditServiceClient::new(client.channel.clone());
    let request = client.request(GetEntryRequest { index });
    Ok(log.get_entry(request).await?.into_inner())
}

async fn checkpoint(client: &Client) -> Result<String, Refused> {
    let mut log = AuditServiceClient::new(client.channel.clone());
    let request = client.request(GetCheckpointRequest {});
    Ok(log.get_checkpoint(request).await?.into_inner().checkpoint)
}

#[tokio::test]
async fn an_auditor_reads_an_entry_with_its_proof_and_the_reading_is_logged() {
    let scene = Scene::new();
    let (gateway, office, auditor) = (scene.start(), scene.agency(OFFICE), scene.agency(AUDITOR));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let index = client
        .citizen(get(AN))
        .await
        .unwrap()
        .provenance
        .unwrap()
        .audit_index;
    let reader = gateway.connect(&auditor, auditor.token(&scene)).await;
    let read = entry(&reader, index).await.unwrap();
    let told = read.entry.unwrap();
    let logged = scene.log().entry(index);
    assert_eq!((told.request_id, told.agency), (logged.request_id, logged.agency));
    assert!(
        read.proof.starts_with("c2sp.org/tlog-proof@v1\n"),
        "{}",
        read.proof
    );
    let log = scene.log();
    assert!(log.proves(&read.proof, index, &read.entry_bytes));
    assert!(!log.proves(&read.proof, index + 1, &read.entry_bytes));
    assert!(!log.proves(&read.proof, index, b"another entry"));
    let note = checkpoint(&reader).await.unwrap();
    assert!(note.starts_with(harness::tree::ORIGIN), "{note}");

    let readings: Vec<_> = scene
        .log()
        .entries()
        .into_iter()
        .filter(|(_, entry)| entry.agency == AUDITOR)
        .map(|(_, entry)| (entry.operation, entry.outcome, entry.officer))
        .collect();
    let reading = |what: &str| (what.to_owned(), "OK".to_owned(), "officer-7".to_owned());
    assert_eq!(readings, [reading("get-entry"), reading("get-checkpoint")]);
}

#[tokio::test]
async fn an_entry_that_is_not_there_is_not_found_and_logged_as_such() {
    let scene = Scene::new();
    let (gateway, auditor) = (scene.start(), scene.agency(AUDITOR));
    let reader = gateway.connect(&auditor, auditor.token(&scene)).await;
    for index in [999_999, u64::MAX] {
        let refused = entry(&reader, index).await.unwrap_err();
        assert_eq!(
            (refused.code, refused.word.as_str()),
            (Code::NotFound, "NOT_FOUND")
        );
        let logged = scene
            .log()
            .entry(refused.audit_index().expect("it names its entry"));
        assert_eq!(
            (
                logged.operation.as_str(),
                logged.outcome.as_str(),
                logged.agency.as_str()
            ),
            ("get-entry", "NOT_FOUND", AUDITOR)
        );
        assert_eq!(logged.request_id, refused.request_id());
    }
}

#[tokio::test]
async fn who_is_no_auditor_is_refused_by_name_with_an_entry() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let silent = Client {
        token: None,
        ..client.clone()
    };
    for (refused, word) in [
        (checkpoint(&silent).await.unwrap_err(), "TOKEN_MISSING"),
        (checkpoint(&client).await.unwrap_err(), "ROLE_NOT_AGREED"),
        (entry(&client, 0).await.unwrap_err(), "ROLE_NOT_AGREED"),
        (entry(&client, 999_999).await.unwrap_err(), "ROLE_NOT_AGREED"),
    ] {
        assert_eq!(refused.word, word);
        let logged = scene
            .log()
            .entry(refused.audit_index().expect("it names its entry"));
        assert_eq!((logged.outcome.as_str(), logged.agency.as_str()), (word, OFFICE));
    }
}

#[tokio::test]
async fn an_auditor_looks_nobody_up() {
    let scene = Scene::new();
    let (gateway, auditor) = (scene.start(), scene.agency(AUDITOR));
    let reader = gateway.connect(&auditor, auditor.token(&scene)).await;
    let mut ask = get(AN);
    ask.context.as_mut().unwrap().receiving_agency = AUDITOR.into();
    assert_eq!(reader.citizen(ask).await.unwrap_err().word, "NO_AGREEMENT");
}
