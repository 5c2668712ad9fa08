use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use super::*;
use crate::clock::Moment;
use crate::development::pki::Authority;
use crate::development::revocation::Revoked;
use crate::identity::tests::odd_lists::odd_lists;

const DAY: Duration = Duration::from_secs(86_400);

/// A server that gives one answer to each request and remembers what it was asked.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answer: impl Fn(usize) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    if stream.read(&mut byte).unwrap_or(0) == 0 {
                        break;
                    }
                    head.push(byte[0]);
                }
                seen.lock().unwrap().push(String::from_utf8(head).unwrap());
                drop(stream.write_all(&answer(number)));
            }
        });
        Self { address, asked }
    }
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

struct Scene {
    folder: tempfile::TempDir,
    authority: Authority,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::create("test authority", Moment::now()).unwrap();
        fs::write(folder.path().join("ca.pem"), authority.certificate_pem()).unwrap();
        Self { folder, authority }
    }

    fn list(&self, serial: u8) -> Vec<u8> {
        let revoked = Revoked {
            serial: vec![serial],
            since: Moment::now(),
        };
        let list = self.authority.revocation_list(&[revoked], Moment::now(), DAY);
        list.unwrap().into_bytes()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("fetched/ca.crl")
    }

    fn source(&self, server: &Server) -> Source {
        Source {
            address: Address::parse(&format!("http://{}/ca.crl", server.address)).unwrap(),
            ca: None,
            file: self.file(),
            every: Duration::from_millis(50),
            content: Content::Lists(NamedCa {
                name: "agencies".into(),
                pem: self.folder.path().join("ca.pem"),
                intermediates: None,
                lists: Some(vec![self.file()]),
            }),
        }
    }
}

fn renew(source: &Source, validators: &mut Validators) -> Result<(), DistributionError> {
    runtime().unwrap().block_on(source.renew(validators))
}

#[test]
fn a_good_list_is_kept_and_asked_for_with_what_the_server_said_of_it() {
    let scene = Scene::new();
    let list = scene.list(1);
    let body = list.clone();
    let server = Server::start(move |number| match number {
        0 => answer("200 OK\r\nETag: \"one\"\r\nLast-Modified: yesterday", &body),
        _ => b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec(),
    });
    let source = scene.source(&server);
    let mut validators = Validators::default();
    renew(&source, &mut validators).unwrap();
    assert_eq!(fs::read(scene.file()).unwrap(), list);
    renew(&source, &mut validators).unwrap();
    fs::remove_file(scene.file()).unwrap();
    drop(renew(&source, &mut validators));
    let asked = server.asked.lock().unwrap();
    let conditional =
        |at: usize| asked[at].contains("if-none-match: \"one\"") && asked[at].contains("if-modified-since");
    assert_eq!([0, 1, 2].map(conditional), [false, true, false]);
    assert!(asked[0].starts_with("GET /ca.crl HTTP/1.1\r\n"), "{}", asked[0]);
}

#[test]
fn what_is_no_good_list_of_the_authority_changes_nothing() {
    let scene = Scene::new();
    let good = scene.list(1);
    let stranger = Scene::new().list(1);
    let older = {
        let before = Moment(Moment::now().0 - 3_600_000_000);
        scene.authority.revocation_list(&[], before, DAY).unwrap()
    };
    let answers = vec![
        answer("302 Found\r\nLocation: http://127.0.0.1:1/ca.crl", &good),
        answer("404 Not Found", &good),
        answer("304 Not Modified", b""),
        answer("200 OK", b""),
        answer("200 OK", b"<html></html>"),
        answer("200 OK", &good[..good.len() / 2]),
        answer("200 OK", &stranger),
        answer("200 OK", older.as_bytes()),
        // Half of what was announced.
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n".as_slice(),
            good.as_slice(),
        ]
        .concat(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_vec(),
        [
            b"HTTP/1.1 200 OK\r\nX: ".as_slice(),
            &[b'a'; 100_000],
            b"\r\n\r\n",
        ]
        .concat(),
        b"SSH-2.0-OpenSSH\r\n".to_vec(),
        Vec::new(),
    ];
    let number = answers.len();
    let server = Server::start(move |at| answers[at].clone());
    let source = scene.source(&server);
    fs::create_dir(scene.file().parent().unwrap()).unwrap();
    fs::write(scene.file(), &good).unwrap();
    for at in 0..number {
        let outcome = renew(&source, &mut Validators::default());
        assert!(outcome.is_err(), "answer {at}");
        assert_eq!(fs::read(scene.file()).unwrap(), good, "answer {at}");
    }
}

