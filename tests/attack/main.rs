//! The attack kit: plays attacks on a gateway on this machine, with an honest caller beside them, and
//! prints what each of them cost.
#![forbid(unsafe_code)]

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use comfy_table::{CellAlignment, Table, presets};
use harness::attack::{Attack, Gates, Seen, Stretch, Times, Trial};
use serde_json::json;

/// The honest caller's 400 lookups a second.
const BETWEEN: Duration = Duration::from_micros(2_500);

/// How long it waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Plays attacks on the gateway and looks at memory, at the end of each flood, and at an honest caller.
#[derive(Debug, Parser)]
#[command(name = "attack")]
struct Arguments {
    /// Attacks to play [default: all].
    #[arg(value_parser = attack)]
    names: Vec<Attack>,
    /// Seconds of each flood, and of the quiet time before it.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// How often each is played; what is printed is the most that it cost, and the middle time of answers.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=20))]
    rounds: u8,
    /// Look at an attack on a gateway that has been through so many of the same before: whether it adds to what those have left.
    #[arg(long, value_name = "TIMES", num_args = 0..=1, require_equals = true, default_value_t = 0, default_missing_value = "1", hide_default_value = true)]
    again: u8,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Print the names alone.
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    let mut out = std::io::stdout();
    perform(Arguments::parse(), &mut out).unwrap_or_else(|error| {
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(std::io::stderr(), "error: {error:#}");
        ExitCode::FAILURE
    })
}

fn perform(arguments: Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    if arguments.list {
        for attack in Attack::ALL {
            writeln!(out, "{:<28} {}", attack.name(), attack.about())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let attacks = match arguments.names.as_slice() {
        [] => &Attack::ALL[..],
        names => names,
    };
    let trial = Trial {
        length: Duration::from_secs(arguments.seconds),
        times: Times::LONG,
        between: BETWEEN,
        patience: PATIENCE,
        behind: true,
        floods: arguments.again,
        left: Gates::ALL.left,
    };
    let mut rounds = vec![Vec::new(); attacks.len()];
    for _ in 0..arguments.rounds {
        for (attack, seen) in attacks.iter().zip(&mut rounds) {
            seen.push(trial.of(*attack));
        }
    }
    // What is compared with is the middle one of the quiet times before all attacks.
    let idle = Stretch::middle(rounds.iter().flatten().map(|seen| &seen.idle));
    let mut all: Vec<_> = rounds.into_iter().filter_map(Seen::together).collect();
    for seen in &mut all {
        seen.idle.clone_from(&idle);
    }
    if arguments.json {
        let rows: Vec<_> = all.iter().map(row_of_json).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&rows)?)?;
    } else {
        writeln!(out, "{}", table(&all))?;
    }
    let held = all.iter().all(|seen| seen.faults(&Gates::ALL).is_empty());
    Ok(if held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn attack(name: &str) -> Result<Attack, String> {
    Attack::named(name).ok_or_else(|| "no such attack; --list names them".to_owned())
}

fn table(all: &[Seen]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "attack",
        "sent",
        "memory MiB: before, peak, after",
        "ended after",
        "how",
        "honest errors",
        "honest p99 / idle",
        "new connection",
        "verdict",
    ]);
    for seen in all {
        let faults = seen.faults(&Gates::ALL);
        table.add_row([
            seen.attack.name().to_owned(),
            format!("{} on {}", seen.ended.sent, seen.ended.connections),
            format!(
                "{:.1} {:.1} {:.1}",
                mib(seen.before),
                mib(seen.peak),
                mib(seen.after)
            ),
            seen.ended
                .after
                .map_or("never".to_owned(), |after| format!("{} ms", after.as_millis())),
            seen.ended.how.clone(),
            seen.honest.errors.len().to_string(),
            format!(
                "{:.2} / {:.2} ms = {:.2}",
                milliseconds(seen.honest.p99()),
                milliseconds(seen.idle.p99()),
                seen.slower()
            ),
            format!("{:.0} ms", milliseconds(seen.honest.newcomer)),
            if faults.is_empty() {
                "held".to_owned()
            } else {
                faults.join("; ")
            },
        ]);
    }
    for column in [1, 3, 5] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn row_of_json(seen: &Seen) -> serde_json::Value {
    json!({
        "attack": seen.attack.name(),
        "sent": seen.ended.sent,
        "connections": seen.ended.connections,
        "before_bytes": seen.before,
        "peak_bytes": seen.peak,
        "after_bytes": seen.after,
        "ended_after_ms": seen.ended.after.map(milliseconds),
        "how": seen.ended.how,
        "honest_calls": seen.honest.took.len(),
        "honest_errors": seen.honest.errors,
        "honest_p99_ms": milliseconds(seen.honest.p99()),
        "idle_p99_ms": milliseconds(seen.idle.p99()),
        "new_connection_ms": milliseconds(seen.honest.newcomer),
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
