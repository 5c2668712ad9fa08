//! What is answered, where it comes from, and that each answer is in the log.

use std::fs;

use harness::messages::{confirm, context, get};
use harness::registries::{
    AN, BINH, CERTIFICATE_1, CERTIFICATE_2, CUONG, NOBODY, PEOPLE, Person, STRANGE_COMPANY,
};
use harness::tree::OFFICE;
use harness::{Client, Gateway, Scene};
use prost::Message as _;
use prost_types::{Duration, FieldMask};
use proto::business::v1::{EnterpriseKey, GetEnterpriseRequest, LegalState};
use proto::criminalrecord::v1::{CertificateKey, GetCertificateRequest, VerifyCertificateRequest};
use proto::lookup::v1::{Source, Verdict};
use proto::population::v1::{BatchConfirmCitizensItem, BatchConfirmCitizensRequest, ConfirmCitizenRequest};
use tonic::Code;

async fn office(scene: &Scene) -> (Gateway, Client) {
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(scene)).await;
    (gateway, client)
}

#[tokio::test]
async fn a_confirmation_gives_a_verdict_a_claim_and_no_value() {
    let scene = Scene::new();
    let (_gateway, client) = office(&scene).await;
    let mut ask = confirm(AN);
    ask.claims.as_mut().unwrap().phone = "0999999999".into();
    let answer = client.confirm(ask).await.unwrap();
    let verdicts: Vec<_> = answer
        .verdicts
        .iter()
        .map(|one| (one.path.as_str(), one.verdict()))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("full_name", Verdict::Agree),
            ("birth_date", Verdict::Agree),
            ("phone", Verdict::Disagree)
        ]
    );
    let bytes = answer.encode_to_vec();
    for value in [AN.name, AN.id, AN.phone, "0999999999"] {
        assert!(
            !bytes.windows(value.len()).any(|part| part == value.as_bytes()),
            "{value}"
        );
    }
}

/// Rule 2 of the design's list.
#[tokio::test]
async fn only_the_fields_of_the_agreement_leave() {
    let scene = Scene::new();
    let (_gateway, client) = office(&scene).await;
    let citizen = client.citizen(get(AN)).await.unwrap().citizen.unwrap();
    assert_eq!(
        (citizen.full_name.as_str(), citizen.personal_id.as_str()),
        (AN.name, AN.id)
    );
    assert!(citizen.permanent_residence.is_some());
    assert_eq!(
        (citizen.phone.as_str(), citizen.ethnicity, citizen.religion),
        ("", None, None)
    );

    let mut ask = get(AN);
    ask.read_mask = Some(FieldMask {
        paths: vec!["full_name".into()],
    });
    let citizen = client.citizen(ask).await.unwrap().citizen.unwrap();
    assert_eq!(
        (citizen.full_name.as_str(), citizen.personal_id.as_str()),
        (AN.name, "")
    );
}

/// Rule 1: cache hits are in the log too.
#[tokio::test]
async fn the_second_answer_comes_from_the_cache_and_a_limit_of_zero_asks_again() {
    let scene = Scene::new();
    let (_gateway, client) = office(&scene).await;
    let mut sources = Vec::new();
    for max_age in [None, None, Some(Duration::default())] {
        let answer = client
            .citizen(proto::population::v1::GetCitizenRequest { max_age, ..get(AN) })
            .await;
        let provenance = answer.unwrap().provenance.unwrap();
        let entry = scene.log().entry(provenance.audit_index);
        assert_eq!(
            (entry.outcome.as_str(), &entry.request_id),
            ("OK", &provenance.request_id)
        );
        sources.push((provenance.source(), entry.source));
    }
    assert_eq!(
        sources,
        [
            (Source::Registry, "registry".to_owned()),
            (Source::Cache, "cache".to_owned()),
            (Source::Registry, "registry".to_owned())
        ]
    );
    scene.log().verify().unwrap();
}

/// Rule 7.
#[tokio::test]
async fn a_registry_that_is_gone_is_unavailable_and_never_not_found() {
    let scene = Scene::new();
    let (_gateway, client) = office(&scene).await;
    fs::rename(scene.database("population"), scene.folder().join("away.db")).unwrap();
    let refused = client.citizen(get(AN)).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.word.as_str()),
        (Code::Unavailable, "UPSTREAM_UNAVAILABLE")
    );
    assert_eq!(
        scene.log().entry(refused.audit_index().unwrap()).outcome,
        "UPSTREAM_UNAVAILABLE"
    );
}

