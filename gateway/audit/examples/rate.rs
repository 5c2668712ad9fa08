//! Prints how fast the log appends, verifies and opens again: `cargo run --release -p audit --example rate [FOLDER [ENTRIES]]`.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use audit::{Appender, Entry, EntryKind, Linger, Log, Options, Signer, VerifyOptions, Waiters};

type Fallible<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Fallible {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments
        .next()
        .map_or_else(|| std::env::temp_dir().join("audit-rate"), PathBuf::from);
    let total: u64 = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    std::fs::create_dir_all(&folder)?;
    encoding(&folder.join("encode"))?;
    for (waiters, entries) in [(1, 5_000), (8, 40_000), (64, 200_000), (256, 400_000)] {
        rate(&folder.join(format!("rate-{waiters}")), waiters, entries)?;
    }
    million(&folder.join("million"), total)?;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn entry(number: u64) -> Entry {
    Entry {
        request_id: format!("0193a2f4-7c1e-7b3a-9d52-{number:012x}"),
        agency: "H29.12".into(),
        system: "one-stop-office".into(),
        officer: "officer-0042".into(),
        role: "reception".into(),
        certificate_sha256: vec![7; 32],
        token_id_hash: vec![8; 32],
        receiving_agency: "H29.12".into(),
        competent_agency: "H29".into(),
        procedure: "1.004222".into(),
        step: "receiving".into(),
        dossier: format!("H29.12-261124-{number:06}"),
        agreement: "h29-population".into(),
        agreement_version: "3".into(),
        config_version: "2026-11-24.1".into(),
        registry: "population".into(),
        operation: "get".into(),
        fields_given: vec!["full_name".into(), "birth_date".into(), "residence".into()],
        outcome: "OK".into(),
        source: "cache".into(),
        answer_hmac: vec![9; 32],
        latency_micros: 312,
        subject_pseudonym: vec![6; 32],
        record_type: "lienthong.population.v1.Citizen".into(),
        ..Entry::new(EntryKind::Outcome, 1_764_000_000_000_000 + number as i64)
    }
}

fn open(folder: &Path, signer: Signer) -> Fallible<Appender> {
    let longest = std::env::var("LINGER_MICROS")
        .ok()
        .map_or(Ok(200), |text| text.parse())?;
    let linger = Linger {
        longest: Duration::from_micros(longest),
        ..Linger::default()
    };
    let (log, recovery) = Log::open(
        folder,
        signer,
        Options {
            linger,
            ..Options::default()
        },
    )?;
    println!("  opened: {recovery:?}");
    Ok(log)
}

/// What an append costs on the caller's thread.
fn encoding(folder: &Path) -> Fallible {
    let log = open(folder, Signer::ephemeral("rate.example/log")?)?;
    let entry = entry(1);
    println!("append: entry of {} bytes", entry.encode_canonical().len());
    let begun = Instant::now();
    let mut appended = 0_u32;
    for _ in 0..20_000 {
        appended += u32::from(log.append(&entry).is_ok());
    }
    println!(
        "append: {:.2} µs an entry on the caller's thread ({appended} taken)",
        begun.elapsed().as_secs_f64() * 1e6 / 20_000.0
    );
    log.close();
    Ok(())
}

/// Closed loop: this many callers on one single-threaded runtime, each waiting for its entry before the next.
fn rate(folder: &Path, callers: u64, entries: u64) -> Fallible {
    let log = open(folder, Signer::ephemeral("rate.example/log")?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let sample = Arc::new(entry(1));
    let begun = Instant::now();
    let cpu = cpu_time();
    let mut times = runtime.block_on(async {
        let (waiters, driver) = Waiters::new(&log);
        let driver = tokio::spawn(driver);
        let tasks: Vec<_> = (0..callers)
            .map(|_| {
                let (log, waiters, sample) = (log.clone(), waiters.clone(), Arc::clone(&sample));
                tokio::spawn(async move {
                    let mut times = Vec::new();
                    for _ in 0..entries / callers {
                        let begun = Instant::now();
                        let ticket = log.append(&sample)?;
                        waiters.durable(ticket).await?;
                        times.push(begun.elapsed());
                    }
                    Ok::<_, audit::Unavailable>(times)
                })
            })
            .collect();
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await??);
        }
        driver.abort();
        Ok::<_, Box<dyn std::error::Error>>(times)
    })?;
    let elapsed = begun.elapsed();
    let cpu = cpu_time() - cpu;
    times.sort_unstable();
    let at = |share: f64| {
        times
            .get((times.len() as f64 * share) as usize)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "rate: {callers} waiters: {:.0} entries/s, p50 {:?}, p99 {:?}, p99.9 {:?}, CPU {:.2} µs an entry",
        entries as f64 / elapsed.as_secs_f64(),
        at(0.5),
        at(0.99),
        at(0.999),
        cpu.as_secs_f64() * 1e6 / entries as f64,
    );
    println!("  CPU by thread, µs an entry: {}", threads(entries));
    log.close();
    Ok(())
}

/// What each thread of the log used, divided by the entries.
fn threads(entries: u64) -> String {
    let tasks = std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let mut lines: Vec<_> = tasks
        .filter_map(|task| {
            let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
            let spent = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            let nanoseconds: f64 = spent.split_whitespace().next()?.parse().ok()?;
            let micros = nanoseconds / 1000.0 / entries as f64;
            (name.starts_with("audit-")).then(|| format!("{} {micros:.2}", name.trim()))
        })
        .collect();
    lines.sort();
    lines.join(", ")
}

/// A large log: append without waiting, close, verify, open again with and without its node hashes.
fn million(folder: &Path, entries: u64) -> Fallible {
    let key_file = folder.with_extension("key");
    let signer = Signer::create_key_file(&key_file, "rate.example/log")?;
    let key = signer.key().clone();
    let log = open(folder, signer)?;
    let begun = Instant::now();
    let mut sample = entry(1);
    for number in 0..entries {
        sample.latency_micros = number + 1;
        while let Err(error) = log.append(&sample) {
            if error != audit::Unavailable::QueueFull {
                return Err(error.into());
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }
    log.close();
    println!(
        "append without waiting: {:.0} entries/s",
        entries as f64 / begun.elapsed().as_secs_f64()
    );
    let report = audit::verify(
        folder,
        &key,
        &VerifyOptions {
            at_rest: true,
            ..VerifyOptions::default()
        },
        |_| {},
    )?;
    println!(
        "verify: {:.0} entries/s; {report:?}",
        report.entries as f64 / report.duration.as_secs_f64()
    );
    open(folder, Signer::load(&key_file)?)?.close();
    std::fs::remove_dir_all(folder.join("tile"))?;
    let log = open(folder, Signer::load(&key_file)?)?;
    let begun = Instant::now();
    for index in 0..1000 {
        log.receipt(index * (entries / 1000))?;
    }
    println!("receipt: {:.1} µs each", begun.elapsed().as_secs_f64() * 1e3);
    log.close();
    Ok(())
}

/// CPU time of this process.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: u64 = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}
