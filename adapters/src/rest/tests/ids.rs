//! By which id an exchange is found in the registry's own log.

use super::*;

const CONNECTION: &str = r#"
[connection.server]
url = "https://127.0.0.1:PORT"
ca = "ca.pem"
[connection.answers]
code = "error_code"
ok = ["00"]
words = { "01" = "not_found" }
transaction = "id"
transaction_header = "x-exchange"
statuses = { 404 = "not_found" }
[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
path = "/find"
"#;

const WITH_ID: &str = "query = { id = \"{key}\", ma = \"{request_id}\" }";
const WITHOUT: &str = "query = { id = \"{key}\" }";

/// What came of a question, and by which route and id it can be found.
async fn traced(registry: &Arc<dyn Registry>, key: &str) -> (&'static str, Option<Arc<str>>, Option<String>) {
    let question = question(key, Duration::from_secs(5));
    let trace = question.trace.clone();
    let given = registry.look_up(question).await;
    let word = given.as_ref().map_or_else(Error::name, |_| "found");
    if let Ok(found) = given {
        assert_eq!(found.transaction, trace.transaction(), "the record says the same");
    }
    (word, trace.route(), trace.transaction())
}

fn answering(arrived: &Arrived) -> Reply {
    let key = arrived.path.split_once("id=").map_or("", |(_, id)| id);
    let key: String = key.chars().take(12).collect();
    match key.as_str() {
        "079090000001" => said(200, person(&key, "A", "")),
        "079090000002" => said(200, "{\"error_code\":\"01\",\"id\":\"tx+8/==\"}"),
        "079090000003" => said(200, "{\"error_code\":\"77\",\"id\":\"tx-9\"}"),
        "079090000004" => {
            let mut answer = said(404, "");
            let id = http::HeaderValue::from_static("h#1");
            answer.headers_mut().insert("x-exchange", id);
            answer
        }
        "079090000005" => said(422, "{\"error_code\":\"77\",\"id\":\"tx-10\"}"),
        "079090000006" => said(200, format!("{{\"error_code\":\"77\",\"id\":\"of {key}\"}}")),
        _ => said(200, "{\"error_code\":\"01\"}"),
    }
    .into()
}

#[tokio::test]
async fn whatever_a_registry_answers_its_own_id_of_the_exchange_is_told() {
    let server = Server::start(answering).await;
    let registry = connected(&server, &format!("{CONNECTION}{WITHOUT}"));
    for (key, word, id) in [
        ("079090000001", "found", Some("tx-7")),
        ("079090000002", "not_found", Some("tx+8/==")),
        ("079090000003", "refused", Some("tx-9")),
        ("079090000004", "not_found", Some("h#1")),
        ("079090000005", "refused", Some("tx-10")),
        ("079090000006", "refused", None),
        ("079090000007", "not_found", None),
    ] {
        let told = traced(&registry, key).await;
        let wanted = (word, Some(Arc::from("direct")), id.map(str::to_owned));
        assert_eq!(told, wanted, "{key}");
    }
}

#[tokio::test]
async fn without_an_id_of_its_own_the_one_that_was_sent_is_told_and_none_that_was_not() {
    let server = Server::start(answering).await;
    let registry = connected(&server, &format!("{CONNECTION}{WITH_ID}"));
    let (word, _, id) = traced(&registry, "079090000007").await;
    let id = id.expect("the one that was sent");
    assert_eq!(word, "not_found");
    let arrived = server.arrived();
    assert!(arrived[0].path.contains(&format!("ma={id}")), "{id}");
    let own = traced(&registry, "079090000003").await.2;
    assert_eq!(own.as_deref(), Some("tx-9"), "the registry's own comes first");
}
