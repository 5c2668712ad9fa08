//! `simulate`: the gateway answers from a simulated registry of each kind, and from none that is silent.

use std::time::{Duration, Instant};

use harness::messages::{birth, get};
use harness::registries::{AN, BINH, CUONG, NOBODY, Person};
use harness::simulated::{Simulated, ask_anew};
use harness::tree::OFFICE;
use harness::{Client, Gateway, Scene};
use proto::lookup::v1::PartialDate;
use proto::population::v1::CitizenKey;

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

/// The population service is told name and birth beside the number: what a call lacks, whom it is made by and what it
/// says decide what is asked and what is kept.
#[tokio::test]
async fn what_the_registry_is_told_of_a_call_is_whole_and_its_answer_is_kept_for_that_call_alone() {
    let scene = Scene::new();
    let simulated = Simulated::start(&scene, "soap", "population");
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let asked = |change: fn(&mut CitizenKey)| {
        let mut asked = get(AN);
        if let Some(key) = &mut asked.key {
            key.birth_date = Some(birth(AN));
            change(key);
        }
        asked
    };
    let word = async |client: &Client, question| match client.citizen(question).await {
        Ok(_) => "OK".to_owned(),
        Err(refused) => refused.word,
    };
    let without_birth = client.citizen(asked(|key| key.birth_date = None)).await;
    assert_eq!(without_birth.expect_err("a fact is missing").word, "INCOMPLETE");
    assert_eq!(simulated.questions(), 0, "nobody was asked");

    assert_eq!(word(&client, asked(|_| {})).await, "OK");
    assert_eq!(word(&client, asked(|_| {})).await, "OK");
    assert_eq!(simulated.questions(), 1, "kept for the same call");
    let year = |key: &mut CitizenKey| {
        key.birth_date = Some(PartialDate {
            year: 1990,
            month: 0,
            day: 0,
        })
    };
    assert_eq!(
        word(&client, asked(year)).await,
        "NOT_FOUND",
        "less than the registry knows"
    );
    assert_eq!(simulated.questions(), 2, "other facts are another question");
    let mut other_dossier = asked(|_| {});
    if let Some(context) = &mut other_dossier.context {
        context.dossier_code = "H29.12-260624-0002".to_owned();
    }
    assert_eq!(word(&client, other_dossier).await, "OK");
    assert_eq!(simulated.questions(), 3, "another dossier is another question");

    // Another name, another birth and a number that nobody has are one answer after as many questions.
    let before = simulated.questions();
    let mut refused = Vec::new();
    for change in [
        (|key: &mut CitizenKey| key.full_name = BINH.name.to_owned()) as fn(&mut CitizenKey),
        |key| key.birth_date = Some(birth(CUONG)),
        |key| key.personal_id = NOBODY.to_owned(),
    ] {
        for _ in 0..2 {
            let answer = client.citizen(asked(change)).await.expect_err("nobody");
            refused.push((answer.word, answer.message));
        }
    }
    refused.dedup();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused.first().map(|(word, _)| word.as_str()), Some("NOT_FOUND"));
    assert_eq!(
        simulated.questions() - before,
        3,
        "each is asked once, and then known"
    );
}