#[test]
fn a_signed_list_that_is_not_read_does_not_take_the_place_of_the_good_one() {
    let scene = Scene::new();
    let good = scene
        .authority
        .revocation_list(&[], Moment(1_767_000_000_000_000), 36_500 * DAY)
        .unwrap();
    let odd = odd_lists(&scene.authority);
    let answers = odd.clone().map(|(_, list)| answer("200 OK", &list));
    let server = Server::start(move |at| answers[at].clone());
    let source = scene.source(&server);
    fs::create_dir(scene.file().parent().unwrap()).unwrap();
    fs::write(scene.file(), &good).unwrap();
    for (name, _) in odd {
        let outcome = renew(&source, &mut Validators::default());
        assert!(
            matches!(&outcome, Err(DistributionError::Keep(KeepError::NotGood(_)))),
            "{name}: {outcome:?}"
        );
        assert_eq!(fs::read_to_string(scene.file()).unwrap(), good, "{name}");
    }
}

#[test]
fn a_server_that_says_nothing_does_not_hold_up_the_end() {
    let scene = Scene::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = Server {
        address: listener.local_addr().unwrap(),
        asked: Arc::default(),
    };
    let fetching = Fetching::start(vec![scene.source(&silent)], Arc::default(), Arc::default()).unwrap();
    let _connection = listener.accept().unwrap();
    let began = Instant::now();
    drop(fetching);
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[test]
fn lists_are_fetched_again_and_again_until_nobody_wants_them() {
    let scene = Scene::new();
    let lists = [scene.list(1), scene.list(2)];
    let server = Server::start(move |number| answer("200 OK", &lists[number.min(1)]));
    let source = scene.source(&server);
    fetch_missing(std::slice::from_ref(&source)).unwrap();
    let first = fs::read(scene.file()).unwrap();
    let fetching = Fetching::start(vec![source], Arc::default(), Arc::default()).unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while fs::read(scene.file()).unwrap() == first {
        assert!(Instant::now() < end);
        thread::sleep(Duration::from_millis(5));
    }
    fetching.follow(Vec::new());
    thread::sleep(Duration::from_millis(200));
    let asked = server.asked.lock().unwrap().len();
    thread::sleep(Duration::from_millis(200));
    assert_eq!(server.asked.lock().unwrap().len(), asked);
}

#[test]
fn another_address_is_asked_at_once_and_not_with_what_the_old_server_said() {
    let scene = Scene::new();
    let list = scene.list(1);
    let body = list.clone();
    let tagged = move |_| answer("200 OK\r\nETag: \"one\"", &body);
    let (first, second) = (Server::start(tagged.clone()), Server::start(tagged));
    let lasting = |server: &Server| Source {
        every: Duration::from_secs(3_600),
        ..scene.source(server)
    };
    let fetching = Fetching::start(vec![lasting(&first)], Arc::default(), Arc::default()).unwrap();
    let asked = |server: &Server| {
        let end = Instant::now() + Duration::from_secs(10);
        while server.asked.lock().unwrap().is_empty() {
            assert!(Instant::now() < end);
            thread::sleep(Duration::from_millis(5));
        }
        server.asked.lock().unwrap()[0].clone()
    };
    asked(&first);
    while !scene.file().exists() {
        thread::sleep(Duration::from_millis(5));
    }
    fetching.follow(vec![lasting(&second)]);
    let head = asked(&second);
    assert!(!head.contains("if-none-match"), "{head}");
}

#[test]
fn a_damaged_file_is_fetched_anew_from_a_server_that_would_call_it_the_same() {
    let scene = Scene::new();
    let list = scene.list(1);
    let body = list.clone();
    let server = Server::start(move |_| answer("200 OK\r\nETag: \"one\"", &body));
    let source = scene.source(&server);
    let mut validators = Validators::default();
    renew(&source, &mut validators).unwrap();
    fs::write(scene.file(), &list[..list.len() / 2]).unwrap();
    renew(&source, &mut validators).unwrap();
    assert_eq!(fs::read(scene.file()).unwrap(), list);
    let asked = server.asked.lock().unwrap();
    assert!(!asked[1].contains("if-none-match"), "{}", asked[1]);
}

#[test]
fn what_new_settings_name_is_fetched_before_they_count_and_not_each_time_they_are_read() {
    let scene = Scene::new();
    let list = scene.list(1);
    let body = list.clone();
    let server = Server::start(move |number| match number {
        0 => answer("404 Not Found", b""),
        _ => answer("200 OK", &body),
    });
    let source = Source {
        every: Duration::from_secs(3_600),
        ..scene.source(&server)
    };
    let wanted = std::slice::from_ref(&source);
    let (mut missing, start) = (Missing::default(), Instant::now());
    assert!(!missing.fetch(wanted, wanted, start).unwrap(), "in force already");
    assert!(!missing.fetch(wanted, &[], start).unwrap(), "not there");
    assert!(
        !missing.fetch(wanted, &[], start + AGAIN / 2).unwrap(),
        "too soon"
    );
    assert_eq!(server.asked.lock().unwrap().len(), 1);
    assert!(missing.fetch(wanted, &[], start + AGAIN).unwrap());
    assert_eq!(fs::read(scene.file()).unwrap(), list);
    assert!(
        !missing.fetch(wanted, &[], start + 9 * AGAIN).unwrap(),
        "it is there"
    );
    assert_eq!(server.asked.lock().unwrap().len(), 2);
}

#[test]
fn only_a_whole_key_set_takes_the_place_of_the_last_good_one() {
    let scene = Scene::new();
    let key = crate::development::token::IssuerKey::generate().unwrap();
    let good = key.jwks().to_string();
    let symmetric = r#"{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}"#;
    let answers = [
        answer("200 OK", good.as_bytes()),
        answer("200 OK", b"{}"),
        answer("200 OK", br#"{"keys":[]}"#),
        answer("200 OK", symmetric.as_bytes()),
        answer("200 OK", &good.as_bytes()[..good.len() / 2]),
        answer("200 OK", &vec![b' '; 2 << 20]),
        answer("500 Oh", good.as_bytes()),
    ];
    let number = answers.len();
    let server = Server::start(move |at| answers[at].clone());
    let source = Source {
        content: Content::Keys("one".into()),
        ..scene.source(&server)
    };
    renew(&source, &mut Validators::default()).unwrap();
    for at in 1..number {
        assert!(renew(&source, &mut Validators::default()).is_err(), "answer {at}");
        assert_eq!(fs::read_to_string(scene.file()).unwrap(), good, "answer {at}");
    }
}

#[test]
fn a_key_that_the_set_does_not_hold_has_it_fetched_early_and_not_again_and_again() {
    let scene = Scene::new();
    let sets = [0, 1].map(|_| {
        let key = crate::development::token::IssuerKey::generate().unwrap();
        key.jwks().to_string()
    });
    let newer = sets[1].clone();
    let server = Server::start(move |at| answer("200 OK", sets[at.min(1)].as_bytes()));
    let source = Source {
        content: Content::Keys("one".into()),
        every: Duration::from_secs(3_600),
        ..scene.source(&server)
    };
    let (unknown, confirmed) = (Arc::<UnknownKeys>::default(), Arc::<Confirmed>::default());
    fetch_missing(std::slice::from_ref(&source)).unwrap();
    let fetching = Fetching::start(vec![source], unknown.clone(), confirmed.clone()).unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while fs::read_to_string(scene.file()).unwrap() != newer {
        assert!(Instant::now() < end);
        thread::sleep(Duration::from_millis(5));
    }
    for _ in 0..5 {
        unknown.tell("another");
        unknown.tell("one");
        thread::sleep(Duration::from_millis(20));
    }
    // Once before the start, once at it; the next is due half a minute later.
    assert_eq!(server.asked.lock().unwrap().len(), 2);
    let age = |issuer| confirmed.age(issuer, Moment::now());
    assert!(age("one").is_some_and(|age| age < 10) && age("another").is_none());
    drop(fetching);
}

#[test]
fn a_key_set_that_was_asked_for_long_ago_is_asked_for_at_once() {
    let long_ago = Instant::now().checked_sub(KEYS_AGAIN);
    let mut memory = Memory {
        asked: long_ago,
        due: Instant::now() + Duration::from_secs(3_600),
        ..Memory::new()
    };
    memory.hurry();
    assert!(memory.due <= Instant::now());
}
