//! The built program, `lienthong`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Names a built program to test, instead of the one of this workspace.
const VARIABLE: &str = "LIENTHONG_BIN";

/// The longest time that a command may take: against a `serve` that should have refused, and waits for callers instead.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a command of the program left.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// The program's file. Cargo builds it first where it is missing or older than its sources.
#[must_use]
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| std::env::var_os(VARIABLE).map_or_else(built, PathBuf::from))
}

/// Runs a command of the program to its end, which must come within a minute.
///
/// # Panics
/// When it does not start, or does not end: then it is killed, and what it said is told.
#[must_use]
pub fn run<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Ran {
    run_within(PATIENCE, arguments)
}

/// As [`run`], with another time.
///
/// # Panics
/// As [`run`].
#[must_use]
pub fn run_within<S: AsRef<std::ffi::OsStr>>(patience: Duration, arguments: &[S]) -> Ran {
    let mut child = Command::new(program())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Read meanwhile: a full pipe would stop it.
    let (out, err) = (gather(child.stdout.take()), gather(child.stderr.take()));
    let end = Instant::now() + patience;
    let status = loop {
        let ended = child.try_wait().expect("the state of the process");
        if ended.is_some() || Instant::now() >= end {
            break ended;
        }
        thread::sleep(Duration::from_millis(2));
    };
    if status.is_none() {
        child.kill().expect("the process is there");
        child.wait().expect("the state of the process");
    }
    let text = |gathered: JoinHandle<String>| gathered.join().expect("what the program said");
    let ran = Ran {
        code: status.and_then(|status| status.code()),
        out: text(out),
        err: text(err),
    };
    if status.is_none() {
        let arguments: Vec<_> = arguments.iter().map(AsRef::as_ref).collect();
        panic!("{arguments:?} did not end within {patience:?} and was killed: {ran:?}");
    }
    ran
}

/// Reads to the end, on a thread.
fn gather(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    let mut pipe = pipe.expect("it is piped");
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("what the program says");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

impl Ran {
    /// Standard output, which is one value in JSON.
    ///
    /// # Panics
    /// When it is anything else.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let read = serde_json::from_str(&self.out);
        read.unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Standard output, which is one value in JSON a line.
    ///
    /// # Panics
    /// When it is anything else.
    #[must_use]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        let read: Result<_, _> = self.out.lines().map(serde_json::from_str).collect();
        read.unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Where cargo puts programs: a test's own file is in `target/<profile>/deps`, a program's one above.
fn built() -> PathBuf {
    let own = std::env::current_exe().expect("the path of this test");
    let folder = own.parent().expect("a target folder");
    let folder = match folder.parent() {
        Some(above) if folder.file_name().is_some_and(|name| name == "deps") => above,
        _ => folder,
    };
    let mut build = Command::new(env!("CARGO"));
    build
        .args(["build", "--quiet", "--package", "gateway", "--bin", "lienthong"])
        .arg("--manifest-path")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"));
    if folder.file_name().is_some_and(|profile| profile == "release") {
        build.arg("--release");
    }
    if let Some(target) = folder.parent() {
        build.arg("--target-dir").arg(target);
    }
    assert!(
        build.status().expect("cargo starts").success(),
        "the program does not build"
    );
    folder.join("lienthong")
}
