//! "No such person" and "the facts do not fit" can't be told apart: neither by bytes nor by time.

use std::time::{Duration, Instant};

use harness::messages::get;
use harness::registries::{AN, CUONG, NOBODY, Person};
use harness::tree::OFFICE;
use harness::{Client, Scene};
use proto::population::v1::GetCitizenRequest;

/// A person who is there, named by facts that are another's.
const WRONG: Person = Person {
    name: CUONG.name,
    ..AN
};

/// The same facts with a number that nobody has.
const NONE: Person = Person { id: NOBODY, ..WRONG };

#[tokio::test]
async fn both_refusals_are_the_same_but_for_the_number_of_the_call() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let told = async |person: Person| {
        let refused = client.citizen(get(person)).await.unwrap_err();
        let mut said = refused.metadata;
        for of_the_call in ["request_id", "audit_index"] {
            assert!(said.remove(of_the_call).is_some());
        }
        (refused.code, refused.word, refused.message, said)
    };
    // Cold, kept, and after somebody who knows the person has asked.
    for _ in 0..2 {
        assert_eq!(told(WRONG).await, told(NONE).await);
        assert_eq!(told(WRONG).await, told(NONE).await);
        client.citizen(get(AN)).await.unwrap();
    }
}

/// Prints both times and fails when a reader of many answers could tell them apart.
#[tokio::test]
#[ignore = "measures time; wants a quiet machine and a release build"]
async fn both_refusals_take_the_same_time() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    for (what, newest, calls) in [("kept", false, 2_000), ("asked from the registry", true, 500)] {
        let (mut wrong, mut none) = (Vec::new(), Vec::new());
        for call in 0..calls {
            // In turns, and each first as often as second.
            let order = if call % 2 == 0 {
                [true, false]
            } else {
                [false, true]
            };
            for is_wrong in order {
                let taken = time(&client, if is_wrong { WRONG } else { NONE }, newest).await;
                if is_wrong { &mut wrong } else { &mut none }.push(taken);
            }
        }
        let (told, median_wrong, median_none) = (advantage(&wrong, &none), median(&wrong), median(&none));
        println!("{what}, {calls} calls each, medians:");
        println!("  facts do not fit {median_wrong:?}, no such person {median_none:?}");
        println!(
            "  a guess by the time of one answer is right in {:.1} % of cases",
            told * 100.0
        );
        // What the registry itself takes to find somebody is not the gateway's to hide.
        assert!(newest || (0.46..0.54).contains(&told), "{told}");
    }
}

/// The time of one call; with `newest`, of one that no kept answer is good enough for.
async fn time(client: &Client, person: Person, newest: bool) -> Duration {
    let ask = GetCitizenRequest {
        max_age: newest.then(prost_types::Duration::default),
        ..get(person)
    };
    let began = Instant::now();
    client.citizen(ask).await.unwrap_err();
    began.elapsed()
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[times.len() / 2]
}

/// How often a time of one kind is longer than one of the other: half of the time when they are alike
/// (the area under the ROC curve).
fn advantage(one: &[Duration], other: &[Duration]) -> f64 {
    let longer: usize = one
        .iter()
        .map(|time| other.iter().filter(|other| *time > **other).count())
        .sum();
    let equal: usize = one
        .iter()
        .map(|time| other.iter().filter(|other| *time == **other).count())
        .sum();
    (longer as f64 + equal as f64 / 2.0) / (one.len() * other.len()) as f64
}
