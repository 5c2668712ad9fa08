//! Connections are made on a thread of their own. A handshake checks signatures for as long as many answers take, and
//! a registry that breaks every connection off has one made for every question: whoever asks another registry on the
//! same thread would wait meanwhile.

use std::future::Future;
use std::io;
use std::os::fd::AsFd as _;
use std::sync::LazyLock;

use tokio::net::TcpStream;

use super::connector::Unconnected;
use crate::own_runtime::OwnRuntime;

/// Where connections are made; none when there is no such thread.
static PLACE: LazyLock<Option<OwnRuntime>> = LazyLock::new(|| OwnRuntime::start_behind("connections").ok());

/// What comes of `connect` there. It goes on for nobody: when the one who waits goes away it ends.
pub(super) async fn elsewhere<T: Send + 'static>(
    connect: impl Future<Output = Result<T, Unconnected>> + Send + 'static,
) -> Result<T, Unconnected> {
    let Some(place) = &*PLACE else {
        return connect.await;
    };
    let made = place.run(connect).await;
    made.unwrap_or(Err(Unconnected("the connection could not be made")))
}

/// Registers a socket with the runtime that this is called on, instead of the one where it was connected.
pub(super) fn settle(socket: &mut TcpStream) -> Result<(), Unconnected> {
    let here = |socket: &TcpStream| -> io::Result<TcpStream> {
        TcpStream::from_std(socket.as_fd().try_clone_to_owned()?.into())
    };
    *socket = here(socket).map_err(|_| Unconnected("the connection could not be taken over"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::thread;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_connection_is_made_on_another_thread_and_used_on_the_own_one() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a socket");
        let address = listener.local_addr().expect("its address");
        let own = thread::current().id();
        let connect = async move {
            let socket = TcpStream::connect(address).await;
            let socket = socket.map_err(|_| Unconnected("it takes no connection"))?;
            Ok((socket, thread::current().id()))
        };
        let (mut socket, there) = elsewhere(connect).await.expect("a connection");
        assert_ne!(there, own);
        settle(&mut socket).expect("it is taken over");
        let (mut other, _) = listener.accept().await.expect("a connection");
        other.write_all(b"word").await.expect("written");
        let mut word = [0; 4];
        socket.read_exact(&mut word).await.expect("read here");
        assert_eq!(&word, b"word");
    }

    #[tokio::test]
    async fn who_waits_for_a_connection_and_goes_away_ends_it() {
        let (gone, end) = tokio::sync::oneshot::channel::<()>();
        let connect = async move {
            let _gone = gone;
            pending::<Result<(), Unconnected>>().await
        };
        let waited = tokio::time::timeout(std::time::Duration::from_millis(50), elsewhere(connect)).await;
        assert!(waited.is_err());
        assert!(end.await.is_err(), "what it held is given back");
    }
}
