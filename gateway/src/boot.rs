//! The one place where the parts meet: from settings to a gateway at work.
//!
//! | file | idea |
//! |---|---|
//! | `watch` | when the configuration is to be read again |
//! | `stamps` | whether files changed, without reading them |
//! | `again` | when something that failed is tried again, though no file changed |
//! | `reload` | a new configuration put in force, or the old one kept |
//! | `certificates` | certificates that end |
//! | `tending` | registries looked after between the calls |
//! | `lists` | revocation lists that end |
//! | `notices` | what happens by itself and is told in the access log: overload, periods of subject keys |
//! | `subjects` | the subject keys that the log goes on with |
//! | `retention` | old entries of the access log removed, told in it first |
//! | `changes` | what a new one changes, told by names of files |

mod again;
mod certificates;
mod changes;
mod lists;
mod notices;
mod reload;
mod retention;
mod stamps;
mod subjects;
mod tending;
mod watch;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use audit::{Follower, Index, Log, Operation, Options, Signer};

use crate::authorization::quota::Quotas;
use crate::directory::Directory;
use crate::distribution::{self, Confirmed, Fetching, Missing};
use crate::exchange::{Exchange, Outcomes};
use tokio::sync::watch::channel as watch_channel;

use crate::clock::Moment;
use crate::identity::VerifiedTokens;
use crate::rpc;
use crate::server::listener::{self, Listening, Parts};
use crate::server::overload::Overload;
use crate::settings::Settings;
use crate::telemetry::{Endpoint, Reloads, Watched};
use crate::witness::{self, Witnessing};
use again::Again;
use notices::Notices;
use reload::{Reloading, note};
use retention::Retention;
use tending::Tending;
use watch::Watch;

/// Verified tokens remembered at one moment.
const TOKENS: u64 = 100_000;

/// A gateway at work.
pub struct Running {
    listening: Listening,
    exchange: Arc<Exchange>,
    watch: Watch,
    follower: Follower,
    witnessing: Witnessing,
    retention: Option<Retention>,
    metrics: Option<Endpoint>,
    tending: Tending,
}

/// Starts the gateway.
pub fn start(settings: Settings) -> anyhow::Result<Running> {
    let places = distribution::sources(&settings);
    distribution::fetch_missing(&places).context("fetching revocation lists and key sets")?;
    let verified = VerifiedTokens::new(TOKENS);
    let directory = Directory::compile(&settings, verified.clone(), None)?;

    let audit = &settings.gateway.audit;
    let signer =
        Signer::load(&settings.path(audit.signing_key.get_ref())).context("the log's signing key")?;
    let folder = settings.path(audit.folder.get_ref());
    let (log, recovery) = Log::open(&folder, signer, Options::default()).context("the access log")?;
    tracing::info!(
        entries = recovery.entries,
        cut_bytes = recovery.cut_bytes,
        "the access log is open"
    );
    let subjects = subjects::open(&settings, &log)?;

    let exchange = Arc::new(Exchange {
        directory: ArcSwap::from_pointee(directory),
        log,
        subjects,
        quotas: Quotas::default(),
        outcomes: Outcomes::default(),
    });
    let period = exchange.subjects.keys.at(Moment::now().0)?;
    let version = env!("CARGO_PKG_VERSION");
    note(
        &exchange,
        Operation::Start,
        "OK",
        format!("version {version}; subjects {}", period.name()),
    )?;
    let destroyed = exchange.subjects.keys.folder().destroyed()?;
    let overload = Arc::new(Overload::default());
    let index = match &audit.index.file {
        Some(file) => settings.path(file.get_ref()),
        None => Index::usual_file(&folder),
    };
    let follower =
        Follower::start(exchange.log.clone(), &folder, index).context("the thread of the index")?;
    let (health, health_service) = tonic_health::server::health_reporter();
    let others = rpc::others(&exchange, follower.index(), health_service);
    let (changed, changes) = watch_channel(0);
    let parts = Parts {
        exchange: exchange.clone(),
        others,
        changes,
        overload: overload.clone(),
    };
    let listening = listener::listen(&settings.gateway.listener, parts)
        .with_context(|| format!("listening on {}", settings.gateway.listener.address))?;
    let patience = audit
        .witness_patience
        .as_ref()
        .map(|patience| patience.get_ref().0);
    let witnessing = Witnessing::start(&exchange.log, witness::witnesses(&settings), patience, health)
        .context("the thread that asks witnesses")?;
    let retention = match &audit.keep {
        Some(keep) => {
            Some(Retention::start(exchange.clone(), keep.get_ref().0).context("the thread of retention")?)
        }
        None => None,
    };
    let (reloads, confirmed) = (Arc::<Reloads>::default(), Arc::<Confirmed>::default());
    let metrics = match &settings.gateway.telemetry.metrics {
        Some(address) => {
            let watched = Watched {
                exchange: exchange.clone(),
                traffic: listening.traffic.clone(),
                reloads: reloads.clone(),
                confirmed: confirmed.clone(),
            };
            let address = address.get_ref().0;
            Some(Endpoint::open(address, watched).with_context(|| format!("metrics on {address}"))?)
        }
        None => None,
    };
    let looked_after = exchange.clone();
    let in_force = move || {
        looked_after
            .directory
            .load()
            .registries
            .values()
            .cloned()
            .collect()
    };
    let tending = Tending::start(in_force).context("the thread that looks after registries")?;
    let fetching_keys = verified.unknown_keys().clone();
    let watch = Watch::start(Reloading {
        exchange: exchange.clone(),
        verified,
        config: settings.base.clone(),
        settings,
        changed,
        fetching: Fetching::start(places, fetching_keys, confirmed).context("the thread that fetches")?,
        refused: None,
        missing: Missing::default(),
        again: Again::default(),
        untold: VecDeque::new(),
        notices: Notices::new(overload, period.name(), destroyed),
        reloads,
    })
    .context("the thread of the configuration")?;
    Ok(Running {
        listening,
        exchange,
        watch,
        follower,
        witnessing,
        retention,
        metrics,
        tending,
    })
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listening.address
    }

    /// Where the page of metrics is, if there is one.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|metrics| metrics.address)
    }

    /// Has the configuration read again at once; changed files are seen without it. A good one is put
    /// in force whole, a broken one changes nothing; the process log says which.
    pub fn reload(&self) {
        self.watch.ask();
    }

    /// Finishes the calls under way, writes the last checkpoint, and ends.
    pub fn stop(self) {
        drop(self.watch);
        drop(self.tending);
        drop(self.retention);
        self.listening.stop();
        drop(self.metrics);
        drop(self.follower);
        drop(self.witnessing);
        if let Err(error) = note(&self.exchange, Operation::Stop, "OK", String::new()) {
            tracing::error!(%error, "the stop could not be logged");
        }
    }
}
