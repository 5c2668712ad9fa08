//! `demo`, and the calls that a newcomer makes at it: `confirm` and `lookup` with a profile, and their
//! exit codes 0 yes, 1 no, 2 usage, 3 unavailable.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use harness::program::{Ran, program, run};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

const CITIZENS: &str = "200";
const OWNER: [&str; 4] = ["--id", "079085000101", "--name", "Nguyễn Minh Quân"];
const DOSSIER: [&str; 4] = ["--procedure", "2.001478", "--dossier", "H29.12-261124-0042"];
const COMPETENT: [&str; 2] = ["--competent", "G01.79"];

/// A demo that serves; it ends with the value.
struct Served {
    folder: TempDir,
    child: Child,
}

impl Served {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(program())
            .args(["demo", "--port", "0", "--citizens", CITIZENS, "--dir"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The page goes first, then the word on standard error that it serves.
        let page = BufReader::new(child.stdout.take().unwrap());
        let read = std::thread::spawn(move || page.lines().map_while(Result::ok).count());
        let words = BufReader::new(child.stderr.take().unwrap());
        let serving = words
            .lines()
            .map_while(Result::ok)
            .any(|line| line.contains("serving until"));
        assert!(serving, "the demo ended: {:?}", child.wait());
        drop(read);
        Self { folder, child }
    }

    fn stop(&mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }

    fn ask(&self, command: &[&str], more: &[&str]) -> Ran {
        let profile = self.folder.path().join("profiles/H29.12.toml");
        let profile = profile.to_str().unwrap();
        run(&[command, &["--profile", profile], &DOSSIER, &COMPETENT, more].concat())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn verify(folder: &Path) -> Ran {
    let (log, key) = (folder.join("audit"), folder.join("keys/log.pub"));
    run(&[
        "audit",
        "verify",
        "--json",
        "--log",
        log.to_str().unwrap(),
        "--key",
        key.to_str().unwrap(),
    ])
}

#[test]
fn the_demo_shows_what_it_promises_and_leaves_a_log_that_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let shown = run(&["demo", "--once", "--citizens", CITIZENS, "--dir", path]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    for wanted in [
        "FIELD_NOT_AGREED",
        "REFUSED_BY_LAW",
        "TOKEN_BINDING",
        "cache",
        "2.001478",
        "grpcurl",
    ] {
        assert!(shown.out.contains(wanted), "{wanted}: {}", shown.out);
    }
    assert_eq!(verify(folder.path()).code, Some(0));
    let checked = run(&[
        "config",
        "check",
        "--config",
        folder.path().join("config").to_str().unwrap(),
    ]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let again = run(&["demo", "--once", "--citizens", CITIZENS, "--dir", path]);
    assert_eq!(again.code, Some(0), "in the same folder it goes on: {again:?}");
    let verified = verify(folder.path());
    assert_eq!(
        (verified.code, &verified.json()["verified"]),
        (Some(0), &Value::Bool(true))
    );
}

/// The rows of the demo's tables and what it says of them, without moments, numbers of entries and what is
/// random; sorted, since the calls of a dossier are answered in any order.
fn samples(page: &str) -> Vec<String> {
    let of_samples = page.split("The way on").next().unwrap_or_default();
    let cell = |cell: &str| {
        let cell = cell.split(" old").next().unwrap_or_default().trim();
        let plain = |c: char| c.is_ascii_hexdigit() || c == ':';
        let random = cell.contains(|c: char| c.is_ascii_digit()) && cell.chars().all(plain);
        let aged = cell.strip_prefix("cache, ").map(|_| "cache");
        if random { "…" } else { aged.unwrap_or(cell) }.to_owned()
    };
    let mut rows: Vec<_> = of_samples
        .lines()
        .filter(|line| line.starts_with('│'))
        .map(|line| {
            line.trim_matches('│')
                .split('┆')
                .map(cell)
                .collect::<Vec<_>>()
                .join(" | ")
        })
        .collect();
    rows.sort();
    rows
}

#[test]
fn behind_simulated_registries_the_demo_shows_the_same_tables() {
    let shown = |adapters: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().to_str().unwrap();
        let demo = ["demo", "--once", "--citizens", CITIZENS, "--dir", dir];
        let shown = run(&[&demo, adapters].concat());
        assert_eq!(shown.code, Some(0), "{shown:?}");
        let registries = folder.path().join("config-adapters/registries/population.toml");
        let file = std::fs::read_to_string(registries).unwrap_or_default();
        (samples(&shown.out), file)
    };
    let (of_files, none) = shown(&[]);
    assert!(of_files.len() > 40, "{of_files:#?}");
    assert_eq!(none, "");
    for (adapters, kind) in [("rest,soap,grpc", "soap"), ("grpc", "grpc")] {
        let (rows, population) = shown(&["--adapters", adapters]);
        assert!(population.contains(&format!("kind = \"{kind}\"")), "{population}");
        assert_eq!(rows, of_files, "{adapters}");
    }
}

#[test]
fn the_exit_code_says_yes_no_usage_or_unavailable() {
    let mut demo = Served::start();
    let confirm = |more: &[&str]| demo.ask(&[&["confirm", "citizen"][..], &OWNER].concat(), more);
    let yes = confirm(&["--claim", "birth_date=15/08/1985"]);
    assert_eq!(yes.code, Some(0), "{yes:?}");
    assert!(yes.out.contains("Đúng"), "{}", yes.out);
    let machine = confirm(&["--claim", "birth_date=15/08/1985", "--json", "--receipt"]);
    let told = machine.json();
    assert_eq!(told["verdicts"][0]["verdict"], "VERDICT_AGREE", "{told}");
    assert!(
        told["receipt"]["proof"]
            .as_str()
            .unwrap()
            .starts_with("c2sp.org/tlog-proof@v1"),
        "{told}"
    );

    let no = confirm(&["--claim", "birth_date=16/08/1985", "--json"]);
    assert_eq!(
        (no.code, &no.json()["verdicts"][0]["verdict"]),
        (Some(1), &"VERDICT_DISAGREE".into())
    );

    let citizen = |more: &[&str]| demo.ask(&[&["lookup", "citizen"][..], &OWNER].concat(), more);
    let refused = citizen(&["--fields", "religion", "--json"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.out.contains("FIELD_NOT_AGREED"), "{}", refused.out);
    let company = demo.ask(&["lookup", "enterprise", "--id", "0991000007"], &["--json"]);
    assert!(
        matches!(company.code, Some(0 | 1)) && company.json().is_object(),
        "{company:?}"
    );

    for usage in [
        confirm(&["--claim", "no_such_field=1"]),
        confirm(&["--claim", "birth_date"]),
        confirm(&["--claim", "birth_date=sometime"]),
        citizen(&["--max-age", "soon"]),
        run(&["lookup", "citizen", "--id", "1"]),
        demo.ask(&["lookup", "planet", "--id", "1"], &[]),
    ] {
        assert_eq!((usage.code, usage.out.as_str()), (Some(2), ""), "{usage:?}");
    }
    let nowhere = [
        &["confirm", "citizen", "--profile", "/no/such.toml"][..],
        &OWNER,
        &DOSSIER,
    ]
    .concat();
    assert_eq!(run(&nowhere).code, Some(2));

    assert_eq!(demo.stop(), Some(0));
    let gone = demo.ask(&[&["lookup", "citizen"][..], &OWNER].concat(), &[]);
    assert_eq!(gone.code, Some(3), "{gone:?}");
    assert_eq!(verify(demo.folder.path()).code, Some(0));
}
