//! A disk that is full: refused at once, alive all the time, and serving again by itself when there is space.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use harness::messages::{confirm, context, get};
use harness::registries::{AN, BINH, CUONG};
use harness::tree::OFFICE;
use harness::{Client, Scene};
use proto::population::v1::{BatchConfirmCitizensItem, BatchConfirmCitizensRequest, ConfirmCitizenRequest};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// The log writes 16 MiB of zeros ahead, wants as much to begin again, and keeps the bundles of what was written: twice.
const DISK: &str = "128m";
const REFUSED_WITHIN: Duration = Duration::from_secs(1);
const SERVES_WITHIN: Duration = Duration::from_secs(5);
/// Calls until the zeros written ahead must have been used up.
const MOST_CALLS: usize = 5_000;

/// A small file system in memory. It is taken away in the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn at(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o"])
            .arg(format!("size={DISK},mode=700"))
            .arg("tmpfs")
            .arg(folder)
            .status()
            .unwrap();
        assert!(mounted.success(), "a tmpfs may not be mounted here");
        Self(folder.to_owned())
    }

    /// Takes all the space there is.
    fn fill(&self) {
        let mut filler = File::create(self.0.join("filler")).unwrap();
        for block in [vec![1; 64 << 10], vec![1; 512]] {
            while filler.write_all(&block).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn crowd() -> BatchConfirmCitizensRequest {
    let items = [AN, BINH, CUONG]
        .into_iter()
        .cycle()
        .take(60)
        .map(confirm)
        .map(|ConfirmCitizenRequest { key, claims, .. }| BatchConfirmCitizensItem { key, claims });
    BatchConfirmCitizensRequest {
        context: Some(context()),
        items: items.collect(),
        ..Default::default()
    }
}

/// Asks until an item is refused, and notes what was answered.
async fn until_refused(client: &Client, answered: &mut HashMap<u64, String>) {
    for _ in 0..MOST_CALLS {
        let Ok(items) = client.batch(crowd()).await else {
            return;
        };
        let mut refused = false;
        for item in items {
            let provenance = item.provenance.unwrap();
            if item
                .refusal
                .is_some_and(|refusal| refusal.reason == "LOG_UNAVAILABLE")
            {
                refused = true;
            } else {
                answered.insert(provenance.audit_index, provenance.request_id);
            }
        }
        if refused {
            return;
        }
    }
    panic!("the disk does not get full");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the right to mount a tmpfs, see tests/run"]
async fn a_full_disk_refuses_within_a_second_and_serves_within_five_of_space() {
    let scene = Scene::new();
    let disk = SmallDisk::at(&scene.folder().join("audit"));
    let (mut gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let alive = gateway.try_connect(&office, None).await.unwrap();
    let mut health = HealthClient::new(alive.channel);
    let mut answered = HashMap::new();
    for round in 0..2 {
        client.citizen(get(AN)).await.expect("an answer");
        disk.fill();
        until_refused(&client, &mut answered).await;
        for _ in 0..20 {
            let asked = Instant::now();
            let refused = client.citizen(get(AN)).await.expect_err("no log, no data");
            assert!(asked.elapsed() <= REFUSED_WITHIN, "after {:?}", asked.elapsed());
            assert_eq!(refused.word, "LOG_UNAVAILABLE");
            health
                .check(HealthCheckRequest::default())
                .await
                .expect("it lives");
        }
        disk.free();
        let freed = Instant::now();
        let answer = loop {
            match client.citizen(get(AN)).await {
                Ok(answer) => break answer.provenance.unwrap(),
                Err(error) => assert!(freed.elapsed() < SERVES_WITHIN, "round {round}: {error:?}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        answered.insert(answer.audit_index, answer.request_id);
    }
    assert!(gateway.stop().success());
    scene.log().verify().expect("the log is whole");
    let logged: HashMap<u64, String> = scene
        .log()
        .entries()
        .into_iter()
        .map(|(index, entry)| (index, entry.request_id))
        .collect();
    for (index, request) in &answered {
        assert_eq!(
            logged.get(index),
            Some(request),
            "an answered call is not in the log"
        );
    }
}
