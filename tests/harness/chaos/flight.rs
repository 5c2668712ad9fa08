//! Equal calls at once: the registry is asked once, and each of them has its entry in the access log.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::load::{Stretch, ask};
use crate::Scene;
use crate::registries::AN;
use crate::simulated::Simulated;
use crate::tree::OFFICE;

/// How many connections the calls come on.
const CONNECTIONS: usize = 8;
/// How long the registry thinks, so that many of them are there before it answers.
const THINKING: &str = "latency:1500ms";

/// What came of them.
#[derive(Clone, Debug)]
pub struct Flown {
    /// The calls.
    pub calls: usize,
    /// Their answers.
    pub answers: Stretch,
    /// Questions that the registry had.
    pub upstream: u64,
    /// Outcomes in the access log, all of which are records given.
    pub outcomes: usize,
    /// What the log is when it is read as an auditor does; nothing when it is whole.
    pub damage: Option<String>,
    /// Resident bytes of the gateway before.
    pub before: u64,
    /// And when all were answered.
    pub after: u64,
    /// From the first call to the last answer.
    pub took: Duration,
}

/// Makes so many calls about one person at once.
///
/// # Panics
/// When the gateway does not start.
pub async fn fly(kind: &str, calls: usize) -> Flown {
    let scene = Scene::new();
    let simulated = Simulated::start(&scene, kind, "population");
    // All come from one agency and one address; what keeps one of them from taking all is tried elsewhere.
    scene.tree.edit(
        "gateway.toml",
        "[listener]\n",
        "[listener]\nmax_calls = 100000\nmax_calls_per_client = 100000\nmax_streams = 100000\nmax_control_frames = 1000000\n",
    );
    // As long as a slow build takes to take them all in.
    scene.tree.edit(
        "registries/population.toml",
        "timeout = \"2s\"",
        "timeout = \"60s\"",
    );
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(gateway.connect(&office, office.token(&scene)).await);
    }
    simulated.misbehave(THINKING);
    let (before, began) = (gateway.resident(), Instant::now());
    let mut flying = JoinSet::new();
    for client in clients.iter().cycle().take(calls) {
        let client = client.clone();
        flying.spawn(async move { ask(&client, AN.id).await });
    }
    let answers = Stretch::of(flying).await;
    let (took, after) = (began.elapsed(), gateway.resident());
    let given = |(_, entry): &(u64, audit::Entry)| entry.outcome == "OK" && entry.registry == "population";
    Flown {
        calls,
        answers,
        upstream: simulated.questions(),
        outcomes: scene.log().entries().iter().filter(|entry| given(entry)).count(),
        damage: scene.log().verify().err().map(|error| error.to_string()),
        before,
        after,
        took,
    }
}

impl Flown {
    /// What is wrong with it; nothing when each call was answered and logged, and the registry was asked once.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let answered = self.answers.words.get("OK").copied().unwrap_or_default();
        if answered != self.calls as u64 {
            faults.push(format!("answered {:?}", self.answers.words));
        }
        if self.upstream != 1 {
            faults.push(format!("the registry was asked {} times", self.upstream));
        }
        if self.outcomes != self.calls {
            faults.push(format!("{} outcomes in the access log", self.outcomes));
        }
        faults.extend(self.damage.clone());
        faults
    }
}
