//! Rule 6: no personal value, identifier, token or secret in a log line, error text, status or file name.
//! Marked values go in through every input; afterwards nothing that the gateway left behind holds one.

mod thousand;

use std::fs;

use harness::messages::{confirm, context, get};
use harness::registries::{AN, BINH, CUONG, NOBODY, PEOPLE, Person};
use harness::tree::{OFFICE, STRANGER};
use harness::{Client, Scene, Traces};
use prost_types::FieldMask;
use proto::lookup::v1::{CodedValue, LookupContext};
use proto::population::v1::{Citizen, GetCitizenRequest};
use rusqlite::Connection;
use serde_json::json;
use tonic::metadata::MetadataValue;

const GET: &str = "/lienthong.population.v1.PopulationService/GetCitizen";
/// Numbers that the canaries carry; the rest of a canary is a word that starts with `canary`.
const NUMBERS: [&str; 4] = [NOBODY, "98765x43210", "079190654321", "024987654"];
const STRANGER_NAME: &str = "TÔN NỮ HOÀNG YẾN";

/// A stranger to every registry, in the key and in the claims.
async fn through_key_and_claims(client: &Client, traces: &mut Traces) {
    let nobody = Person {
        id: NOBODY,
        name: STRANGER_NAME,
        ..AN
    };
    traces.told(client.citizen(get(nobody)).await.unwrap_err());
    traces.told(client.confirm(confirm(nobody)).await.unwrap_err());
    traces.told(
        client
            .citizen(get(Person {
                name: STRANGER_NAME,
                ..AN
            }))
            .await
            .unwrap_err(),
    );
    for id in ["98765x43210", "canary-number", ""] {
        let mut ask = get(AN);
        ask.key.as_mut().unwrap().personal_id = id.into();
        traces.told(client.citizen(ask).await.unwrap_err());
    }
    let mut claims = confirm(AN);
    claims.claims = Some(Citizen {
        old_id9: "024987654".into(),
        replaced_by: "079190654321".into(),
        phone: "canary-phone".into(),
        email: "canary@example.org".into(),
        household_no: "canary-household".into(),
        ..Citizen::default()
    });
    client.confirm(claims).await.expect("claims that do not agree");
    let mut sensitive = confirm(AN);
    sensitive.claims.as_mut().unwrap().religion = Some(CodedValue {
        code: "canary-religion".into(),
        ..CodedValue::default()
    });
    traces.told(client.confirm(sensitive).await.unwrap_err());
    let mut malformed = confirm(AN);
    malformed.claims.as_mut().unwrap().replaced_by = "canary-replaced".into();
    traces.told(client.confirm(malformed).await.unwrap_err());
}

async fn through_context_and_mask(client: &Client, traces: &mut Traces) {
    let changes: [fn(&mut LookupContext); 9] = [
        |context| context.procedure_code = "canary-procedure".into(),
        |context| context.dossier_code = "canary-dossier".into(),
        |context| context.dossier_code = "H29.12-260624-079190654321".into(),
        |context| context.component = "canary component".into(),
        |context| context.component = "079190654321".into(),
        |context| context.receiving_agency = "canary-agency".into(),
        |context| context.competent_agency = "H29.079190654321".into(),
        |context| context.competent_agency = "canary-competent".into(),
        |context| context.step = 99,
    ];
    for change in changes {
        let mut changed = context();
        change(&mut changed);
        let ask = GetCitizenRequest {
            context: Some(changed),
            ..get(AN)
        };
        traces.told(client.citizen(ask).await.unwrap_err());
    }
    for path in ["canary_field", "full_name.canary", "079190654321"] {
        let ask = GetCitizenRequest {
            read_mask: Some(FieldMask {
                paths: vec![path.into()],
            }),
            ..get(AN)
        };
        traces.told(client.citizen(ask).await.unwrap_err());
    }
    traces.told(
        client
            .raw(GET, b"\xffcanary-garbage 079190654321")
            .await
            .unwrap_err(),
    );
    traces.told(
        client
            .raw("/canary.v1.Canary/Canary079190654321", b"")
            .await
            .unwrap_err(),
    );
}

