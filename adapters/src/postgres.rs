//! Kind `postgres`: a PostgreSQL database, read through a pool of connections.
//!
//! The mapping is checked against the database's catalogue and every statement prepared when the
//! registry is opened; if the database can't be reached then, when it first can be. A question is one
//! read-only transaction that sees one moment, with the caller's time as the database's own limit,
//! and nothing of the question but bound parameters. A channel that the database notifies tells which
//! subjects changed.

mod changes;
mod client;
mod outage;
mod schema;
mod settings;
mod statements;
mod tls;
mod translate;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio::sync::OnceCell;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use zeroize::Zeroizing;

pub use settings::Settings;
pub(crate) use {client::check_records, settings::check};

use crate::check::Records;
use crate::connect::ConnectError;
use crate::own_runtime::OwnRuntime;
use changes::Times;
use client::{Client, Listening, Shared, Unchecked};

/// What every session is told at its beginning: dates in one form, and no right to write.
const SESSION: &str = "SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; \
     SET bytea_output = 'hex'; SET default_transaction_read_only = on";

/// How long a connection may be silent before its other end is asked whether it is there; and how long, all in all, it
/// may leave that, or anything else that was sent, unanswered before the connection counts as lost.
const SILENCE: Duration = Duration::from_secs(30);

/// Checks the records against the database's tables and starts the pool.
pub(crate) fn connect(
    name: &str,
    settings: &Settings,
    base: &Path,
    records: Arc<Records>,
    longest: usize,
) -> Result<Client, ConnectError> {
    let unreachable = |what: String| ConnectError::Unreachable { what };
    let config = config(settings, base)?;
    let tls = tls::connector(settings, base)?;
    let manager_config = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = Manager::from_config(config.clone(), tls.clone(), manager_config);
    let begin = Hook::async_fn(|client: &mut deadpool_postgres::ClientWrapper, _| {
        Box::pin(async move { client.batch_execute(SESSION).await.map_err(HookError::Backend) })
    });
    let pool = Pool::builder(manager)
        .max_size(*settings.connections.get_ref())
        .runtime(Runtime::Tokio1)
        .create_timeout(Some(settings.connect_timeout.0))
        .post_create(begin)
        .build()
        .map_err(|error| unreachable(error.to_string()))?;
    let runtime = OwnRuntime::start(name).map_err(|error| unreachable(error.to_string()))?;
    let shared = Arc::new(Shared {
        pool,
        tls: tls.clone(),
        records,
        longest,
        checked: OnceCell::new(),
    });
    let opening = Arc::clone(&shared);
    let within = settings.connect_timeout.0 * 3;
    let open = async move {
        match tokio::time::timeout(within, opening.open()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Unchecked::Unreachable(crate::Error::unavailable(
                "the database says nothing",
            ))),
        }
    };
    match runtime.wait(open) {
        Some(Ok(())) => {}
        Some(Err(Unchecked::Settings(problems))) => return Err(ConnectError::Settings(problems)),
        Some(Err(Unchecked::Unreachable(error))) => {
            tracing::warn!(registry = %name, %error, "a registry can't be reached; it is checked when it can");
        }
        None => return Err(unreachable("opening it failed inside".to_owned())),
    }
    let listening = Listening {
        name: name.to_owned(),
        config,
        tls,
        channel: settings.changes.as_ref().map(|channel| channel.get_ref().clone()),
        times: Times::of(settings.connect_timeout.0),
    };
    Ok(Client::new(runtime, shared, listening))
}

fn config(settings: &Settings, base: &Path) -> Result<Config, ConnectError> {
    let mut config = Config::new();
    config
        .port(settings.port)
        .dbname(&settings.database)
        .user(&settings.user)
        .application_name("lienthong")
        .connect_timeout(settings.connect_timeout.0)
        .keepalives_idle(SILENCE)
        .keepalives_interval(SILENCE / 3)
        .keepalives_retries(3)
        .tcp_user_timeout(SILENCE);
    if settings.is_local() {
        config
            .host_path(settings.host.get_ref())
            .ssl_mode(SslMode::Disable);
    } else {
        config.host(settings.host.get_ref()).ssl_mode(SslMode::Require);
    }
    if let Some(file) = &settings.password_file {
        let path = base.join(file.get_ref());
        let password = std::fs::read_to_string(&path).map_err(|error| ConnectError::Unreachable {
            what: format!("{}: {}", path.display(), error.kind()),
        })?;
        let password = Zeroizing::new(password);
        config.password(password.trim_end_matches(['\r', '\n']));
    }
    Ok(config)
}
