//! A gateway, a registry that misbehaves and a healthy neighbour of the same kind.

use std::time::Duration;

use rusqlite::Connection;

use super::load::{ask, number};
use crate::registries::AN;
use crate::simulated::{Simulated, ask_anew, without_breaker};
use crate::tree::OFFICE;
use crate::{Client, Gateway, Scene};

/// People who are asked about in turn: equal questions under way at once would be one.
const PEOPLE: usize = 500;
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(50);

/// All of it, running.
pub struct Stage {
    /// The kind of both registries.
    pub kind: &'static str,
    /// How long the gateway lets the registry be silent.
    pub timeout: Duration,
    pub(super) people: Vec<String>,
    pub(super) faulty: Simulated,
    pub(super) gateway: Gateway,
    pub(super) client: Client,
    pub(super) neighbours: Client,
    _neighbour: Simulated,
    _scene: Scene,
}

impl Stage {
    /// Starts them. Nothing is kept of the registries' answers, and no route is paused: each question meets
    /// the fault.
    ///
    /// # Panics
    /// When something does not start.
    pub async fn start(kind: &'static str, timeout: Duration) -> Self {
        let scene = Scene::new();
        let people: Vec<_> = (0..PEOPLE).map(number).collect();
        add(&scene, &people);
        let faulty = Simulated::start(&scene, kind, "population");
        let neighbour = Simulated::start(&scene, kind, "business");
        ask_anew(&scene, "population", &format!("{}ms", timeout.as_millis()));
        without_breaker(&scene, "population");
        ask_anew(&scene, "business", "2s");
        let (gateway, office) = (scene.start(), scene.agency(OFFICE));
        let client = gateway.connect(&office, office.token(&scene)).await;
        let neighbours = gateway.connect(&office, office.token(&scene)).await;
        Self {
            kind,
            timeout,
            people,
            faulty,
            gateway,
            client,
            neighbours,
            _neighbour: neighbour,
            _scene: scene,
        }
    }

    /// Gives the registry that misbehaves only the time that nobody else wants, as if it were on a machine of its own.
    pub fn step_behind(&self) {
        self.faulty.step_behind();
    }

    /// Puts an end to the faults, and waits until the registry answers well.
    ///
    /// # Panics
    /// When it never does.
    pub async fn recover(&self) {
        self.faulty.misbehave("none");
        let well = async {
            while ask(&self.client, AN.id).await.0 != "OK" {
                tokio::time::sleep(PAUSE).await;
            }
        };
        let recovered = tokio::time::timeout(PATIENCE, well).await;
        recovered.expect("the registry is well again, and so is what the gateway says of it");
    }
}

/// Puts people beside [`AN`] who differ from him by their numbers alone.
fn add(scene: &Scene, people: &[String]) {
    let database = Connection::open(scene.database("population")).expect("the registry");
    let copied = format!(
        "BEGIN; CREATE TEMP TABLE one AS SELECT * FROM cong_dan WHERE so_dinh_danh = '{}';",
        AN.id
    );
    database.execute_batch(&copied).expect("a copy of him");
    for id in people {
        let renamed = database.execute("UPDATE one SET so_dinh_danh = ?1", [id]);
        assert_eq!(renamed.expect("another number"), 1);
        let added = database.execute("INSERT INTO cong_dan SELECT * FROM one", []);
        assert_eq!(added.expect("another person"), 1);
    }
    database.execute_batch("COMMIT").expect("they are in it");
}
