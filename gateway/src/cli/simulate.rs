//! `lienthong simulate`: a registry that isn't there yet, or that misbehaves.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::demo;
use crate::simulate::fault::KINDS;
use crate::simulate::faults::Shared;
use crate::simulate::{Kind, Plan, Simulation, Tls};

/// Serve a registry of synthetic data on 127.0.0.1, as its owner would, with faults on demand.
///
/// Prints the registry's file to use against it, and serves until SIGTERM or Ctrl-C. On standard error
/// each question is told with what came of it, never whom it was about. Whoever reaches the port is
/// answered, so only invented data belong here.
#[derive(Debug, Args)]
#[command(after_long_help = faults_help())]
pub(super) struct SimulateCommand {
    /// The language that it speaks.
    kind: Kind,
    /// The registry: population, criminal-record, business, or another of the shipped tree.
    #[arg(default_value = "population")]
    registry: String,
    /// The registry's file of kind `embedded` to take tables and mapping from [default: the shipped one].
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Folder with the registry's SQLite file, such as `demo/data`; where it isn't there, synthetic data
    /// are made in it.
    #[arg(long, value_name = "DIR", default_value = "simulated")]
    data: PathBuf,
    /// Citizens in synthetic data that are made.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(demo::data::FEWEST..=demo::data::MOST))]
    citizens: u64,
    /// Port on 127.0.0.1 [default: a free one].
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// A folder of `lienthong pki init`: speak TLS with its server certificate.
    #[arg(long, value_name = "KEYS")]
    tls: Option<PathBuf>,
    /// Want a client certificate; NAME in KEYS/clients is the one that the printed file names.
    #[arg(long, value_name = "NAME", requires = "tls")]
    client_certificate: Option<String>,
    /// What goes wrong: KIND[:ARGUMENT][@SHARE%]; may be given several times. --help lists the kinds.
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Shared>,
    /// A file with faults, one a line, that is followed: what is written there is in force within a tenth of a
    /// second, in the place of --fault, and open connections end.
    #[arg(long, value_name = "FILE")]
    control: Option<PathBuf>,
    /// Write the registry's file here instead of printing it.
    #[arg(long, value_name = "FILE")]
    adapter_file: Option<PathBuf>,
    /// Where the schema goes that the registry's file of gRPC names [default: beside --adapter-file, else
    /// beside the data, REGISTRY.proto].
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
}

fn faults_help() -> String {
    let mut text = "Faults:\n".to_owned();
    for (word, argument, does) in KINDS {
        let shown = match argument {
            "" => word.to_owned(),
            argument => format!("{word}[:{argument}]"),
        };
        text.push_str(&format!("  {shown:<20} {does}\n"));
    }
    text.push_str("\nA share counts in questions, for mute, reset, wrong-certificate, no-tls, garbage and\nendless-head in connections: --fault fault@10% --fault latency:2s@30%\n");
    text
}

impl SimulateCommand {
    /// Absolute, since the registry's file may be read from anywhere.
    fn schema_file(&self) -> Result<PathBuf> {
        let file = self.schema.clone().unwrap_or_else(|| match &self.adapter_file {
            Some(file) => file.with_extension("proto"),
            None => self.data.join(format!("{}.proto", self.registry)),
        });
        Ok(std::path::absolute(file)?)
    }

    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let registry = match &self.file {
            Some(file) => fs::read_to_string(file).with_context(|| file.display().to_string())?,
            None => demo::registry_file(&self.registry)?.to_owned(),
        };
        if self.file.is_none() && !demo::data::FILES.iter().all(|file| self.data.join(file).exists()) {
            demo::data::generate(&self.data, self.citizens, &|_| {})?;
        }
        let schema = self.schema_file()?;
        let simulation = Simulation::open(&Plan {
            kind: self.kind,
            registry,
            data: self.data,
            port: self.port,
            tls: self.tls.map(|keys| Tls {
                keys,
                client: self.client_certificate,
                named: None,
            }),
            faults: self.faults,
            telling: true,
            schema: schema.display().to_string(),
        })?;
        if let Some(text) = simulation.schema() {
            fs::write(&schema, text).with_context(|| format!("{} can't be written", schema.display()))?;
        }
        match &self.adapter_file {
            Some(file) => fs::write(file, simulation.adapter_file())
                .with_context(|| format!("{} can't be written", file.display()))?,
            None => write!(out, "{}", simulation.adapter_file())?,
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            let control = simulation.control();
            anstream::eprintln!("simulating {} on {}", self.kind.word(), simulation.address());
            anstream::eprintln!("faults: {}", control.present());
            // Only now: whoever reads the file to its end may ask at once.
            out.flush()?;
            let stopped = async {
                let followed = async {
                    match &self.control {
                        Some(file) => control.follow(file).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                    () = followed => {}
                }
            };
            simulation.serve(stopped).await
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
