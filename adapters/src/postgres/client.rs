//! A pool of connections, and one question on one of them.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{Object, Pool, PoolError};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_postgres::types::Type;
use tokio_postgres::{Client as Connection, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::changes::{self, Feed, Times};
use super::outage::outage;
use super::schema::Tables;
use super::statements;
use super::statements::Statements;
use super::translate::{self, Prepared};
use crate::check::{Problem, Records};
use crate::error::Error;
use crate::mapping::fitting;
use crate::own_runtime::{Failed, OwnRuntime};
use crate::registry::{ChangeSink, Found, Question, Registry};

/// Sets how long the rest of the transaction's statements may take, each.
const LIMIT: &str = "SELECT set_config('statement_timeout', $1, true)";

/// How long a connection may take to be fit for the next question.
const LONGEST_ROLLBACK: Duration = Duration::from_millis(250);

/// A database, asked through a pool.
pub(crate) struct Client {
    runtime: OwnRuntime,
    shared: Arc<Shared>,
    listening: Listening,
}

/// How changes are heard.
pub(super) struct Listening {
    pub(super) name: String,
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
    pub(super) channel: Option<String>,
    pub(super) times: Times,
}

/// What every question needs.
pub(super) struct Shared {
    pub(super) pool: Pool,
    pub(super) tls: MakeRustlsConnect,
    pub(super) records: Arc<Records>,
    /// Most bytes of one answer.
    pub(super) longest: usize,
    /// What was checked; empty while the database could not be reached yet.
    pub(super) checked: OnceCell<Checked>,
}

/// The tables as they were when the mapping was checked, and the statements for them.
pub(super) struct Checked {
    tables: Tables,
    statements: BTreeMap<Arc<str>, Statements>,
}

/// Why the mapping could not be checked.
pub(super) enum Unchecked {
    Settings(Vec<Problem>),
    Unreachable(Error),
}

impl Client {
    pub(super) fn new(runtime: OwnRuntime, shared: Arc<Shared>, listening: Listening) -> Self {
        Self {
            runtime,
            shared,
            listening,
        }
    }

    async fn over_there<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let done = self.runtime.run(work).await;
        done.unwrap_or_else(|Failed| Err(Error::unavailable("the question failed inside")))
    }
}

#[async_trait::async_trait]
impl Registry for Client {
    async fn look_up(&self, question: Question) -> Result<Found, Error> {
        let shared = Arc::clone(&self.shared);
        self.over_there(async move { shared.look_up(&question).await })
            .await
    }

    async fn check(&self) -> Result<(), Error> {
        let shared = Arc::clone(&self.shared);
        self.over_there(async move { shared.check().await }).await
    }

    fn follow_changes(&self, tell: ChangeSink) {
        if let Some(channel) = &self.listening.channel {
            let records = self.shared.records.values();
            let keys = records.flat_map(|record| record.plan.keys.clone()).collect();
            let feed = Feed {
                name: self.listening.name.clone(),
                config: self.listening.config.clone(),
                tls: self.listening.tls.clone(),
                channel: channel.clone(),
                keys,
                times: self.listening.times,
            };
            self.runtime.begin(changes::follow(feed, tell));
        }
    }
}

