//! What is lost without a word.

use super::*;
use crate::http::tests::Between;

const CONNECTION: &str = r#"
[connection.server]
url = "https://localhost:PORT"
ca = "ca.pem"
protocol = "http2"

[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
path = "/citizens"
query = { id = "{key}" }
"#;

#[tokio::test]
async fn a_connection_that_was_lost_without_a_word_is_left() {
    let server = Server::start(|arrived| said(200, person(&asked(arrived), "A", "")).into()).await;
    let between = Between::start(server.port).await;
    let text = file(&CONNECTION.replace("PORT", &between.port.to_string())).replace(
        "timeout = \"5s\"",
        "timeout = \"1s\"\nretry.times = 0\nbreaker.failures = 0",
    );
    let settings: RegistrySettings = toml::from_str(&text).expect("settings");
    let pool = proto::descriptors();
    let folder = server.folder.path();
    let registry = connect("test", &settings, folder, &pool, &Default::default()).expect("it is right");
    assert_eq!(outcome(&registry, "079090000001").await, "found");
    between.lose();
    assert_eq!(outcome(&registry, "079090000001").await, "unavailable");
    let lost = Instant::now();
    while outcome(&registry, "079090000001").await != "found" {
        assert!(lost.elapsed() < Duration::from_secs(25), "it is asked for ever");
    }
}
