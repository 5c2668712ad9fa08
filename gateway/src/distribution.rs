//! Revocation lists (RFC 5280 §4.2.1.13) and key sets (RFC 7517 §5) fetched from where their owners
//! publish them.
//!
//! | file | idea |
//! |---|---|
//! | `address` | an address that an operator configured |
//! | `fetch` | one request, within limits |
//! | `confirmed` | when a key set was last fetched, or found unchanged |
//! | `keep` | what was fetched and is good takes the place of the file that the configuration names |
//!
//! The file is all that the rest of the gateway knows: a new one is seen and read like any other.

mod address;
mod confirmed;
mod fetch;
mod keep;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

pub use address::Address;
pub use confirmed::Confirmed;
pub(crate) use fetch::{FetchError, post};
use fetch::{Fetched, Validators};
use keep::KeepError;

use crate::clock::Moment;
use crate::identity::{NamedCa, UnknownKeys, configured, key_set, revocation};
use crate::settings::Settings;

/// Time until the next try after one that failed, if the operator did not set a shorter one.
const AGAIN: Duration = Duration::from_secs(60);

/// Shortest time between two fetches of a key set, however many tokens name keys that it does not hold.
const KEYS_AGAIN: Duration = Duration::from_secs(30);

/// What is published at a place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Content {
    /// Revocation lists, which this authority has to have signed.
    Lists(NamedCa),
    /// The key set of the token issuer of this name.
    Keys(String),
}

/// A place from which something is fetched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    address: Address,
    /// The authorities of an `https://` server.
    ca: Option<PathBuf>,
    /// The file that it is kept in.
    file: PathBuf,
    every: Duration,
    content: Content,
}

/// Why there is nothing new.
#[derive(Debug, thiserror::Error)]
pub enum DistributionError {
    /// It did not come.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It came and is not taken.
    #[error(transparent)]
    Keep(#[from] KeepError),
}

/// The places of a configuration.
#[must_use]
pub fn sources(settings: &Settings) -> Vec<Source> {
    let tls = &settings.gateway.tls;
    let named = configured::authorities(tls, &settings.base);
    let mut sources = Vec::new();
    for (ca, authority) in tls.client_ca.get_ref().iter().zip(named) {
        for list in ca.lists() {
            let Some(Ok(address)) = list.url.as_ref().map(|url| Address::parse(url.get_ref())) else {
                continue;
            };
            sources.push(Source {
                address,
                ca: list.ca.as_ref().map(|path| settings.path(path.get_ref())),
                file: settings.path(list.file.get_ref()),
                every: list.every.get_ref().0,
                content: Content::Lists(authority.clone()),
            });
        }
    }
    for issuer in settings.gateway.token.issuers.get_ref() {
        let Some(Ok(address)) = issuer.url.as_ref().map(|url| Address::parse(url.get_ref())) else {
            continue;
        };
        sources.push(Source {
            address,
            ca: issuer.ca.as_ref().map(|path| settings.path(path.get_ref())),
            file: settings.path(issuer.jwks.get_ref()),
            every: issuer.every.get_ref().0,
            content: Content::Keys(issuer.name.get_ref().clone()),
        });
    }
    sources
}

/// Fetches what has no file that counts, before it is put in force: all at once, so that it takes no longer
/// than one request may. Whether something came. What can't be fetched is told: the load then fails for want of it.
pub fn fetch_missing(sources: &[Source]) -> std::io::Result<bool> {
    let missing: Vec<_> = sources
        .iter()
        .filter(|source| !source.is_usable())
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(false);
    }
    let runtime = runtime()?;
    let came = runtime.block_on(async {
        let mut fetches = JoinSet::new();
        for source in missing {
            fetches.spawn(async move {
                let outcome = source.renew(&mut Validators::default()).await;
                outcome.map_err(|error| source.tell(&error)).is_ok()
            });
        }
        fetches.join_all().await.contains(&true)
    });
    // A name that is being looked up is not waited for.
    runtime.shutdown_background();
    Ok(came)
}

/// The places of new settings while their files are not there: asked again after a while, not each time that
/// the settings are read.
#[derive(Debug, Default)]
pub struct Missing {
    tried: HashMap<Source, Instant>,
}

impl Missing {
    /// As [`fetch_missing`], for those that were not tried a while ago. `in_force` is fetched already.
    pub fn fetch(&mut self, sources: &[Source], in_force: &[Source], now: Instant) -> std::io::Result<bool> {
        self.tried
            .retain(|source, tried| sources.contains(source) && now < *tried + source.again());
        let due: Vec<_> = sources
            .iter()
            .filter(|source| !in_force.contains(source) && !self.tried.contains_key(*source))
            .cloned()
            .collect();
        let came = fetch_missing(&due);
        self.tried.extend(due.into_iter().map(|source| (source, now)));
        came
    }
}

/// A thread that fetches.
pub struct Fetching {
    sources: Option<watch::Sender<Vec<Source>>>,
    thread: Option<JoinHandle<()>>,
}

