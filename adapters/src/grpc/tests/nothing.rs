//! An answer without a record, and one with a great deal beside it.

use super::*;
use crate::http::tests::aside::{LARGE, MANY, expect_others_go_on};

/// One field of a message.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).expect("short");
    [&[number << 3 | 2, length], bytes].concat()
}

#[tokio::test]
async fn that_all_is_well_is_no_message_and_never_nobody() {
    let server = Server::start(|arrived| match asked(arrived).id.as_str() {
        "079090000001" => status(0),
        _ => message(&[]),
    })
    .await;
    let registry = connected(&server, &format!("{CONNECTION}nothing = \"not_found\""));
    assert_eq!(
        outcome(&registry, "079090000001").await,
        "garbled",
        "a status alone"
    );
    assert_eq!(
        outcome(&registry, "079090000002").await,
        "not_found",
        "an empty message"
    );
}

#[tokio::test]
async fn what_stands_where_the_record_should_is_no_word_that_there_is_none() {
    let server = Server::start(|arrived| match asked(arrived).id.as_str() {
        "079090000001" => message(&field(5, &field(2, b"loi"))),
        _ => message(&field(5, &[])),
    })
    .await;
    let text = file(CONNECTION).replace("from = \"people\"", "from = \"found.people\"");
    let registry = try_connect(&server, &text).expect("it is right");
    assert_eq!(outcome(&registry, "079090000001").await, "garbled", "a note");
    assert_eq!(
        outcome(&registry, "079090000002").await,
        "not_found",
        "found, and nobody in it"
    );
}

#[tokio::test]
async fn while_a_large_answer_is_read_the_thread_does_something_else() {
    let server = Server::start(|arrived| {
        let answer = FindResponse {
            people: vec![person(&asked(arrived).id, "A")],
            ..Default::default()
        };
        let notes = field(4, &[b'x'; 22]).repeat(LARGE / 24);
        message(&[answer.encode_to_vec(), notes].concat())
    })
    .await;
    let text = file(CONNECTION).replace("max_record = \"4 KiB\"", MANY);
    let registry = try_connect(&server, &text).expect("it is right");
    expect_others_go_on(&registry, &question("079090000001", Duration::ZERO)).await;
}

#[tokio::test]
async fn a_way_from_the_root_is_one_of_the_answers_message() {
    let server = Server::start(|arrived| people(vec![person(&asked(arrived).id, "A")])).await;
    let mapped = |from: &str| {
        let line = format!("household_no = {{ from = \"{from}\" }}\nfull_name =");
        try_connect(&server, &file(CONNECTION).replace("full_name =", &line))
    };
    let registry = mapped("/exchange").unwrap_or_else(|error| panic!("{error:?}"));
    let found = registry
        .look_up(question("079090000001", Duration::from_secs(5)))
        .await;
    let record = found.expect("a record").record;
    let citizen = proto::population::v1::Citizen::decode(record).expect("it decodes");
    assert_eq!(citizen.household_no, "tx-7");
    for from in ["/name", "/people", "exchange"] {
        let refused = mapped(from).map(drop);
        assert!(
            matches!(refused, Err(ConnectError::Settings(_))),
            "{from}: {refused:?}"
        );
    }
}
