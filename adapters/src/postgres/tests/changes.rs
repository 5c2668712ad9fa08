//! The change feed against a database that falls silent, each time at another step. It is none: a socket that says
//! the few words that listening needs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use crate::postgres::changes::{Feed, Times, follow};
use crate::postgres::tls;
use crate::registry::Change;

/// `AuthenticationOk` and `ReadyForQuery`.
const WELCOME: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
/// `CommandComplete` and `ReadyForQuery`.
const DONE: &[u8] = b"C\0\0\0\x05\0Z\0\0\0\x05I";

/// Answers so many messages, and says nothing more.
async fn say(mut stream: UnixStream, messages: usize) -> Option<()> {
    let length = stream.read_u32().await.ok()?;
    stream.read_exact(&mut vec![0; length as usize - 4]).await.ok()?;
    for said in 0..messages {
        if said == 0 {
            stream.write_all(WELCOME).await.ok()?;
            continue;
        }
        let _kind = stream.read_u8().await.ok()?;
        let length = stream.read_u32().await.ok()?;
        stream.read_exact(&mut vec![0; length as usize - 4]).await.ok()?;
        stream.write_all(DONE).await.ok()?;
    }
    sleep(Duration::from_secs(60)).await;
    Some(())
}

#[tokio::test]
async fn a_database_that_falls_silent_at_any_step_is_left_and_everything_counts_as_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).expect("a socket");
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        // Silent from the beginning, after the welcome, after LISTEN, after a look, and never.
        for messages in [0, 1, 2, 3, usize::MAX] {
            let (stream, _) = listener.accept().await.expect("a connection");
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(say(stream, messages));
        }
    });
    let mut config = Config::new();
    config
        .host_path(folder.path())
        .user("x")
        .dbname("x")
        .ssl_mode(SslMode::Disable);
    let settings = toml::from_str("host = \"/x\"\ndatabase = \"x\"\nuser = \"x\"").expect("settings");
    let Ok(tls) = tls::connector(&settings, folder.path()) else {
        panic!("no file is named")
    };
    let feed = Feed {
        name: "test".into(),
        config,
        tls,
        channel: "doi".into(),
        keys: Vec::new(),
        times: Times {
            connect: Duration::from_millis(300),
            look_every: Duration::from_millis(50),
            look_within: Duration::from_millis(300),
        },
    };
    let (sender, mut told) = mpsc::unbounded_channel();
    let following = tokio::spawn(follow(feed, Arc::new(move |change| drop(sender.send(change)))));
    // After the third, the fourth and the fifth connection.
    for listening in 1..=3 {
        let change = timeout(Duration::from_secs(20), told.recv()).await;
        assert_eq!(
            change.expect("in time"),
            Some(Change::Everything),
            "no. {listening}"
        );
    }
    assert_eq!(connections.load(Ordering::SeqCst), 5);
    let change = timeout(Duration::from_secs(1), told.recv()).await;
    assert!(change.is_err(), "one that answers is kept");
    following.abort();
}
