//! The population service as it is asked in truth: by number, name and birth date, for a procedure, by an officer of an
//! agency, with a secret in the message.

use proto::lookup::v1::LookupContext;

use super::*;
use crate::registry::{Call, Fact, FactValue};
use crate::text::date;

/// The body of the request, with what the service's own description wants.
const BODY: &str = "  <d:MaDVC>{procedure}</d:MaDVC>
  <d:MaTichHop>037</d:MaTichHop>
  <d:MaDonVi>{agency}</d:MaDonVi>
  <d:MaCanBo vai=\"{role}\">{officer}</d:MaCanBo>
  <d:SoDinhDanh>{key}</d:SoDinhDanh>
  <d:HoVaTen>{fact.full_name|capitals}</d:HoVaTen>
  <d:NgayThangNamSinh>{fact.birth_date|yyyy-MM-dd|yyyy}</d:NgayThangNamSinh>
</d:TraCuuThongTinCongDan>\"\"\"
header = \"\"\"<w:Security xmlns:w=\"urn:w\"><w:Password>{secret.password}</w:Password></w:Security>\"\"\"";

fn file(text: &str) -> String {
    let (before, _) = text.split_once("  <d:MaDVC>").expect("the body");
    let (_, after) = text
        .split_once("</d:TraCuuThongTinCongDan>\"\"\"")
        .expect("its end");
    format!("{before}{BODY}{after}")
        .replace(
            "version = \"1.1\"",
            "version = \"1.1\"\nsecrets = { password = \"password\" }",
        )
        .replace(
            "[protection]",
            "[cache]\nscope = \"per-case\"\n[protection]\nbreaker.failures = 0",
        )
}

fn call(officer: &str, name: &str) -> Call {
    let context = LookupContext {
        procedure_code: "2.001478".into(),
        ..Default::default()
    };
    let birth = date::parse("1990").ok().flatten().expect("a date").date;
    let fact = |name: &str, value| Fact {
        name: name.into(),
        value,
    };
    Call {
        request_id: "1".into(),
        at: 0,
        agency: "H29.12".into(),
        officer: officer.into(),
        role: officer.into(),
        context: context.encode_to_vec().into(),
        key: bytes::Bytes::new(),
        facts: vec![
            fact("full_name", FactValue::Text(name.into())),
            fact("birth_date", FactValue::Date(birth)),
        ],
        max_age: None,
    }
}

async fn asked_with(registry: &Arc<dyn Registry>, call: Call) -> Result<(), Error> {
    let question = Question {
        call: Some(Arc::new(call)),
        ..question("079090000001", Duration::from_secs(5))
    };
    registry.look_up(question).await.map(drop)
}

/// The text of an element, and the one of an attribute of it.
fn told(message: &str, element: &str) -> (String, Option<String>) {
    let document = roxmltree::Document::parse(message).expect("XML");
    let mut found = document
        .descendants()
        .filter(|node| node.tag_name().name() == element);
    let node = found.next().expect("the element");
    assert!(found.next().is_none(), "one {element}");
    let attribute = node
        .attributes()
        .next()
        .map(|attribute| attribute.value().to_owned());
    (node.text().unwrap_or_default().to_owned(), attribute)
}

#[tokio::test]
async fn the_population_service_is_told_number_name_birth_procedure_agency_and_officer() {
    let server = Server::start(answer).await;
    std::fs::write(server.folder.path().join("password"), "a<b>&\"c\"\n").expect("a file");
    let registry = connected(&server, |text| file(&text));
    let name = "Nguyễn Thị Hoà <b>&amp;\"'";
    assert_eq!(asked_with(&registry, call("cb \"7\"/<x>&y", name)).await, Ok(()));
    let arrived = server.arrived();
    let body = &arrived.first().expect("a message").body;
    let text = |element| told(body, element).0;
    assert_eq!(text("MaDVC"), "2.001478");
    assert_eq!(text("MaDonVi"), "H29.12");
    assert_eq!(text("SoDinhDanh"), "079090000001");
    assert_eq!(text("HoVaTen"), name.to_uppercase());
    assert_eq!(text("NgayThangNamSinh"), "1990");
    assert_eq!(text("Password"), "a<b>&\"c\"");
    let officer = "cb \"7\"/<x>&y".to_owned();
    assert_eq!(told(body, "MaCanBo"), (officer.clone(), Some(officer)));
}

#[tokio::test]
async fn hostile_arguments_stay_texts_of_the_message_or_are_never_sent() {
    let server = Server::start(answer).await;
    std::fs::write(server.folder.path().join("password"), "x").expect("a file");
    let registry = connected(&server, |text| file(&text));
    let canary = crate::hostile::Canary::new();
    for text in canary.identifiers() {
        assert_eq!(asked_with(&registry, call(&text, &text)).await, Ok(()), "{text}");
        let arrived = server.arrived();
        let body = &arrived.last().expect("a message").body;
        assert_eq!(told(body, "MaCanBo"), (text.clone(), Some(text.clone())));
        assert_eq!(told(body, "HoVaTen").0, text.to_uppercase());
    }
    canary.expect_untouched();
    let before = server.arrived().len();
    for text in ["a\r\nb", "a\0", "</d:MaCanBo>\n<x/>", ""] {
        let name = asked_with(&registry, call("cb-7", text)).await;
        assert!(matches!(name, Err(Error::Wanting { what }) if what == "key.full_name"));
        let officer = asked_with(&registry, call(text, "A")).await;
        assert!(matches!(officer, Err(Error::Wanting { .. })));
    }
    assert_eq!(server.arrived().len(), before, "nobody was asked");
}
