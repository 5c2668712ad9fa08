//! A witness, written from c2sp.org/tlog-witness, tlog-cosignature and signed-note: it shares nothing with the gateway but the
//! bytes on the wire. Proofs are checked by `tlog_tiles`.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::merkle::{self, Hash};
use crate::tokens::unix_seconds;

/// The longest request that is read.
const LONGEST: u64 = 64 << 10;

/// A witness behind a socket, for one log.
pub struct Witness {
    /// Its name, which its key carries.
    pub name: &'static str,
    address: SocketAddr,
    key: String,
    state: Arc<Mutex<State>>,
}

struct State {
    /// The name of the log, and its key of Ed25519.
    origin: String,
    log: Vec<u8>,
    pair: Ed25519KeyPair,
    /// The tree that it cosigned last.
    size: u64,
    root: Hash,
    down: bool,
    /// The statuses that it answered.
    answers: Vec<u16>,
}

/// A status, with the body of those that have one.
type Answer = (u16, String);

impl Witness {
    /// Starts a witness of the log with this public key, `<name>+<key id>+<base64 of 0x01 and the key>`.
    ///
    /// # Panics
    /// When it can't listen, or the key is none.
    #[must_use]
    pub fn start(name: &'static str, log: &str) -> Self {
        let mut parts = log.trim().splitn(3, '+');
        let origin = parts.next().expect("a name").to_owned();
        let log = STANDARD.decode(parts.nth(1).expect("a key")).expect("base64");
        assert_eq!((log[0], log.len()), (1, 33), "a key of Ed25519");
        let mut seed = [0; 32];
        aws_lc_rs::rand::fill(&mut seed).expect("random bytes");
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("a key");
        let public = [&[4], pair.public_key().as_ref()].concat();
        let key = format!(
            "{name}+{}+{}",
            hex::encode(key_id(name, &public)),
            STANDARD.encode(&public)
        );
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let state = Arc::new(Mutex::new(State {
            origin,
            log: log[1..].to_owned(),
            pair,
            size: 0,
            root: merkle::root(&[]),
            down: false,
            answers: Vec::new(),
        }));
        let witness = Self {
            name,
            address: listener.local_addr().expect("its address"),
            key,
            state: Arc::clone(&state),
        };
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // Who goes away has no answer.
                let _ = serve(stream, name, &public, &state);
            }
        });
        witness
    }

    /// Its public key, as an auditor pins it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its part of `gateway.toml`.
    #[must_use]
    pub fn settings(&self) -> String {
        format!(
            "[[audit.witnesses]]\nname = \"{}\"\nurl = \"http://{}/of/the/test/\"\nkey = \"{}\"\n\n",
            self.name, self.address, self.key
        )
    }

    /// Entries of the log that it cosigned.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.state().size
    }

    /// While it is down, it ends every connection without an answer.
    pub fn set_down(&self, down: bool) {
        self.state().down = down;
    }

    /// The statuses that it answered so far.
    #[must_use]
    pub fn answers(&self) -> Vec<u16> {
        self.state().answers.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// c2sp.org/signed-note: the first four bytes of SHA-256 over the name, a newline and the key with its type.
fn key_id(name: &str, key: &[u8]) -> [u8; 4] {
    let hash = Sha256::digest([name.as_bytes(), b"\n", key].concat());
    [hash[0], hash[1], hash[2], hash[3]]
}

/// One request of HTTP/1.1 and its answer.
fn serve(mut stream: TcpStream, name: &str, public: &[u8], state: &Mutex<State>) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let (mut bytes, mut reader) = (Vec::new(), stream.try_clone()?.take(LONGEST));
    let (head, body) = loop {
        let mut part = [0; 4096];
        let read = reader.read(&mut part)?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend(&part[..read]);
        let text = std::str::from_utf8(&bytes).map_err(io::Error::other)?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let mut fields = head.lines().filter_map(|line| line.split_once(": "));
        let length = fields.find(|(field, _)| field.eq_ignore_ascii_case("content-length"));
        if length.and_then(|(_, length)| length.parse().ok()) == Some(body.len()) {
            break (head.to_owned(), body.to_owned());
        }
    };
    let mut state = lock(state);
    if state.down {
        return Ok(());
    }
    let (status, answer) = match head.starts_with("POST /of/the/test/add-checkpoint HTTP/1.1\r\n") {
        true => state
            .add_checkpoint(name, public, &body)
            .unwrap_or((400, String::new())),
        false => (404, String::new()),
    };
    state.answers.push(status);
    let kind = if status == 409 {
        "text/x.tlog.size"
    } else {
        "text/plain"
    };
    let length = answer.len();
    write!(
        stream,
        "HTTP/1.1 {status} \r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{answer}"
    )
}

impl State {
    /// None for what can't be read.
    fn add_checkpoint(&mut self, name: &str, public: &[u8], body: &str) -> Option<Answer> {
        let (head, note) = body.split_once("\n\n")?;
        let mut lines = head.lines();
        let old: u64 = lines.next()?.strip_prefix("old ")?.parse().ok()?;
        let hash = |line: &str| Hash::try_from(STANDARD.decode(line).ok()?).ok();
        let path = lines.map(hash).collect::<Option<Vec<_>>>()?;
        if path.len() > 63 {
            return None;
        }
        let (text, signatures) = note.split_once("\n\n")?;
        let text = format!("{text}\n");
        let mut parts = text.lines();
        if parts.next()? != self.origin {
            return Some((404, String::new()));
        }
        let size: u64 = parts.next()?.parse().ok()?;
        let root = hash(parts.next()?)?;
        if !self.is_signed(&text, signatures) {
            return Some((403, String::new()));
        }
        if old > size {
            return None;
        }
        if old != self.size {
            return Some((409, format!("{}\n", self.size)));
        }
        if size == self.size && root != self.root {
            return Some((409, format!("{}\n", self.size)));
        }
        if !merkle::continues((size, root), (old, self.root), &path) {
            return Some((422, String::new()));
        }
        (self.size, self.root) = (size, root);
        Some((200, self.cosign(name, public, &text)))
    }

    /// Whether one of the lines is the log's signature over the text.
    fn is_signed(&self, text: &str, signatures: &str) -> bool {
        let key = [&[1], &self.log[..]].concat();
        let id = key_id(&self.origin, &key);
        let signed = |line: &str| {
            let rest = line.strip_prefix("\u{2014} ")?.strip_prefix(&self.origin)?;
            let bytes = STANDARD.decode(rest.strip_prefix(' ')?).ok()?;
            let signature = bytes.strip_prefix(&id)?;
            UnparsedPublicKey::new(&ED25519, &self.log)
                .verify(text.as_bytes(), signature)
                .ok()
        };
        signatures.lines().any(|line| signed(line).is_some())
    }

    /// c2sp.org/tlog-cosignature: time and Ed25519 over `cosignature/v1`, the time and the text. A line of somebody else comes with
    /// it, which a client must pass over.
    fn cosign(&self, name: &str, public: &[u8], text: &str) -> String {
        let time = unix_seconds().unsigned_abs();
        let signed = format!("cosignature/v1\ntime {time}\n{text}");
        let signature = self.pair.sign(signed.as_bytes());
        let (id, time) = (key_id(name, public), time.to_be_bytes());
        let line = STANDARD.encode([&id[..], &time, signature.as_ref()].concat());
        let stranger = STANDARD.encode([7; 76]);
        format!("\u{2014} somebody.example/else {stranger}\n\u{2014} {name} {line}\n")
    }
}
