//! Prints how fast a log is indexed and how long a search for one subject takes:
//! `cargo run --release -p audit --example index [FOLDER [ENTRIES]]`. It fails when 99 of 100 searches take more than 50 ms.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use audit::{EntriesAt, Entry, EntryKind, Filter, Index, Log, Options, Question, Signer};

type Fallible<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// People that the entries are about.
const SUBJECTS: u64 = 50_000;
const SEARCHES: u64 = 2000;
const GATE: Duration = Duration::from_millis(50);

fn main() -> Fallible {
    let mut arguments = std::env::args().skip(1);
    let root = arguments
        .next()
        .map_or_else(|| std::env::temp_dir().join("audit-index"), PathBuf::from);
    let total: u64 = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    std::fs::create_dir_all(&root)?;
    let folder = root.join("log");
    write(&root, &folder, total)?;
    let file = Index::usual_file(&folder);
    let rebuilt = audit::index::rebuild(&folder, &file, |_| {})?;
    println!(
        "reindex: {} entries in {:.1} s, {:.0} a second, {:.0} bytes of index an entry",
        rebuilt.entries,
        rebuilt.duration.as_secs_f64(),
        rebuilt.entries as f64 / rebuilt.duration.as_secs_f64(),
        std::fs::metadata(&file)?.len() as f64 / rebuilt.entries as f64
    );
    let late = search(&folder, &file)?;
    std::fs::remove_dir_all(&root)?;
    if late > GATE {
        return Err(format!("p99 {late:?} is over {GATE:?}").into());
    }
    Ok(())
}

fn write(root: &Path, folder: &Path, total: u64) -> Fallible {
    let signer = Signer::create_key_file(&root.join("key"), "example.gov.vn/index")?;
    let (log, _) = Log::open(folder, signer, Options::default())?;
    for number in 0..total {
        while log.append(&entry(number)).is_err() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    while log.durable().size < total {
        std::thread::sleep(Duration::from_millis(1));
    }
    log.close();
    Ok(())
}

/// Every entry of one subject after the other, read from the log and compared.
fn search(folder: &Path, file: &Path) -> Fallible<Duration> {
    let (index, log) = (Index::new(file.to_owned()), EntriesAt::new(folder));
    let mut times = Vec::new();
    let mut found = 0_u64;
    for search in 0..SEARCHES {
        let question = Question {
            filter: Filter {
                subject_pseudonyms: vec![pseudonym(search * 7919 % SUBJECTS)],
                ..Filter::default()
            },
            ..Question::default()
        };
        let begun = Instant::now();
        for place in index.narrow(&question, 500, 0)?.places {
            found += u64::from(question.fits(&log.entry(place)?));
        }
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    println!(
        "search for one subject: {SEARCHES} searches, {:.1} entries each, p50 {:?}, p99 {:?}, longest {:?}",
        found as f64 / SEARCHES as f64,
        at(0.5),
        at(0.99),
        at(1.0)
    );
    Ok(at(0.99))
}

fn pseudonym(subject: u64) -> Vec<u8> {
    audit::tree::leaf_hash(&subject.to_le_bytes()).to_vec()
}

fn entry(number: u64) -> Entry {
    Entry {
        request_id: format!("0193a2f4-7c1e-7b3a-9d52-{:012x}", number / 2),
        agency: format!("H{:02}.{}", number % 63, number % 20),
        system: "one-stop-office".into(),
        officer: format!("officer-{:04}", number % 3000),
        role: "reception".into(),
        certificate_sha256: vec![7; 32],
        token_id_hash: vec![8; 32],
        receiving_agency: format!("H{:02}", number % 63),
        competent_agency: format!("H{:02}", number % 61),
        procedure: format!("1.{:06}", number % 300),
        step: "receiving".into(),
        component: "identity".into(),
        dossier: format!("H29.12-260624-{:06}", number / 5),
        legal_basis: "Điều 7 Nghị định 107/2021/NĐ-CP".into(),
        agreement: "population".into(),
        agreement_version: "0123456789ab".into(),
        config_version: "0123456789ab".into(),
        registry: ["population", "business", "criminal-record"][(number % 3) as usize].into(),
        operation: "get".into(),
        fields_asked: vec!["full_name".into(), "birth_date".into()],
        fields_given: vec![
            "full_name".into(),
            "birth_date".into(),
            "permanent_residence.province".into(),
        ],
        outcome: "OK".into(),
        source: "cache".into(),
        answer_hmac: vec![9; 32],
        subject_pseudonym: pseudonym(number * 31 % SUBJECTS),
        ..Entry::new(
            EntryKind::Outcome,
            1_790_000_000_000_000 + i64::try_from(number).unwrap_or(0) * 1000,
        )
    }
}
