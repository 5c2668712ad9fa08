//! The catalog: what may I ask, and why not. Only about oneself, and each call in the log.

use harness::messages::get;
use harness::registries::AN;
use harness::tree::{OFFICE, OTHER_PROCEDURE, PROCEDURE, STRANGER};
use harness::{Client, Gateway, Refused, Scene};
use proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use proto::catalog::v1::{
    ExplainDecisionRequest, ExplainDecisionResponse, ListPermissionsRequest, ListPermissionsResponse,
    ListProceduresRequest, ListRegistriesRequest,
};
use proto::lookup::v1::{Operation, Step};
use tonic::Code;
use tonic::transport::Channel;

fn catalog(client: &Client) -> CatalogServiceClient<Channel> {
    CatalogServiceClient::new(client.channel.clone())
}

async fn connect(scene: &Scene, gateway: &Gateway, agency: &str) -> Client {
    let agency = scene.agency(agency);
    gateway.connect(&agency, agency.token(scene)).await
}

async fn permissions(
    client: &Client,
    ask: ListPermissionsRequest,
) -> Result<ListPermissionsResponse, Refused> {
    let answer = catalog(client).list_permissions(client.request(ask)).await;
    Ok(answer?.into_inner())
}

async fn explain(client: &Client, ask: ExplainDecisionRequest) -> Result<ExplainDecisionResponse, Refused> {
    let answer = catalog(client).explain_decision(client.request(ask)).await;
    Ok(answer?.into_inner())
}

#[tokio::test]
async fn registries_and_procedures_are_listed_with_vietnamese_labels_page_by_page() {
    let scene = Scene::new();
    let gateway = scene.start();
    let client = connect(&scene, &gateway, STRANGER).await;
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let ask = ListRegistriesRequest {
            page_size: 2,
            page_token: token,
        };
        let page = catalog(&client)
            .list_registries(client.request(ask))
            .await
            .unwrap()
            .into_inner();
        assert!(page.registries.len() <= 2);
        names.extend(page.registries.iter().map(|registry| registry.name.clone()));
        if let Some(population) = page
            .registries
            .iter()
            .find(|registry| registry.name == "population")
        {
            let fields = &population.records[0].fields;
            let religion = fields.iter().find(|field| field.path == "religion").unwrap();
            assert_eq!(
                (religion.label_vi.as_str(), religion.sensitive),
                ("Tôn giáo", true)
            );
            assert_eq!(population.records[0].methods.len(), 3);
        }
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["business", "criminal-record", "population"]);

    let ask = ListProceduresRequest::default();
    let listed = catalog(&client)
        .list_procedures(client.request(ask))
        .await
        .unwrap()
        .into_inner();
    let codes: Vec<_> = listed
        .procedures
        .iter()
        .map(|procedure| procedure.code.as_str())
        .collect();
    assert_eq!(codes, [OTHER_PROCEDURE, PROCEDURE]);
    assert_eq!(
        listed.procedures[0].components[0].paper_vi,
        "Bản sao giấy tờ tùy thân"
    );

    for ask in [
        ListProceduresRequest {
            page_size: -1,
            ..Default::default()
        },
        ListProceduresRequest {
            page_token: "elsewhere-7".into(),
            ..Default::default()
        },
    ] {
        let refused = Refused::from(
            catalog(&client)
                .list_procedures(client.request(ask))
                .await
                .unwrap_err(),
        );
        assert_eq!(
            (refused.word.as_str(), refused.code),
            ("MALFORMED", Code::InvalidArgument)
        );
    }
}

#[tokio::test]
async fn an_agency_sees_its_own_permissions_and_nobody_elses() {
    let scene = Scene::new();
    let basis = "legal_basis = \"Decree 194/2025\"\n";
    let quota = format!("{basis}[quota]\ncalls_per_day = 1000\nsubjects_per_officer_per_hour = 40\n");
    scene.tree.edit("agreements/population.toml", basis, &quota);
    let gateway = scene.start();
    let office = connect(&scene, &gateway, OFFICE).await;
    let ask = ListPermissionsRequest {
        registry: "population".into(),
        procedure_code: PROCEDURE.into(),
        ..Default::default()
    };
    let mine = permissions(&office, ask.clone()).await.unwrap().permissions;
    assert_eq!(mine.len(), 2);
    let get = mine
        .iter()
        .find(|one| one.operations().any(|one| one == Operation::Get))
        .unwrap();
    assert_eq!(get.legal_basis, "Decree 194/2025");
    assert_eq!(
        (get.valid_from.as_str(), get.valid_to.as_str(), get.in_force),
        ("2025-07-01", "", true)
    );
    assert_eq!(
        (get.roles.as_slice(), get.second_fact_required),
        (&["receiving-officer".to_owned()][..], true)
    );
    assert_eq!(get.steps().collect::<Vec<_>>(), [Step::Receiving]);
    let limits = get.limits.unwrap();
    assert_eq!(
        (
            limits.calls_per_second,
            limits.calls_per_day,
            limits.subjects_per_officer_per_hour
        ),
        (0, 1_000, 40)
    );
    let paths: Vec<_> = get.fields.iter().map(|field| field.path.as_str()).collect();
    assert_eq!(
        paths,
        ["personal_id", "full_name", "birth_date", "permanent_residence"]
    );
    assert!(get.fields.iter().all(|field| !field.label_vi.is_empty()));

    let stranger = connect(&scene, &gateway, STRANGER).await;
    assert_eq!(
        permissions(&stranger, ListPermissionsRequest::default())
            .await
            .unwrap()
            .permissions,
        []
    );
    let none = ListPermissionsRequest {
        procedure_code: OTHER_PROCEDURE.into(),
        ..ask
    };
    assert_eq!(permissions(&office, none).await.unwrap().permissions, []);
}

