//! Clients take turns. What one sends at once, over however many connections, would stand in a row before the next
//! call of everybody else; so each is read so far and begins so many calls, and the others' that are ready by then
//! come before its next.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use adapters::background::give_way;

/// Calls that one client begins in a row on one worker: less than a quarter of a millisecond.
const IN_A_ROW: u32 = 8;
/// Work that is read of one client in a row, in bytes ([`super::conduct`]): about so many calls.
const WORK: u32 = 4 << 10;

/// The clients of one worker.
#[derive(Default)]
pub(super) struct Turns {
    shares: Mutex<HashMap<[u8; 32], Connected>>,
    /// How many they are: one alone has nobody to let by.
    clients: AtomicUsize,
    line: Mutex<Line>,
}

/// A client's share, and how many connections it has.
#[derive(Default)]
struct Connected {
    share: Arc<Mutex<Share>>,
    connections: usize,
}

#[derive(Default)]
struct Share {
    begun: u32,
    work: u32,
    waiting: VecDeque<Waker>,
    /// Whether its turn ends with the next.
    is_behind: bool,
}

#[derive(Default)]
struct Line {
    /// Shares that had their turn.
    behind: Vec<Arc<Mutex<Share>>>,
    keeper: Option<Waker>,
}

/// A connection's part in the turns of its client.
pub(super) struct Client {
    turns: Arc<Turns>,
    certificate: [u8; 32],
    share: Arc<Mutex<Share>>,
}

impl Turns {
    /// The client of a connection, by the fingerprint of its certificate.
    pub(super) fn client(self: &Arc<Self>, certificate: &[u8; 32]) -> Arc<Client> {
        let mut shares = lock(&self.shares);
        let connected = shares.entry(*certificate).or_default();
        connected.connections += 1;
        let share = connected.share.clone();
        self.clients.store(shares.len(), Relaxed);
        Arc::new(Client {
            turns: self.clone(),
            certificate: *certificate,
            share,
        })
    }

    /// Ends a turn whenever somebody waits for it; must run on the worker as a task of its own. Each time it comes
    /// after all that was ready before.
    pub(super) async fn keep(self: Arc<Self>) {
        poll_fn(|context| self.end_turn(context)).await
    }

    fn end_turn(&self, context: &Context<'_>) -> Poll<()> {
        let mut line = lock(&self.line);
        line.keeper = Some(context.waker().clone());
        line.behind.retain(|share| {
            let mut share = lock(share);
            let next = share.waiting.len().min(IN_A_ROW as usize);
            share.begun = u32::try_from(next).unwrap_or(IN_A_ROW);
            share.work = share.work.saturating_sub(WORK);
            share.waiting.drain(..next).for_each(Waker::wake);
            share.is_behind = !share.waiting.is_empty() || share.work > WORK;
            share.is_behind
        });
        let crowded = !line.behind.is_empty();
        if crowded {
            context.waker().wake_by_ref();
        }
        drop(line);
        if crowded {
            // So may a thread that a call waits for, the log's above all, be on this core.
            give_way();
        }
        Poll::Pending
    }
}

impl Client {
    /// Waits for the client's turn, which as a rule is now.
    pub(super) async fn turn(&self) {
        let mut waited = false;
        poll_fn(|context| {
            if waited || self.begins(context) {
                return Poll::Ready(());
            }
            waited = true;
            Poll::Pending
        })
        .await;
    }

    fn is_alone(&self) -> bool {
        self.turns.clients.load(Relaxed) < 2
    }

    fn begins(&self, context: &Context<'_>) -> bool {
        if self.is_alone() {
            return true;
        }
        let mut share = lock(&self.share);
        // Who waits already is not overtaken.
        if share.begun < IN_A_ROW && share.waiting.is_empty() {
            share.begun += 1;
            return true;
        }
        share.waiting.push_back(context.waker().clone());
        self.goes_behind(share);
        false
    }

    /// A connection of the client brought work.
    pub(super) fn works(&self, work: u32) {
        if self.is_alone() {
            return;
        }
        let mut share = lock(&self.share);
        share.work = share.work.saturating_add(work);
    }

