//! Kills the program at random instants under load and compares its answers with its log:
//! `cargo run --release -p tests --bin kills -- --kills 1000`.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use comfy_table::Table;
use harness::Scene;
use harness::kills::kill_often;

/// How often.
#[derive(Parser)]
struct Arguments {
    /// Kills.
    #[arg(long, default_value_t = 1000)]
    kills: u64,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let scene = Scene::new();
    let kills = kill_often(&scene, arguments.kills, |kill| {
        if kill.is_multiple_of(100) {
            println!("{kill} kills");
        }
    })
    .await;
    let mut table = Table::new();
    table.set_header([
        "kills",
        "answers",
        "answers without entry",
        "entries",
        "start p50",
        "p99",
        "max",
    ]);
    let start = |share| format!("{} ms", kills.startup(share).as_millis());
    table.add_row([
        kills.kills.to_string(),
        kills.answers.to_string(),
        kills.without_entry.to_string(),
        kills.entries.to_string(),
        start(0.5),
        start(0.99),
        start(1.0),
    ]);
    println!("{table}");
    if kills.without_entry == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
