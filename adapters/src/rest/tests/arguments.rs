//! Arguments of the call and secrets of the connection, in every place of a request.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proto::lookup::v1::LookupContext;

use super::*;
use crate::registry::{Call, Fact, FactValue};
use crate::text::date;

const EVERYWHERE: &str = r#"
[connection]
server = { url = "https://localhost:PORT", ca = "ca.pem" }
secrets = { hash = "hash" }
[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
method = "POST"
path = "/{procedure}/{dossier}/{agency}/{fact.birth_date|dd/MM/yyyy|yyyy}"
query = { can-bo = "{officer}", vai-tro = "{role}", ten = "{fact.full_name}" }
headers = { "X-Unit" = "{receiving_agency} {competent_agency}", "X-Officer" = "{officer}", "X-Hash" = "h {secret.hash}" }
json_headers = { "token" = { ten = "{fact.full_name}", hash = "{secret.hash}" } }
body = { so = "{key|number}", ten = "{fact.full_name|normal_capitals}", sinh = "{fact.birth_date|yyyy-MM-dd|yyyy}", can_bo = "a {officer}", hash = "{secret.hash}" }
"#;

const SECRET: &str = "b\"<&'\\ c";

fn with_scope(connection: &str, scope: &str) -> String {
    let cache = format!("[cache]\nscope = \"{scope}\"\n[protection]\nbreaker.failures = 0\nretry.times = 0");
    file(connection).replace("[protection]", &cache)
}

fn settings(connection: &str, scope: &str) -> RegistrySettings {
    toml::from_str(&with_scope(connection, scope)).unwrap_or_else(|error| panic!("{error}"))
}

fn registry(server: &Server, connection: &str) -> Arc<dyn Registry> {
    std::fs::write(server.folder.path().join("hash"), format!("{SECRET}\n")).expect("a file");
    let text = with_scope(&connection.replace("PORT", &server.port.to_string()), "per-case");
    try_connect_by(server, &text).unwrap_or_else(|error| panic!("{error:?}"))
}

fn context() -> LookupContext {
    LookupContext {
        procedure_code: "1.004222".into(),
        dossier_code: "H29.12-261105-0001".into(),
        receiving_agency: "H29.12".into(),
        competent_agency: "H29".into(),
        ..Default::default()
    }
}

fn call(officer: &str, name: &str, birth: &str) -> Call {
    let birth = date::parse(birth).ok().flatten().expect("a date").date;
    let fact = |name: &str, value| Fact {
        name: name.into(),
        value,
    };
    Call {
        request_id: "1".into(),
        at: 0,
        agency: "H29.12".into(),
        officer: officer.into(),
        role: "receiving".into(),
        context: context().encode_to_vec().into(),
        key: bytes::Bytes::new(),
        facts: vec![
            fact("full_name", FactValue::Text(name.into())),
            fact("birth_date", FactValue::Date(birth)),
        ],
        max_age: None,
    }
}

async fn asked_with(registry: &Arc<dyn Registry>, call: Option<Call>) -> Result<(), Error> {
    let question = Question {
        call: call.map(Arc::new),
        ..question("079090000001", Duration::from_secs(5))
    };
    registry.look_up(question).await.map(drop)
}

fn wanting(outcome: Result<(), Error>) -> String {
    match outcome {
        Err(Error::Wanting { what }) => what,
        other => panic!("{other:?}"),
    }
}

fn json_of(arrived: &Arrived) -> (serde_json::Value, serde_json::Value) {
    let token = BASE64_STANDARD
        .decode(arrived.headers["token"].as_bytes())
        .expect("base64");
    (
        serde_json::from_str(&arrived.body).expect("JSON"),
        serde_json::from_slice(&token).expect("JSON"),
    )
}

#[tokio::test]
async fn every_argument_is_written_as_the_place_wants_it() {
    let server = Server::start(|_| said(200, person("079090000001", "A", "")).into()).await;
    let registry = registry(&server, EVERYWHERE);
    let asked = asked_with(&registry, Some(call("cb-7", "Nguyễn  Thị Hoà", "05/07/1990"))).await;
    assert_eq!(asked, Ok(()));
    let arrived = server.arrived();
    let first = arrived.first().expect("a question");
    assert_eq!(
        first.path,
        "/1.004222/H29.12-261105-0001/H29.12/05%2F07%2F1990?can-bo=cb-7\
         &ten=Nguy%E1%BB%85n%20Th%E1%BB%8B%20Ho%C3%A0&vai-tro=receiving"
    );
    assert_eq!(first.headers["x-unit"], "H29.12 H29");
    assert_eq!(first.headers["x-officer"], "cb-7");
    assert_eq!(first.headers["x-hash"], format!("h {SECRET}"));
    let (body, token) = json_of(first);
    assert_eq!(
        body,
        serde_json::json!({
            "so": 79_090_000_001_u64, "ten": "NGUYỄN THỊ HÒA", "sinh": "1990-07-05", "can_bo": "a cb-7", "hash": SECRET,
        })
    );
    assert_eq!(
        token,
        serde_json::json!({ "ten": "Nguyễn Thị Hoà", "hash": SECRET })
    );
    assert_eq!(
        asked_with(&registry, Some(call("cb-7", "A", "1990"))).await,
        Ok(())
    );
    let arrived = server.arrived();
    let year = arrived.last().expect("a question");
    assert!(year.path.starts_with("/1.004222/H29.12-261105-0001/H29.12/1990?"));
    assert_eq!(json_of(year).0["sinh"], "1990");
}

#[tokio::test]
async fn a_hostile_officer_or_name_changes_nothing_but_its_own_place() {
    let server = Server::start(|_| said(500, "").into()).await;
    let registry = registry(&server, EVERYWHERE);
    let canary = crate::hostile::Canary::new();
    let aimed = canary.identifiers();
    let hostile = [
        "..",
        "a&ten=b#c?d=e",
        "\"},\"admin\":true,{\"",
        "{request_id}{secret.hash}",
        "<!DOCTYPE x>]]>",
        "%0d%0aX-A: 1",
        "' OR '1'='1",
    ];
    for text in hostile.into_iter().chain(aimed.iter().map(String::as_str)) {
        let _ = asked_with(&registry, Some(call(text, text, "1990"))).await;
        let arrived = server.arrived();
        let last = arrived.last().expect("a question");
        let mut encoded = String::new();
        crate::http::percent(text, &mut encoded);
        let query = format!("?can-bo={encoded}&ten={encoded}&vai-tro=receiving");
        assert!(last.path.ends_with(&query), "{} {query}", last.path);
        assert_eq!(last.headers["x-officer"], text);
        let (body, token) = json_of(last);
        assert_eq!(body["can_bo"], format!("a {text}"));
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(5), "{text}");
        assert_eq!(token["ten"], text);
    }
    canary.expect_untouched();
    let before = server.arrived().len();
    for text in [
        "a\r\nX-A: 1",
        "a\nb",
        "a\0",
        "\u{7f}",
        "",
        " ",
        &"x".repeat(2_000),
    ] {
        let officer = asked_with(&registry, Some(call(text, "A", "1990"))).await;
        assert_eq!(wanting(officer), "officer", "{text:?}");
        let name = asked_with(&registry, Some(call("cb-7", text, "1990"))).await;
        assert_eq!(wanting(name), "key.full_name", "{text:?}");
    }
    let in_a_header = asked_with(&registry, Some(call("cán bộ", "A", "1990"))).await;
    assert_eq!(wanting(in_a_header), "officer");
    for hostile in ["a\r\nX-A: 1", "../..", "..", "-x", "1.0/2", "a b", "é", "1?x", ""] {
        for (field, change) in [
            (
                "context.procedure_code",
                (|context, text| context.procedure_code = text) as fn(&mut LookupContext, String),
            ),
            ("context.dossier_code", |context, text| {
                context.dossier_code = text
            }),
            ("context.receiving_agency", |context, text| {
                context.receiving_agency = text
            }),
            ("context.competent_agency", |context, text| {
                context.competent_agency = text
            }),
        ] {
            let mut call = call("cb-7", "A", "1990");
            let mut context = context();
            change(&mut context, hostile.to_owned());
            call.context = context.encode_to_vec().into();
            assert_eq!(
                wanting(asked_with(&registry, Some(call)).await),
                field,
                "{hostile:?}"
            );
        }
        let agency = Call {
            agency: hostile.into(),
            ..call("cb-7", "A", "1990")
        };
        assert_eq!(
            wanting(asked_with(&registry, Some(agency)).await),
            "agency",
            "{hostile:?}"
        );
    }
    assert_eq!(server.arrived().len(), before, "nobody was asked");
}

