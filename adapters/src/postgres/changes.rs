//! The change feed: identifiers that the database tells by `NOTIFY`.

use std::future::{pending, poll_fn};
use std::time::Duration;

use tokio_postgres::{AsyncMessage, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::mapping::{Key, fitting};
use crate::registry::{Change, ChangeSink};

const SHORTEST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Listens for as long as the registry is there, on a connection of its own. What was told while
/// nobody listened is lost, so that everything counts as changed each time listening begins.
pub(super) async fn follow(
    name: String,
    config: Config,
    tls: MakeRustlsConnect,
    channel: String,
    keys: Vec<Key>,
    tell: ChangeSink,
) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        let listened = listen(&config, &tls, &channel, &keys, &tell).await;
        if listened {
            pause = SHORTEST_PAUSE;
        }
        tracing::warn!(registry = %name, "the registry's changes are not heard for now");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Whether listening began before it ended.
async fn listen(
    config: &Config,
    tls: &MakeRustlsConnect,
    channel: &str,
    keys: &[Key],
    tell: &ChangeSink,
) -> bool {
    let Ok((client, mut connection)) = config.connect(tls.clone()).await else {
        return false;
    };
    let mut began = false;
    let hear = async {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            match message {
                Ok(AsyncMessage::Notification(told)) if told.channel() == channel => {
                    tell(change(keys, told.payload()));
                }
                Ok(_) => {}
                Err(_) => return,
            }
        }
    };
    let begin = async {
        // Safe because the check of the settings lets no quotation mark through.
        if client
            .batch_execute(&format!("LISTEN \"{channel}\""))
            .await
            .is_ok()
        {
            began = true;
            tell(Change::Everything);
            pending::<()>().await;
        }
    };
    tokio::select! {
        () = hear => {}
        () = begin => {}
    }
    began
}

/// What can't be an identifier may mean anybody.
fn change(keys: &[Key], payload: &str) -> Change {
    match fitting(keys, payload) {
        Some(_) => Change::Subject(payload.into()),
        None => Change::Everything,
    }
}
