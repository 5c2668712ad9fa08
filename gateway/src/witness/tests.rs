//! A witness that nobody here wrote does not come with the tests; this one is written from c2sp.org/tlog-witness, and knows
//! nothing of the log's crate but its checkpoints' text and the check of consistency proofs.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::time::Instant;

use audit::proof::verify_consistency;
use audit::{Entry, EntryKind, Hash, Log, Options, Signer, VerifyOptions, VerifyingKey, verify};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::clock::Moment;

const NAME: &str = "witness.example/w1";

/// What the witness knows and does.
struct Known {
    size: u64,
    root: Hash,
    down: bool,
    /// Seconds that its clock is ahead.
    ahead: u64,
    conflicts: usize,
}

/// A witness behind a socket.
struct Server {
    url: String,
    known: Arc<Mutex<Known>>,
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap()
}

fn key_id() -> [u8; 4] {
    let mut digest = Sha256::new();
    digest.update(NAME);
    digest.update(b"\n\x04");
    digest.update(pair().public_key());
    let hash: [u8; 32] = digest.finalize().into();
    [hash[0], hash[1], hash[2], hash[3]]
}

fn witness_key() -> String {
    let mut key = vec![4];
    key.extend(pair().public_key().as_ref());
    let id = u32::from_be_bytes(key_id());
    format!("{NAME}+{id:08x}+{}", STANDARD.encode(key))
}

impl Server {
    fn start(log: VerifyingKey) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/witness/", listener.local_addr().unwrap());
        let known = Arc::new(Mutex::new(Known {
            size: 0,
            root: Sha256::digest([]).into(),
            down: false,
            ahead: 0,
            conflicts: 0,
        }));
        let shared = known.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some((head, body)) = request(&mut stream) else {
                    continue;
                };
                let mut known = shared.lock().unwrap();
                let (status, kind, answer) = match known.down {
                    true => ("503 Service Unavailable", "text/plain", String::new()),
                    false if !head.starts_with("POST /witness/add-checkpoint HTTP/1.1") => {
                        ("404 Not Found", "text/plain", String::new())
                    }
                    false => known.add_checkpoint(&body, &log),
                };
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
                    answer.len()
                );
                drop(stream.write_all(&[head.as_bytes(), answer.as_bytes()].concat()));
            }
        });
        Self { url, known }
    }

    fn witness(&self) -> Witness {
        Witness {
            name: "first".to_owned(),
            address: Address::parse(&self.url).unwrap().under("add-checkpoint"),
            ca: None,
            key: witness_key().parse().unwrap(),
        }
    }
}

fn request(stream: &mut std::net::TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).ok().filter(|read| *read > 0)?;
        bytes.extend(&part[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok())
            .unwrap_or(0);
        if body.len() >= length {
            return Some((head.to_owned(), body.to_owned()));
        }
    }
}

impl Known {
    fn add_checkpoint(&mut self, body: &str, log: &VerifyingKey) -> (&'static str, &'static str, String) {
        let empty = |status| (status, "text/plain", String::new());
        let (head, note) = body.split_once("\n\n").unwrap();
        let mut lines = head.lines();
        let old: u64 = lines
            .next()
            .unwrap()
            .strip_prefix("old ")
            .unwrap()
            .parse()
            .unwrap();
        let proof: Vec<Hash> = lines
            .map(|line| STANDARD.decode(line).unwrap().try_into().unwrap())
            .collect();
        let Ok(signed) = SignedCheckpoint::verify(note, log) else {
            return empty("403 Forbidden");
        };
        let new = signed.checkpoint();
        if old > new.size {
            return empty("400 Bad Request");
        }
        if old != self.size || (old == new.size && new.root != self.root) {
            self.conflicts += 1;
            return ("409 Conflict", "text/x.tlog.size", format!("{}\n", self.size));
        }
        if !verify_consistency((old, &self.root), (new.size, &new.root), &proof) {
            return empty("422 Unprocessable Entity");
        }
        (self.size, self.root) = (new.size, new.root);
        let time = Moment::now().unix_seconds() as u64 + self.ahead;
        let signature = pair().sign(format!("cosignature/v1\ntime {time}\n{}", new.text()).as_bytes());
        let mut bytes = key_id().to_vec();
        bytes.extend(time.to_be_bytes());
        bytes.extend(signature.as_ref());
        let stranger = format!("\u{2014} stranger.example {}\n", STANDARD.encode([1; 76]));
        let line = format!("\u{2014} {NAME} {}\n", STANDARD.encode(bytes));
        ("200 OK", "text/plain", stranger + &line)
    }
}

fn open(folder: &Path, key: &Path) -> Appender {
    let options = Options {
        checkpoint_interval: Duration::from_millis(10),
        ..Options::default()
    };
    Log::open(folder, Signer::load(key).unwrap(), options).unwrap().0
}

fn append(log: &Appender, number: i64) {
    log.append_blocking(&Entry::new(EntryKind::Operation, 1 + number))
        .unwrap();
}

