//! One flight a key, however many wait for it to land. A flight goes on without passengers.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use futures_util::future::Shared;
use tokio::task::JoinHandle;

/// The flights in the air.
pub(super) struct Flights<K, T: Clone> {
    in_the_air: Mutex<HashMap<K, Landing<T>>>,
}

/// Waits for a flight to land.
#[derive(Clone)]
pub(super) struct Landing<T>(Shared<Task<T>>)
where
    T: Clone;

struct Task<T>(JoinHandle<T>);

impl<K, T: Clone> Default for Flights<K, T> {
    fn default() -> Self {
        Self {
            in_the_air: Mutex::default(),
        }
    }
}

impl<K, T> Flights<K, T>
where
    K: Hash + Eq + Clone + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Joins the flight of `key`, or starts it on the present runtime.
    pub(super) fn join<F>(self: &Arc<Self>, key: &K, fly: impl FnOnce() -> F) -> Landing<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut in_the_air = self.lock();
        if let Some(landing) = in_the_air.get(key) {
            return landing.clone();
        }
        let (flights, name, flight) = (self.clone(), key.clone(), fly());
        let task = tokio::spawn(async move {
            let landed = Landed { flights, name };
            let outcome = flight.await;
            drop(landed);
            outcome
        });
        let landing = Landing(Task(task).shared());
        in_the_air.insert(key.clone(), landing.clone());
        landing
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, Landing<T>>> {
        self.in_the_air.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the flight off the board, also when it crashes.
struct Landed<K, T>
where
    K: Hash + Eq + Clone + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    flights: Arc<Flights<K, T>>,
    name: K,
}

impl<K, T> Drop for Landed<K, T>
where
    K: Hash + Eq + Clone + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn drop(&mut self) {
        self.flights.lock().remove(&self.name);
    }
}

impl<T> Future for Task<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        Pin::new(&mut self.0).poll(context).map(Result::ok)
    }
}

impl Future for Landing<super::Load> {
    type Output = super::Load;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<super::Load> {
        Pin::new(&mut self.0).poll(context).map(|outcome| {
            outcome.unwrap_or_else(|| {
                Err(super::Unanswered {
                    error: adapters::Error::Unavailable {
                        what: "the call to the registry was ended".to_owned(),
                    },
                    exchanged: None,
                })
            })
        })
    }
}
