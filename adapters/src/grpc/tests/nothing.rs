//! An answer without a record.

use super::*;

#[tokio::test]
async fn that_all_is_well_is_no_message_and_never_nobody() {
    let server = Server::start(|arrived| match asked(arrived).id.as_str() {
        "079090000001" => status(0),
        _ => message(&[]),
    })
    .await;
    let registry = connected(&server, &format!("{CONNECTION}nothing = \"not_found\""));
    assert_eq!(outcome(&registry, "079090000001").await, "garbled", "a status alone");
    assert_eq!(outcome(&registry, "079090000002").await, "not_found", "an empty message");
}
