//! The program, running.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::agency::{Agency, Client};
use crate::program::program;
use crate::scene::Scene;

const READY: &str = "listening on ";
const METRICS: &str = "metrics on ";
const PATIENCE: Duration = Duration::from_secs(20);

/// A running gateway. It is killed when the value goes.
pub struct Gateway {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process until it listened.
    pub startup: Duration,
    ca: CertificateDer<'static>,
    spoken: PathBuf,
}

impl Gateway {
    /// Starts the program in the scene and waits until it listens.
    ///
    /// # Panics
    /// With the program's own words, when it does not.
    #[must_use]
    pub fn start(scene: &Scene) -> Self {
        let spoken = scene.folder().join("stderr.txt");
        let stderr: File = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&spoken)
            .expect("a file for the program's words");
        let binary = program();
        let began = Instant::now();
        // The signal of a file that gets too long is ignored, so that `let_files_grow` makes writes fail.
        let mut child = Command::new("/bin/sh")
            .args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#])
            .arg(binary)
            .arg("serve")
            .arg("--config")
            .arg(scene.tree.root())
            // As `deploy/` starts it.
            .env("MIMALLOC_PURGE_DELAY", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("it is piped");
        let (sender, lines) = mpsc::channel();
        let mut kept = OpenOptions::new()
            .create(true)
            .append(true)
            .open(scene.folder().join("stdout.txt"))
            .expect("a file for the program's output");
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = io::Write::write_all(&mut kept, format!("{line}\n").as_bytes());
                let _ = sender.send(line);
            }
        });
        let address = lines
            .recv_timeout(PATIENCE)
            .ok()
            .and_then(|line| line.strip_prefix(READY)?.parse().ok());
        let Some(address) = address else {
            let _ = child.kill();
            panic!(
                "the gateway does not listen: {}",
                fs::read_to_string(&spoken).unwrap_or_default()
            );
        };
        Self {
            child,
            address,
            startup: began.elapsed(),
            ca: scene.authority.der().clone(),
            spoken,
        }
    }

    /// Where its page of metrics is, which the tree has to ask for.
    ///
    /// # Panics
    /// When it does not say so.
    #[must_use]
    pub fn metrics(&self) -> SocketAddr {
        let end = Instant::now() + PATIENCE;
        loop {
            let told = fs::read_to_string(self.spoken.with_file_name("stdout.txt")).unwrap_or_default();
            let own = told.rsplit_once(READY).map_or("", |(_, own)| own);
            let address = own.lines().find_map(|line| line.strip_prefix(METRICS));
            if let Some(address) = address.and_then(|address| address.parse().ok()) {
                return address;
            }
            assert!(Instant::now() < end, "no page of metrics: {told}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// A connection of an agency, with its certificate and an honest token.
    pub async fn connect(&self, agency: &Agency, token: String) -> Client {
        self.try_connect(agency, Some(token)).await.expect("a connection")
    }

    /// As [`Self::connect`], where it may fail.
    ///
    /// # Errors
    /// When the connection or the handshake fails.
    pub async fn try_connect(
        &self,
        agency: &Agency,
        token: Option<String>,
    ) -> Result<Client, tonic::transport::Error> {
        Client::connect(self.address, agency.tls(&self.ca), token).await
    }

    /// As [`Self::connect`]; no more than so many bytes of an answer come before they are read.
    ///
    /// # Panics
    /// When the connection fails.
    pub async fn connect_narrow(&self, agency: &Agency, token: String, window: u32) -> Client {
        let tls = agency.tls(&self.ca);
        let client = Client::connect_narrow(self.address, tls, Some(token), Some(window)).await;
        client.expect("a connection")
    }

    /// The certificate that the gateway shows on a new connection.
    ///
    /// # Panics
    /// When there is no connection.
    pub async fn certificate(&self, agency: &Agency) -> CertificateDer<'static> {
        let tls = TlsConnector::from(Arc::new(agency.tls(&self.ca)));
        let stream = TcpStream::connect(self.address).await.expect("a connection");
        let name = ServerName::try_from("localhost").expect("a name");
        let stream = tls.connect(name, stream).await.expect("a handshake");
        let (_, session) = stream.get_ref();
        session.peer_certificates().expect("a certificate")[0].clone()
    }

    /// What the program said on standard error so far.
    #[must_use]
    pub fn words(&self) -> String {
        fs::read_to_string(&self.spoken).unwrap_or_default()
    }

    /// Its process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Its resident memory in bytes.
    #[must_use]
    pub fn resident(&self) -> u64 {
        resident(self.process())
    }

    /// Ends it at once, as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to read its configuration again (SIGHUP).
    pub fn reload(&self) {
        self.signal(Signal::HUP);
    }

    /// Whether it may write to files. While it may not, each write fails as on a broken disk (EFBIG).
    pub fn let_files_grow(&self, may: bool) {
        let pid = Pid::from_child(&self.child);
        let longest = |current| Rlimit {
            current,
            maximum: None,
        };
        let limit = longest((!may).then_some(0));
        prlimit(Some(pid), Resource::Fsize, limit).expect("the process is there");
    }

    /// Asks it to end (SIGTERM) and waits. Blocks: clients on the same thread can't say goodbye meanwhile,
    /// and the gateway waits for them as long as it is set to.
    ///
    /// # Panics
    /// When it does not end.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the state of the process") {
                return status;
            }
            assert!(Instant::now() < end, "the gateway does not end: {}", self.words());
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the process is there");
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Resident memory of a process in bytes (`VmRSS` of `/proc/<pid>/status`); 0 when it has ended.
pub(crate) fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}