impl Fetching {
    /// Starts it.
    pub fn start(
        sources: Vec<Source>,
        unknown_keys: Arc<UnknownKeys>,
        confirmed: Arc<Confirmed>,
    ) -> std::io::Result<Self> {
        let (sender, mut receiver) = watch::channel(sources);
        let runtime = runtime()?;
        let thread = std::thread::Builder::new()
            .name("distribution".to_owned())
            .spawn(move || {
                runtime.block_on(fetch_all(&mut receiver, &unknown_keys, &confirmed));
                // A name that is being looked up is not waited for.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            sources: Some(sender),
            thread: Some(thread),
        })
    }

    /// Goes on with the places of another configuration.
    pub fn follow(&self, sources: Vec<Source>) {
        if let Some(sender) = &self.sources {
            sender.send_replace(sources);
        }
    }
}

impl Drop for Fetching {
    fn drop(&mut self) {
        self.sources = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that fetches panicked");
        }
    }
}

/// Fetches until there is nobody left to fetch for.
async fn fetch_all(
    sources: &mut watch::Receiver<Vec<Source>>,
    unknown_keys: &Arc<UnknownKeys>,
    confirmed: &Confirmed,
) {
    // By all that a place is: what one server said means nothing to another.
    let mut memory: HashMap<Source, Memory> = HashMap::new();
    loop {
        let current = sources.borrow_and_update().clone();
        memory.retain(|source, _| current.contains(source));
        for source in &current {
            memory.entry(source.clone()).or_insert_with(Memory::new);
        }
        let Some((source, known)) = memory.iter_mut().min_by_key(|(_, known)| known.due) else {
            if sources.changed().await.is_err() {
                return;
            }
            continue;
        };
        tokio::select! {
            changed = sources.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
            issuers = unknown_keys.take() => {
                for (_, known) in memory.iter_mut().filter(|(source, _)| source.is_of(&issuers)) {
                    known.hurry();
                }
                continue;
            }
            () = tokio::time::sleep_until(known.due.into()) => {}
        }
        let outcome = tokio::select! {
            outcome = source.renew(&mut known.validators) => outcome,
            () = ended(sources.clone()) => return,
        };
        let wait = match outcome {
            Ok(()) => {
                if let Content::Keys(issuer) = &source.content {
                    confirmed.tell(issuer, Moment::now());
                }
                source.every
            }
            Err(error) => {
                source.tell(&error);
                source.again()
            }
        };
        known.asked = Some(Instant::now());
        known.due = Instant::now() + wait;
    }
}

/// Returns when there is nobody left to fetch for.
async fn ended(mut sources: watch::Receiver<Vec<Source>>) {
    while sources.changed().await.is_ok() {}
}

/// What is remembered of one place.
struct Memory {
    validators: Validators,
    asked: Option<Instant>,
    due: Instant,
}

impl Memory {
    fn new() -> Self {
        Self {
            validators: Validators::default(),
            asked: None,
            due: Instant::now(),
        }
    }

    /// Looks again as soon as that is allowed.
    fn hurry(&mut self) {
        let soonest = self.asked.map_or_else(Instant::now, |asked| asked + KEYS_AGAIN);
        self.due = self.due.min(soonest);
    }
}

impl Source {
    /// Time until the next try after one that failed.
    fn again(&self) -> Duration {
        self.every.min(AGAIN)
    }

    fn is_usable(&self) -> bool {
        keep::is_usable(&self.content, &self.file)
    }

    fn is_of(&self, issuers: &HashSet<Box<str>>) -> bool {
        matches!(&self.content, Content::Keys(issuer) if issuers.contains(&**issuer))
    }

    /// Fetches what is published and keeps it, if it is another than before.
    async fn renew(&self, validators: &mut Validators) -> Result<(), DistributionError> {
        // A file that is gone, damaged or past its time is not what the server would call the same.
        if !self.is_usable() {
            *validators = Validators::default();
        }
        match fetch::fetch(
            &self.address,
            self.ca.as_deref(),
            validators,
            self.content.largest(),
        )
        .await?
        {
            Fetched::Same => Ok(()),
            Fetched::New(bytes, seen) => {
                keep::keep(&self.content, &self.file, &bytes)?;
                *validators = seen;
                Ok(())
            }
        }
    }

    fn tell(&self, error: &DistributionError) {
        let host = &self.address.host;
        match &self.content {
            Content::Lists(authority) => {
                tracing::warn!(
                    authority = authority.name,
                    host,
                    "no new revocation list: {error}"
                );
            }
            Content::Keys(issuer) => tracing::warn!(issuer, host, "no new key set: {error}"),
        }
    }
}

impl Content {
    /// The largest file of it, in bytes.
    fn largest(&self) -> u64 {
        match self {
            Self::Lists(_) => revocation::LARGEST_FILE,
            Self::Keys(_) => key_set::LARGEST_FILE,
        }
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

#[cfg(test)]
mod tests;
