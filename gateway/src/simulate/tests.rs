//! Simulated registries, asked through the adapters by the files that they print.

use std::time::{Duration, Instant};

use adapters::{Call, Error, Fact, FactValue, Question, RegistrySettings};
use prost::Message as _;
use proto::lookup::v1::LookupContext;

use super::faults::Shared;
use super::{Background, Kind, Plan, Simulation, Tls};
use crate::clock::Moment;
use crate::demo::cast::{certificates, citizens, enterprises};
use crate::demo::folder::Folder;
use crate::settings;

const CITIZEN: &str = "lienthong.population.v1.Citizen";

struct Simulated {
    registry: std::sync::Arc<dyn adapters::Registry>,
    embedded: std::sync::Arc<dyn adapters::Registry>,
    _serving: Background,
}

/// The demo's folder with data and keys.
fn country() -> (tempfile::TempDir, Folder) {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    folder.write_data(100, &|_| {}).unwrap();
    folder.write_keys(Moment::now()).unwrap();
    folder.write_config("127.0.0.1:0").unwrap();
    (dir, folder)
}

fn simulated(folder: &Folder, kind: Kind, name: &str, tls: bool, faults: &[&str]) -> Simulated {
    let registry = crate::demo::registry_file(name).unwrap();
    let schema = folder.root().join(format!("{name}-{}.proto", kind.word()));
    let simulation = Simulation::open(&Plan {
        kind,
        registry: registry.to_owned(),
        data: folder.root().join("data"),
        port: 0,
        tls: tls.then(|| Tls {
            keys: folder.root().join("keys"),
            client: Some("H29.12".to_owned()),
            named: None,
        }),
        faults: faults
            .iter()
            .map(|fault| fault.parse::<Shared>().unwrap())
            .collect(),
        telling: false,
        schema: schema.display().to_string(),
    })
    .unwrap();
    if let Some(text) = simulation.schema() {
        std::fs::write(schema, text).unwrap();
    }
    let tree = settings::load(&folder.config())
        .map_err(|problems| problems.to_string())
        .unwrap();
    let open = |file: &str| {
        let settings: RegistrySettings =
            toml::from_str(file).unwrap_or_else(|error| panic!("{error}\n{file}"));
        adapters::connect(name, &settings, &tree.base, &proto::descriptors(), &tree.codes)
            .unwrap_or_else(|error| panic!("{error:?}\n{file}"))
    };
    Simulated {
        registry: open(simulation.adapter_file()),
        embedded: open(registry),
        _serving: simulation.in_background().unwrap(),
    }
}

async fn asked(
    registry: &std::sync::Arc<dyn adapters::Registry>,
    record: &str,
    key: &str,
) -> Result<bytes::Bytes, Error> {
    asked_as(registry, record, key, None).await
}

/// As an officer asks who knows this name and birth of the person.
async fn asked_for(
    registry: &std::sync::Arc<dyn adapters::Registry>,
    key: &str,
    name: &str,
    birth: &str,
) -> Result<bytes::Bytes, Error> {
    let context = LookupContext {
        procedure_code: "2.001478".into(),
        ..Default::default()
    };
    let birth = adapters::text::date::parse(birth).unwrap().unwrap().date;
    let fact = |name: &str, value| Fact {
        name: name.into(),
        value,
    };
    let call = Call {
        request_id: "1".into(),
        at: 0,
        agency: "H29.12".into(),
        officer: "cb-7".into(),
        role: "receiving-officer".into(),
        context: context.encode_to_vec().into(),
        key: bytes::Bytes::new(),
        facts: vec![
            fact("full_name", FactValue::Text(name.into())),
            fact("birth_date", FactValue::Date(birth)),
        ],
        max_age: None,
    };
    asked_as(registry, CITIZEN, key, Some(std::sync::Arc::new(call))).await
}

async fn asked_as(
    registry: &std::sync::Arc<dyn adapters::Registry>,
    record: &str,
    key: &str,
    call: Option<std::sync::Arc<Call>>,
) -> Result<bytes::Bytes, Error> {
    let question = Question {
        record: record.into(),
        key: key.into(),
        deadline: Instant::now() + Duration::from_secs(5),
        call,
        trace: adapters::Trace::default(),
    };
    registry.look_up(question).await.map(|found| found.record)
}

