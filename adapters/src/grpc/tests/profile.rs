use bytes::Bytes;
use prost_reflect::{DescriptorPool, DynamicMessage, Value};

use super::*;

const DIGITS: &str = r#"keys = [{ from = "id", field = "personal_id", digits = 12 }]"#;
/// What leads to any identifier: one that isn't made of digits.
const FREE: &str = r#"keys = [{ from = "id", field = "personal_id" }]"#;

const EVERYWHERE: &str = r#"
[connection]
descriptors = ["people.proto"]
server = { url = "https://localhost:PORT", ca = "ca.pem" }

[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
method = "vn.test.v1.PeopleService/Find"
metadata = { "x-request-id" = "{request_id}", "x-service" = "037" }

[connection.requests.message]
id = "{key}"
options = { full = true, trace = "<{key}|{{}}|{request_id}>", level = -3, kind = "KIND_PERSON" }
tags = ["fixed", "{key}", "{{x}}"]
raw = "{key}"
labels = { a = "b{{" }
direct = "x"
"#;

fn problems(connection: &str, free: bool) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("people.proto"), PROTO).expect("a file");
    std::fs::write(folder.path().join("noise.bin"), "\u{1}no set").expect("a file");
    std::fs::write(
        folder.path().join("wrong.proto"),
        "syntax = \"proto3\";\nmesage X {}",
    )
    .expect("a file");
    let text = file(connection);
    let text = if free { text.replace(DIGITS, FREE) } else { text };
    let settings: RegistrySettings = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let problems = crate::check(
        &settings,
        folder.path(),
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

#[tokio::test]
async fn a_hostile_identifier_changes_nothing_but_its_own_place() {
    let server = Server::start(|_| status(5)).await;
    let text = file(EVERYWHERE).replace(DIGITS, FREE).replace(
        "timeout = \"5s\"",
        "timeout = \"5s\"\nretry.times = 0\nbreaker.failures = 0",
    );
    let registry = try_connect(&server, &text).expect("it is right");
    let set = protox::compile(
        [server.folder.path().join("people.proto")],
        [server.folder.path()],
    );
    let pool = DescriptorPool::from_file_descriptor_set(set.expect("a set")).expect("a pool");
    let schema = pool
        .get_message_by_name("vn.test.v1.FindRequest")
        .expect("a message");
    let hostile = [
        "../../etc/passwd",
        "a&b=c",
        "x y",
        "{request_id}",
        "{{key}}",
        "\"},\"admin\":true,{\"",
        "' OR '1'='1",
        "<!DOCTYPE x>",
        "%0d%0aX-A: 1",
        "\u{c2}\u{12a}",
        "(\u{1f600})\u{202e}x",
        "ß→日本",
        "grpc-status: 0",
    ];
    let canary = crate::hostile::Canary::new();
    let aimed = canary.identifiers();
    for key in hostile.into_iter().chain(aimed.iter().map(String::as_str)) {
        let call = crate::registry::Call {
            at: 0,
            request_id: "0197f1f0-0000-7000-8000-000000000001".into(),
            agency: "".into(),
            officer: "".into(),
            role: "".into(),
            context: Bytes::new(),
            key: Bytes::new(),
            facts: Vec::new(),
            max_age: None,
        };
        let asked = Question {
            call: Some(Arc::new(call)),
            ..question(key, Duration::from_secs(5))
        };
        let given = registry.look_up(asked).await;
        assert_eq!(
            given.as_ref().map_or_else(Error::name, |_| "found"),
            "refused",
            "{key}"
        );
        let arrived = server.arrived();
        let arrived = arrived.last().expect("a question");
        assert_eq!(arrived.path, "/vn.test.v1.PeopleService/Find");
        let message = arrived.bytes.get(5..).expect("a message");
        let message = DynamicMessage::decode(schema.clone(), message).expect("the message of the schema");
        assert_eq!(message.unknown_fields().count(), 0);
        let json = serde_json::to_value(&message).expect("JSON");
        assert_eq!(
            json,
            serde_json::json!({
                "id": key,
                "options": {
                    "full": true,
                    "trace": format!("<{key}|{{}}|0197f1f0-0000-7000-8000-000000000001>"),
                    "level": -3,
                    "kind": "KIND_PERSON",
                },
                "tags": ["fixed", key, "{x}"],
                "raw": base64::Engine::encode(&base64::prelude::BASE64_STANDARD, key),
                "labels": { "a": "b{" },
                "direct": "x",
            })
        );
        let mut names: Vec<_> = arrived.headers.keys().map(|name| name.as_str()).collect();
        names.sort_unstable();
        let known = [
            "content-type",
            "grpc-accept-encoding",
            "grpc-timeout",
            "te",
            "x-request-id",
            "x-service",
        ];
        names.retain(|name| *name != "content-length");
        assert_eq!(names, known);
        assert_eq!(
            arrived.headers["x-request-id"],
            "0197f1f0-0000-7000-8000-000000000001"
        );
        assert_eq!(arrived.headers["x-service"], "037");
        assert_eq!(arrived.method, "POST");
    }
    canary.expect_untouched();
    for key in ["a\r\nX-A: 1", "a\0", "a\n", "\u{7f}"] {
        let before = server.arrived().len();
        assert_eq!(outcome(&registry, key).await, "cannot_say");
        assert_eq!(server.arrived().len(), before, "{key:?}");
    }
}

#[tokio::test]
async fn an_identifier_of_digits_may_be_a_number_and_stand_in_metadata() {
    let server =
        Server::start(|arrived| people(vec![person(&format!("{:012}", asked(arrived).number), "A")])).await;
    let connection = CONNECTION.replace(
        "message = { id = \"{key}\" }",
        "message = { number = \"{key}\" }\nmetadata = { \"X-Subject\" = \"{key}\" }",
    );
    let registry = connected(&server, &connection);
    assert_eq!(outcome(&registry, "079090123456").await, "found");
    let arrived = server.arrived();
    let arrived = arrived.first().expect("a question");
    assert_eq!(arrived.headers["x-subject"], "079090123456");
    assert_eq!(asked(arrived).number, 79_090_123_456);
}

#[tokio::test]
async fn the_time_left_is_passed_on() {
    let server = Server::start(|arrived| people(vec![person(&asked(arrived).id, "A")])).await;
    let registry = connected(&server, CONNECTION);
    let given = registry
        .look_up(question("079090000001", Duration::from_millis(700)))
        .await;
    assert!(given.is_ok());
    let arrived = server.arrived();
    let text = arrived.first().expect("a question").headers["grpc-timeout"]
        .to_str()
        .expect("text");
    let micros: u32 = text
        .strip_suffix('u')
        .and_then(|text| text.parse().ok())
        .expect(text);
    assert!((500_000..=700_000).contains(&micros), "{text}");
}

#[tokio::test]
async fn a_reason_counts_before_its_code_and_a_code_as_the_file_says() {
    // google.rpc.Status { details: [ErrorInfo { reason, domain }] }
    let details = |reason: &str| {
        let info = super::super::status::ErrorInfo {
            reason: reason.into(),
            domain: "vn.test".into(),
            metadata: Default::default(),
        };
        let any = prost_types::Any {
            type_url: "type.googleapis.com/google.rpc.ErrorInfo".into(),
            value: info.encode_to_vec(),
        };
        let mut status = vec![0x1a];
        prost::encoding::encode_varint(any.encoded_len() as u64, &mut status);
        status.extend(any.encode_to_vec());
        base64::Engine::encode(&base64::prelude::BASE64_STANDARD_NO_PAD, status)
    };
    let server = Server::start(move |arrived| {
        let id = asked(arrived).id;
        let reason = match id.as_str() {
            "079090000001" => "NO_SUCH_PERSON",
            "079090000002" => "BUSY",
            "079090000003" => "WHO KNOWS",
            "079090000004" => "0790900000041",
            _ => return status(7),
        };
        let mut reply = status(5);
        let text = HeaderValue::from_str(&details(reason)).expect("text");
        reply.answer.headers_mut().insert("grpc-status-details-bin", text);
        reply
    })
    .await;
    let answers = "answers = { words = { NO_SUCH_PERSON = \"not_found\", BUSY = \"unavailable\" }, statuses = { PERMISSION_DENIED = \"cannot_say\" } }";
    let registry = connected(
        &server,
        &CONNECTION.replace("answers = { transaction = \"exchange\" }", answers),
    );
    assert_eq!(outcome(&registry, "079090000001").await, "not_found");
    assert_eq!(outcome(&registry, "079090000002").await, "unavailable");
    // NOT_FOUND alone is no proof that there is nobody.
    assert_eq!(outcome(&registry, "079090000003").await, "refused");
    assert_eq!(outcome(&registry, "079090000004").await, "refused");
    assert_eq!(outcome(&registry, "079090000005").await, "cannot_say");
}

#[tokio::test]
async fn silence_about_the_record_means_what_the_file_says() {
    let server = Server::start(|_| people(Vec::new())).await;
    let registry = connected(&server, CONNECTION);
    assert_eq!(outcome(&registry, "079090000001").await, "garbled");
    let registry = connected(&server, &format!("{CONNECTION}nothing = \"not_found\""));
    assert_eq!(outcome(&registry, "079090000001").await, "not_found");
}

#[test]
fn every_mistake_is_told_at_once_and_at_its_place() {
    assert_eq!(problems(&EVERYWHERE.replace("PORT", "443"), true), [""; 0]);
    for (found, instead, place, said) in [
        (
            "https://localhost:PORT",
            "http://localhost",
            "\"http://localhost\"",
            "plaintext",
        ),
        (", ca = \"ca.pem\"", "", "\"https://localhost\"", "no ca"),
        (
            "ca.pem\"",
            "ca.pem\", protocol = \"http1\"",
            "\"https://localhost\"",
            "gRPC is HTTP/2",
        ),
        ("ca.pem\"", "ca.pem\", health = \"/x\"", "\"/x\"", "Health/Check"),
        ("people.proto", "gone.proto", "\"gone.proto\"", "No such file"),
        ("people.proto", "gone.bin", "\"gone.bin\"", "No such file"),
        (
            "people.proto",
            "noise.bin",
            "\"noise.bin\"",
            "wanted a descriptor set",
        ),
        (
            "people.proto",
            "wrong.proto",
            "\"wrong.proto\"",
            "wrong.proto:2:1",
        ),
        (
            "Service/Find",
            "Service/Fnd",
            "\"vn.test.v1.PeopleService/Fnd\"",
            "nearest",
        ),
        (
            "Service/Find",
            "Service/Watch",
            "\"vn.test.v1.PeopleService/Watch\"",
            "a unary method",
        ),
        (
            "id = \"{key}\"",
            "idd = \"{key}\"",
            "idd",
            "wanted a field of vn.test.v1.FindRequest",
        ),
        (
            "full = true",
            "full = 7",
            "{ full = 7",
            "full can't be made of this",
        ),
        ("full = true", "ful = true", "{ ful = true", "ful"),
        (
            "level = -3",
            "level = \"{request_id}\"",
            "{ full",
            "found a place in level",
        ),
        (
            "KIND_PERSON",
            "KIND_NOBODY",
            "{ full",
            "kind can't be made of this",
        ),
        ("KIND_PERSON", "{key}", "{ full", "found a place in kind"),
        (
            "direct = \"x\"",
            "direct = \"x\"\nthrough = \"y\"",
            "\"vn.test.v1.PeopleService/Find\"",
            "several fields of way",
        ),
        ("b{{", "{key}", "{ a", "no place in a map"),
        ("b{{", "{name}", "{ a", "map"),
        (
            "raw = \"{key}\"",
            "raw = \"{name}\"",
            "\"{name}\"",
            "wanted {key}",
        ),
        ("x-service", "grpc-timeout", "\"grpc-timeout\"", "wanted metadata"),
        (
            "x-service",
            "x-service-bin",
            "\"x-service-bin\"",
            "wanted metadata",
        ),
        (
            "x-service",
            "authorization",
            "\"authorization\"",
            "wanted the name of a header",
        ),
        ("\"037\"", "\"{key}\"", "\"{key}\"", "digits"),
        ("\"037\"", "\"a\\u000ab\"", "\"a\\u000ab\"", "printable ASCII"),
    ] {
        let given = problems(&EVERYWHERE.replace(found, instead).replace(":PORT", ""), true);
        let told = given
            .iter()
            .any(|problem| problem.starts_with(place) && problem.contains(said));
        assert!(told, "{instead}: {given:?}");
    }
    let several = EVERYWHERE
        .replace("PORT", "443")
        .replace("level = -3", "levle = 3")
        .replace("x-service", "te")
        .replace("tags = [\"fixed\"", "tagz = [\"fixed\"");
    assert_eq!(problems(&several, true).len(), 3);
}

#[test]
fn a_path_of_the_mapping_leads_somewhere_in_the_answer_or_is_told() {
    let right = file(&CONNECTION.replace("PORT", "443"));
    for (found, instead, place, said) in [
        (
            "from = \"people\"",
            "from = \"poeple\"",
            "\"poeple\"",
            "wanted a field of vn.test.v1.FindResponse",
        ),
        (
            "from = \"people\"",
            "from = \"code\"",
            "\"code\"",
            "wanted a message",
        ),
        (
            "from = \"name\"",
            "from = \"nam\"",
            "\"nam\"",
            "wanted a field of vn.test.v1.Person",
        ),
        (
            "from = \"name\"",
            "from = \"name.first\"",
            "\"name.first\"",
            "below a value",
        ),
        (
            "from = \"other_names\"",
            "from = \"others\"",
            "\"others\"",
            "wanted a field",
        ),
        (
            "transaction = \"exchange\"",
            "transaction = \"people\"",
            "\"people\"",
            "wanted one of its fields",
        ),
        (
            "transaction = \"exchange\"",
            "statuses = { GONE = \"not_found\" }",
            "GONE",
            "a code of gRPC",
        ),
        (
            "transaction = \"exchange\"",
            "statuses = { OK = \"not_found\" }",
            "OK",
            "a code of gRPC",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("people.proto"), PROTO).expect("a file");
        let text = right.replace(found, instead);
        let settings: RegistrySettings = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
        let given = crate::check(
            &settings,
            folder.path(),
            &proto::descriptors(),
            &Default::default(),
        );
        let told = given.iter().any(|problem| {
            let at = problem.span.clone().and_then(|span| text.get(span)).unwrap_or("");
            at == place && problem.message.contains(said)
        });
        assert!(told, "{instead}: {given:?}");
    }
}

#[tokio::test]
async fn a_descriptor_set_is_as_good_as_its_source() {
    let server = Server::start(|arrived| people(vec![person(&asked(arrived).id, "A")])).await;
    let path = server.folder.path().join("people.proto");
    std::fs::write(&path, PROTO).expect("a file");
    let set = protox::compile([&path], [server.folder.path()]).expect("a set");
    std::fs::write(server.folder.path().join("people.binpb"), set.encode_to_vec()).expect("a file");
    let registry = connected(&server, &CONNECTION.replace("people.proto", "people.binpb"));
    assert_eq!(outcome(&registry, "079090000001").await, "found");
}

/// Values of every type, as other tools write them.
#[test]
fn the_answer_is_read_as_other_tools_write_it() {
    let pool = proto::descriptors();
    let schema = pool.get_message_by_name(CITIZEN).expect("a message");
    let mut citizen = DynamicMessage::new(schema.clone());
    citizen.set_field_by_name("full_name", Value::String("Á".into()));
    let node =
        crate::tree::message::read(&citizen.encode_to_vec(), &schema, Default::default()).expect("a node");
    assert!(node.field("full_name").and_then(|node| node.text()).as_deref() == Some("Á"));
    assert!(node.field("sex").and_then(|node| node.text()).as_deref() == Some("SEX_UNSPECIFIED"));
}

#[test]
fn the_examples_of_the_manual_are_right() {
    let manual = include_str!("../../../../docs/adapters.md");
    let blocks = |language: &str| -> Vec<String> {
        let begin = format!("```{language}\n");
        let after = manual.split(begin.as_str()).skip(1);
        after
            .filter_map(|rest| rest.split("```").next())
            .map(str::to_owned)
            .collect()
    };
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("registries")).expect("a folder");
    for schema in blocks("proto") {
        std::fs::write(folder.path().join("registries/land-owners.proto"), schema).expect("a file");
    }
    let examples = blocks("toml");
    let examples: Vec<_> = examples
        .iter()
        .filter(|text| text.contains("kind = \"grpc\""))
        .collect();
    assert!(!examples.is_empty());
    for example in examples {
        let settings: RegistrySettings = toml::from_str(example).unwrap_or_else(|error| panic!("{error}"));
        let problems = crate::check(
            &settings,
            folder.path(),
            &proto::descriptors(),
            &Default::default(),
        );
        assert_eq!(problems, []);
    }
}

#[tokio::test]
async fn a_probe_is_told_the_message_as_json_and_the_status_before_it() {
    let server = Server::start(|arrived| people(vec![person(&asked(arrived).id, "A")])).await;
    let registry = connected(&server, CONNECTION);
    let asked = question("079090000001", Duration::from_secs(5));
    let trace = crate::Trace::probing();
    let asked = Question {
        trace: trace.clone(),
        ..asked
    };
    registry.look_up(asked).await.expect("a record");
    let told = trace.probe();
    let raw = told.raw.expect("an answer");
    assert_eq!(raw.head.first().map(String::as_str), Some("gRPC OK"));
    let body: serde_json::Value = serde_json::from_slice(&raw.body).expect("JSON");
    assert_eq!(body["people"][0]["name"], "A");
    assert!(told.exchange.is_some() && told.mapping.is_some());
    let nothing = told.remarks.iter().any(|remark| remark.from == "birth");
    assert!(nothing, "{:?}", told.remarks);
}
