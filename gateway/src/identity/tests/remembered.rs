use std::sync::Arc;
use std::time::Duration;

use jiff::civil::date;

use super::scene::{NOW, Scene, headers, reason, snapshot};
use crate::clock::Moment;
use crate::identity::{Identity, VerifiedTokens};
use crate::status::Reason;

fn later(seconds: i64) -> Moment {
    Moment(NOW.0 + seconds * 1_000_000)
}

#[test]
fn the_second_call_with_a_token_checks_no_signature() {
    let scene = Scene::new();
    let token = scene.token();
    let first = scene.identity.identify(&scene.own, &token, NOW).unwrap();
    assert_eq!(scene.verified.signature_checks(), 1);
    for seconds in 0..60 {
        let again = scene
            .identity
            .identify(&scene.own, &token, later(seconds))
            .unwrap();
        assert!(Arc::ptr_eq(&first, &again));
    }
    assert_eq!(scene.verified.signature_checks(), 1);
}

#[test]
fn a_token_is_verified_anew_after_the_set_time_or_when_the_clock_went_back() {
    let scene = Scene::new();
    let token = scene.token();
    scene.identity.identify(&scene.own, &token, NOW).unwrap();
    scene.identity.identify(&scene.own, &token, later(60)).unwrap();
    assert_eq!(scene.verified.signature_checks(), 2);
    scene.identity.identify(&scene.own, &token, later(59)).unwrap();
    assert_eq!(scene.verified.signature_checks(), 3);
}

#[test]
fn a_remembered_token_is_refused_over_another_certificate() {
    let scene = Scene::new();
    let token = scene.token();
    scene.identity.identify(&scene.own, &token, NOW).unwrap();
    // Issuer and client are those of the other agency too, so that nothing but the binding is left.
    assert!(scene.identity.identify(&scene.other, &token, NOW).is_err());

    let mut same = snapshot(&scene.keys, &scene.facts);
    same.agencies[1].issuer = same.agencies[0].issuer.clone();
    same.agencies[1].clients = same.agencies[0].clients.clone();
    let identity = Identity::new(same, Arc::clone(&scene.trust), Arc::clone(&scene.verified)).unwrap();
    identity.identify(&scene.own, &token, NOW).unwrap();
    assert_eq!(
        reason(identity.identify(&scene.other, &token, NOW)),
        Reason::TokenBinding
    );
    identity.identify(&scene.own, &token, NOW).unwrap();
}

#[test]
fn a_remembered_token_expires() {
    let scene = Scene::new();
    let token = |claims: [i64; 2]| {
        let forge = scene.forge();
        let case = forge
            .honest()
            .into_iter()
            .find(|case| case.name == "exp past within the leeway");
        assert_eq!(claims, [-309, -9]);
        headers(&case.unwrap().authorization)
    };
    let nearly = token([-309, -9]);
    scene.identity.identify(&scene.own, &nearly, NOW).unwrap();
    assert_eq!(
        reason(scene.identity.identify(&scene.own, &nearly, later(1))),
        Reason::TokenExpired
    );

    let whole = scene.token();
    scene.identity.identify(&scene.own, &whole, later(290)).unwrap();
    let checks = scene.verified.signature_checks();
    assert_eq!(
        reason(scene.identity.identify(&scene.own, &whole, later(310))),
        Reason::TokenExpired
    );
    assert_eq!(scene.verified.signature_checks(), checks);
}

#[test]
fn a_remembered_token_does_not_outlive_its_certificate() {
    let scene = Scene::new();
    let end = scene.own.not_after().unix_seconds() - NOW.unix_seconds();
    let facts = crate::identity::corpus::Facts {
        now: NOW.unix_seconds() + end - 5,
        ..scene.facts.clone()
    };
    let forge = crate::identity::corpus::Forge {
        keys: &scene.keys,
        facts: &facts,
    };
    let token = headers(&[format!("Bearer {}", forge.token()).into_bytes()]);
    scene
        .identity
        .identify(&scene.own, &token, later(end - 1))
        .unwrap();
    scene.identity.identify(&scene.own, &token, later(end)).unwrap();
    let rejected = scene
        .identity
        .identify(&scene.own, &token, later(end + 1))
        .unwrap_err();
    assert_eq!(rejected.refusal.reason, Reason::CertificateExpired);
    assert_eq!(rejected.agency.as_deref(), Some("H29.12"));
}

