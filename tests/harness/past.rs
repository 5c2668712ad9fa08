//! A log with a past: written before the gateway runs, under its key, with entries of times gone by.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use audit::{Appender, Entry, EntryKind, Log, Options, Signer};

use crate::merkle;
use crate::scene::Scene;
use crate::tokens::unix_seconds;
use crate::tree::{OFFICE, PROCEDURE};

/// Entries of a batch.
const BATCH: usize = 50;

/// What an auditor kept of the log in those days.
pub struct Past {
    /// The hashes of all entries.
    pub leaves: Vec<merkle::Hash>,
    /// The last checkpoint.
    pub checkpoint: String,
    /// The proof of the very first entry.
    pub first: String,
}

/// The time so many days ago, in microseconds since 1970.
fn days_ago(days: i64) -> i64 {
    (unix_seconds() - days * 86_400) * 1_000_000
}

impl Scene {
    /// Writes `old` entries of two years ago and `young` ones of yesterday, in segments of 16 KiB, and waits until those with old
    /// entries alone are sealed.
    ///
    /// # Panics
    /// When there is a log already.
    #[must_use]
    pub fn past(&self, old: u64, young: u64) -> Past {
        let (then, yesterday) = (days_ago(730), days_ago(1));
        let entries =
            (0..old + young).map(|number| entry(number, if number < old { then } else { yesterday }));
        let entries: Vec<_> = entries.collect();
        let log = self.write(&entries, 16 << 10);
        let folder = self.log().folder().to_owned();
        let end = Instant::now() + Duration::from_secs(20);
        while sealed_until(&folder) < old {
            assert!(Instant::now() < end, "old segments are not sealed");
            thread::sleep(Duration::from_millis(5));
        }
        let first = log.receipt(0).expect("a proof").to_string();
        log.close();
        let leaf = |entry: &Entry| merkle::leaf(&entry.encode_canonical());
        Past {
            leaves: entries.iter().map(leaf).collect(),
            checkpoint: fs::read_to_string(folder.join("checkpoint")).expect("it is published"),
            first,
        }
    }

    /// Writes so many entries of yesterday, of somewhat more than so many bytes each.
    ///
    /// # Panics
    /// When there is a log already.
    pub fn thick_past(&self, count: u64, bytes: usize) {
        let thick = |number| Entry {
            detail: "x".repeat(bytes),
            ..entry(number, days_ago(1))
        };
        let entries: Vec<_> = (0..count).map(thick).collect();
        self.write(&entries, 8 << 20).close();
    }

    fn write(&self, entries: &[Entry], segment_bytes: u64) -> Appender {
        let folder = self.log().folder().to_owned();
        assert!(!folder.exists(), "a past comes first");
        let signer = Signer::load(&self.tree.root().join("audit/log.key")).expect("the log's key");
        let options = Options {
            segment_bytes,
            write_ahead_bytes: 4 << 10,
            checkpoint_interval: Duration::from_millis(5),
            ..Options::default()
        };
        let (log, _) = Log::open(&folder, signer, options).expect("a new log");
        for batch in entries.chunks(BATCH) {
            let (last, others) = batch.split_last().expect("an entry");
            for entry in others {
                let _later = log.append(entry).expect("it is in line");
            }
            log.append_blocking(last).expect("it is durable");
        }
        log
    }
}

fn entry(number: u64, time: i64) -> Entry {
    Entry {
        request_id: format!("request-of-old-{number}"),
        agency: OFFICE.to_owned(),
        officer: "officer-1".to_owned(),
        procedure: PROCEDURE.to_owned(),
        dossier: format!("{OFFICE}-240624-{number:04}"),
        registry: "population".to_owned(),
        operation: "get".to_owned(),
        outcome: "OK".to_owned(),
        ..Entry::new(EntryKind::Outcome, time)
    }
}

/// The first entries of the segments of a log, and whether each is sealed, in order.
#[must_use]
pub fn segments(folder: &Path) -> Vec<(u64, bool)> {
    let files = fs::read_dir(folder.join("journal")).expect("a journal");
    let mut segments: Vec<_> = files
        .filter_map(|file| {
            let name = file.expect("a file").file_name().into_string().expect("a name");
            let (first, form) = name.split_once('.')?;
            matches!(form, "seg" | "seg.zst").then(|| (first.parse().expect("a number"), form == "seg.zst"))
        })
        .collect();
    segments.sort_unstable();
    segments
}

/// Where the first segment begins that is not sealed.
fn sealed_until(folder: &Path) -> u64 {
    let plain = segments(folder).into_iter().find(|(_, sealed)| !sealed);
    plain.map_or(0, |(first, _)| first)
}
