//! Every attack of the kit beside an honest caller, each in its shortest form. The whole kit with its gates on time is
//! `cargo run --release -p tests --bin attack`; here the program may be a slow build on a busy machine.

use std::time::Duration;

use harness::attack::{Attack, Gates, Times, Trial};

/// It ends, it leaves no heap, and nobody is shut out: what holds of a slow build also where other programs take every core.
const GATES: Gates = Gates {
    growth: 32 << 20,
    left: 16 << 20,
    ended: Duration::from_secs(55),
    slower: None,
};

const TRIAL: Trial = Trial {
    // Long enough for one round of a flood.
    length: Duration::from_millis(500),
    times: Times::SHORT,
    // 50 lookups a second, which a slow build answers on half a core.
    between: Duration::from_millis(20),
    patience: Duration::from_secs(15),
    behind: false,
    floods: 0,
    left: GATES.left,
};

fn holds(attacks: &[Attack]) {
    for attack in attacks {
        let faults = TRIAL.of(*attack).faults(&GATES);
        assert!(faults.is_empty(), "{}: {}", attack.name(), faults.join("; "));
    }
}

const RESETS: [Attack; 8] = [
    Attack::RapidReset,
    Attack::WindowOverflow,
    Attack::WindowZero,
    Attack::TooMuchContent,
    Attack::HeadersAfterEnd,
    Attack::DataAfterEnd,
    Attack::PriorityLength,
    Attack::PrioritySelf,
];
const FRAMES: [Attack; 7] = [
    Attack::Ping,
    Attack::Settings,
    Attack::Priority,
    Attack::WindowUpdates,
    Attack::EmptyData,
    Attack::TinyData,
    Attack::UnknownFrames,
];
const HEADERS: [Attack; 5] = [
    Attack::Continuation,
    Attack::EmptyContinuation,
    Attack::HpackBomb,
    Attack::HeaderList,
    Attack::RefusedStreams,
];
const HELD: [Attack; 8] = [
    Attack::ZeroWindow,
    Attack::TinyWindow,
    Attack::NeverReads,
    Attack::EndlessStreams,
    Attack::SlowBody,
    Attack::LargeBodies,
    Attack::SlowPreface,
    Attack::Idle,
];
const CONNECTING: [Attack; 4] = [
    Attack::SlowHandshake,
    Attack::Connections,
    Attack::Garbage,
    Attack::NoAlpn,
];

#[test]
fn every_attack_is_played() {
    let played = [&RESETS[..], &FRAMES, &HEADERS, &HELD, &CONNECTING].concat();
    for attack in Attack::ALL {
        assert!(
            played.contains(&attack) || attack == Attack::Nobody,
            "{}",
            attack.name()
        );
    }
}

#[test]
fn calls_that_are_given_up_or_reset_end_the_connection() {
    holds(&RESETS);
}

#[test]
fn frames_that_ask_for_nothing_end_the_connection() {
    holds(&FRAMES);
}

#[test]
fn headers_without_end_and_streams_without_number_end_the_connection() {
    holds(&HEADERS);
}

#[test]
fn what_is_held_open_ends_in_its_time_and_takes_no_more_than_its_memory() {
    holds(&HELD);
}

#[test]
fn one_address_cannot_keep_others_out() {
    holds(&CONNECTING);
}