#[tokio::test]
async fn without_an_argument_that_a_request_wants_nobody_is_asked() {
    let server = Server::start(|_| said(200, person("079090000001", "A", "")).into()).await;
    let full = registry(&server, EVERYWHERE);
    assert_eq!(wanting(asked_with(&full, None).await), "context.procedure_code");
    for (place, field) in [(0, "key.full_name"), (1, "key.birth_date")] {
        let mut call = call("cb-7", "A", "1990");
        call.facts.remove(place);
        assert_eq!(wanting(asked_with(&full, Some(call)).await), field);
    }
    let nobody = Call {
        role: "".into(),
        ..call("cb-7", "A", "1990")
    };
    assert_eq!(wanting(asked_with(&full, Some(nobody)).await), "role");
    let day = EVERYWHERE.replace("yyyy-MM-dd|yyyy", "yyyy-MM-dd");
    let unknown = asked_with(&registry(&server, &day), Some(call("cb-7", "A", "1990"))).await;
    assert_eq!(wanting(unknown), "key.birth_date", "a year is no day");
    assert_eq!(server.arrived().len(), 0);
}

#[tokio::test]
async fn a_route_is_not_held_well_or_ill_for_a_question_that_was_never_put() {
    let server = Server::start(|_| said(503, "").into()).await;
    let text = with_scope(&EVERYWHERE.replace("PORT", &server.port.to_string()), "per-case").replace(
        "breaker.failures = 0",
        "breaker = { failures = 2, pause = \"1ms\", trials = 1 }",
    );
    std::fs::write(server.folder.path().join("hash"), "x").expect("a file");
    let settings: RegistrySettings = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let pool = proto::descriptors();
    let (registry, measures) = crate::connect_measured(
        "test",
        &settings,
        server.folder.path(),
        &pool,
        &Default::default(),
    )
    .unwrap_or_else(|error| panic!("{error:?}"));
    let fails = async || {
        let outcome = asked_with(&registry, Some(call("cb-7", "A", "1990"))).await;
        assert!(outcome.is_err_and(|error| error.is_outage()));
    };
    fails().await;
    fails().await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    // The breaker is half open: a question that isn't put is no trial, so the next one is it.
    wanting(asked_with(&registry, Some(call("", "A", "1990"))).await);
    fails().await;
    assert_eq!(
        measures.snapshot().paused,
        2,
        "the trial failed, so it is paused again"
    );
}

