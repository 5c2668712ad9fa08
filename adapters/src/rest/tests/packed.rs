//! XML inside a JSON text: what stands in it counts as if it stood in the answer itself.

use super::*;

const CONNECTION: &str = r#"
[connection]
server = { url = "https://localhost:PORT", ca = "ca.pem" }
answers = { code = "CODE", ok = ["0"], words = { "4" = "refused", "1" = "not_found" }, transaction = "Body.Result.CongdanCollection.id" }
[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
path = "/citizens"
query = { id = "{key}" }
"#;

fn packed(xml: &str) -> String {
    serde_json::json!({"Body": {"Result": xml}}).to_string()
}

/// Answers the n-th person with the n-th of these.
async fn served(code: &str, answers: Vec<String>) -> (Server, Arc<dyn Registry>) {
    let server = Server::start(move |arrived| {
        let number: usize = asked(arrived)
            .get(8..)
            .and_then(|id| id.parse().ok())
            .unwrap_or(0);
        let status = if number >= 50 { 500 } else { 200 };
        said(status, answers.get(number % 50).cloned().unwrap_or_default()).into()
    })
    .await;
    let text = file(
        &CONNECTION
            .replace("PORT", &server.port.to_string())
            .replace("CODE", code),
    )
    .replace(
        "from = \"data.CongDan\"",
        "unpack = [{ at = \"Body.Result\", as = \"xml\" }]\nfrom = \"Body.Result.CongdanCollection.CongDan\"",
    );
    let text = text.replace("timeout = \"5s\"", "timeout = \"5s\"\nbreaker.failures = 0");
    let settings: RegistrySettings = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let pool = proto::descriptors();
    let folder = server.folder.path();
    let registry = connect("test", &settings, folder, &pool, &Default::default()).expect("it is right");
    (server, registry)
}

async fn word(registry: &Arc<dyn Registry>, number: usize) -> &'static str {
    outcome(registry, &format!("0790{number:08}")).await
}

#[tokio::test]
async fn a_failure_inside_the_text_is_garbled_and_never_nobody() {
    let fault = "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body><S:Fault>\
                 <faultcode>S:Server</faultcode></S:Fault></S:Body></S:Envelope>";
    let inside = [
        "<Loi>500</Loi>",
        fault,
        "<CongdanCollection><GhiChu>Lỗi</GhiChu></CongdanCollection>",
        "<CongdanCollection>Lỗi</CongdanCollection>",
        "",
        " \n",
        "Lỗi hệ thống",
    ];
    let outside = [
        "{\"Body\":{\"Result\":null}}",
        "{\"Body\":{\"Result\":7}}",
        "{\"Body\":{\"Result\":[\"<a/>\",\"<a/>\"]}}",
        "{\"Body\":{}}",
        "{\"Body\":null}",
        "{}",
    ];
    let garbled: Vec<_> = inside
        .map(packed)
        .into_iter()
        .chain(outside.map(str::to_owned))
        .collect();
    let (_server, registry) = served("error_code", garbled.clone()).await;
    for (number, answer) in garbled.iter().enumerate() {
        assert_eq!(word(&registry, number).await, "garbled", "{answer}");
    }
}

#[tokio::test]
async fn nobody_and_somebody_are_told_from_each_other_inside_the_text() {
    let person = "<CongdanCollection><id>tx-5</id><CongDan><SoDinhDanh>079000000000</SoDinhDanh></CongDan></CongdanCollection>";
    let answers = [
        packed(person),
        packed("<CongdanCollection/>"),
        packed("<CongdanCollection><CongDan/></CongdanCollection>"),
    ];
    let (_server, registry) = served("error_code", answers.into()).await;
    let found = registry
        .look_up(question("079000000000", Duration::from_secs(5)))
        .await;
    let found = found.expect("a record");
    assert_eq!(found.upstream_exchange().1, Some("tx-5"));
    assert_eq!(word(&registry, 1).await, "not_found");
    assert_eq!(word(&registry, 2).await, "not_found");
}

#[tokio::test]
async fn a_code_counts_whether_it_stands_inside_the_text_or_beside_one_that_is_empty() {
    let inside = |code: &str| packed(&format!("<CongdanCollection><Ma>{code}</Ma></CongdanCollection>"));
    let answers = [inside("4"), inside("1"), inside("0"), inside("77"), packed("")];
    let (_server, registry) = served("Body.Result.CongdanCollection.Ma", answers.into()).await;
    // An answer that says of itself that all is well may leave the record out.
    for (number, said) in [
        (0, "refused"),
        (1, "not_found"),
        (2, "not_found"),
        (3, "refused"),
        (4, "garbled"),
    ] {
        assert_eq!(word(&registry, number).await, said, "{number}");
    }
    // With a status that holds no record the code says which.
    assert_eq!(word(&registry, 50).await, "refused");
    assert_eq!(word(&registry, 52).await, "unavailable");
    let beside = [
        r#"{"ma":1,"Body":{"Result":""}}"#,
        r#"{"ma":4,"Body":{"Result":"Không được phép"}}"#,
        r#"{"ma":0,"Body":{"Result":""}}"#,
    ];
    let (_server, registry) = served("ma", beside.map(str::to_owned).into()).await;
    for (number, said) in [(0, "not_found"), (1, "refused"), (2, "garbled")] {
        assert_eq!(word(&registry, number).await, said, "{number}");
    }
}