#[tokio::test]
async fn an_explanation_says_what_the_lookup_says_and_what_would_be_needed() {
    let scene = Scene::new();
    let gateway = scene.start();
    let office = connect(&scene, &gateway, OFFICE).await;
    let ask = ExplainDecisionRequest {
        registry: "population".into(),
        operation: Operation::Get.into(),
        procedure_code: PROCEDURE.into(),
        step: Step::Receiving.into(),
        ..Default::default()
    };
    let good = explain(&office, ask.clone()).await.unwrap();
    assert!(good.permitted && good.reason.is_empty(), "{good:?}");
    assert_eq!(good.agreement, "population");
    office.citizen(get(AN)).await.unwrap();

    let other = ExplainDecisionRequest {
        procedure_code: OTHER_PROCEDURE.into(),
        ..ask.clone()
    };
    let explained = explain(&office, other).await.unwrap();
    let mut asked = get(AN);
    asked.context.as_mut().unwrap().procedure_code = OTHER_PROCEDURE.into();
    let refused = office.citizen(asked).await.unwrap_err();
    assert_eq!((explained.permitted, &explained.reason), (false, &refused.word));
    let grant = explained
        .grants
        .iter()
        .find(|grant| grant.clauses[0].met)
        .unwrap();
    let missing: Vec<_> = grant.clauses.iter().filter(|clause| !clause.met).collect();
    assert_eq!(missing.len(), 1);
    assert_eq!(
        (missing[0].clause.as_str(), missing[0].needed.as_str()),
        ("procedure", &*format!("procedure {PROCEDURE}"))
    );

    let sensitive = ExplainDecisionRequest {
        fields: vec!["full_name".into(), "religion".into()],
        ..ask.clone()
    };
    let explained = explain(&office, sensitive).await.unwrap();
    assert_eq!(explained.reason, "FIELD_NOT_AGREED");
    let role = ExplainDecisionRequest {
        role: "deciding-officer".into(),
        ..ask.clone()
    };
    assert_eq!(explain(&office, role).await.unwrap().reason, "ROLE_NOT_AGREED");
    // About another agency nobody can even ask.
    let stranger = connect(&scene, &gateway, STRANGER).await;
    let explained = explain(&stranger, ask.clone()).await.unwrap();
    assert_eq!(
        (explained.reason.as_str(), explained.grants.len()),
        ("NO_AGREEMENT", 0)
    );
    for (part, ask) in [
        (
            "registry",
            ExplainDecisionRequest {
                registry: "nowhere".into(),
                ..ask.clone()
            },
        ),
        (
            "fields",
            ExplainDecisionRequest {
                fields: vec!["nothing".into()],
                ..ask.clone()
            },
        ),
        (
            "record",
            ExplainDecisionRequest {
                registry: "criminal-record".into(),
                ..ask.clone()
            },
        ),
        (
            "procedure_code",
            ExplainDecisionRequest {
                procedure_code: "9.999999".into(),
                ..ask.clone()
            },
        ),
        ("step", ExplainDecisionRequest { step: 77, ..ask }),
    ] {
        let refused = explain(&office, ask).await.unwrap_err();
        assert_eq!(
            (refused.word.as_str(), refused.metadata["missing"].as_str()),
            ("MALFORMED", part)
        );
    }
}

/// Rule 1: a call of the catalog has its entry, refused or not, and one without a token is nobody's.
#[tokio::test]
async fn every_call_of_the_catalog_is_in_the_log() {
    let scene = Scene::new();
    let mut gateway = scene.start();
    let office = connect(&scene, &gateway, OFFICE).await;
    permissions(&office, ListPermissionsRequest::default())
        .await
        .unwrap();
    let refused = explain(&office, ExplainDecisionRequest::default())
        .await
        .unwrap_err();
    let entry = scene.log().entry(refused.audit_index().unwrap());
    assert_eq!(
        (entry.operation.as_str(), entry.outcome.as_str()),
        ("explain-decision", "MALFORMED")
    );
    assert_eq!(
        (entry.agency.as_str(), entry.officer.as_str()),
        (OFFICE, "officer-7")
    );
    let nobody = Client {
        token: None,
        ..office.clone()
    };
    let refused = permissions(&nobody, ListPermissionsRequest::default())
        .await
        .unwrap_err();
    assert_eq!(refused.word, "TOKEN_MISSING");
    gateway.stop();
    let entries = scene.log().entries();
    let listed = entries
        .iter()
        .filter(|(_, entry)| entry.operation == "list-permissions")
        .count();
    assert_eq!(listed, 1);
}