impl Shared {
    async fn look_up(&self, question: &Question) -> Result<Found, Error> {
        if question.deadline <= Instant::now() {
            return Err(Error::DeadlineExceeded);
        }
        let Some(record) = self.records.get(&question.record) else {
            return Err(Error::unavailable("the registry's file maps no such record"));
        };
        let Some((place, _)) = fitting(&record.plan.keys, &question.key) else {
            return Err(Error::not_asked());
        };
        let mut leased = self.lease().await?;
        let checked = self.checked(leased.connection()?).await?;
        let Some(statements) = checked.statements.get(&question.record) else {
            return Err(Error::unavailable("the registry's file maps no such record"));
        };
        let prepared = leased.prepared(statements, place).await?;
        let left = question.deadline.saturating_duration_since(Instant::now());
        let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX).min(3_600_000);
        let outcome = translate::look_up(
            leased.connection()?,
            &record.plan,
            &prepared,
            &question.key,
            millis,
            self.longest,
            &question.trace,
        )
        .await;
        leased.give_back(&outcome).await;
        outcome
    }

    /// Whether the database answers, and still has what the mapping reads.
    async fn check(&self) -> Result<(), Error> {
        let mut leased = self.lease().await?;
        let connection = leased.connection()?;
        let checked = self.checked(connection).await?;
        let now = Tables::read(connection, &self.records)
            .await
            .map_err(|error| outage(&error))?;
        let drift = checked.tables.drift(&now, &self.records);
        leased.give_back(&Ok::<(), _>(())).await;
        match drift {
            None => Ok(()),
            Some(what) => Err(Error::Drifted { what }),
        }
    }

    /// Checks the mapping against the database, the first time that it is reached.
    async fn checked(&self, connection: &Connection) -> Result<&Checked, Error> {
        self.checked
            .get_or_try_init(|| async {
                match self.inspect(connection).await {
                    Ok(checked) => Ok(checked),
                    Err(Unchecked::Unreachable(error)) => Err(error),
                    Err(Unchecked::Settings(problems)) => {
                        let first = problems.first().map(ToString::to_string).unwrap_or_default();
                        Err(Error::Drifted {
                            what: format!("the mapping doesn't fit: {first}"),
                        })
                    }
                }
            })
            .await
    }

    /// Checks the mapping against the database when the registry is opened.
    pub(super) async fn open(&self) -> Result<(), Unchecked> {
        let mut leased = self.lease().await.map_err(Unchecked::Unreachable)?;
        let connection = leased.connection().map_err(Unchecked::Unreachable)?;
        let checked = self.inspect(connection).await?;
        leased.give_back(&Ok::<(), _>(())).await;
        // Nobody asks before it is open.
        let _first = self.checked.set(checked);
        Ok(())
    }

    async fn inspect(&self, connection: &Connection) -> Result<Checked, Unchecked> {
        let unreachable = |error: tokio_postgres::Error| Unchecked::Unreachable(outage(&error));
        let tables = Tables::read(connection, &self.records)
            .await
            .map_err(unreachable)?;
        let mut problems = Vec::new();
        for record in self.records.values() {
            tables
                .check(connection, &record.plan, &mut problems)
                .await
                .map_err(unreachable)?;
        }
        if !problems.is_empty() {
            return Err(Unchecked::Settings(problems));
        }
        let mut all = BTreeMap::new();
        for (name, record) in self.records.iter() {
            let statements = Statements::of(&record.plan, &tables, self.longest);
            for (sql, of) in statements.row.iter().map(|sql| (sql, &record.plan.table)).chain(
                statements
                    .items
                    .iter()
                    .zip(&record.plan.lists)
                    .map(|(sql, list)| (sql, &list.table)),
            ) {
                match connection.prepare(sql).await {
                    Ok(_) => {}
                    Err(error) if error.code().is_some() => {
                        let code = error.code().map_or("", |code| code.code());
                        problems.push(Problem::at(
                            of.span.clone(),
                            format!("the database can't prepare the statement on {}: {code}", of.name),
                        ));
                    }
                    Err(error) => return Err(unreachable(error)),
                }
            }
            all.insert(Arc::clone(name), statements);
        }
        if !problems.is_empty() {
            return Err(Unchecked::Settings(problems));
        }
        Ok(Checked {
            tables,
            statements: all,
        })
    }

    async fn lease(&self) -> Result<Leased, Error> {
        match self.pool.get().await {
            Ok(object) => Ok(Leased {
                object: Some(object),
                tls: self.tls.clone(),
            }),
            Err(PoolError::Backend(error)) => Err(outage(&error)),
            Err(PoolError::PostCreateHook(deadpool_postgres::HookError::Backend(error))) => {
                Err(outage(&error))
            }
            Err(_) => Err(Error::unavailable("no connection to the database could be made")),
        }
    }
}

/// A connection that carries a question out. Unless it is given back it is closed, and what it was
/// doing is cancelled: nobody waits for it any more.
struct Leased {
    object: Option<Object>,
    tls: MakeRustlsConnect,
}

impl Leased {
    fn connection(&self) -> Result<&Connection, Error> {
        let object = self.object.as_ref();
        object
            .map(|object| &***object)
            .ok_or_else(|| Error::unavailable("the connection was given back"))
    }

    async fn prepared(&self, statements: &Statements, place: usize) -> Result<Prepared, Error> {
        let (Some(object), Some(row)) = (&self.object, statements.row.get(place)) else {
            return Err(Error::unavailable("the registry's file maps no such record"));
        };
        let prepare = async {
            let limit = object.prepare_typed_cached(LIMIT, &[Type::TEXT]).await?;
            let row = object.prepare_cached(row).await?;
            let mut items = Vec::with_capacity(statements.items.len());
            for sql in &statements.items {
                items.push(object.prepare_cached(sql).await?);
            }
            Ok(Prepared { limit, row, items })
        };
        prepare
            .await
            .map_err(|error: tokio_postgres::Error| outage(&error))
    }

    /// Keeps the connection for the next question, unless it is of no use any more.
    async fn give_back<T>(&mut self, outcome: &Result<T, Error>) {
        let usable = match (outcome, self.connection()) {
            (Ok(_), Ok(_)) => true,
            (Err(error), _) if error.is_outage() => false,
            (_, Err(_)) => false,
            (Err(_), Ok(connection)) => {
                let rollback = timeout(LONGEST_ROLLBACK, connection.batch_execute("ROLLBACK")).await;
                matches!(rollback, Ok(Ok(())))
            }
        };
        if usable {
            drop(self.object.take());
        }
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        let Some(object) = self.object.take() else { return };
        let connection = Object::take(object);
        if connection.is_closed() {
            return;
        }
        let (cancel, tls) = (connection.cancel_token(), self.tls.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // Without it the database goes on until its own time limit.
                let _sent = timeout(LONGEST_ROLLBACK, cancel.cancel_query(tls)).await;
                drop(connection);
            });
        }
    }
}

/// What is wrong with the mapping for this kind.
pub(crate) fn check_records(records: &Records, problems: &mut Vec<Problem>) {
    for record in records.values() {
        statements::check_names(&record.plan, problems);
    }
}
