//! `lienthong serve`: the gateway.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::settings::{self, LogFormat, TelemetrySettings};
use crate::{boot, boot::Running};

/// Serves lookups until SIGTERM or Ctrl-C. A changed configuration is taken over; SIGHUP reads it at once.
#[derive(Debug, Args)]
pub(super) struct ServeCommand {
    /// Folder of the configuration tree.
    #[arg(long, value_name = "DIR")]
    config: PathBuf,
}

impl ServeCommand {
    pub(super) fn run(self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let settings = match settings::load(&self.config) {
            Ok(settings) => settings,
            Err(problems) => {
                anstream::eprintln!("{problems}");
                return Ok(ExitCode::FAILURE);
            }
        };
        observe(&settings.gateway.telemetry);
        let running = boot::start(settings)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let signals = {
            let _inside = runtime.enter();
            Signals::catch()?
        };
        // Only now: whoever reads this line may send a signal at once.
        writeln!(out, "listening on {}", running.address())?;
        if let Some(address) = running.metrics_address() {
            writeln!(out, "metrics on {address}")?;
        }
        out.flush()?;
        runtime.block_on(until_stopped(&running, signals))?;
        running.stop();
        Ok(ExitCode::SUCCESS)
    }
}

/// The signals that the gateway answers.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    reload: Signal,
}

impl Signals {
    fn catch() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            reload: signal(SignalKind::hangup())?,
        })
    }
}

async fn until_stopped(running: &Running, mut signals: Signals) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            _ = signals.terminate.recv() => return Ok(()),
            _ = signals.interrupt.recv() => return Ok(()),
            _ = signals.reload.recv() => running.reload(),
        }
    }
}

fn observe(settings: &TelemetrySettings) {
    let filter = tracing_subscriber::EnvFilter::try_new(settings.filter.get_ref()).unwrap_or_default();
    // A message that can't be written, as on a full disk, is lost; to tell of it would end the thread.
    let subscriber = tracing_subscriber::fmt()
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let outcome = match settings.format {
        LogFormat::Text => subscriber.with_ansi(false).try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
    if outcome.is_err() {
        anstream::eprintln!("warning: messages go to the subscriber that is there already");
    }
}