fn call(log: &Appender) -> Result<audit::Ticket, audit::Unavailable> {
    log.append_with(|_, out| out.extend(Entry::new(EntryKind::Outcome, 1).encode_canonical()))
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A log with a key beside it, and a witness.
fn scene() -> (tempfile::TempDir, VerifyingKey, Server) {
    let folder = tempfile::tempdir().unwrap();
    let signer = Signer::create_key_file(&folder.path().join("log.key"), "log.example/trial").unwrap();
    let key = signer.key().clone();
    let server = Server::start(key.clone());
    (folder, key, server)
}

fn health() -> HealthReporter {
    tonic_health::server::health_reporter().0
}

#[test]
fn published_checkpoints_are_cosigned_and_kept_and_the_proofs_follow_what_the_witness_knows() {
    let (folder, key, server) = scene();
    let (path, key_file) = (folder.path().join("log"), folder.path().join("log.key"));
    let pinned = VerifyOptions {
        witnesses: vec![witness_key().parse().unwrap()],
        ..VerifyOptions::default()
    };
    for round in 0..2 {
        let log = open(&path, &key_file);
        let witnessing = Witnessing::start(&log, vec![server.witness()], None, health()).unwrap();
        for number in 0..300 {
            append(&log, number);
        }
        let size = log.durable().size;
        wait_until("the witness knows all", || {
            server.known.lock().unwrap().size == size
        });
        let kept = path.join("checkpoint");
        wait_until("the published checkpoint is cosigned", || {
            std::fs::read_to_string(&kept).unwrap().contains(NAME)
        });
        assert!(!std::fs::read_to_string(&kept).unwrap().contains("stranger"));
        drop(witnessing);
        log.close();
        let report = verify(&path, &key, &pinned, |_| {}).unwrap();
        assert_eq!(report.entries, 300 * (round + 1));
        // Only the first request after a start says a size that the witness does not know.
        assert_eq!(server.known.lock().unwrap().conflicts as u64, round);
    }
}

#[test]
fn a_witness_does_not_cosign_another_history_and_the_pinned_verifier_sees_it() {
    let (folder, key, server) = scene();
    let key_file = folder.path().join("log.key");
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    let log = open(&one, &key_file);
    let witnessing = Witnessing::start(&log, vec![server.witness()], None, health()).unwrap();
    (0..20).for_each(|number| append(&log, number));
    wait_until("all is cosigned", || server.known.lock().unwrap().size == 20);
    wait_until("it is kept", || one.join("checkpoint.witnessed").exists());
    drop(witnessing);
    log.close();

    let log = open(&other, &key_file);
    (0..30).for_each(|number| append(&log, 77 + number));
    let patience = Some(Duration::from_millis(200));
    let witnessing = Witnessing::start(&log, vec![server.witness()], patience, health()).unwrap();
    wait_until("lookups are refused", || call(&log).is_err());
    drop(witnessing);
    log.close();
    assert!(!other.join("checkpoint.witnessed").exists());
    assert_eq!(server.known.lock().unwrap().size, 20);
    let pinned = VerifyOptions {
        witnesses: vec![witness_key().parse().unwrap()],
        ..VerifyOptions::default()
    };
    assert!(verify(&one, &key, &pinned, |_| {}).is_ok());
    assert!(verify(&other, &key, &pinned, |_| {}).is_err());
}

#[test]
fn when_the_patience_ends_lookups_are_refused_and_they_go_on_by_themselves() {
    let (folder, _, server) = scene();
    let log = open(&folder.path().join("log"), &folder.path().join("log.key"));
    let patience = Duration::from_millis(600);
    let reporter = HealthReporter::new();
    let service = tonic_health::server::HealthService::from_health_reporter(reporter.clone());
    let serving = || {
        use tonic_health::pb::health_server::Health as _;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let request = tonic::Request::new(tonic_health::pb::HealthCheckRequest::default());
        let status = runtime.block_on(service.check(request)).unwrap();
        status.into_inner().status == tonic_health::pb::health_check_response::ServingStatus::Serving as i32
    };
    let witnessing = Witnessing::start(&log, vec![server.witness()], Some(patience), reporter).unwrap();
    append(&log, 0);
    wait_until("it is cosigned", || server.known.lock().unwrap().size == 1);
    assert!(call(&log).is_ok() && serving());
    wait_until("all is cosigned", || server.known.lock().unwrap().size == 2);

    server.known.lock().unwrap().down = true;
    std::thread::sleep(2 * patience);
    assert!(serving(), "an idle log waits for nobody");
    append(&log, 1);
    let begun = Instant::now();
    wait_until("lookups are refused", || call(&log).is_err());
    assert!(begun.elapsed() < patience + Duration::from_secs(2));
    wait_until("the health says so", || !serving());
    append(&log, 2);

    server.known.lock().unwrap().down = false;
    wait_until("lookups are answered again", || call(&log).is_ok());
    wait_until("the health says so", serving);
    drop(witnessing);
    log.close();
}

#[test]
fn a_witness_whose_clock_is_wrong_does_not_count() {
    let (folder, _, server) = scene();
    server.known.lock().unwrap().ahead = 3600;
    let path = folder.path().join("log");
    let log = open(&path, &folder.path().join("log.key"));
    append(&log, 0);
    let witnessing = Witnessing::start(&log, vec![server.witness()], None, health()).unwrap();
    wait_until("it was asked", || server.known.lock().unwrap().size == 1);
    std::thread::sleep(Duration::from_millis(100));
    drop(witnessing);
    log.close();
    assert!(!path.join("checkpoint.witnessed").exists());
}
