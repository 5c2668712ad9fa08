//! Waiting for durability, cheaply, on a runtime of one thread.
//!
//! One cross-thread wake a batch reaches the runtime; the driver then wakes the callers there, which is local.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::watch;

use crate::appender::Appender;
use crate::durable::{Durable, Logged, State, Ticket, Unavailable};
use crate::storage::Storage;

/// The callers of one runtime that wait for their entries. Clones share the same place.
#[derive(Clone)]
pub struct Waiters {
    parked: Arc<Mutex<Parked>>,
}

struct Parked {
    durable: Durable,
    waiting: Vec<Parker>,
    next_number: u64,
    /// Kept from batch to batch, so that waking allocates nothing.
    woken: Vec<Waker>,
}

/// A caller that waits.
struct Parker {
    /// Different for every wait.
    number: u64,
    ticket: Ticket,
    waker: Waker,
}

impl Waiters {
    /// The place to wait at, and the driver that must run on the same runtime as a task of its own. The driver ends when
    /// the log is closed.
    pub fn new<S: Storage>(appender: &Appender<S>) -> (Self, impl Future<Output = ()> + Send + use<S>) {
        let mut news = appender.subscribe();
        let durable = news.borrow_and_update().clone();
        let parked = Parked {
            durable,
            waiting: Vec::new(),
            next_number: 0,
            woken: Vec::new(),
        };
        let waiters = Self {
            parked: Arc::new(Mutex::new(parked)),
        };
        let driver = drive(waiters.clone(), news);
        (waiters, driver)
    }

    /// Waits until the entry of this ticket is durable.
    ///
    /// # Errors
    /// When the log failed or was closed first; the entry is then not in the log.
    pub fn durable(
        &self,
        ticket: Ticket,
    ) -> impl Future<Output = Result<Logged, Unavailable>> + Send + use<> {
        Waiting {
            waiters: self.clone(),
            ticket,
            number: None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Parked> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes the news on until there is none any more.
async fn drive(waiters: Waiters, mut news: watch::Receiver<Durable>) {
    loop {
        let gone = news.changed().await.is_err();
        let mut durable = news.borrow_and_update().clone();
        if gone {
            durable.state = State::Closed;
        }
        let closed = durable.state == State::Closed;
        waiters.tell(durable);
        if closed {
            return;
        }
    }
}

impl Waiters {
    /// Wakes the callers whose entries this news is about. Those in line behind the batch sleep on.
    fn tell(&self, durable: Durable) {
        let mut woken = {
            let mut guard = self.lock();
            let parked = &mut *guard;
            parked.durable = durable;
            let mut woken = std::mem::take(&mut parked.woken);
            let durable = &parked.durable;
            let told = parked
                .waiting
                .extract_if(.., |parker| durable.outcome(&parker.ticket).is_some());
            woken.extend(told.map(|parker| parker.waker));
            woken
        };
        woken.drain(..).for_each(Waker::wake);
        self.lock().woken = woken;
    }
}

struct Waiting {
    waiters: Waiters,
    ticket: Ticket,
    number: Option<u64>,
}

impl Future for Waiting {
    type Output = Result<Logged, Unavailable>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let mut guard = this.waiters.lock();
        let parked = &mut *guard;
        if let Some(outcome) = parked.durable.outcome(&this.ticket) {
            this.number = None;
            return Poll::Ready(outcome);
        }
        let place = this
            .number
            .and_then(|number| parked.waiting.iter_mut().find(|parker| parker.number == number));
        if let Some(parker) = place {
            parker.waker.clone_from(context.waker());
        } else {
            parked.next_number += 1;
            this.number = Some(parked.next_number);
            parked.waiting.push(Parker {
                number: parked.next_number,
                ticket: this.ticket.copy(),
                waker: context.waker().clone(),
            });
        }
        Poll::Pending
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.waiters
                .lock()
                .waiting
                .retain(|parker| parker.number != number);
        }
    }
}