#[tokio::test]
async fn the_records_of_a_table_come_through_a_simulated_registry_as_they_are_in_it() {
    let (_dir, folder) = country();
    for kind in [Kind::Rest, Kind::Soap, Kind::Grpc] {
        for (name, record, keys) in [
            (
                "criminal-record",
                "lienthong.criminalrecord.v1.ConvictionStatus",
                vec![
                    citizens::OWNER.personal_id,
                    citizens::CANNOT_SAY.personal_id,
                    "079085999999",
                ],
            ),
            (
                "criminal-record",
                "lienthong.criminalrecord.v1.Certificate",
                vec![
                    certificates::REVOKED.number,
                    certificates::CONVICTED_FIRST.number,
                    "không có",
                ],
            ),
            (
                "business",
                "lienthong.business.v1.Enterprise",
                vec![
                    enterprises::SECURITY_COMPANY.code,
                    enterprises::UNKNOWN_STATE.code,
                ],
            ),
        ] {
            let simulated = simulated(&folder, kind, name, true, &[]);
            for key in keys {
                let told = asked(&simulated.registry, record, key).await;
                assert_eq!(
                    told,
                    asked(&simulated.embedded, record, key).await,
                    "{kind:?} {name} {key}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_citizen_comes_in_the_form_of_the_national_service() {
    let (_dir, folder) = country();
    for kind in [Kind::Rest, Kind::Soap] {
        let simulated = simulated(&folder, kind, "population", false, &[]);
        for citizen in [
            &citizens::OWNER,
            &citizens::YEAR_ONLY,
            &citizens::SEX_DIGIT,
            &citizens::DECOMPOSED,
        ] {
            let read = async |registry| {
                let (id, name) = (citizen.personal_id, citizen.full_name);
                let record = asked_for(registry, id, name, citizen.birth_date).await.unwrap();
                proto::population::v1::Citizen::decode(record).unwrap()
            };
            let (told, recorded) = (read(&simulated.registry).await, read(&simulated.embedded).await);
            let facts = |citizen: &proto::population::v1::Citizen| {
                let residence = citizen.permanent_residence.clone().unwrap_or_default();
                (
                    citizen.full_name.clone(),
                    citizen.birth_date,
                    citizen.sex(),
                    residence.province.unwrap_or_default().code,
                    citizen.household_no.clone(),
                )
            };
            assert_eq!(facts(&told), facts(&recorded), "{kind:?} {}", citizen.special);
        }
        let (shared, owner) = (&citizens::SHARED_CARD_A, &citizens::OWNER);
        let of = async |id: &str, name: &str, birth: &str| {
            asked_for(&simulated.registry, id, name, birth).await.map(drop)
        };
        let card = shared.old_id9.unwrap();
        assert_eq!(
            of(card, shared.full_name, shared.birth_date).await,
            Err(Error::Several)
        );
        let (id, name, birth) = (owner.personal_id, owner.full_name, owner.birth_date);
        assert_eq!(of(id, name, birth).await, Ok(()));
        assert_eq!(of(id, name, "1985").await, Ok(()), "a year is told as a year");
        for (id, name, birth) in [
            ("079085999999", name, birth),
            (id, shared.full_name, birth),
            (id, name, "16/08/1985"),
        ] {
            assert_eq!(
                of(id, name, birth).await,
                Err(Error::NotFound),
                "{kind:?} {birth}"
            );
        }
        let untold = asked(&simulated.registry, CITIZEN, id).await;
        assert!(matches!(untold, Err(Error::Wanting { .. })), "{untold:?}");
    }
}

#[tokio::test]
async fn in_grpc_a_citizen_is_all_that_the_table_has() {
    let (_dir, folder) = country();
    let simulated = simulated(&folder, Kind::Grpc, "population", true, &[]);
    let shared = citizens::SHARED_CARD_A.old_id9.unwrap();
    for key in [
        citizens::OWNER.personal_id,
        citizens::DECOMPOSED.personal_id,
        shared,
        "079085999999",
    ] {
        let told = asked(&simulated.registry, CITIZEN, key).await;
        assert_eq!(told, asked(&simulated.embedded, CITIZEN, key).await, "{key}");
    }
}

#[tokio::test]
async fn each_fault_is_what_it_says_to_the_one_who_asks() {
    let (_dir, folder) = country();
    for (fault, words) in [
        ("latency:50ms", ["found"; 2]),
        ("reset", ["unavailable"; 2]),
        ("wrong-certificate", ["unavailable"; 2]),
        ("no-tls", ["unavailable"; 2]),
        ("garbage", ["unavailable", "garbled"]),
        ("endless-head", ["unavailable", "garbled"]),
        ("cut", ["unavailable"; 2]),
        ("oversize:2 MiB", ["garbled"; 2]),
        ("endless", ["garbled"; 2]),
        ("gzip-bomb", ["garbled"; 2]),
        ("encoding", ["garbled"; 2]),
        ("binary", ["garbled"; 2]),
        ("truncated", ["garbled"; 2]),
        ("empty", ["garbled"; 2]),
        ("page", ["garbled"; 2]),
        ("redirect", ["unavailable"; 2]),
        ("status:503", ["unavailable"; 2]),
        ("code", ["unavailable"; 2]),
        ("code:15", ["garbled"; 2]),
        ("no-code", ["unavailable"; 2]),
        ("twice", ["garbled"; 2]),
        ("fault", ["refused"; 2]),
        ("other-message", ["garbled"; 2]),
        ("wrong-subject", ["garbled"; 2]),
        ("several", ["several"; 2]),
        ("deep", ["garbled"; 2]),
        ("wide", ["garbled"; 2]),
        ("entities", ["garbled"; 2]),
        ("external-entity", ["garbled"; 2]),
    ] {
        for kind in [Kind::Rest, Kind::Soap, Kind::Grpc] {
            if !fault.parse::<Shared>().unwrap().fault.is_of(kind) {
                continue;
            }
            let simulated = simulated(&folder, kind, "population", true, &[fault]);
            let owner = &citizens::OWNER;
            let (id, name, birth) = (owner.personal_id, owner.full_name, owner.birth_date);
            let told = asked_for(&simulated.registry, id, name, birth).await;
            let told = told.as_ref().map_or_else(Error::name, |_| "found");
            assert!(words.contains(&told), "{kind:?} {fault}: {told}");
        }
    }
}
