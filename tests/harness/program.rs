//! The built program, `lienthong`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// Names a built program to test, instead of the one of this workspace.
const VARIABLE: &str = "LIENTHONG_BIN";

/// The program's file. Cargo builds it first where it is missing or older than its sources.
#[must_use]
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| std::env::var_os(VARIABLE).map_or_else(built, PathBuf::from))
}

/// Runs a command of the program to its end.
#[must_use]
pub fn run(arguments: &[&str]) -> Output {
    Command::new(program())
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
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
