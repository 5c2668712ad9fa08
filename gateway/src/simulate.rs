//! Simulated registries: a server that answers as a registry would, from SQLite files, and misbehaves when it
//! is told to. A province can build against one before its real link exists; tests put it behind the gateway.
//!
//! | file | idea |
//! |---|---|
//! | `fault`, `faults` | what can go wrong, and who gets it |
//! | `control` | a file by which the faults change while it runs |
//! | `rows` | the records, from the tables that a registry's file maps |
//! | `shape`, `cong_dan`, `tree` | the form in which they are written |
//! | `language` | questions and answers in JSON and SOAP |
//! | `grpc` | questions and answers in gRPC, and the schema that they are in |
//! | `answering` | one question and its answer |
//! | `spoiled`, `body` | an answer with a fault in it |
//! | `listener`, `secured`, `raw` | connections, TLS, and what goes wrong with them |
//! | `adapter_file` | the registry's file to use against it |
//!
//! It shares no code with the adapters but the settings that say where the records lie.

mod adapter_file;
mod answering;
mod body;
mod cong_dan;
pub(crate) mod control;
pub mod fault;
pub mod faults;
mod grpc;
mod language;
mod listener;
mod percent;
mod raw;
mod rows;
mod secured;
mod shape;
mod spoiled;
mod tree;

#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;

use adapters::settings::Routes;
use anyhow::{Context as _, Result, anyhow, bail};
use tokio::sync::{oneshot, watch};

use faults::{Faults, Shared};
use grpc::Schema;
use language::Text;
use rows::Rows;
use secured::Secured;
use shape::Shape;

/// The languages that can be simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// JSON over HTTP.
    Rest,
    /// SOAP 1.1.
    Soap,
    /// gRPC.
    Grpc,
}

impl Kind {
    /// The word in a registry's file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Soap => "soap",
            Self::Grpc => "grpc",
        }
    }

    /// The language, if it is text.
    fn text(self) -> Option<Text> {
        match self {
            Self::Rest => Some(Text::Json),
            Self::Soap => Some(Text::Soap),
            Self::Grpc => None,
        }
    }
}

/// What is simulated, and how.
#[derive(Debug)]
pub struct Plan {
    /// The language.
    pub kind: Kind,
    /// The registry's file of kind `embedded`: its records, keys and tables are simulated.
    pub registry: String,
    /// The folder with its SQLite file.
    pub data: PathBuf,
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// TLS; none speaks plain HTTP.
    pub tls: Option<Tls>,
    /// What goes wrong from the beginning.
    pub faults: Vec<Shared>,
    /// Whether each question is told on standard error.
    pub telling: bool,
    /// Where the schema of gRPC is to lie, as the registry's file names it; the other languages have none.
    pub schema: String,
}

/// How the connection is secured.
#[derive(Clone, Debug)]
pub struct Tls {
    /// A folder of `lienthong pki init`: its server certificate is shown.
    pub keys: PathBuf,
    /// Name of the client certificate in `clients/` that askers have to have; none asks for none.
    pub client: Option<String>,
    /// The folder as the registry's file names it; none names it by its absolute path.
    pub named: Option<PathBuf>,
}

/// A simulated registry that has its port.
pub struct Simulation {
    listener: TcpListener,
    address: SocketAddr,
    adapter_file: String,
    stage: Arc<Stage>,
}

/// How questions and answers are said.
enum Speech {
    Text(Text),
    Calls(Schema),
}

/// What connections have in common.
struct Stage {
    kind: Kind,
    speech: Speech,
    shape: Shape,
    rows: Rows,
    secured: Option<Secured>,
    faults: Faults,
    /// Ends the connections of the faults before.
    turn: watch::Sender<()>,
    questions: AtomicU64,
    telling: bool,
}

impl Simulation {
    /// Opens the data and takes the port. Nothing is answered yet.
    ///
    /// # Errors
    /// When the plan can't be carried out.
    pub fn open(plan: &Plan) -> Result<Self> {
        let settings: adapters::RegistrySettings =
            toml::from_str(&plan.registry).context("the registry's file can't be read")?;
        let Routes::Embedded(routes) = &settings.routes else {
            bail!("wanted a registry's file of kind \"embedded\", whose tables are simulated");
        };
        let file = routes
            .first()
            .and_then(|route| Path::new(route.connection.get_ref().file.get_ref()).file_name())
            .context("the registry's file names no database")?;
        let rows = Rows::open(&plan.data.join(file), &settings)?;
        let secured = plan.tls.as_ref().map(Secured::load).transpose()?;
        let faults = Faults::new(plan.faults.clone(), plan.kind, secured.is_some())?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, plan.port))
            .with_context(|| format!("127.0.0.1:{} can't be listened on", plan.port))?;
        let address = listener.local_addr()?;
        let shape = Shape::of(plan.kind, &rows.records);
        let speech = match plan.kind.text() {
            Some(language) => Speech::Text(language),
            None => Speech::Calls(Schema::of(&rows)?),
        };
        let scheme = if secured.is_some() { "https" } else { "http" };
        let server = adapter_file::Server {
            url: format!("{scheme}://{address}"),
            tls: secured.as_ref().map(|secured| secured.files.clone()),
            schema: plan.schema.clone(),
        };
        let adapter_file = adapter_file::written(plan.kind, shape, &rows.records, &plan.registry, &server)?;
        Ok(Self {
            listener,
            address,
            adapter_file,
            stage: Arc::new(Stage {
                kind: plan.kind,
                speech,
                shape,
                rows,
                secured,
                faults,
                turn: watch::Sender::new(()),
                questions: AtomicU64::new(0),
                telling: plan.telling,
            }),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The registry's file to use against it.
    pub fn adapter_file(&self) -> &str {
        &self.adapter_file
    }

    /// The schema of gRPC to lie beside it, as a `.proto` file; none in other languages.
    pub fn schema(&self) -> Option<&str> {
        match &self.stage.speech {
            Speech::Text(_) => None,
            Speech::Calls(schema) => Some(schema.text()),
        }
    }

    /// Answers on this runtime until `stop` comes.
    ///
    /// # Errors
    /// When the port can't be used.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<()> {
        listener::serve(self.listener, self.stage, stop).await
    }

    /// Answers on a thread of its own, until the value goes.
    ///
    /// # Errors
    /// When there is no thread.
    pub fn in_background(self) -> Result<Background> {
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("simulated".to_owned())
            .spawn(move || {
                runtime.block_on(self.serve(async {
                    let _ = stopped.await;
                }))
            })?;
        Ok(Background {
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Puts other faults in force, and ends the connections of those before.
    pub(crate) fn control(&self) -> control::Control {
        control::Control(Arc::clone(&self.stage))
    }
}

/// A simulated registry on a thread of its own.
#[derive(Debug)]
pub struct Background {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Background {
    /// Ends it.
    ///
    /// # Errors
    /// When it ended before, and why.
    pub fn stop(mut self) -> Result<()> {
        drop(self.stop.take());
        match self.thread.take().map(JoinHandle::join) {
            None | Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(error))) => Err(error),
            Some(Err(_)) => Err(anyhow!("a simulated registry ended by a panic")),
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
