//! The honest caller beside an attack: lookups at a steady rate on one connection, and now and then
//! a new connection with one lookup.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::messages::get;
use crate::registries::AN;
use crate::tree::OFFICE;
use crate::{Client, Gateway, Scene};

/// The time between two new connections.
const NEWCOMERS: Duration = Duration::from_millis(250);

/// The caller at work.
pub(super) struct Honest {
    stopping: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<Call>>>,
    thread: JoinHandle<()>,
}

/// One lookup.
struct Call {
    begun: Instant,
    took: Duration,
    newcomer: bool,
    error: Option<String>,
}

impl Call {
    fn fault(&self) -> Option<String> {
        let connection = if self.newcomer { "new" } else { "standing" };
        let error = self.error.as_ref()?;
        Some(format!(
            "after {:?} on a {connection} connection: {error}",
            self.took
        ))
    }
}

/// What a stretch of time showed.
#[derive(Clone, Debug, Default)]
pub struct Stretch {
    /// How long the answers on the standing connection took, the shortest first.
    pub took: Vec<Duration>,
    /// The longest time of a new connection with its lookup.
    pub newcomer: Duration,
    /// What went wrong.
    pub errors: Vec<String>,
}

impl Stretch {
    /// The time within which 99 of 100 lookups on the standing connection were answered.
    #[must_use]
    pub fn p99(&self) -> Duration {
        self.took
            .get(self.took.len() * 99 / 100)
            .copied()
            .unwrap_or_default()
    }

    /// The middle one of several by its p99. One slow sync of the disk under the log is the p99 of a whole stretch.
    #[must_use]
    pub fn middle<'a>(stretches: impl Iterator<Item = &'a Self>) -> Self {
        let mut all: Vec<_> = stretches.collect();
        all.sort_unstable_by_key(|stretch| stretch.p99());
        all.get(all.len() / 2).copied().cloned().unwrap_or_default()
    }
}

impl Honest {
    pub(super) fn start(scene: &Scene, gateway: &Gateway, between: Duration, patience: Duration) -> Self {
        let office = scene.agency(OFFICE);
        let token = office.token(scene);
        let (address, tls) = (gateway.address, office.tls(scene.authority.der()));
        let connect = move || Client::connect(address, tls.clone(), Some(token.clone()));
        let stopping = Arc::new(AtomicBool::new(false));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let work = work(connect, (between, patience), stopping.clone(), seen.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            LocalSet::new().block_on(&runtime, work);
        });
        Self {
            stopping,
            seen,
            thread,
        }
    }

    pub(super) fn between(&self, from: Instant, to: Instant) -> Stretch {
        let seen = self.seen.lock().expect("nobody panics here");
        let within: Vec<_> = seen
            .iter()
            .filter(|call| (from..to).contains(&call.begun))
            .collect();
        let took = |newcomer| {
            let mut took: Vec<_> = within
                .iter()
                .filter(|call| call.newcomer == newcomer && call.error.is_none())
                .map(|call| call.took)
                .collect();
            took.sort_unstable();
            took
        };
        let (calls, newcomers) = (took(false), took(true));
        Stretch {
            took: calls,
            newcomer: newcomers.last().copied().unwrap_or_default(),
            errors: within.iter().filter_map(|call| call.fault()).collect(),
        }
    }

    pub(super) fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.thread.join().expect("the honest caller works to the end");
    }
}

async fn work<F: Future<Output = Result<Client, tonic::transport::Error>> + 'static>(
    connect: impl Fn() -> F + 'static,
    (between, patience): (Duration, Duration),
    stopping: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<Call>>>,
) {
    let standing = connect().await.expect("the honest caller is let in");
    let mut ticks = interval(between);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut came = Instant::now();
    while !stopping.load(Ordering::Relaxed) {
        ticks.tick().await;
        let newcomer = (came.elapsed() >= NEWCOMERS).then(|| {
            came = Instant::now();
            connect()
        });
        let (standing, seen) = (standing.clone(), seen.clone());
        tokio::task::spawn_local(async move {
            let (begun, new) = (Instant::now(), newcomer.is_some());
            let call = async {
                let client = match newcomer {
                    Some(connecting) => connecting.await.map_err(|error| format!("{error:?}"))?,
                    None => standing,
                };
                client
                    .citizen(get(AN))
                    .await
                    .map_err(|refused| format!("{refused:?}"))
            };
            let outcome = timeout(patience, call).await;
            seen.lock().expect("nobody panics here").push(Call {
                begun,
                took: begun.elapsed(),
                newcomer: new,
                error: match outcome {
                    Ok(Ok(_)) => None,
                    Ok(Err(error)) => Some(error),
                    Err(_) => Some(format!("no answer within {patience:?}")),
                },
            });
        });
    }
    // What is still under way gets its answer.
    tokio::time::sleep(Duration::from_millis(200)).await;
}
