//! Tells many stories of power cuts: `cargo run --release -p audit --features simulation --example power_cuts -- --seeds 100000`. With `--seed N` one
//! of them again; with `--once` a disk whose n-th write, sync, rename or open fails once; with `--sabotage` each rule is broken in turn, until a story notices.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use audit::simulation::{Broken, Deed, Fault, Sabotage, Told, fail_once, tell};

/// Broken stories that are printed.
const PRINTED: usize = 10;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str| -> Option<u64> {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse().ok()
    };
    if let Some(seed) = number("--seed") {
        return match tell(seed, Sabotage::None) {
            Ok(told) => {
                println!("seed {seed}: {told:?}");
                ExitCode::SUCCESS
            }
            Err(broken) => {
                println!("{broken}");
                ExitCode::FAILURE
            }
        };
    }
    let seeds = number("--seeds").unwrap_or(100_000);
    if arguments.iter().any(|argument| argument == "--once") {
        return once();
    }
    if arguments.iter().any(|argument| argument == "--sabotage") {
        return sabotaged(seeds);
    }
    many(number("--from").unwrap_or(0), seeds)
}

fn many(from: u64, seeds: u64) -> ExitCode {
    let begun = Instant::now();
    let next = AtomicU64::new(from);
    let all: Mutex<(Told, Vec<Broken>)> = Mutex::default();
    on_every_core(|| {
        let (mut told, mut broken) = (Told::default(), Vec::new());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= from + seeds {
                break;
            }
            match tell(seed, Sabotage::None) {
                Ok(story) => told.add(&story),
                Err(story) => broken.push(story),
            }
        }
        if let Ok(mut all) = all.lock() {
            all.0.add(&told);
            all.1.extend(broken);
        }
    });
    let (told, mut broken) = all.into_inner().unwrap_or_default();
    broken.sort_by_key(|broken| broken.seed);
    for broken in broken.iter().take(PRINTED) {
        println!("{broken}");
    }
    println!(
        "{seeds} seeds in {:.1} s: {} power cuts, {} kills, {} of both during recovery, {} disk faults, {} entries acknowledged, {} bytes of \
         interrupted batches cut away, {} sealed segments, fingerprint {:016x}; {} broken",
        begun.elapsed().as_secs_f64(),
        told.cuts,
        told.kills,
        told.cuts_in_recovery,
        told.faults,
        told.acknowledged,
        told.torn_bytes,
        told.sealed,
        told.fingerprint,
        broken.len(),
    );
    if broken.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Each kind of deed fails once, in each way, as the first to the 200th of its kind.
fn once() -> ExitCode {
    let mut all = ExitCode::SUCCESS;
    for deed in Deed::ALL {
        for fault in Fault::of(deed) {
            let found: Mutex<(Told, Vec<Broken>)> = Mutex::default();
            let next = AtomicU64::new(0);
            on_every_core(|| {
                while let after @ 0..200 = next.fetch_add(1, Ordering::Relaxed) {
                    let once = fail_once(deed, *fault, after);
                    if let Ok(mut found) = found.lock() {
                        match once {
                            Ok(told) => found.0.add(&told),
                            Err(broken) => found.1.push(broken),
                        }
                    }
                }
            });
            let (told, broken) = found.into_inner().unwrap_or_default();
            for one in &broken {
                println!("{one}");
                all = ExitCode::FAILURE;
            }
            println!(
                "{deed:?} fails with {fault:?}, n = 1 to 200: {} faults, {} entries acknowledged, {} broken",
                told.faults,
                told.acknowledged,
                broken.len()
            );
            if told.faults + (broken.len() as u64) < 200 {
                println!("not every place was reached");
                all = ExitCode::FAILURE;
            }
        }
    }
    all
}

fn on_every_core(work: impl Fn() + Sync) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(&work);
        }
    });
}

/// Breaks one rule after the other and says how many seeds it took to notice.
fn sabotaged(seeds: u64) -> ExitCode {
    let mut all = ExitCode::SUCCESS;
    for sabotage in Sabotage::ALL {
        match (0..seeds).find_map(|seed| tell(seed, sabotage).err()) {
            Some(broken) => println!(
                "{sabotage:?}: noticed by seed number {}: {}",
                broken.seed + 1,
                broken.what
            ),
            None => {
                println!("{sabotage:?}: not noticed in {seeds} seeds");
                all = ExitCode::FAILURE;
            }
        }
    }
    all
}
