//! Chaos: a registry behind the gateway misbehaves in every way that `lienthong simulate` knows, with a healthy
//! registry beside it. Prints what came of each fault.
#![forbid(unsafe_code)]

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use comfy_table::{CellAlignment, Table, presets};
use harness::chaos::{Case, Flown, Gates, KINDS, Seen, Stage, Stretch, cases, fly};
use serde_json::json;

/// Tries faults of registries on the gateway: the answer's word and time, memory, and the calls to a healthy
/// neighbour. Exit code 1 when something is not held.
#[derive(Debug, Parser)]
#[command(name = "chaos")]
struct Arguments {
    /// Faults to try, such as hang [default: all].
    faults: Vec<String>,
    /// Kinds of the registries.
    #[arg(long = "kind", value_parser = KINDS)]
    kinds: Vec<String>,
    /// Seconds of each fault, and of the quiet time before it.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// How often each is tried; what is printed is the most that it cost, and the neighbour's middle p99.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=20))]
    rounds: u8,
    /// Milliseconds that the gateway gives the registry.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(100..=10_000))]
    timeout: u64,
    /// Equal calls at once, to see that the registry is asked once; 0 makes none.
    #[arg(long, default_value_t = 10_000)]
    equal: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let mut out = std::io::stdout();
    perform(Arguments::parse(), &mut out)
        .await
        .unwrap_or_else(|error| {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        })
}

async fn perform(arguments: Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let wanted = |case: &Case| {
        let word = case.fault.split(':').next().unwrap_or_default();
        let named = |name: &String| name == case.fault || name == word;
        arguments.faults.is_empty() || arguments.faults.iter().any(named)
    };
    let of_kind = |kind: &&str| arguments.kinds.is_empty() || arguments.kinds.iter().any(|one| one == kind);
    let length = Duration::from_secs(arguments.seconds);
    let mut all = Vec::new();
    for kind in KINDS.into_iter().filter(of_kind) {
        let cases: Vec<_> = cases(kind).into_iter().filter(wanted).collect();
        let stage = Stage::start(kind, Duration::from_millis(arguments.timeout)).await;
        stage.step_behind();
        // The first calls open connections and fill what is kept for each thread.
        if let Some(first) = cases.first() {
            stage.try_case(*first, length, Duration::from_millis(500)).await;
        }
        let mut rounds = vec![Vec::new(); cases.len()];
        for _ in 0..arguments.rounds {
            for (case, seen) in cases.iter().zip(&mut rounds) {
                seen.push(stage.try_case(*case, length, length).await);
            }
        }
        let mut seen: Vec<_> = rounds.into_iter().filter_map(Seen::together).collect();
        // A few seconds are too few to know a p99 by: what is compared with is the quiet time before all faults.
        let quiet = Stretch::together(seen.iter().map(|seen| &seen.quiet));
        for seen in &mut seen {
            seen.quiet.clone_from(&quiet);
        }
        all.append(&mut seen);
    }
    anyhow::ensure!(!all.is_empty(), "there is no such fault");
    let flown = match arguments.equal {
        0 => None,
        calls => Some(fly("rest", calls).await),
    };
    if arguments.json {
        let rows: Vec<_> = all.iter().map(row_of_json).collect();
        let told = json!({ "faults": rows, "equal_calls": flown.as_ref().map(json_of_flown) });
        writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?;
    } else {
        writeln!(out, "{}", table(&all))?;
        if let Some(flown) = &flown {
            writeln!(out, "\n{}", table_of_flown(flown))?;
        }
    }
    let held = all
        .iter()
        .filter(|seen| seen.faults(&Gates::ALL).is_empty())
        .count();
    writeln!(std::io::stderr(), "{held} of {} held", all.len())?;
    let at_once = flown.is_none_or(|flown| flown.faults().is_empty());
    Ok(if at_once && held == all.len() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn table(all: &[Seen]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "kind",
        "fault",
        "answers",
        "wanted",
        "longest / allowed ms",
        "grew MiB",
        "neighbour p99 / without ms",
        "verdict",
    ]);
    for seen in all {
        let faults = seen.faults(&Gates::ALL);
        let words: Vec<_> = seen
            .asked
            .words
            .iter()
            .map(|(word, n)| format!("{n} {word}"))
            .collect();
        table.add_row([
            seen.case.kind.to_owned(),
            seen.case.fault.to_owned(),
            words.join(", "),
            seen.case.wanted.join(" or "),
            format!(
                "{:.0} / {:.0}",
                milliseconds(seen.asked.longest()),
                milliseconds(seen.timeout + Gates::ALL.late)
            ),
            format!("{:.1}", mib(seen.growth())),
            format!(
                "{:.2} / {:.2} = {:.2}",
                milliseconds(seen.beside.p99()),
                milliseconds(seen.quiet.p99()),
                seen.slower()
            ),
            if faults.is_empty() {
                "held".to_owned()
            } else {
                faults.join("; ")
            },
        ]);
    }
    for column in [4, 5, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn table_of_flown(flown: &Flown) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "equal calls at once",
        "answers",
        "questions to the registry",
        "outcomes in the log",
        "all answered after ms",
        "grew MiB",
        "verdict",
    ]);
    let faults = flown.faults();
    table.add_row([
        flown.calls.to_string(),
        format!("{:?}", flown.answers.words),
        flown.upstream.to_string(),
        flown.outcomes.to_string(),
        format!("{:.0}", milliseconds(flown.took)),
        format!("{:.1}", mib(flown.after.saturating_sub(flown.before))),
        match faults.as_slice() {
            [] => "held".to_owned(),
            faults => faults.join("; "),
        },
    ]);
    table
}

fn json_of_flown(flown: &Flown) -> serde_json::Value {
    json!({
        "calls": flown.calls,
        "answers": flown.answers.words,
        "questions": flown.upstream,
        "outcomes": flown.outcomes,
        "took_ms": milliseconds(flown.took),
        "before_bytes": flown.before,
        "after_bytes": flown.after,
        "faults": flown.faults(),
    })
}

fn row_of_json(seen: &Seen) -> serde_json::Value {
    json!({
        "kind": seen.case.kind,
        "fault": seen.case.fault,
        "answers": seen.asked.words,
        "wanted": seen.case.wanted,
        "longest_ms": milliseconds(seen.asked.longest()),
        "allowed_ms": milliseconds(seen.timeout + Gates::ALL.late),
        "before_bytes": seen.before,
        "peak_bytes": seen.peak,
        "neighbour_calls": seen.beside.took.len(),
        "neighbour_answers": seen.beside.words,
        "neighbour_p99_ms": milliseconds(seen.beside.p99()),
        "neighbour_p99_without_ms": milliseconds(seen.quiet.p99()),
        "faults": seen.faults(&Gates::ALL),
    })
}

#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
