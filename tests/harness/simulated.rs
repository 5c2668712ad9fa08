//! `lienthong simulate`, running: a registry behind the gateway that misbehaves when it is told to.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use crate::idle::put_behind;
use crate::program::{program, run};
use crate::scene::Scene;

const PATIENCE: Duration = Duration::from_secs(20);

/// A simulated registry with the data of a scene. It is killed when the value goes.
pub struct Simulated {
    child: Child,
    control: PathBuf,
    lines: mpsc::Receiver<String>,
    answered: Arc<AtomicU64>,
}

impl Simulated {
    /// Puts a simulated registry in the place of one of the scene's tree: the same records, over TLS with a
    /// client certificate.
    ///
    /// # Panics
    /// With the program's own words, when it does not start.
    #[must_use]
    pub fn start(scene: &Scene, kind: &str, registry: &str) -> Self {
        let keys = keys(scene);
        let secured = ["--client-certificate", "gateway", "--tls"].map(Into::into);
        let secured = secured.into_iter().chain([keys.into_os_string()]);
        Self::start_with(scene, kind, registry, secured.collect())
    }

    /// The same without TLS.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn start_plain(scene: &Scene, kind: &str, registry: &str) -> Self {
        Self::start_with(scene, kind, registry, Vec::new())
    }

    fn start_with(scene: &Scene, kind: &str, registry: &str, more: Vec<std::ffi::OsString>) -> Self {
        let control = scene.folder().join(format!("{registry}.faults"));
        fs::write(&control, "none\n").expect("the control file");
        let mut child = Command::new(program())
            .args(["simulate", kind, registry, "--data"])
            .arg(scene.folder().join("data"))
            .arg("--adapter-file")
            .arg(scene.tree.root().join(format!("registries/{registry}.toml")))
            .arg("--control")
            .arg(&control)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let answered = Arc::new(AtomicU64::new(0));
        let lines = read(child.stderr.take().expect("it is piped"), Arc::clone(&answered));
        let simulated = Self {
            child,
            control,
            lines,
            answered,
        };
        simulated.await_line("faults: ");
        simulated
    }

    /// Leaves it the time that nobody else wants: a registry has a machine of its own.
    pub(crate) fn step_behind(&self) {
        put_behind(self.child.id());
    }

    /// Puts faults in force, one a line, and waits until they are.
    ///
    /// # Panics
    /// When they don't come in force.
    pub fn misbehave(&self, faults: &str) {
        while self.lines.try_recv().is_ok() {}
        // Its length alone tells nobody that a file changed: the old one goes whole.
        let beside = self.control.with_extension("new~");
        let told = format!("{faults}\n# {}\n", uuid::Uuid::now_v7());
        fs::write(&beside, told).expect("the control file");
        fs::rename(&beside, &self.control).expect("it takes its place");
        self.await_line("faults: ");
    }

    /// Questions, and connections with a fault, that it has had so far.
    #[must_use]
    pub fn questions(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    fn await_line(&self, beginning: &str) {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.expect("the simulated registry says what is in force");
            if line.starts_with(beginning) {
                return;
            }
        }
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keys of the registry's owner: not the gateway's authority.
fn keys(scene: &Scene) -> PathBuf {
    let keys = scene.folder().join("owner");
    if !keys.exists() {
        let folder = keys.to_str().expect("a plain path");
        made(&["pki", "init", "--out", folder]);
        made(&["pki", "client", "--dir", folder, "--agency", "gateway"]);
    }
    keys
}

fn made(command: &[&str]) {
    let ran = run(command);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

/// Reads to the end, so that it never waits for us. A line that begins with a number is a question.
fn read(words: ChildStderr, answered: Arc<AtomicU64>) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(words).lines().map_while(Result::ok) {
            if line.starts_with(|first: char| first.is_ascii_digit()) {
                answered.fetch_add(1, Ordering::Relaxed);
            } else {
                let _ = sender.send(line);
            }
        }
    });
    lines
}

/// Edits the file of a simulated registry so that nothing is kept and a silent one is given up soon.
pub fn ask_anew(scene: &Scene, registry: &str, timeout: &str) {
    let file = format!("registries/{registry}.toml");
    let text = fs::read_to_string(scene.tree.root().join(Path::new(&file))).expect("a registry's file");
    let mut section = "";
    let lines: Vec<_> = text
        .lines()
        .map(|line| {
            if line.starts_with('[') {
                section = line;
            }
            let name = line.split(" =").next().unwrap_or_default();
            match (section, name) {
                ("[cache]", "fresh" | "usable" | "stale_if_error" | "negative") => {
                    format!("{name} = \"0s\"")
                }
                ("[protection]", "timeout") => format!("timeout = \"{timeout}\""),
                _ => line.to_owned(),
            }
        })
        .collect();
    scene.tree.write(&file, &(lines.join("\n") + "\n"));
}

/// Edits the file of a simulated registry so that it is asked however often it failed before.
pub fn without_breaker(scene: &Scene, registry: &str) {
    let file = format!("registries/{registry}.toml");
    scene.tree.edit(
        &file,
        "[protection]\n",
        "[protection]\nbreaker = { failures = 0 }\n",
    );
}
