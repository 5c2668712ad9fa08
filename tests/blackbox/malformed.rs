//! Input that is not what the contract says: the named status and word, an entry, and no panic.

use bytes::Bytes;
use harness::messages::{context, get};
use harness::registries::AN;
use harness::tree::OFFICE;
use harness::{Client, Refused, Scene};
use prost::Message as _;
use prost_types::FieldMask;
use proto::population::v1::GetCitizenRequest;
use tonic::Code;

const GET: &str = "/lienthong.population.v1.PopulationService/GetCitizen";
const BATCH: &str = "/lienthong.population.v1.PopulationService/BatchConfirmCitizens";

/// The refusal has this code and word, and its entry names the agency and the word.
fn is_refused(scene: &Scene, refused: &Refused, code: Code, word: &str) {
    assert_eq!((refused.code, refused.word.as_str()), (code, word), "{refused:?}");
    let entry = scene
        .log()
        .entry(refused.audit_index().expect("it names its entry"));
    assert_eq!((entry.outcome.as_str(), entry.agency.as_str()), (word, OFFICE));
    assert_eq!(entry.request_id, refused.request_id());
}

async fn ask_without(client: &Client, take: impl FnOnce(&mut GetCitizenRequest)) -> Refused {
    let mut ask = get(AN);
    take(&mut ask);
    client.citizen(ask).await.expect_err("it is refused")
}

/// What is done to a good request.
type Change = fn(&mut GetCitizenRequest);

#[tokio::test]
async fn bytes_that_are_no_message_are_malformed() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let honest = get(AN).encode_to_vec();
    for method in [GET, BATCH] {
        for garbage in [
            &b"\xff\xff\xff\xff"[..],
            b"\x0a\xff",
            b"\x0a\x05abc",
            &honest[..honest.len() - 3],
        ] {
            let refused = client.raw(method, garbage).await.unwrap_err();
            is_refused(&scene, &refused, Code::InvalidArgument, "MALFORMED");
        }
    }
    let frame = |flag: u8, length: u32| {
        let bytes = [&[flag][..], &length.to_be_bytes(), &honest].concat();
        Bytes::from(bytes)
    };
    let length = u32::try_from(honest.len()).unwrap();
    let twice = [frame(0, length), frame(0, length)].concat();
    for frames in [
        Bytes::new(),
        Bytes::from_static(b"\0\0\0"),
        frame(1, length),
        frame(0, length + 1),
        frame(0, length - 1),
        twice.into(),
    ] {
        let refused = client.raw_frames(GET, frames).await.unwrap_err();
        is_refused(&scene, &refused, Code::InvalidArgument, "MALFORMED");
    }
    client
        .raw(GET, &honest)
        .await
        .expect("an honest message is answered");
}

#[tokio::test]
async fn what_is_missing_is_incomplete_and_named() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let changes: [(&str, Change); 8] = [
        ("context", |ask| ask.context = None),
        ("key", |ask| ask.key = None),
        ("key.personal_id", |ask| {
            ask.key.as_mut().unwrap().personal_id.clear()
        }),
        ("key", |ask| ask.key.as_mut().unwrap().full_name.clear()),
        ("context.procedure_code", |ask| {
            ask.context.as_mut().unwrap().procedure_code.clear()
        }),
        ("context.dossier_code", |ask| {
            ask.context.as_mut().unwrap().dossier_code.clear()
        }),
        ("context.step", |ask| ask.context.as_mut().unwrap().step = 0),
        ("context.competent_agency", |ask| {
            ask.context.as_mut().unwrap().competent_agency.clear()
        }),
    ];
    for (missing, change) in changes {
        let refused = ask_without(&client, change).await;
        is_refused(&scene, &refused, Code::InvalidArgument, "INCOMPLETE");
        assert_eq!(refused.metadata.get("missing").map(String::as_str), Some(missing));
    }
}

#[tokio::test]
async fn identifiers_and_contexts_of_another_form_are_malformed_and_unknown_fields_are_named_so() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    for id in [
        "12ab",
        "79090123456",
        "7.9090123456E+10",
        "000000000001",
        "0790901234567",
    ] {
        let refused = ask_without(&client, |ask| ask.key.as_mut().unwrap().personal_id = id.into()).await;
        is_refused(&scene, &refused, Code::InvalidArgument, "MALFORMED");
    }
    for dossier in [
        "H29.12/260624/1",
        "H99.12-260624-0001",
        "H29.12-260230-0001",
        "H29.12-260624-079090123456",
    ] {
        let refused = ask_without(&client, |ask| {
            ask.context.as_mut().unwrap().dossier_code = dossier.into();
        })
        .await;
        is_refused(&scene, &refused, Code::InvalidArgument, "MALFORMED");
    }
    for path in ["no_such_field", "full_name.first", "", "FULL_NAME"] {
        let refused = ask_without(&client, |ask| {
            ask.read_mask = Some(FieldMask {
                paths: vec![path.into()],
            });
        })
        .await;
        is_refused(&scene, &refused, Code::InvalidArgument, "UNKNOWN_FIELD");
    }
}

#[tokio::test]
async fn a_message_over_the_limit_is_exhausted_and_the_connection_goes_on() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let mut large = context();
    large.component = "x".repeat(2 << 20);
    let large = GetCitizenRequest {
        context: Some(large),
        ..get(AN)
    };
    let refused = client.citizen(large).await.unwrap_err();
    is_refused(&scene, &refused, Code::ResourceExhausted, "OVERLOADED");
    client
        .citizen(get(AN))
        .await
        .expect("the same connection answers");
    assert!(!gateway.words().contains("panicked"), "{}", gateway.words());
}

#[tokio::test]
async fn a_method_that_does_not_exist_is_unimplemented_and_logged() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    for method in [
        "/lienthong.population.v1.PopulationService/DeleteCitizen",
        "/lienthong.none.v1.None/None",
        "/lienthong.audit.v1.AuditService/DeleteEntry",
        "/lienthong.catalog.v1.CatalogService/listRegistries",
        "/grpc.health.v1.Health/Heal",
        "/grpc.reflection.v1.ServerReflection/Mirror",
        "/",
    ] {
        let refused = client.raw(method, b"").await.unwrap_err();
        is_refused(&scene, &refused, Code::Unimplemented, "UNKNOWN_METHOD");
    }
}
