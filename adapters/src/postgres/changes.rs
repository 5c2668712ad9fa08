//! The change feed: identifiers that the database tells by `NOTIFY`.

use std::future::poll_fn;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_postgres::{AsyncMessage, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::mapping::{Key, fitting};
use crate::registry::{Change, ChangeSink};

const SHORTEST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How often the database is asked whether it still is there, and how long it may take to say so.
const LOOK_EVERY: Duration = Duration::from_secs(10);
const LOOK_WITHIN: Duration = Duration::from_secs(5);

/// What is listened to.
pub(super) struct Feed {
    pub(super) name: String,
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
    pub(super) channel: String,
    pub(super) keys: Vec<Key>,
    pub(super) times: Times,
}

/// How long each step may take.
#[derive(Clone, Copy)]
pub(super) struct Times {
    /// A connection, from its address to its session; then the beginning of listening.
    pub(super) connect: Duration,
    pub(super) look_every: Duration,
    pub(super) look_within: Duration,
}

impl Times {
    /// With connections that may take this long to be made.
    pub(super) fn of(connect: Duration) -> Self {
        Self {
            connect,
            look_every: LOOK_EVERY,
            look_within: LOOK_WITHIN,
        }
    }
}

/// Listens for as long as the registry is there, on a connection of its own. What was told while
/// nobody listened is lost, so that everything counts as changed each time listening begins.
pub(super) async fn follow(feed: Feed, tell: ChangeSink) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        let listened = listen(&feed, &tell).await;
        if listened {
            pause = SHORTEST_PAUSE;
        }
        tracing::warn!(registry = %feed.name, "the registry's changes are not heard for now");
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Whether listening began before it ended. It ends when the database says so, and when it says nothing to a question.
async fn listen(feed: &Feed, tell: &ChangeSink) -> bool {
    let Times {
        connect,
        look_every,
        look_within,
    } = feed.times;
    let connecting = feed.config.connect(feed.tls.clone());
    let Ok(Ok((client, mut connection))) = timeout(connect, connecting).await else {
        return false;
    };
    let mut began = false;
    let hear = async {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            match message {
                Ok(AsyncMessage::Notification(told)) if told.channel() == feed.channel => {
                    tell(change(&feed.keys, told.payload()));
                }
                Ok(_) => {}
                Err(_) => return,
            }
        }
    };
    let done =
        async |sql: &str, within| matches!(timeout(within, client.batch_execute(sql)).await, Ok(Ok(())));
    let listening = async {
        // Safe because the check of the settings lets no quotation mark through.
        if !done(&format!("LISTEN \"{}\"", feed.channel), connect).await {
            return;
        }
        began = true;
        tell(Change::Everything);
        // A database that was lost without a word is as quiet as one in which nothing changes.
        loop {
            sleep(look_every).await;
            if !done("SELECT 1", look_within).await {
                return;
            }
        }
    };
    tokio::select! {
        () = hear => {}
        () = listening => {}
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