#[tokio::test]
async fn an_unknown_person_and_a_wrong_second_fact_are_refused_alike() {
    let scene = Scene::new();
    let (_gateway, client) = office(&scene).await;
    let unknown = client
        .citizen(get(Person { id: NOBODY, ..AN }))
        .await
        .unwrap_err();
    let wrong = client
        .citizen(get(Person {
            name: CUONG.name,
            ..AN
        }))
        .await
        .unwrap_err();
    assert_eq!(
        (unknown.word.as_str(), unknown.code),
        ("NOT_FOUND", Code::NotFound)
    );
    assert_eq!((unknown.word, unknown.message), (wrong.word, wrong.message));
}

/// Rule 1: every item of a stream is in the log.
#[tokio::test]
async fn a_batch_answers_every_item_and_a_refused_one_does_not_end_it() {
    let scene = Scene::new();
    let (_gateway, client) = office(&scene).await;
    let people = [AN, Person { id: NOBODY, ..CUONG }, BINH];
    let items = people
        .map(confirm)
        .map(|ConfirmCitizenRequest { key, claims, .. }| BatchConfirmCitizensItem { key, claims });
    let ask = BatchConfirmCitizensRequest {
        context: Some(context()),
        items: items.into(),
        ..Default::default()
    };
    let answers = client.batch(ask).await.unwrap();
    assert_eq!(
        answers.iter().map(|answer| answer.item).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    let words: Vec<_> = answers
        .iter()
        .map(|answer| answer.refusal.as_ref().map(|refusal| refusal.reason.as_str()))
        .collect();
    assert_eq!(words, [None, Some("NOT_FOUND"), None]);
    let mut logged: Vec<_> = scene
        .log()
        .entries()
        .into_iter()
        .map(|(_, entry)| entry)
        .filter(|entry| entry.kind == 2 && entry.item > 0)
        .map(|entry| (entry.item, entry.outcome))
        .collect();
    logged.sort();
    assert_eq!(
        logged,
        [(1, "OK".into()), (2, "NOT_FOUND".into()), (3, "OK".into())]
    );
}

/// Rule 8.
#[tokio::test]
async fn a_certificate_number_2_is_refused_by_law_even_under_an_agreement() {
    let scene = Scene::new();
    let (_gateway, client) = office(&scene).await;
    let key = |number: &str| {
        Some(CertificateKey {
            certificate_no: number.into(),
            full_name: AN.name.into(),
            ..Default::default()
        })
    };
    let ask = |number| GetCertificateRequest {
        context: Some(context()),
        key: key(number),
        ..Default::default()
    };
    assert_eq!(
        client
            .certificate(ask(CERTIFICATE_1))
            .await
            .unwrap()
            .certificate
            .unwrap()
            .certificate_no,
        CERTIFICATE_1
    );
    let get = client.certificate(ask(CERTIFICATE_2)).await.unwrap_err();
    let verify = VerifyCertificateRequest {
        context: Some(context()),
        key: key(CERTIFICATE_2),
        ..Default::default()
    };
    let verify = client.verify(verify).await.unwrap_err();
    for refused in [get, verify] {
        assert_eq!(
            (refused.word.as_str(), refused.code),
            ("REFUSED_BY_LAW", Code::PermissionDenied)
        );
        assert_eq!(
            scene.log().entry(refused.audit_index().unwrap()).outcome,
            "REFUSED_BY_LAW"
        );
    }
}

/// Rule 9.
#[tokio::test]
async fn a_state_that_nobody_knows_is_unknown_and_never_active() {
    let scene = Scene::new();
    let (_gateway, client) = office(&scene).await;
    let ask = GetEnterpriseRequest {
        context: Some(context()),
        key: Some(EnterpriseKey {
            enterprise_code: STRANGE_COMPANY.into(),
        }),
        ..Default::default()
    };
    let enterprise = client.enterprise(ask).await.unwrap().enterprise.unwrap();
    assert_eq!(enterprise.legal_state(), LegalState::Unknown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_byte_of_the_log_is_found() {
    let scene = Scene::new();
    let (mut gateway, client) = office(&scene).await;
    for person in PEOPLE {
        client.citizen(get(person)).await.unwrap();
    }
    assert!(gateway.stop().success());
    assert!(scene.log().verify().unwrap().entries >= 3);
    scene.log().damage(OFFICE);
    assert!(scene.log().verify().is_err());
}
