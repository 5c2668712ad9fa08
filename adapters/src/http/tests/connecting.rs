use super::*;
use crate::http::connector::Connector;
use crate::http::handshakes::elsewhere;
use crate::http::{Origin, Server as Settings};

#[tokio::test]
async fn a_connection_is_not_made_on_the_thread_that_asks() {
    let server = Server::start(|_| said(200, "").into()).await;
    let url = format!("https://localhost:{}", server.port);
    let text = format!("url = \"{url}\"\nca = \"ca.pem\"\nconnect_timeout = \"100ms\"");
    let settings: Settings = toml::from_str(&text).expect("settings");
    let origin = Origin::parse(&url).expect("an origin");
    let connector =
        Connector::new(&origin, &settings, None, server.folder.path()).expect("its files are there");

    // While the thread of connections is held up none is made, and this one goes on.
    let (go, gone) = std::sync::mpsc::channel();
    let (begun, began) = tokio::sync::oneshot::channel();
    let held = tokio::spawn(elsewhere(async move {
        begun.send(()).expect("it is waited for");
        gone.recv_timeout(Duration::from_secs(20)).expect("a word");
        Ok(())
    }));
    began.await.expect("it begins");
    let unmade = connector.connect().await.err().map(|error| error.to_string());
    assert_eq!(unmade.as_deref(), Some("no connection within connect_timeout"));
    go.send(()).expect("it waits");
    assert!(held.await.expect("it ends").is_ok());

    let made = tokio::time::timeout(Duration::from_secs(20), async {
        while connector.connect().await.is_err() {}
    });
    made.await.expect("a connection");
}