async fn through_tokens_and_headers(scene: &Scene, client: &Client, thief: &Client, traces: &mut Traces) {
    let office = scene.agency(OFFICE);
    let changes = [
        ("sub", json!(["canary-sub"])),
        ("aud", json!("canary-audience")),
        ("iss", json!("https://canary.example")),
        ("client_id", json!("canary-client")),
        ("role", json!(["canary-role"])),
        ("exp", json!("canary-exp")),
        ("cnf", json!({"x5t#S256": "canary-binding"})),
    ];
    for (claim, value) in changes {
        let mut claims = office.claims();
        claims["name"] = "canary-full-name".into();
        claims[claim] = value;
        let token = scene.issuer.sign(&claims);
        traces.secrets.push(token.clone());
        traces.told(client.with_token(token).citizen(get(AN)).await.unwrap_err());
    }
    let header =
        json!({"alg": "ES256", "typ": "at+jwt", "kid": "canary-kid", "jku": "https://canary.example"});
    for token in [
        scene.issuer.sign_under(&header, &office.claims()),
        "canary-token".into(),
        "Y2FuYXJ5.canary.canary".into(),
    ] {
        traces.told(client.with_token(token).citizen(get(AN)).await.unwrap_err());
    }
    traces.told(thief.citizen(get(CUONG)).await.unwrap_err());
    let mut request = client.request(get(AN));
    let value: MetadataValue<_> = "canary-header".parse().unwrap();
    for name in ["x-canary", "user-agent", "grpc-timeout", "traceparent", "cookie"] {
        request.metadata_mut().insert(name, value.clone());
    }
    let mut service = proto::population::v1::population_service_client::PopulationServiceClient::new(
        client.channel.clone(),
    );
    service
        .get_citizen(request)
        .await
        .expect("foreign headers are passed over");
}

/// A row that can't be read, with a value of its own in it.
async fn through_the_registry(scene: &Scene, client: &Client, traces: &mut Traces) {
    let database = Connection::open(scene.database("population")).unwrap();
    let spoilt =
        "UPDATE cong_dan SET ngay_sinh = 'canary-date', gioi_tinh = 'canary-sex' WHERE so_dinh_danh = ?1";
    assert_eq!(database.execute(spoilt, [BINH.id]).unwrap(), 1);
    let refused = client.citizen(get(BINH)).await.unwrap_err();
    assert_eq!(refused.word, "UPSTREAM_GARBLED");
    traces.told(refused);
}

/// The period of the log's subjects.
fn subject_period(scene: &Scene) -> String {
    let entries = scene.log().entries();
    let named = entries
        .into_iter()
        .find(|(_, entry)| !entry.subject_period.is_empty());
    named.unwrap().1.subject_period
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_sent_in_or_recorded_is_left_behind() {
    let scene = Scene::new();
    scene
        .tree
        .edit("gateway.toml", "filter = \"info\"", "filter = \"debug\"");
    let (mut gateway, office, stranger) = (scene.start(), scene.agency(OFFICE), scene.agency(STRANGER));
    let token = office.token(&scene);
    let client = gateway.connect(&office, token.clone()).await;
    let thief = gateway.connect(&stranger, token.clone()).await;
    let mut traces = Traces::default();
    client.citizen(get(AN)).await.unwrap();
    client.confirm(confirm(AN)).await.unwrap();
    through_key_and_claims(&client, &mut traces).await;
    through_context_and_mask(&client, &mut traces).await;
    through_tokens_and_headers(&scene, &client, &thief, &mut traces).await;
    through_the_registry(&scene, &client, &mut traces).await;
    assert!(gateway.stop().success());

    // The registries hold what they hold, and the keys are their own secret.
    traces.gather(
        scene.folder(),
        &["data", "tls", "log.key", "subjects", "auditor", "test.json"],
    );
    assert!(traces.left.len() > 10_000, "there is something to search");
    traces
        .secrets
        .extend(["canary".to_owned(), STRANGER_NAME.to_owned(), token]);
    traces.secrets.extend(NUMBERS.map(str::to_owned));
    for person in PEOPLE {
        traces
            .secrets
            .extend([person.id, person.name, person.phone].map(str::to_owned));
    }
    let keys = scene
        .subject_keys()
        .path()
        .join(format!("{}.key", subject_period(&scene)));
    // What stands before the secret part of each, which is base64 and may hold a '+' itself.
    for (file, what, parts_before) in [
        (scene.tree.root().join("audit/log.key"), "the signing key", 4),
        (keys, "the period's subject key", 0),
        (
            scene.folder().join("auditor/auditor.key"),
            "the auditors' private key",
            3,
        ),
    ] {
        let text = fs::read_to_string(file).expect(what);
        let secret = text.trim().splitn(parts_before + 1, '+').nth(parts_before);
        let secret = secret.expect(what);
        assert!(secret.len() >= 44, "{what} is 32 bytes and more");
        traces.secrets.push(secret.to_owned());
    }
    traces.hold_no_secret();
}
