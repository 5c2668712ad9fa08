//! A registry that misbehaves, and a healthy one beside it. All faults with their gates on time are
//! `cargo run --release -p tests --bin chaos`; here the program may be a slow build on a busy machine.

use std::time::Duration;

use harness::chaos::{Gates, Stage, cases, fly};

const GATES: Gates = Gates {
    late: Duration::from_secs(2),
    growth: 32 << 20,
    slower: None,
};

async fn holds(kind: &'static str, faults: &[&str]) {
    let stage = Stage::start(kind, Duration::from_millis(700)).await;
    let cases = cases(kind);
    for fault in faults {
        let case = cases.iter().find(|case| case.fault == *fault).unwrap();
        let seen = stage
            .try_case(*case, Duration::ZERO, Duration::from_millis(500))
            .await;
        let faults = seen.faults(&GATES);
        assert!(faults.is_empty(), "{kind} {fault}: {}", faults.join("; "));
    }
}

#[tokio::test]
async fn whatever_a_registry_does_the_word_is_right_and_its_neighbour_answers() {
    let rest = holds("rest", &["hang", "wrong-certificate", "oversize"]);
    let soap = holds("soap", &["entities", "external-entity", "fault"]);
    let grpc = holds("grpc", &["hang", "endless", "no-code"]);
    tokio::join!(rest, soap, grpc);
}

#[tokio::test]
async fn of_two_thousand_equal_calls_at_once_the_registry_is_asked_one_and_the_log_has_all() {
    let flown = fly("rest", 2_000).await;
    let faults = flown.faults();
    assert!(faults.is_empty(), "{}", faults.join("; "));
}
