//! What the gateway refuses when there is too much of it, and how it ends.

use std::collections::HashSet;
use std::fs;
use std::time::{Duration, Instant};

use harness::attack::Stage;
use harness::messages::get;
use harness::registries::AN;
use harness::tree::OFFICE;
use harness::wire::{self, flag, frame, kind};
use harness::{Client, Gateway, Scene};
use prost::Message as _;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_call_above_the_limit_of_its_client_is_told_to_come_again_and_others_are_served() {
    let scene = Scene::new();
    scene.tree.edit(
        "gateway.toml",
        "[listener]\n",
        "[listener]\nmax_calls_per_client = 3\n",
    );
    let gateway = scene.start();
    let (office, colleague) = (scene.agency(OFFICE), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    client.citizen(get(AN)).await.expect("there is room");

    let stage = Stage::of(&office, &scene, &gateway);
    let socket = wire::reach(stage.from, stage.to).await.unwrap();
    let mut held = wire::handshake(&stage.tls, socket).await.unwrap();
    wire::greet(&mut held, &[]).await.unwrap();
    for stream in [1, 3, 5] {
        held.write_all(&stage.open(stream)).await.unwrap();
    }
    held.flush().await.unwrap();
    // A call of ours that came between them would take a place of theirs.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let refused = until(async || client.citizen(get(AN)).await.err()).await;
    assert_eq!(
        (refused.code, refused.word.as_str()),
        (Code::ResourceExhausted, "OVERLOADED")
    );
    let status = Status::with_details(refused.code, "", refused.details.into_vec().into());
    let retry = status.get_details_retry_info().and_then(|info| info.retry_delay);
    assert_eq!(retry, Some(Duration::from_secs(1)));

    let other = gateway.connect(&colleague, colleague.token(&scene)).await;
    other
        .citizen(get(AN))
        .await
        .expect("another client is not refused");
    drop(held);
    until(async || client.citizen(get(AN)).await.ok()).await;
}

/// h2 ends a connection on which too much comes for streams that were reset, or that nobody reads. The message of an honest peer that
/// is refused before it has come would be that.
#[tokio::test]
async fn a_peer_whose_messages_come_after_their_refusal_keeps_its_connection() {
    let scene = Scene::new();
    scene.tree.edit(
        "gateway.toml",
        "[listener]\n",
        "[listener]\nmax_calls_per_client = 1\n",
    );
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let stage = Stage::of(&office, &scene, &gateway);
    let connect = async || {
        let socket = wire::reach(stage.from, stage.to).await.unwrap();
        let mut stream = wire::handshake(&stage.tls, socket).await.unwrap();
        wire::greet(&mut stream, &[]).await.unwrap();
        stream
    };
    let mut held = connect().await;
    held.write_all(&stage.open(1)).await.unwrap();
    held.flush().await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;

    let mut late = connect().await;
    for group in 0..60 {
        let streams: Vec<u32> = (0..50).map(|call| (group * 50 + call) * 2 + 1).collect();
        let opened: Vec<_> = streams.iter().flat_map(|stream| stage.open(*stream)).collect();
        late.write_all(&opened).await.unwrap();
        late.flush().await.unwrap();
        let mut refused = 0;
        while refused < streams.len() {
            let next = timeout(PATIENCE, wire::next(&mut late)).await.expect("a frame");
            let next = next.unwrap().expect("the connection goes on");
            assert_ne!(next.kind, kind::GOAWAY, "{next:?} in group {group}");
            refused += usize::from(next.kind == kind::HEADERS && next.ends_stream());
        }
        let message = |stream| {
            let more = frame(kind::DATA, flag::NONE, stream, &[0; 40]);
            [more, frame(kind::DATA, flag::END_STREAM, stream, &[0; 5])].concat()
        };
        let messages: Vec<_> = streams.into_iter().flat_map(message).collect();
        late.write_all(&messages).await.unwrap();
        late.flush().await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_above_the_number_of_its_address_is_closed_and_another_address_is_served() {
    let scene = Scene::new();
    scene.tree.edit(
        "gateway.toml",
        "[listener]\n",
        "[listener]\nmax_connections_per_peer = 2\n",
    );
    let gateway = scene.start();
    let stage = Stage::new(&scene, &gateway);
    let open = async || {
        let socket = wire::reach(stage.from, stage.to).await.ok()?;
        let mut stream = wire::handshake(&stage.tls, socket).await.ok()?;
        wire::greet(&mut stream, &[]).await.ok()?;
        wire::next(&mut stream).await.ok()??;
        Some(stream)
    };
    let (one, two) = (open().await, open().await);
    assert!(one.is_some() && two.is_some());
    assert!(open().await.is_none(), "the address has its two");
    // The harness's clients come from another address.
    let office = scene.agency(OFFICE);
    let client = gateway.connect(&office, office.token(&scene)).await;
    client.citizen(get(AN)).await.expect("another address is served");
    drop((one, two));
    until(open).await;
}

#[tokio::test]
async fn a_connection_above_the_number_of_all_waits_until_one_ends() {
    let scene = limited("max_connections = 2");
    let gateway = scene.start();
    let stage = Stage::new(&scene, &gateway);
    let (one, _two) = (open(&stage).await, open(&stage).await);
    let mut third = Box::pin(open(&stage));
    let waits = timeout(Duration::from_millis(700), &mut third).await;
    assert!(waits.is_err(), "there are two already");
    drop(one);
    timeout(PATIENCE, third).await.expect("a place is free");
}

#[tokio::test]
async fn a_handshake_above_the_number_of_all_waits_until_one_ends() {
    let scene = limited("max_handshakes = 1");
    let gateway = scene.start();
    let stage = Stage::new(&scene, &gateway);
    // Of another address than the stage's.
    let silent = std::net::TcpStream::connect(gateway.address).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut second = Box::pin(open(&stage));
    let waits = timeout(Duration::from_millis(700), &mut second).await;
    assert!(waits.is_err(), "somebody shakes hands already");
    drop(silent);
    timeout(PATIENCE, second).await.expect("it is its turn");
}

#[tokio::test]
async fn a_connection_without_a_call_is_ended_in_order_and_one_with_calls_goes_on() {
    let scene = limited("idle_timeout = \"600ms\"");
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let busy = gateway.connect(&office, office.token(&scene)).await;
    let stage = Stage::new(&scene, &gateway);
    let mut idle = open(&stage).await;
    let began = Instant::now();
    let watch = tokio::spawn(async move {
        let mut told = None;
        while let Ok(Some(got)) = wire::next(&mut idle).await {
            if got.kind == kind::GOAWAY {
                told = got.error_code();
            }
        }
        (told, began.elapsed())
    });
    while !watch.is_finished() {
        assert!(began.elapsed() < PATIENCE);
        busy.citizen(get(AN)).await.expect("it is not idle");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (told, lasted) = watch.await.unwrap();
    assert_eq!(told, Some(0), "it ends in order");
    assert!(lasted >= Duration::from_millis(500), "{lasted:?}");
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_gone_and_one_that_does_stays() {
    let scene = limited("keep_alive_interval = \"200ms\"\nkeep_alive_timeout = \"300ms\"");
    let gateway = scene.start();
    let stage = Stage::new(&scene, &gateway);
    let (gone, there) = tokio::join!(pinged(&stage, false), pinged(&stage, true));
    assert!(gone.pings >= 1 && gone.ended, "{gone:?}");
    assert!(there.pings >= 3 && !there.ended, "{there:?}");
}

#[derive(Debug)]
struct Pinged {
    pings: u32,
    ended: bool,
}

/// What a peer sees in three seconds that does nothing, or that answers pings and nothing else.
async fn pinged(stage: &Stage, answers: bool) -> Pinged {
    let mut stream = open(stage).await;
    let mut pings = 0;
    let watch = async {
        while let Ok(Some(got)) = wire::next(&mut stream).await {
            if got.kind == kind::PING && got.flags & flag::ACK == 0 {
                pings += 1;
                if answers {
                    let pong = frame(kind::PING, flag::ACK, 0, &got.payload);
                    stream.write_all(&pong).await.unwrap();
                    stream.flush().await.unwrap();
                }
            }
        }
    };
    let ended = timeout(Duration::from_secs(3), watch).await.is_ok();
    Pinged { pings, ended }
}

/// A scene whose listener has this limit.
fn limited(limit: &str) -> Scene {
    let scene = Scene::new();
    let section = format!("[listener]\n{limit}\n");
    scene.tree.edit("gateway.toml", "[listener]\n", &section);
    scene
}

/// A connection that has shaken hands, greeted and been greeted.
async fn open(stage: &Stage) -> TlsStream<TcpStream> {
    let socket = wire::reach(stage.from, stage.to).await.unwrap();
    let mut stream = wire::handshake(&stage.tls, socket).await.unwrap();
    wire::greet(&mut stream, &[]).await.unwrap();
    wire::next(&mut stream).await.unwrap().expect("settings");
    stream
}

#[tokio::test]
async fn a_gateway_without_file_descriptors_does_not_spin_and_accepts_again_when_it_has_some() {
    let scene = Scene::new();
    let gateway = scene.start();
    let office = scene.agency(OFFICE);
    let client = gateway.connect(&office, office.token(&scene)).await;
    client.citizen(get(AN)).await.expect("it is served");

    let open = fs::read_dir(format!("/proc/{}/fd", gateway.process()))
        .unwrap()
        .count();
    let before = descriptors(&gateway, Some(open as u64 + 2));
    let waiting: Vec<_> = (0..10)
        .map(|_| std::net::TcpStream::connect(gateway.address).unwrap())
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let used = ticks(&gateway);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let used = ticks(&gateway) - used;
    assert!(
        used < 20,
        "{used} of 100 ticks of a second went into accepting nothing"
    );
    client
        .citizen(get(AN))
        .await
        .expect("an open connection is served");

    descriptors(&gateway, before);
    drop(waiting);
    let new = timeout(PATIENCE, gateway.connect(&office, office.token(&scene)));
    let new = new.await.expect("it accepts again");
    new.citizen(get(AN)).await.expect("and serves");
}

/// Sets how many file descriptors it may have; gives what it might have before.
fn descriptors(gateway: &Gateway, most: Option<u64>) -> Option<u64> {
    let process = Pid::from_raw(i32::try_from(gateway.process()).unwrap());
    let now = getrlimit(Resource::Nofile);
    let limit = Rlimit {
        current: most,
        maximum: now.maximum,
    };
    prlimit(process, Resource::Nofile, limit).unwrap().current
}

/// Processor time that it has used, in hundredths of a second (`/proc/<pid>/stat`, utime and stime).
fn ticks(gateway: &Gateway) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", gateway.process())).unwrap();
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    let fields: Vec<_> = after_name.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_told_to_end_finishes_what_is_under_way() {
    let scene = Scene::new();
    let mut gateway = scene.start();
    let office = scene.agency(OFFICE);
    let mut load = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let client = gateway.connect(&office, office.token(&scene)).await;
        load.spawn(calls_until_refused(client));
    }
    let stage = Stage::new(&scene, &gateway);
    let socket = wire::reach(stage.from, stage.to).await.unwrap();
    let mut stream = wire::handshake(&stage.tls, socket).await.unwrap();
    wire::greet(&mut stream, &[]).await.unwrap();
    // Half a call: its message comes after the gateway was told to end.
    stream.write_all(&stage.open(1)).await.unwrap();
    stream.flush().await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let began = Instant::now();
    let stopped = tokio::task::spawn_blocking(move || gateway.stop());
    let (mut told, mut answered) = (false, false);
    while let Ok(Some(got)) = timeout(PATIENCE, wire::next(&mut stream)).await.unwrap() {
        match got.kind {
            kind::GOAWAY if !told => {
                told = true;
                assert_eq!(got.error_code(), Some(0), "it ends in order");
                stream.write_all(&stage.ask(1)).await.unwrap();
            }
            kind::PING if got.flags & flag::ACK == 0 => {
                let pong = frame(kind::PING, flag::ACK, 0, &got.payload);
                stream.write_all(&pong).await.unwrap();
            }
            kind::RST_STREAM => panic!("the call was reset: {got:?}"),
            _ => answered |= got.stream == 1 && got.kind == kind::DATA && !got.payload.is_empty(),
        }
        stream.flush().await.unwrap();
    }
    assert!(told && answered, "GOAWAY: {told}, an answer: {answered}");
    assert!(stopped.await.unwrap().success(), "exit 0");
    assert!(began.elapsed() < PATIENCE);

    scene
        .log()
        .verify()
        .expect("the log is whole, and its last checkpoint holds all");
    let logged: Vec<_> = scene.log().entries();
    let mut answers = 0;
    for indices in load.join_all().await {
        for index in indices {
            assert!(
                logged.iter().any(|(at, _)| *at == index),
                "an answer without its entry"
            );
            answers += 1;
        }
    }
    assert!(answers > 20, "{answers} answers are no load");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_never_ends_does_not_keep_a_gateway_that_is_told_to_end() {
    let scene = limited("drain_time = \"700ms\"\ncall_timeout = \"1m\"");
    let mut gateway = scene.start();
    let stage = Stage::new(&scene, &gateway);
    let mut stream = open(&stage).await;
    stream.write_all(&stage.open(1)).await.unwrap();
    stream.flush().await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let began = Instant::now();
    let stopped = tokio::task::spawn_blocking(move || gateway.stop());
    assert!(stopped.await.unwrap().success(), "exit 0");
    let lasted = began.elapsed();
    assert!(
        lasted >= Duration::from_millis(700),
        "the call had its time: {lasted:?}"
    );
    assert!(lasted < PATIENCE, "{lasted:?}");
    scene.log().verify().expect("the log is whole");
}

/// More than a connection is read of in one turn comes after the GOAWAY.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_calls_of_a_full_connection_are_finished_when_a_gateway_is_told_to_end() {
    const CALLS: u32 = 100;
    let scene = Scene::new();
    let mut gateway = scene.start();
    let stage = Stage::new(&scene, &gateway);
    let socket = wire::reach(stage.from, stage.to).await.unwrap();
    let mut stream = wire::handshake(&stage.tls, socket).await.unwrap();
    wire::greet(&mut stream, &[]).await.unwrap();
    let streams = || (0..CALLS).map(|call| call * 2 + 1);
    // With a field that nobody knows, number 1000, of 300 bytes.
    let mut message = get(AN).encode_to_vec();
    message.extend([0xc2, 0x3e, 0xac, 0x02]);
    message.resize(message.len() + 300, 7);
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let message = [&[0][..], &length, &message].concat();
    let opened: Vec<_> = streams().flat_map(|id| stage.open(id)).collect();
    stream.write_all(&opened).await.unwrap();
    stream.flush().await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    let stopped = tokio::task::spawn_blocking(move || gateway.stop());
    let (mut told, mut answered) = (false, HashSet::new());
    while let Ok(Some(got)) = timeout(PATIENCE, wire::next(&mut stream)).await.unwrap() {
        match got.kind {
            kind::GOAWAY if !told => {
                told = true;
                let messages: Vec<_> = streams()
                    .flat_map(|id| frame(kind::DATA, flag::END_STREAM, id, &message))
                    .collect();
                assert!(
                    messages.len() > 32 << 10,
                    "{} bytes are hardly more than a turn",
                    messages.len()
                );
                stream.write_all(&messages).await.unwrap();
            }
            kind::PING if got.flags & flag::ACK == 0 => {
                let pong = frame(kind::PING, flag::ACK, 0, &got.payload);
                stream.write_all(&pong).await.unwrap();
            }
            kind::DATA if !got.payload.is_empty() => drop(answered.insert(got.stream)),
            _ => {}
        }
        stream.flush().await.unwrap();
    }
    assert!(stopped.await.unwrap().success(), "exit 0");
    assert_eq!(answered.len(), CALLS as usize, "calls are lost");
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "it ended when all was done"
    );
}

/// The entries of the calls that were answered.
async fn calls_until_refused(client: Client) -> Vec<u64> {
    let mut indices = Vec::new();
    while let Ok(answer) = client.citizen(get(AN)).await {
        indices.push(answer.provenance.expect("each answer has it").audit_index);
    }
    indices
}

async fn until<T>(attempt: impl AsyncFn() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = attempt().await {
            return found;
        }
        assert!(Instant::now() < end, "it does not come about");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
