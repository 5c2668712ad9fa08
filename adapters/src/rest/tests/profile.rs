use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::*;

/// What leads to any identifier: one that isn't made of digits.
const FREE: &str = r#"keys = [{ from = "SoDinhDanh", field = "personal_id" }]"#;
const DIGITS: &str = r#"keys = [{ from = "SoDinhDanh", field = "personal_id", digits = 12 }]"#;

fn problems(connection: &str, free: bool) -> Vec<String> {
    let text = file(connection);
    let text = if free { text.replace(DIGITS, FREE) } else { text };
    let settings: RegistrySettings = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let problems = crate::check(
        &settings,
        std::path::Path::new("."),
        &proto::descriptors(),
        &Default::default(),
    );
    problems
        .into_iter()
        .map(|problem| {
            let place = problem
                .span
                .and_then(|span| text.get(span))
                .unwrap_or("")
                .to_owned();
            format!("{place}: {}", problem.message)
        })
        .collect()
}

const EVERYWHERE: &str = r#"
[connection]
server = { url = "https://localhost:PORT", ca = "ca.pem" }
[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
method = "POST"
path = "/citizens/{key}/now"
query = { "a&b" = "x={key}" }
headers = { "X-Request" = "{request_id}" }
json_headers = { "lgspaccesstoken" = { For = "{key}" } }
body = { service = "TraCuu", "SoDinhDanh" = "{key}", items = ["{{", 7, true] }
"#;

#[tokio::test]
async fn a_hostile_identifier_changes_nothing_but_its_own_place() {
    let server = Server::start(|_| said(500, "").into()).await;
    let text = file(&EVERYWHERE.replace("PORT", &server.port.to_string())).replace(DIGITS, FREE);
    let text = text.replace(
        "timeout = \"5s\"",
        "timeout = \"5s\"\nretry.times = 0\nbreaker.failures = 0",
    );
    let settings: RegistrySettings = toml::from_str(&text).expect("settings");
    let pool = proto::descriptors();
    let registry = connect(
        "test",
        &settings,
        server.folder.path(),
        &pool,
        &Default::default(),
    )
    .expect("it is right");
    let hostile = [
        "../../etc/passwd",
        "..",
        ".",
        "%2e%2e",
        "a/../../b",
        "?admin=1",
        "#x",
        "a&b=c",
        "x y",
        "//evil.vn/",
        "https://evil.vn",
        "@evil.vn",
        "\\\\evil\\x",
        "{\"$ne\":null}",
        "\"},\"admin\":true,{\"",
        "' OR '1'='1",
        "{request_id}",
        "{{key}}",
        "<!DOCTYPE x>",
        "]]>",
        "%00",
        "%0d%0aX-A: 1",
        "a;b",
        "ß→日本",
        "\u{202e}x",
    ];
    let canary = crate::hostile::Canary::new();
    let aimed = canary.identifiers();
    for key in hostile.into_iter().chain(aimed.iter().map(String::as_str)) {
        let before = server.arrived().len();
        let word = outcome(&registry, key).await;
        let arrived = server.arrived();
        if matches!(key, "." | "..") {
            assert_eq!((word, arrived.len()), ("cannot_say", before), "{key}");
            continue;
        }
        let arrived = arrived.last().expect("a question");
        let mut encoded = String::new();
        crate::http::percent(key, &mut encoded);
        assert_eq!(
            arrived.path,
            format!("/citizens/{encoded}/now?a%26b=x%3D{encoded}")
        );
        let body: serde_json::Value = serde_json::from_str(&arrived.body).expect("JSON");
        assert_eq!(
            body,
            serde_json::json!({"service": "TraCuu", "SoDinhDanh": key, "items": ["{", 7, true]})
        );
        let token = BASE64_STANDARD
            .decode(arrived.headers["lgspaccesstoken"].as_bytes())
            .expect("base64");
        let token: serde_json::Value = serde_json::from_slice(&token).expect("JSON");
        assert_eq!(token, serde_json::json!({ "For": key }));
        let names: Vec<_> = arrived.headers.keys().map(|name| name.as_str()).collect();
        for name in &names {
            let known = [
                "accept",
                "accept-encoding",
                "content-type",
                "content-length",
                "host",
                "lgspaccesstoken",
                "x-request",
            ];
            assert!(known.contains(name), "{name}");
        }
        assert_eq!(arrived.method, "POST");
    }
    canary.expect_untouched();
    for key in ["a\r\nX-A: 1", "a\0", "a\n", "\u{7f}"] {
        let before = server.arrived().len();
        assert_eq!(outcome(&registry, key).await, "cannot_say");
        assert_eq!(server.arrived().len(), before, "{key:?}");
    }
}

#[test]
fn what_could_lead_elsewhere_is_a_problem_of_the_file() {
    let right = EVERYWHERE.replace("PORT", "443");
    assert_eq!(problems(&right, true), [""; 0]);
    for (found, instead, said) in [
        ("https://localhost:443", "http://localhost:443", "plaintext"),
        (", ca = \"ca.pem\"", "", "no ca"),
        ("/citizens/{key}/now", "/citizens/{name}", "wanted {key}"),
        ("/citizens/{key}/now", "citizens/{key}", "wanted a path"),
        ("/citizens/{key}/now", "/../{key}", "wanted a path"),
        ("/citizens/{key}/now", "/x?id={key}", "wanted a path"),
        ("\"{request_id}\"", "\"{key}\"", "for an identifier with digits"),
        ("\"X-Request\"", "\"Host\"", "wanted the name of a header"),
        (
            "\"X-Request\"",
            "\"Authorization\"",
            "wanted the name of a header",
        ),
        (
            "\"SoDinhDanh\" = \"{key}\"",
            "\"xml\" = \"<a>{key}</a>\"",
            "inside markup",
        ),
        ("method = \"POST\"", "", "method = \"POST\""),
        (
            "record = \"lienthong.population.v1.Citizen\"",
            "record = \"lienthong.population.v1.Citizn\"",
            "nearest",
        ),
        (
            "key = \"personal_id\"",
            "key = \"personal_i\"",
            "field of one of its keys",
        ),
    ] {
        let given = problems(&right.replace(found, instead), true);
        let near = said == "nearest" && !given.is_empty();
        assert!(
            near || given.iter().any(|problem| problem.contains(said)),
            "{instead}: {given:?}"
        );
    }
}

#[tokio::test]
async fn a_key_and_a_json_header_say_who_the_gateway_is() {
    let server = Server::start(|arrived| said(200, person(&asked(arrived), "A", "")).into()).await;
    let registry = connected(
        &server,
        r#"
[connection]
server = { url = "https://localhost:PORT", ca = "ca.pem" }
sign_in.api_key = { header = "X-Api-Key", secret = "key" }
sign_in.json_header = { header = "lgspaccesstoken", fields = { AppName = "lienthong" }, secrets = { SecretKey = "secret" } }
[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
path = "/citizens"
query = { id = "{key}" }
"#,
    );
    assert_eq!(outcome(&registry, "079090000001").await, "found");
    let arrived = server.arrived();
    let headers = &arrived.first().expect("a question").headers;
    assert_eq!(headers["x-api-key"], "k-123");
    let token = BASE64_STANDARD
        .decode(headers["lgspaccesstoken"].as_bytes())
        .expect("base64");
    assert_eq!(
        String::from_utf8(token).expect("text"),
        r#"{"AppName":"lienthong","SecretKey":"bí mật"}"#
    );
}

#[tokio::test]
async fn over_x_road_the_answer_is_to_this_question_or_none() {
    let server = Server::start(|arrived| {
        let key: String = arrived.path.rsplit('/').next().unwrap_or_default().to_owned();
        let mut answer = match key.as_str() {
            "079090000002" => said(500, r#"{"type":"Server.ServerProxy.AccessDenied","message":"x"}"#),
            "079090000004" => said(500, r#"{"type":"Server.ClientProxy.NetworkError","message":"x"}"#),
            _ => said(200, person(&key, "A", "")),
        };
        let headers = answer.headers_mut();
        let own = arrived.headers["x-road-id"].clone();
        let error = |text: &'static str| ::http::HeaderValue::from_static(text);
        match key.as_str() {
            "079090000002" => drop(headers.insert("x-road-error", error("Server.ServerProxy.AccessDenied"))),
            "079090000004" => drop(headers.insert("x-road-error", error("Server.ClientProxy.NetworkError"))),
            "079090000003" => drop(headers.insert("x-road-id", error("another"))),
            _ => drop(headers.insert("x-road-id", own)),
        }
        answer.into()
    })
    .await;
    let registry = connected(
        &server,
        r#"
[connection]
server = { url = "https://localhost:PORT", ca = "ca.pem" }
xroad = { client = "VN/GOV/0001/CổngDVC", service = "VN/GOV/0002/DANCU/citizens", user = "VN123" }
[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
path = "/v1/{key}"
"#,
    );
    let given = registry
        .look_up(question("079090000001", Duration::from_secs(5)))
        .await
        .expect("a record");
    let arrived = server.arrived();
    let arrived = arrived.first().expect("a question");
    assert_eq!(arrived.path, "/r1/VN/GOV/0002/DANCU/citizens/v1/079090000001");
    assert_eq!(arrived.headers["x-road-client"], "VN/GOV/0001/C%E1%BB%95ngDVC");
    assert_eq!(arrived.headers["x-road-userid"], "VN123");
    let id = arrived.headers["x-road-id"].to_str().expect("text");
    assert_eq!(given.upstream_exchange(), (Some("direct"), Some(id)));
    assert_eq!(outcome(&registry, "079090000002").await, "refused");
    assert_eq!(outcome(&registry, "079090000003").await, "garbled");
    assert_eq!(outcome(&registry, "079090000004").await, "unavailable");
}

#[tokio::test]
async fn a_token_that_the_registry_gives_up_early_is_asked_for_anew_and_the_question_once_more() {
    let server = Server::start(|arrived| {
        if arrived.path == "/token" {
            let right = arrived
                .body
                .contains("client_id=a&client_secret=b%C3%AD%20m%E1%BA%ADt");
            let number = TOKENS.fetch_add(1, Ordering::Relaxed);
            let text = format!("{{\"access_token\":\"t{number}\",\"expires_in\":3600}}");
            return if right { said(200, text) } else { said(400, "{}") }.into();
        }
        // The first token, and any for the second person, isn't known.
        let id = asked(arrived);
        let known = arrived.headers["authorization"] != "Bearer t0" && id != "079090000002";
        said(if known { 200 } else { 401 }, person(&id, "A", "")).into()
    })
    .await;
    let registry = connected(
        &server,
        r#"
[connection]
server = { url = "https://localhost:PORT", ca = "ca.pem" }
sign_in.oauth2 = { server = { url = "https://localhost:PORT/token" }, client_id = "a", client_secret = "secret", place = "body" }
[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
path = "/citizens"
query = { id = "{key}" }
"#,
    );
    assert_eq!(outcome(&registry, "079090000001").await, "found");
    assert_eq!(TOKENS.load(Ordering::Relaxed), 2);
    assert_eq!(outcome(&registry, "079090000002").await, "unavailable");
    assert_eq!(outcome(&registry, "079090000001").await, "found");
}

static TOKENS: AtomicUsize = AtomicUsize::new(0);

#[test]
fn the_examples_of_the_manual_are_right() {
    let manual = include_str!("../../../../docs/adapters.md");
    let examples: Vec<_> = manual
        .split("```toml\n")
        .filter_map(|rest| rest.split("```").next())
        .filter(|text| text.contains("kind = \"rest\"") || text.contains("kind = \"soap\""))
        .filter(|text| cfg!(feature = "soap") || !text.contains("kind = \"soap\""))
        .collect();
    assert!(!examples.is_empty());
    for example in examples {
        let settings: RegistrySettings = toml::from_str(example).unwrap_or_else(|error| panic!("{error}"));
        let problems = crate::check(
            &settings,
            std::path::Path::new("."),
            &proto::descriptors(),
            &Default::default(),
        );
        assert_eq!(problems, []);
    }
}

#[tokio::test]
async fn a_probe_is_told_the_answer_as_it_came_even_when_it_is_no_record() {
    let server = Server::start(|_| said(200, "{\"data\":{\"loi\":\"x\"}}").into()).await;
    let registry = connected(
        &server,
        r#"
[connection]
server = { url = "https://localhost:PORT", ca = "ca.pem" }
[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
path = "/citizens"
query = { id = "{key}" }
"#,
    );
    let trace = crate::Trace::probing();
    let asked = Question {
        trace: trace.clone(),
        ..question("079090000001", Duration::from_secs(5))
    };
    let given = registry.look_up(asked).await;
    assert!(
        matches!(given, Err(Error::Garbled { .. })),
        "no word about the person is no word that there is none: {given:?}"
    );
    let told = trace.probe();
    let raw = told.raw.expect("an answer");
    assert_eq!(raw.head.first().map(String::as_str), Some("HTTP 200"));
    assert_eq!(raw.body, b"{\"data\":{\"loi\":\"x\"}}");
    assert_eq!(
        trace.route().as_deref(),
        Some("direct"),
        "the route answered, be it so"
    );
}
