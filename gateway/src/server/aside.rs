//! A connection of doubtful conduct is served at the entrance, behind everybody else's calls, until it is in doubt no
//! more: what it costs is taken from its own.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use adapters::background::give_way;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::conduct::Conduct;

/// The way back to the entrance.
#[derive(Clone)]
pub(super) struct Aside {
    pub(super) entrance: Handle,
    /// As long as it is there the entrance stays open.
    pub(super) _open: mpsc::Sender<Infallible>,
}

impl Aside {
    /// Lives a connection's life to its end, here or at the entrance as its conduct asks for.
    pub(super) async fn live<L>(&self, life: L, conduct: &Arc<Conduct>)
    where
        L: Future<Output = ()> + Send + 'static,
    {
        let mut life = Box::pin(life);
        while !lives_while(&mut life, || !conduct.is_doubtful()).await {
            conduct.moves_on();
            let own = conduct.clone();
            let there = self.entrance.spawn(async move {
                let ended = lives_while(&mut life, || {
                    give_way();
                    own.is_doubtful()
                })
                .await;
                own.moves_on();
                (!ended).then_some(life)
            });
            match there.await {
                Ok(Some(back)) => life = back,
                // It ended, or the entrance is gone.
                Ok(None) | Err(_) => return,
            }
        }
    }
}

/// Whether the life ended; if not, it no longer holds what it was to be lived while.
async fn lives_while<L>(life: &mut Pin<Box<L>>, holds: impl Fn() -> bool) -> bool
where
    L: Future<Output = ()>,
{
    poll_fn(|context| match life.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(true),
        Poll::Pending if holds() => Poll::Pending,
        Poll::Pending => Poll::Ready(false),
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::thread;

    use tokio::runtime::Builder;
    use tokio::task::yield_now;

    use super::*;
    use crate::settings::ListenerSettings;

    #[test]
    fn a_doubtful_connection_lives_at_the_entrance_until_it_is_in_doubt_no_more() {
        let entrance = Builder::new_current_thread().build().unwrap();
        let (open, mut aside) = mpsc::channel(1);
        let way = Aside {
            entrance: entrance.handle().clone(),
            _open: open,
        };
        let there = thread::spawn(move || entrance.block_on(aside.recv()).is_none());
        let conduct = Conduct::new(&ListenerSettings::default());
        let places = Arc::new(Mutex::new(Vec::new()));
        let (own, seen) = (conduct.clone(), places.clone());
        let life = async move {
            let here = || seen.lock().unwrap().push(thread::current().id());
            yield_now().await;
            here();
            (0..100).for_each(|_| own.strikes());
            yield_now().await;
            here();
            while own.is_doubtful() {
                own.turn();
            }
            yield_now().await;
            here();
        };
        let worker = Builder::new_current_thread().build().unwrap();
        worker.block_on(way.live(life, &conduct));
        drop(way);
        let entrance = there.thread().id();
        assert!(
            there.join().unwrap(),
            "the entrance ends when nobody can come back"
        );
        let worker = thread::current().id();
        assert_eq!(*places.lock().unwrap(), [worker, entrance, worker]);
    }
}