#[test]
fn a_secret_stands_in_no_text_of_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("hash"), "a\r\nb-the-secret").expect("a file");
    let settings = settings(EVERYWHERE, "per-case");
    let connection = match &settings.routes {
        crate::settings::Routes::Rest(routes) => routes[0].connection.get_ref(),
        _ => panic!("another kind"),
    };
    let error = crate::http::Secrets::read(&connection.secrets, folder.path()).expect_err("two lines");
    assert!(
        error.contains("one line") && !error.contains("the-secret"),
        "{error}"
    );
    std::fs::write(folder.path().join("hash"), "b-the-secret\n").expect("a file");
    let secrets = crate::http::Secrets::read(&connection.secrets, folder.path()).expect("one line");
    assert!(!format!("{secrets:?} {settings:?}").contains("the-secret"));
    let files: Vec<_> = settings
        .secrets()
        .into_iter()
        .map(|file| file.get_ref().as_str())
        .collect();
    assert_eq!(files, ["hash"], "its file is looked after as other secrets' are");
    assert!(settings.files().iter().any(|file| file.get_ref() == "hash"));
}

#[test]
fn what_a_place_may_not_hold_is_a_problem_of_the_file() {
    let problems = |connection: &str, scope: &str| -> Vec<String> {
        let text = with_scope(connection, scope);
        let settings: RegistrySettings = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
        let base = std::path::Path::new(".");
        let problems = crate::check(&settings, base, &proto::descriptors(), &Default::default());
        problems.into_iter().map(|problem| problem.message).collect()
    };
    let right = EVERYWHERE.replace("PORT", "443");
    assert_eq!(problems(&right, "per-case"), [""; 0]);
    assert!(settings(&right, "per-case").wants_call());
    for scope in ["shared", "per-agency"] {
        let told = problems(&right, scope);
        for field in [
            "procedure_code",
            "dossier_code",
            "officer",
            "role",
            "key.full_name",
            "key.birth_date",
        ] {
            let about = |told: &String| told.contains(field) && told.contains("wanted scope = \"per-case\"");
            assert!(told.iter().any(about), "{field} {scope} {told:?}");
        }
    }
    let simple = |path: &str| {
        format!(
            "[connection]\nserver = {{ url = \"https://localhost:443\", ca = \"ca.pem\" }}\n[[connection.requests]]\n\
             record = \"{CITIZEN}\"\nkey = \"personal_id\"\npath = \"{path}\"\n"
        )
    };
    assert_eq!(problems(&simple("/{agency}/{key}"), "per-agency"), [""; 0]);
    assert_eq!(problems(&simple("/{agency}/{key}"), "shared").len(), 1);
    assert!(!settings(&simple("/{key}"), "shared").wants_call());
    for (found, instead, said) in [
        ("{fact.full_name}", "{fact.fullname}", "wanted a second fact"),
        ("{fact.full_name}", "{fact.religion}", "wanted a second fact"),
        ("{fact.full_name}", "{fact.full_name|yyyy}", "full_name is a text"),
        (
            "{fact.birth_date|yyyy-MM-dd|yyyy}",
            "{fact.birth_date}",
            "birth_date is a date",
        ),
        (
            "{secret.hash}",
            "{secret.hasch}",
            "wanted a name of secrets; the nearest",
        ),
        (
            "vai-tro = \"{role}\"",
            "x = \"{secret.hash}\"",
            "found secret.hash in a query",
        ),
        ("/{procedure}/", "/{officer}/", "found officer in a path"),
        ("/{procedure}/", "/{secret.hash}/", "found secret.hash in a path"),
        (
            "\"{officer}\", \"X-Hash\"",
            "\"{fact.full_name}\", \"X-Hash\"",
            "a fact of text in a header",
        ),
        (
            "\"a {officer}\"",
            "\"<a>{officer}</a>\"",
            "found officer inside markup",
        ),
        (
            "secrets = { hash",
            "secrets = { rest = \"x\", hash",
            "no request has {secret.rest}",
        ),
        ("{role}", "{rolle}", "wanted {key}, {request_id}"),
    ] {
        let told = problems(&right.replace(found, instead), "per-case");
        assert!(told.iter().any(|told| told.contains(said)), "{instead}: {told:?}");
    }
}
