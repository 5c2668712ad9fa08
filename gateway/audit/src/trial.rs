//! What the tests of several parts need: small logs in temporary folders.

use std::path::Path;
use std::time::Duration;

use crate::{Appender, Entry, EntryKind, Linger, Log, Options, Recovery, Signer};

/// Segments and space of a few kilobytes, so that small logs have all the parts of large ones.
pub(crate) fn small() -> Options {
    Options {
        segment_bytes: 16 << 10,
        write_ahead_bytes: 4 << 10,
        linger: Linger {
            longest: Duration::ZERO,
            quiet: Duration::ZERO,
            from: u32::MAX,
        },
        checkpoint_interval: Duration::from_secs(3600),
        retry_interval: Duration::from_millis(5),
        ..Options::default()
    }
}

pub(crate) fn entry(number: u64) -> Entry {
    Entry {
        request_id: format!("request-{number}"),
        agency: format!("H{}.12", number % 3),
        registry: "population".to_owned(),
        outcome: "OK".to_owned(),
        ..Entry::new(
            EntryKind::Outcome,
            1_000 + i64::try_from(number).expect("a small number"),
        )
    }
}

/// A signer from a key file beside the log, so that a log can be opened again.
pub(crate) fn signer(folder: &Path) -> Signer {
    let path = folder.with_extension("key");
    Signer::load(&path)
        .or_else(|_| Signer::create_key_file(&path, "log.example/trial"))
        .expect("a key")
}

pub(crate) fn open(folder: &Path) -> (Appender, Recovery) {
    Log::open(folder, signer(folder), small()).expect("opens")
}

/// A closed log of batches of these sizes, from a fresh folder.
pub(crate) fn closed_log(folder: &Path, batches: &[u64]) {
    let (log, _) = open(folder);
    let mut number = log.durable().size;
    for batch in batches {
        let together: Vec<_> = (number..number + batch).map(entry).collect();
        number += batch;
        let _tickets = log.append_together(&together).expect("in line");
        while log.durable().size < number {
            std::thread::yield_now();
        }
    }
    log.close();
}
