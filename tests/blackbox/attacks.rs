//! Attacks beside an honest caller, for a second each. The whole kit with its gates on time is
//! `cargo run --release -p tests --bin attack`; here the program may be a slow build on a busy machine.

use std::time::Duration;

use harness::attack::{Attack, Gates, Times, try_attack};

const GATES: Gates = Gates {
    growth: 32 << 20,
    left: 16 << 20,
    ended: Duration::from_secs(4),
    slower: None,
};

fn holds(attacks: &[Attack]) {
    for attack in attacks {
        let faults = try_attack(*attack, Duration::from_secs(1), Times::SHORT).faults(&GATES);
        assert!(faults.is_empty(), "{}: {}", attack.name(), faults.join("; "));
    }
}

#[test]
fn calls_that_are_given_up_or_reset_end_the_connection() {
    holds(&[
        Attack::RapidReset,
        Attack::WindowOverflow,
        Attack::HeadersAfterEnd,
    ]);
}

#[test]
fn frames_that_ask_for_nothing_end_the_connection() {
    holds(&[
        Attack::Ping,
        Attack::Settings,
        Attack::TinyData,
        Attack::HeaderList,
    ]);
}

#[test]
fn what_is_held_open_ends_in_its_time() {
    holds(&[
        Attack::ZeroWindow,
        Attack::TinyWindow,
        Attack::EndlessStreams,
        Attack::SlowPreface,
    ]);
}

#[test]
fn one_address_cannot_keep_others_out() {
    holds(&[Attack::SlowHandshake, Attack::Connections]);
}
