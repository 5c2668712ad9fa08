//! A server as a child process.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::scene::Scene;

const LONGEST_STOP: Duration = Duration::from_secs(15);

/// A running server; ended when it is dropped.
pub(crate) struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    /// The gateway, on the scene's tree.
    pub(crate) fn gateway(scene: &Scene, binary: Option<&Path>) -> anyhow::Result<Self> {
        let binary = binary.map_or_else(beside, |path| Ok(path.to_owned()))?;
        if !binary.exists() {
            bail!(
                "{} is missing; build it with: cargo build --release -p gateway",
                binary.display()
            );
        }
        let mut command = Command::new(binary);
        command.arg("serve").arg("--config").arg(scene.config());
        Self::start(command, &scene.path("gateway.log")).context("the gateway does not start")
    }

    /// The bare server, which gives the answer of the file.
    pub(crate) fn reference(scene: &Scene, answer: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["reference", "--keys"])
            .arg(scene.config().join("keys"))
            .arg("--answer")
            .arg(answer);
        Self::start(command, &scene.path("reference.log")).context("the bare server does not start")
    }

    /// The gRPC registry; it gives the answer of the file to what is passed on.
    pub(crate) fn upstream(scene: &Scene, answer: Option<&Path>) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("upstream");
        if let Some(answer) = answer {
            command.arg("--answer").arg(answer);
        }
        Self::start(command, &scene.path("upstream.log")).context("the registry does not start")
    }

    /// Envoy at this address, by the file `envoy.yaml` of the scene.
    pub(crate) fn envoy(
        scene: &Scene,
        binary: &Path,
        address: SocketAddr,
        threads: u16,
    ) -> anyhow::Result<Self> {
        let log = scene.path("envoy.log");
        let mut command = Command::new(binary);
        command
            .arg("-c")
            .arg(scene.path("envoy.yaml"))
            .args(["--concurrency", &threads.to_string()])
            .args(["--disable-hot-restart", "--log-level", "warn"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?);
        let mut server = Self {
            process: command.spawn().context("Envoy does not start")?,
            address,
        };
        let begun = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            if server.process.try_wait()?.is_some() || begun.elapsed() > LONGEST_STOP {
                bail!(
                    "Envoy does not listen; it said:\n{}",
                    std::fs::read_to_string(&log)?
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    /// Asks it to end, and says whether it did so in order.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        if let Some(process) = rustix::process::Pid::from_raw(i32::try_from(self.process.id())?) {
            rustix::process::kill_process(process, rustix::process::Signal::TERM)?;
        }
        let begun = Instant::now();
        while begun.elapsed() < LONGEST_STOP {
            if let Some(status) = self.process.try_wait()? {
                return if status.success() {
                    Ok(())
                } else {
                    bail!("the gateway ended with {status}")
                };
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the gateway did not end within {} s", LONGEST_STOP.as_secs())
    }

    fn start(mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .spawn()?;
        let out = process.stdout.take().context("no standard output")?;
        let mut server = Self {
            process,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        let mut lines = BufReader::new(out).lines();
        server.address = loop {
            let Some(line) = lines.next().transpose()? else {
                let mut told = String::new();
                File::open(log)?.read_to_string(&mut told)?;
                bail!("it ended without a word on its address; it said:\n{told}");
            };
            if let Some(address) = line.strip_prefix("listening on ") {
                break address.trim().parse()?;
            }
        };
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails when it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The gateway's binary of the same build.
fn beside() -> anyhow::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("lienthong"))
}
