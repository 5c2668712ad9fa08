//! What is refused, by which word, and that each refusal of a known caller is in the log.

use harness::messages::get;
use harness::registries::AN;
use harness::tree::{FORMER, OFFICE, OTHER_PROCEDURE, STRANGER};
use harness::{Gateway, Scene};
use prost_types::FieldMask;
use proto::lookup::v1::Step;
use proto::population::v1::GetCitizenRequest;

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
