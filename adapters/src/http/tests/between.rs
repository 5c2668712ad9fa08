//! What stands between the asker and a server, and can lose connections without a word.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Between {
    pub(crate) port: u16,
    lost: watch::Sender<()>,
}

impl Between {
    /// Passes connections on to this port.
    pub(crate) async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let lost = watch::Sender::new(());
        let losing = lost.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut lost = losing.subscribe();
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(("127.0.0.1", to)).await.expect("the server");
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        // Both ends stay open, and neither hears of the other any more.
                        _ = lost.changed() => std::future::pending().await,
                    }
                });
            }
        });
        Self { port, lost }
    }

    /// Loses every connection that stands. New ones are passed on.
    pub(crate) fn lose(&self) {
        self.lost.send_replace(());
    }
}
