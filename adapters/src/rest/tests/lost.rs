//! What is lost without a word, and what takes long.

use ::http::header::{CONTENT_ENCODING, HeaderValue};

use super::chaos::gzip;
use super::*;
use crate::http::tests::Between;
use crate::http::tests::aside::{LARGE, MANY, expect_others_go_on};

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

/// A registry that takes large answers, of another file if wanted.
fn large(server: &Server, change: impl FnOnce(String) -> String) -> Arc<dyn Registry> {
    let text = file(&CONNECTION.replace("PORT", &server.port.to_string()));
    let text = change(text.replace("max_record = \"4 KiB\"", MANY));
    try_connect_by(server, &text).expect("it is right")
}

#[tokio::test]
async fn a_connection_that_was_lost_without_a_word_is_left() {
    let server = Server::start(|arrived| said(200, person(&asked(arrived), "A", "")).into()).await;
    let between = Between::start(server.port).await;
    let text = file(&CONNECTION.replace("PORT", &between.port.to_string())).replace(
        "timeout = \"5s\"",
        "timeout = \"1s\"\nretry.times = 0\nbreaker.failures = 0",
    );
    let registry = try_connect_by(&server, &text).expect("it is right");
    assert_eq!(outcome(&registry, "079090000001").await, "found");
    between.lose();
    assert_eq!(outcome(&registry, "079090000001").await, "unavailable");
    let lost = Instant::now();
    while outcome(&registry, "079090000001").await != "found" {
        assert!(lost.elapsed() < Duration::from_secs(25), "it is asked for ever");
    }
}

#[tokio::test]
async fn while_a_large_answer_is_read_the_thread_does_something_else() {
    let numbers = "1234567,".repeat(40_000);
    let answer = move |arrived: &Arrived| {
        let text = "x".repeat(LARGE - 8 * 40_000);
        let more = format!(",\"So\":[{numbers}0],\"Chu\":\"{text}\"");
        said(200, person(&asked(arrived), "A", &more)).into()
    };
    let server = Server::start(answer).await;
    let registry = large(&server, |text| text);
    expect_others_go_on(&registry, &question("079090000001", Duration::ZERO)).await;
}

#[tokio::test]
async fn while_a_large_answer_is_unfolded_the_thread_does_something_else() {
    // Hard to pack, and so work to unfold.
    let words = (0..LARGE / 8).map(|at| format!("{:08}", (at * 48_271) % 99_999_989));
    let text: String = words.collect();
    let plain = person("079090000001", "A", &format!(",\"Chu\":\"{text}\""));
    let packed = gzip(plain.as_bytes());
    let server = Server::start(move |_: &Arrived| {
        let mut answer = said(200, packed.clone());
        answer
            .headers_mut()
            .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        answer.into()
    })
    .await;
    let registry = large(&server, |text| text);
    expect_others_go_on(&registry, &question("079090000001", Duration::ZERO)).await;
}

/// Of which what is read at first is one text, and all the work is in that.
#[tokio::test]
async fn while_a_large_text_in_an_answer_is_unpacked_the_thread_does_something_else() {
    let person = "<CongDan><SoDinhDanh>079090000001</SoDinhDanh></CongDan>";
    let more = "<So>1234567</So>".repeat(45_000);
    let xml = format!("<D>{person}<Khac>{more}</Khac></D>");
    let body = serde_json::json!({ "data": xml }).to_string();
    let server = Server::start(move |_: &Arrived| said(200, body.clone()).into()).await;
    let registry = large(&server, |text| {
        text.replace(
            "from = \"data.CongDan\"",
            "unpack = [{ at = \"data\", as = \"xml\" }]\nfrom = \"data.D.CongDan\"",
        )
    });
    expect_others_go_on(&registry, &question("079090000001", Duration::ZERO)).await;
}
