use std::collections::BTreeSet;

use super::*;
use crate::tree::{AnswerLimits, Path, xml};

#[tokio::test]
async fn a_fault_is_an_answer_word_whatever_the_status() {
    let server = Server::start(|arrived| match asked(arrived).as_str() {
        "079091000001" => said(200, fault("Client", "")).into(),
        "079091000002" => said(500, fault("Server", "")).into(),
        "079091000003" => said(200, fault("Server", "busy")).into(),
        "079091000004" => said(200, fault("Server", "079090000001")).into(),
        "079091000005" => said(500, "<html>x</html>").into(),
        "079091000006" => said(500, "broken").into(),
        "079091000007" => said(302, "").into(),
        "079091000008" => said(500, person("079091000008", "A", "")).into(),
        "079091000009" => said(
            500,
            message("<S:Fault><S:Code><S:Value>S:Sender</S:Value><S:Subcode><S:Value>m:004</S:Value></S:Subcode></S:Code></S:Fault>"),
        )
        .into(),
        id => said(200, person(id, "A", "")).into(),
    })
    .await;
    let registry = connected(&server, |text| {
        text.replace("timeout = \"5s\"", "timeout = \"5s\"\nbreaker.failures = 0")
    });
    for (number, word) in [
        (1, "refused"),
        (2, "unavailable"),
        (3, "unavailable"),
        (4, "unavailable"),
        (5, "unavailable"),
        (6, "unavailable"),
        (7, "unavailable"),
        (8, "unavailable"),
        (9, "refused"),
        (99, "found"),
    ] {
        assert_eq!(
            outcome(&registry, &format!("0790910000{number:02}")).await,
            word,
            "no. {number}"
        );
    }
    let error = registry
        .look_up(question("079091000004", Duration::from_secs(1)))
        .await;
    let text = format!("{:?}", error.expect_err("a fault"));
    assert!(!text.contains("079090000001"), "{text}");
}

#[tokio::test]
async fn a_hostile_identifier_stays_a_text_in_the_message() {
    let server = Server::start(|_| said(200, fault("Client", "")).into()).await;
    let registry = connected(&server, |text| {
        text.replace(", digits = 12", "")
            .replace("<d:MaDVC>1.004222", "<d:MaDVC loai=\"{key}\">1.004222")
    });
    let canary = crate::hostile::Canary::new();
    let aimed = canary.identifiers();
    let hostile = [
        "</d:SoDinhDanh><d:MaDVC>2</d:MaDVC>",
        "\"/><x y=\"",
        "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>",
        "&y;",
        "&#60;",
        "<![CDATA[x]]>",
        "]]>",
        "<!-- x",
        "{request_id}",
        "' or '1'='1",
        "<?xml version=\"1.0\"?>",
        "ß→日本",
    ];
    let mut heads = BTreeSet::new();
    for key in hostile.into_iter().chain(aimed.iter().map(String::as_str)) {
        assert_eq!(outcome(&registry, key).await, "refused", "{key}");
        let arrived = server.arrived();
        let arrived = arrived.last().expect("a message");
        let mut head: Vec<_> = arrived
            .headers
            .iter()
            .filter(|(name, _)| *name != "content-length")
            .map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")))
            .collect();
        head.sort();
        heads.insert((arrived.method.clone(), arrived.path.clone(), head));
        let body = &arrived.body;
        let tree = xml::read(body.as_bytes(), AnswerLimits::default()).expect("XML");
        let at = |path: &str| {
            let path = Path::parse(&format!("Envelope.Body.TraCuuThongTinCongDan.{path}")).expect("a path");
            let node = path.one(&tree).expect("one");
            node.text().unwrap_or_default().into_owned()
        };
        assert_eq!(at("SoDinhDanh"), key);
        assert_eq!(at("MaDVC.@loai"), key);
        assert_eq!(at("MaDVC.#text"), "1.004222");
    }
    assert_eq!(
        heads.len(),
        1,
        "one path and the same headers, whatever is asked: {heads:?}"
    );
    canary.expect_untouched();
}

