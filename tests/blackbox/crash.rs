//! Rule 1, at its hardest: what was answered is in the log, however often the program is killed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::Scene;
use harness::messages::{confirm, get};
use harness::registries::PEOPLE;
use harness::tree::OFFICE;

const KILLS: u64 = 200;
const CLIENTS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answered_call_is_lost_in_two_hundred_kills() {
    let scene = Scene::new();
    let office = scene.agency(OFFICE);
    let answered = Arc::new(Mutex::new(HashMap::new()));
    let mut startups = Vec::new();
    for kill in 0..KILLS {
        let mut gateway = scene.start();
        startups.push(gateway.startup);
        let mut calls = Vec::new();
        for _ in 0..CLIENTS {
            let client = gateway.connect(&office, office.token(&scene)).await;
            let answered = Arc::clone(&answered);
            calls.push(tokio::spawn(async move {
                for person in PEOPLE.iter().cycle() {
                    let got = match client.citizen(get(*person)).await {
                        Ok(answer) => answer.provenance,
                        Err(_) => return,
                    };
                    let confirmed = client
                        .confirm(confirm(*person))
                        .await
                        .ok()
                        .and_then(|answer| answer.provenance);
                    for provenance in [got, confirmed].into_iter().flatten() {
                        answered
                            .lock()
                            .unwrap()
                            .insert(provenance.audit_index, provenance.request_id);
                    }
                }
            }));
        }
        tokio::time::sleep(Duration::from_millis(20 + kill * 7 % 60)).await;
        gateway.kill();
        for call in calls {
            call.await.unwrap();
        }
    }
    let mut gateway = scene.start();
    assert!(gateway.stop().success());
    scene.log().verify().expect("the log is whole");
    let logged: HashMap<u64, String> = scene
        .log()
        .entries()
        .into_iter()
        .map(|(index, entry)| (index, entry.request_id))
        .collect();
    let answered = answered.lock().unwrap();
    assert!(
        answered.len() as u64 > KILLS,
        "{} answers are no load",
        answered.len()
    );
    for (index, request) in answered.iter() {
        assert_eq!(
            logged.get(index),
            Some(request),
            "an answered call is not in the log"
        );
    }
    // One start in twenty may have waited for the machine.
    startups.sort();
    let usual = startups[startups.len() * 19 / 20];
    assert!(usual < Duration::from_secs(1), "a start took {usual:?}");
}
