//! Rule 1 seen from outside: with a disk that takes half a second for every sync, no answer comes earlier.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use harness::messages::get;
use harness::registries::{AN, BINH};
use harness::tree::OFFICE;
use harness::{Gateway, Scene};
use proto::population::v1::GetCitizenRequest;

/// How long each `fdatasync` takes.
const DELAY: Duration = Duration::from_millis(500);
/// Callers at once. One sync each would take them half a minute.
const CALLERS: usize = 64;

/// Delays every `fdatasync` of a process while it lives.
struct SlowDisk(Child);

impl SlowDisk {
    fn under(gateway: &Gateway) -> Self {
        let mut strace = Command::new("strace")
            .args(["-f", "-e", "trace=fdatasync", "-o", "/dev/null", "-e"])
            .arg(format!("inject=fdatasync:delay_enter={}", DELAY.as_micros()))
            .arg("-p")
            .arg(gateway.process().to_string())
            .stderr(Stdio::piped())
            .spawn()
            .expect("strace is installed");
        let mut words = BufReader::new(strace.stderr.take().unwrap());
        let mut line = String::new();
        words.read_line(&mut line).unwrap();
        assert!(line.contains("attached"), "strace may not trace here: {line}");
        // It must not stop for want of somebody who reads.
        std::thread::spawn(move || std::io::copy(&mut words, &mut std::io::sink()));
        Self(strace)
    }
}

impl Drop for SlowDisk {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs strace and the right to trace, see tests/run"]
async fn no_answer_is_earlier_than_a_delayed_sync_and_one_sync_serves_many() {
    let scene = Scene::new();
    let (mut gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    client
        .citizen(get(AN))
        .await
        .expect("an answer, kept from now on");
    let slow = SlowDisk::under(&gateway);

    for (what, person) in [("a cache hit", AN), ("a miss", BINH), ("another hit", BINH)] {
        let asked = Instant::now();
        client.citizen(get(person)).await.expect(what);
        let took = asked.elapsed();
        assert!(took >= DELAY, "{what} was answered after {took:?}");
    }
    let denied = GetCitizenRequest {
        context: None,
        ..get(AN)
    };
    let asked = Instant::now();
    client.citizen(denied).await.expect_err("a refusal");
    assert!(
        asked.elapsed() >= DELAY,
        "a refusal came after {:?}",
        asked.elapsed()
    );

    let asked = Instant::now();
    let calls: Vec<_> = (0..CALLERS)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                let asked = Instant::now();
                client.citizen(get(AN)).await.expect("an answer");
                asked.elapsed()
            })
        })
        .collect();
    for call in calls {
        let took = call.await.unwrap();
        assert!(took >= DELAY, "a call in a crowd was answered after {took:?}");
    }
    let took = asked.elapsed();
    // Not one after the other: a batch may just have begun, and the zeros ahead may need a sync of their own.
    assert!(took < DELAY * 6, "{CALLERS} callers took {took:?}");
    drop(slow);
    assert!(gateway.stop().success());
    scene.log().verify().expect("the log is whole");
}