#[test]
fn a_remembered_token_does_not_outlive_its_agency() {
    let scene = Scene::new();
    let mut ending = snapshot(&scene.keys, &scene.facts);
    // NOW is 15:00 of 15 January in Viet Nam; nine hours later it is the 16th there, not in UTC.
    ending.agencies[0].valid_to = Some(date(2027, 1, 15));
    ending.rules.remember = Duration::from_secs(86_400);
    ending.rules.max_lifetime = Duration::from_secs(86_400);
    let identity = Identity::new(ending, Arc::clone(&scene.trust), Arc::clone(&scene.verified)).unwrap();
    let token = scene.token();
    identity.identify(&scene.own, &token, NOW).unwrap();
    assert_eq!(
        reason(identity.identify(&scene.own, &token, later(9 * 3600))),
        Reason::CertificateUnknown
    );
    assert_eq!(
        reason(identity.identify(&scene.own, &token, later(9 * 3600 - 1))),
        Reason::TokenExpired
    );
}

#[test]
fn a_new_snapshot_asks_anew() {
    let scene = Scene::new();
    let token = scene.token();
    scene.identity.identify(&scene.own, &token, NOW).unwrap();

    let mut without_client = snapshot(&scene.keys, &scene.facts);
    without_client.agencies[0].clients.pop();
    let next = Identity::new(
        without_client,
        Arc::clone(&scene.trust),
        Arc::clone(&scene.verified),
    )
    .unwrap();
    assert_eq!(
        reason(next.identify(&scene.own, &token, NOW)),
        Reason::ClientUnknown
    );

    let mut other_keys = snapshot(&scene.keys, &scene.facts);
    other_keys.issuers[0].keys = other_keys.issuers[1].keys.clone();
    let next = Identity::new(other_keys, Arc::clone(&scene.trust), Arc::clone(&scene.verified)).unwrap();
    assert_eq!(
        reason(next.identify(&scene.own, &token, NOW)),
        Reason::TokenSignature
    );
}

#[test]
fn what_a_call_under_an_earlier_snapshot_verifies_late_is_not_found_under_the_next() {
    let scene = Scene::new();
    let mut without_client = snapshot(&scene.keys, &scene.facts);
    without_client.agencies[0].clients.pop();
    let next = Identity::new(
        without_client,
        Arc::clone(&scene.trust),
        Arc::clone(&scene.verified),
    )
    .unwrap();
    let token = scene.token();
    scene.identity.identify(&scene.own, &token, NOW).unwrap();
    assert_eq!(
        reason(next.identify(&scene.own, &token, NOW)),
        Reason::ClientUnknown
    );
}

#[test]
fn a_refusal_is_not_remembered() {
    let scene = Scene::new();
    let forge = scene.forge();
    let cases = forge.hostile();
    let case = cases.iter().find(|case| case.name == "ES256: in DER").unwrap();
    for round in 1..=3 {
        assert_eq!(reason(scene.try_case(case)), Reason::TokenSignature);
        assert_eq!(scene.verified.signature_checks(), round);
    }
}

#[test]
fn many_threads_with_one_token_check_its_signature_once() {
    let scene = Scene::new();
    let token = scene.token();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| scene.identity.identify(&scene.own, &token, NOW).unwrap());
        }
    });
    assert_eq!(scene.verified.signature_checks(), 1);
}

#[test]
fn the_memory_has_an_end() {
    let scene = Scene::new();
    let verified = VerifiedTokens::new(10);
    let identity = Identity::new(
        snapshot(&scene.keys, &scene.facts),
        Arc::clone(&scene.trust),
        Arc::clone(&verified),
    )
    .unwrap();
    for _ in 0..100 {
        identity.identify(&scene.own, &scene.token(), NOW).unwrap();
    }
    assert!(verified.remembered() <= 10);
}

/// Not a gate: prints what a first and a later call cost on this machine.
#[test]
#[ignore = "a measurement"]
fn what_a_call_costs() {
    let scene = Scene::new();
    let rounds = 20_000_u32;
    let token = scene.token();
    scene.identity.identify(&scene.own, &token, NOW).unwrap();
    let begun = std::time::Instant::now();
    for _ in 0..rounds {
        std::hint::black_box(scene.identity.identify(&scene.own, &token, NOW).unwrap());
    }
    println!("later: {:?}", begun.elapsed() / rounds);
    let tokens: Vec<_> = (0..500).map(|_| scene.token()).collect();
    let begun = std::time::Instant::now();
    for token in &tokens {
        std::hint::black_box(scene.identity.identify(&scene.own, token, NOW).unwrap());
    }
    println!("first: {:?}", begun.elapsed() / 500);
}