#[tokio::test]
async fn over_x_road_the_headers_say_who_asks_whom_and_the_answer_is_to_this_question() {
    let server = Server::start(|arrived| {
        let id = asked(arrived);
        let sent = arrived
            .body
            .split_once("<xro:id xmlns:xro=\"http://x-road.eu/xsd/xroad.xsd\">");
        let sent = sent
            .and_then(|(_, rest)| rest.split_once('<'))
            .map_or("", |(id, _)| id);
        let sent = if id == "079091000002" { "another" } else { sent };
        let header = format!(
            "<S:Header><x:id xmlns:x=\"http://x-road.eu/xsd/xroad.xsd\">{sent}</x:id></S:Header><S:Body>"
        );
        said(200, person(&id, "A", "").replace("<S:Body>", &header)).into()
    })
    .await;
    let registry = connected(&server, |text| {
        text.replace("answers = {", "xroad = { client = \"VN/GOV/0001/DVC\", service = \"VN/GOV/0002/DANCU/citizen/v1\", user = \"VN1\" }\n#")
    });
    let given = registry
        .look_up(question("079091000001", Duration::from_secs(1)))
        .await
        .expect("a record");
    assert!(given.upstream_exchange().1.is_some_and(|id| id.len() == 36));
    assert_eq!(outcome(&registry, "079091000002").await, "garbled");
    let arrived = server.arrived();
    let body = &arrived.first().expect("a message").body;
    let tree = xml::read(body.as_bytes(), AnswerLimits::default()).expect("XML");
    for (path, text) in [
        ("client.subsystemCode", "DVC"),
        ("service.serviceCode", "citizen"),
        ("service.serviceVersion", "v1"),
        ("userId", "VN1"),
        ("protocolVersion", "4.0"),
    ] {
        let path = Path::parse(&format!("Envelope.Header.{path}")).expect("a path");
        assert_eq!(path.one(&tree).expect("one").text().as_deref(), Some(text));
    }
}

#[tokio::test]
async fn version_1_2_has_its_own_namespace_and_type() {
    let server = Server::start(|arrived| said(200, person(&asked(arrived), "A", "")).into()).await;
    let registry = connected(&server, |text| {
        text.replace("version = \"1.1\"", "version = \"1.2\"")
    });
    assert_eq!(outcome(&registry, "079091000001").await, "found");
    let arrived = server.arrived();
    let arrived = arrived.first().expect("a message");
    assert!(arrived.body.contains("http://www.w3.org/2003/05/soap-envelope"));
    assert_eq!(
        arrived.headers["content-type"],
        "application/soap+xml; charset=utf-8; action=\"urn:TraCuuThongTinCongDan\""
    );
    assert!(!arrived.headers.contains_key("soapaction"));
}

#[test]
fn a_place_stands_in_texts_and_attribute_values_alone() {
    let file = FILE.replace("PORT", "8443");
    let body = |content: &str| {
        let (before, rest) = file.split_once("body = \"\"\"").expect("a body");
        let (_, after) = rest.split_once("\"\"\"").expect("its end");
        format!("{before}body = '''{content}'''{after}")
    };
    for (content, said) in [
        ("<a>{key}</a>", ""),
        ("<a b=\"{key}\"/>", ""),
        ("<{key}/>", "name"),
        ("<a xmlns=\"{key}\"/>", "namespace"),
        ("<a><!-- {key} --></a>", "comment"),
        ("<a><![CDATA[{key}]]></a>", "CDATA"),
        ("<a>{key}</a", "no XML"),
        ("{key}", "beside"),
        ("</content><content>{key}", "no XML"),
        ("<a>x</a>", "no {key}"),
        ("<!DOCTYPE x><a>{key}</a>", "no XML"),
    ] {
        let settings: RegistrySettings = toml::from_str(&body(content)).expect("settings");
        let problems = crate::check(
            &settings,
            std::path::Path::new("."),
            &proto::descriptors(),
            &Default::default(),
        );
        let given: Vec<_> = problems.iter().map(ToString::to_string).collect();
        if said.is_empty() {
            assert_eq!(given, [""; 0]);
        } else {
            assert!(
                given.iter().any(|problem| problem.contains(said)),
                "{content}: {given:?}"
            );
        }
    }
}
