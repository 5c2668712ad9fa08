//! `lienthong serve`: the gateway.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::settings::{self, LogFormat, TelemetrySettings};
use crate::{boot, boot::Running};

/// Serves lookups until SIGTERM or Ctrl-C; SIGHUP reads the configuration again.
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
        writeln!(out, "listening on {}", running.address())?;
        out.flush()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(until_stopped(&running))?;
        running.stop();
        Ok(ExitCode::SUCCESS)
    }
}

async fn until_stopped(running: &Running) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut reload = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            interrupt = tokio::signal::ctrl_c() => return Ok(interrupt?),
            _ = reload.recv() => match running.reload() {
                Ok(()) => tracing::info!("the configuration was read again"),
                Err(error) => tracing::error!(%error, "the old configuration stays in force"),
            },
        }
    }
}

fn observe(settings: &TelemetrySettings) {
    let filter = tracing_subscriber::EnvFilter::try_new(settings.filter.get_ref()).unwrap_or_default();
    let subscriber = tracing_subscriber::fmt()
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
