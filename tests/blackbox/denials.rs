//! What is refused, by which word, and that each refusal of a known caller is in the log.

use harness::messages::{context, get};
use harness::registries::AN;
use harness::tree::{FORMER, OFFICE, OTHER_PROCEDURE, STRANGER};
use harness::{Gateway, Refused, Scene};
use prost_types::FieldMask;
use proto::audit::v1::GetCheckpointRequest;
use proto::audit::v1::audit_service_client::AuditServiceClient;
use proto::lookup::v1::Step;
use proto::population::v1::GetCitizenRequest;
use tonic::Code;

/// The word for what an agency asks. Rule 1: the refusal is in the log.
async fn word(scene: &Scene, gateway: &Gateway, agency: &str, role: &str, ask: GetCitizenRequest) -> String {
    let agency = scene.agency(agency);
    let mut claims = agency.claims();
    claims["role"] = role.into();
    let client = gateway.connect(&agency, scene.issuer.sign(&claims)).await;
    let refused = client.citizen(ask).await.unwrap_err();
    let index = refused.audit_index().expect("the refusal names its entry");
    let entry = scene.log().entry(index);
    assert_eq!((&entry.outcome, &entry.agency), (&refused.word, &agency.id));
    assert_eq!(entry.request_id, refused.request_id());
    refused.word
}

fn of(agency: &str) -> GetCitizenRequest {
    let mut ask = get(AN);
    ask.context.as_mut().unwrap().receiving_agency = agency.into();
    ask
}

#[tokio::test]
async fn a_refusal_names_what_is_not_agreed() {
    let scene = Scene::new();
    let gateway = scene.start();
    let role = "receiving-officer";
    let fields = |path: &str| GetCitizenRequest {
        read_mask: Some(FieldMask {
            paths: vec![path.into()],
        }),
        ..get(AN)
    };
    let mut procedure = get(AN);
    procedure.context.as_mut().unwrap().procedure_code = OTHER_PROCEDURE.into();
    let mut step = get(AN);
    let deciding = step.context.as_mut().unwrap();
    deciding.step = Step::Deciding.into();
    deciding.competent_agency = OFFICE.into();
    for (agency, role, ask, wanted) in [
        (STRANGER, role, of(STRANGER), "NO_AGREEMENT"),
        (FORMER, role, of(FORMER), "AGREEMENT_EXPIRED"),
        (OFFICE, role, procedure, "PROCEDURE_NOT_AGREED"),
        (OFFICE, role, fields("phone"), "FIELD_NOT_AGREED"),
        (OFFICE, role, fields("religion"), "FIELD_NOT_AGREED"),
        (OFFICE, role, step, "STEP_NOT_AGREED"),
        (OFFICE, role, of(STRANGER), "STEP_NOT_AGREED"),
        (OFFICE, "deciding-officer", get(AN), "ROLE_NOT_AGREED"),
        (OFFICE, role, fields("no_such_field"), "UNKNOWN_FIELD"),
        (
            OFFICE,
            role,
            GetCitizenRequest {
                context: None,
                ..get(AN)
            },
            "INCOMPLETE",
        ),
    ] {
        assert_eq!(
            word(&scene, &gateway, agency, role, ask).await,
            wanted,
            "{agency} {role}"
        );
    }
    scene.log().verify().unwrap();
}

#[tokio::test]
async fn bad_input_is_refused_and_the_gateway_lives_on() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let mut malformed = get(AN);
    malformed.key.as_mut().unwrap().personal_id = "12ab".into();
    assert_eq!(client.citizen(malformed).await.unwrap_err().word, "MALFORMED");
    let mut alone = get(AN);
    alone.key.as_mut().unwrap().full_name.clear();
    assert_eq!(client.citizen(alone).await.unwrap_err().word, "INCOMPLETE");
    let mut large = context();
    large.component = "x".repeat(2 << 20);
    let large = GetCitizenRequest {
        context: Some(large),
        ..get(AN)
    };
    assert_eq!(
        client.citizen(large).await.unwrap_err().code,
        Code::ResourceExhausted
    );
    client.citizen(get(AN)).await.expect("it still answers");
}

/// Rule 1: the log's own service refuses like every other, with an entry.
#[tokio::test]
async fn a_call_of_the_audit_service_is_refused_by_name_and_logged() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let mut log = AuditServiceClient::new(client.channel.clone());
    let status = log.get_checkpoint(GetCheckpointRequest {}).await.unwrap_err();
    let refused = Refused::from(status);
    assert_eq!(refused.word, "TOKEN_MISSING");
    let index = refused.audit_index().expect("the refusal names its entry");
    let entry = scene.log().entry(index);
    assert_eq!(
        (entry.outcome.as_str(), entry.agency.as_str()),
        ("TOKEN_MISSING", office.id.as_str())
    );
    let request = client.request(GetCheckpointRequest {});
    let refused = Refused::from(log.get_checkpoint(request).await.unwrap_err());
    assert_eq!(refused.word, "ROLE_NOT_AGREED");
}
