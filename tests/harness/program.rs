//! The built program, `lienthong`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Names a built program to test, instead of the one of this workspace.
const VARIABLE: &str = "LIENTHONG_BIN";

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

/// Runs a command of the program to its end.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn run<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Ran {
    let output = Command::new(program())
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    Ran {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
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