    /// Whether its connections have brought as much as is read in a turn; the next begins soon.
    pub(super) fn had_turn(&self) -> bool {
        if self.is_alone() {
            return false;
        }
        let share = lock(&self.share);
        let had = share.work > WORK;
        if had {
            self.goes_behind(share);
        }
        had
    }

    fn goes_behind(&self, mut share: MutexGuard<'_, Share>) {
        if std::mem::replace(&mut share.is_behind, true) {
            return;
        }
        drop(share);
        let mut line = lock(&self.turns.line);
        line.behind.push(self.share.clone());
        if let Some(keeper) = &line.keeper {
            keeper.wake_by_ref();
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let mut shares = lock(&self.turns.shares);
        if let Some(connected) = shares.get_mut(&self.certificate) {
            connected.connections -= 1;
            if connected.connections == 0 {
                shares.remove(&self.certificate);
                self.turns.clients.store(shares.len(), Relaxed);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn another_client_waits_for_one_turn_and_not_for_all_calls_before_its_own() {
        let turns = Arc::new(Turns::default());
        tokio::spawn(turns.clone().keep());
        let (many, one) = (turns.client(&[1; 32]), turns.client(&[2; 32]));
        let begun = Arc::new(Mutex::new(Vec::new()));
        let call = |client: &Arc<Client>, name: char| {
            let (client, begun) = (client.clone(), begun.clone());
            tokio::spawn(async move {
                client.turn().await;
                lock(&begun).push(name);
            })
        };
        let mut calls: Vec<_> = (0..200).map(|_| call(&many, 'm')).collect();
        calls.push(call(&one, 'o'));
        for call in calls {
            call.await.unwrap();
        }
        let begun = lock(&begun);
        assert_eq!(begun.len(), 201, "each has its turn");
        let before = begun.iter().position(|name| *name == 'o');
        assert_eq!(before, Some(IN_A_ROW as usize));
    }

    #[test]
    fn who_is_alone_has_no_turns() {
        let turns = Arc::new(Turns::default());
        let lone = turns.client(&[1; 32]);
        let context = Context::from_waker(Waker::noop());
        lone.works(2 * WORK);
        assert!(!lone.had_turn() && (0..=IN_A_ROW).all(|_| lone.begins(&context)));
        let other = turns.client(&[2; 32]);
        lone.works(2 * WORK);
        assert!(lone.had_turn() && !(0..=IN_A_ROW).all(|_| lone.begins(&context)));
        drop(other);
        assert!(!lone.had_turn() && lone.begins(&context));
    }

    #[test]
    fn what_one_clients_connections_bring_is_read_in_turns_too() {
        let turns = Arc::new(Turns::default());
        let (many, again, other) = (
            turns.client(&[1; 32]),
            turns.client(&[1; 32]),
            turns.client(&[2; 32]),
        );
        many.works(WORK);
        assert!(!many.had_turn(), "a whole turn");
        many.works(2 * WORK);
        assert!(many.had_turn() && again.had_turn(), "of all its connections");
        assert!(!other.had_turn(), "and of nobody else");
        for owes in [true, false] {
            let _ = turns.end_turn(&Context::from_waker(Waker::noop()));
            assert_eq!(again.had_turn(), owes, "it took two turns too much");
        }
    }

    #[tokio::test]
    async fn calls_that_are_given_up_while_they_wait_hold_nobody_and_clients_that_have_gone_are_forgotten() {
        let turns = Arc::new(Turns::default());
        let keeper = tokio::spawn(turns.clone().keep());
        let (client, other) = (turns.client(&[1; 32]), turns.client(&[2; 32]));
        for _ in 0..IN_A_ROW {
            client.turn().await;
        }
        let given_up: Vec<_> = (0..100)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.turn().await })
            })
            .collect();
        tokio::task::yield_now().await;
        given_up.iter().for_each(tokio::task::JoinHandle::abort);
        client.turn().await;
        for call in given_up {
            drop(call.await);
        }
        let waiting =
            |client: &Client| (0..=IN_A_ROW).all(|_| client.begins(&Context::from_waker(Waker::noop())));
        assert!(!waiting(&client) && !lock(&turns.line).behind.is_empty());
        drop((client, other));
        assert!(lock(&turns.shares).is_empty(), "also who has calls in the line");
        keeper.abort();
    }
}
