//! The one place where the parts meet: from settings to a gateway at work.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use audit::{Entry, EntryKind, Log, Options, Pseudonymizer, Signer};

use crate::clock::Moment;
use crate::directory::Directory;
use crate::exchange::Exchange;
use crate::identity::{ClientTrust, VerifiedTokens, configured, tls};
use crate::record::method::{self, Methods};
use crate::rpc;
use crate::server::listener::{self, Listening, Parts};
use crate::settings::{self, Settings};

/// Verified tokens remembered at one moment.
const TOKENS: u64 = 100_000;

/// A gateway at work.
pub struct Running {
    listening: Listening,
    exchange: Arc<Exchange>,
    methods: Methods,
    verified: Arc<VerifiedTokens>,
    config: PathBuf,
}

/// Starts the gateway.
pub fn start(settings: Settings) -> anyhow::Result<Running> {
    let methods: Methods = Arc::new(method::methods(&proto::descriptors())?);
    let trust = ClientTrust::load(&configured::authorities(&settings.gateway.tls, &settings.base))?;
    let own = configured::server_certificate(&settings.gateway.tls, &settings.base);
    let tls = Arc::new(tls::server_config(&own, &trust)?);
    let verified = VerifiedTokens::new(TOKENS);
    let directory = Directory::compile(&settings, &methods, verified.clone())?;

    let audit = &settings.gateway.audit;
    let signer =
        Signer::load(&settings.path(audit.signing_key.get_ref())).context("the log's signing key")?;
    let pseudonyms =
        Pseudonymizer::load(&settings.path(audit.pseudonym_key.get_ref())).context("the pseudonym key")?;
    let folder = settings.path(audit.folder.get_ref());
    let (log, recovery) = Log::open(&folder, signer, Options::default()).context("the access log")?;
    tracing::info!(
        entries = recovery.entries,
        cut_bytes = recovery.cut_bytes,
        "the access log is open"
    );

    let exchange = Arc::new(Exchange {
        directory: ArcSwap::from_pointee(directory),
        log,
        pseudonyms,
    });
    note(&exchange, "start", "OK")?;
    let others = rpc::others(&exchange)?;
    let parts = Parts {
        exchange: exchange.clone(),
        methods: methods.clone(),
        others,
        tls,
        trust: Arc::new(trust),
    };
    let listening = listener::listen(&settings.gateway.listener, parts)
        .with_context(|| format!("listening on {}", settings.gateway.listener.address))?;
    Ok(Running {
        listening,
        exchange,
        methods,
        verified,
        config: settings.base,
    })
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listening.address
    }

    /// Reads the configuration again, checks it whole, and swaps it once; or keeps the old one.
    pub fn reload(&self) -> anyhow::Result<()> {
        let reloaded = settings::load(&self.config)
            .map_err(|problems| anyhow::anyhow!("{problems}"))
            .and_then(|settings| {
                Ok(Directory::compile(
                    &settings,
                    &self.methods,
                    self.verified.clone(),
                )?)
            });
        match reloaded {
            Ok(directory) if directory.version == self.exchange.directory.load().version => Ok(()),
            Ok(directory) => {
                self.exchange.directory.store(Arc::new(directory));
                note(&self.exchange, "reload", "OK")
            }
            Err(error) => {
                note(&self.exchange, "reload", "REFUSED")?;
                Err(error)
            }
        }
    }

    /// Finishes the calls under way, writes the last checkpoint, and ends.
    pub fn stop(self) {
        self.listening.stop();
        if let Err(error) = note(&self.exchange, "stop", "OK") {
            tracing::error!(%error, "the stop could not be logged");
        }
    }
}

/// An entry about the gateway itself.
fn note(exchange: &Exchange, operation: &str, outcome: &str) -> anyhow::Result<()> {
    let mut entry = Entry::new(EntryKind::Operation, Moment::now().0);
    entry.operation = operation.to_owned();
    entry.outcome = outcome.to_owned();
    entry.config_version = exchange.directory.load().version.to_string();
    exchange.log.append_blocking(&entry)?;
    Ok(())
}
