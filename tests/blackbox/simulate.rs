//! `simulate`: the gateway answers from a simulated registry of each kind, and from none that is silent.

use std::time::{Duration, Instant};

use harness::messages::{birth, get};
use harness::registries::{AN, BINH, NOBODY, Person};
use harness::simulated::{Simulated, ask_anew};
use harness::tree::OFFICE;
use harness::{Client, Gateway, Scene};

/// How long the registry's file lets it be silent.
const TIMEOUT: &str = "400ms";
/// When an answer has to be there all the same.
const ANSWERED: Duration = Duration::from_millis(400 + 100);
/// What a debug build on a busy machine takes beyond that.
const SLOW: Duration = Duration::from_millis(900);

struct Asking {
    client: Client,
    _gateway: Gateway,
    _scene: Scene,
}

impl Asking {
    /// A gateway whose population registry is this one.
    async fn start(scene: Scene) -> Self {
        ask_anew(&scene, "population", TIMEOUT);
        let (gateway, office) = (scene.start(), scene.agency(OFFICE));
        let client = gateway.connect(&office, office.token(&scene)).await;
        Self {
            client,
            _gateway: gateway,
            _scene: scene,
        }
    }

    /// The name of a person, or the answer word.
    async fn name(&self, person: Person) -> Result<String, String> {
        // The population service wants both facts.
        let mut asked = get(person);
        if let Some(key) = &mut asked.key {
            key.birth_date = Some(birth(person));
        }
        let answer = self.client.citizen(asked).await;
        let citizen = answer.map_err(|refused| refused.word)?.citizen;
        Ok(citizen.unwrap_or_default().full_name)
    }
}

async fn answers_and_is_given_up_when_it_is_silent(scene: Scene, simulated: Simulated) {
    let asking = Asking::start(scene).await;
    assert_eq!(asking.name(AN).await, Ok(AN.name.to_owned()));
    assert_eq!(asking.name(BINH).await, Ok(BINH.name.to_owned()));
    let nobody = Person { id: NOBODY, ..AN };
    assert_eq!(asking.name(nobody).await, Err("NOT_FOUND".to_owned()));
    assert_eq!(simulated.questions(), 3);
    for fault in ["hang", "mute", "drip"] {
        simulated.misbehave(fault);
        let began = Instant::now();
        let told = asking.name(AN).await;
        let took = began.elapsed();
        assert_eq!(told, Err("UPSTREAM_UNAVAILABLE".to_owned()), "{fault}");
        assert!(took < ANSWERED + SLOW, "{fault}: after {took:?}");
    }
    simulated.misbehave("wrong-subject");
    assert_eq!(asking.name(AN).await, Err("UPSTREAM_GARBLED".to_owned()));
    simulated.misbehave("none");
    assert_eq!(asking.name(AN).await, Ok(AN.name.to_owned()));
}

#[tokio::test]
async fn a_simulated_registry_of_kind_rest_answers_and_is_given_up_when_it_is_silent() {
    let scene = Scene::new();
    let simulated = Simulated::start(&scene, "rest", "population");
    answers_and_is_given_up_when_it_is_silent(scene, simulated).await;
}

#[tokio::test]
async fn a_simulated_registry_of_kind_soap_answers_and_is_given_up_when_it_is_silent() {
    let scene = Scene::new();
    let simulated = Simulated::start(&scene, "soap", "population");
    answers_and_is_given_up_when_it_is_silent(scene, simulated).await;
}

#[tokio::test]
async fn a_simulated_registry_of_kind_grpc_answers_and_is_given_up_when_it_is_silent() {
    let scene = Scene::new();
    let simulated = Simulated::start(&scene, "grpc", "population");
    answers_and_is_given_up_when_it_is_silent(scene, simulated).await;
}

#[tokio::test]
async fn grpc_is_simulated_without_tls_too() {
    let scene = Scene::new();
    let _simulated = Simulated::start_plain(&scene, "grpc", "population");
    let asking = Asking::start(scene).await;
    assert_eq!(asking.name(AN).await, Ok(AN.name.to_owned()));
}
