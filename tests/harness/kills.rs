//! The program under load, killed at random instants, and what of its answers is in the log afterwards.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::agency::Client;
use crate::messages::{confirm, get};
use crate::registries::PEOPLE;
use crate::scene::Scene;
use crate::tree::OFFICE;

const CLIENTS: usize = 4;

/// Request ids by audit index.
type Answered = Arc<Mutex<HashMap<u64, String>>>;

/// What many kills came to.
#[derive(Debug)]
pub struct Kills {
    /// How often the program was killed.
    pub kills: u64,
    /// Answers that callers had.
    pub answers: u64,
    /// Answers whose entry is not in the log, or is another one.
    pub without_entry: u64,
    /// Entries in the log.
    pub entries: u64,
    /// From the start of the process until it listened, ascending.
    pub startups: Vec<Duration>,
}

impl Kills {
    /// The time within which this share of the starts was ready.
    #[must_use]
    pub fn startup(&self, share: f64) -> Duration {
        let at = (self.startups.len() as f64 * share) as usize;
        let at = at.min(self.startups.len().saturating_sub(1));
        self.startups.get(at).copied().unwrap_or_default()
    }
}

/// Starts the program so often, lets callers ask, kills it, and in the end compares what was answered with the log, which must
/// verify.
///
/// # Panics
/// When the program does not start or the log is not whole.
pub async fn kill_often(scene: &Scene, kills: u64, mut told: impl FnMut(u64)) -> Kills {
    let office = scene.agency(OFFICE);
    let answered = Answered::default();
    let mut startups = Vec::new();
    for kill in 0..kills {
        let mut gateway = scene.start();
        startups.push(gateway.startup);
        let mut calls = Vec::new();
        for _ in 0..CLIENTS {
            let client = gateway.connect(&office, office.token(scene)).await;
            calls.push(tokio::spawn(ask(client, Arc::clone(&answered))));
        }
        tokio::time::sleep(Duration::from_millis(20 + kill * 7 % 60)).await;
        gateway.kill();
        for call in calls {
            call.await.expect("no panic");
        }
        told(kill + 1);
    }
    let mut gateway = scene.start();
    assert!(gateway.stop().success(), "it ends in good order");
    scene.log().verify().expect("the log is whole");
    let logged: HashMap<u64, String> = scene
        .log()
        .entries()
        .into_iter()
        .map(|(index, entry)| (index, entry.request_id))
        .collect();
    let answered = answered.lock().expect("no panic");
    let without = answered
        .iter()
        .filter(|(index, request)| logged.get(index) != Some(request));
    startups.sort();
    Kills {
        kills,
        answers: answered.len() as u64,
        without_entry: without.count() as u64,
        entries: logged.len() as u64,
        startups,
    }
}

/// Asks until the connection ends. A refusal is no answer, but no end either: only a gateway that is gone ends it.
async fn ask(client: Client, answered: Answered) {
    for person in PEOPLE.iter().cycle() {
        let Ok(answer) = client.citizen(get(*person)).await else {
            return;
        };
        let confirmed = client
            .confirm(confirm(*person))
            .await
            .ok()
            .and_then(|answer| answer.provenance);
        for provenance in [answer.provenance, confirmed].into_iter().flatten() {
            answered
                .lock()
                .expect("no panic")
                .insert(provenance.audit_index, provenance.request_id);
        }
    }
}
