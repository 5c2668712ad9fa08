//! What PostgreSQL's refusal means to the asker. No text of its own is passed on: it may quote.

use tokio_postgres::error::SqlState;

use crate::error::Error;

/// A database's error in the words of a registry.
pub(super) fn outage(error: &tokio_postgres::Error) -> Error {
    let Some(code) = error.code() else {
        return Error::unavailable(if error.is_closed() {
            "the connection to the database ended"
        } else {
            "the database can't be reached"
        });
    };
    let word = code.code();
    match word.get(..2) {
        _ if *code == SqlState::QUERY_CANCELED => Error::DeadlineExceeded,
        Some("22") => Error::garbled(format!("the database can't read its own values: {word}")),
        // What a function or view of the registry's own raises.
        Some("P0") => Error::Refused {
            code: word.to_owned(),
        },
        Some("42") | Some("0A") => Error::Drifted {
            what: format!("the database refuses a statement that it has prepared before: {word}"),
        },
        Some("28") => Error::unavailable(format!("the database refuses the user: {word}")),
        _ => Error::unavailable(format!("the database refuses: {word}")),
    }
}
