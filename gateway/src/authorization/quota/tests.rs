use std::collections::{HashMap as Map, HashSet};

use super::*;
use crate::demo::random::Draw;

fn agreement(limits: Limits) -> Agreement {
    Agreement {
        name: "population".into(),
        version: "1".into(),
        title: "".into(),
        legal_basis: "".into(),
        registry: "population".into(),
        procedures: Vec::new(),
        valid_from: None,
        valid_to: None,
        limits,
    }
}

/// A call of an officer about a subject, some milliseconds after the beginning.
fn ask(
    quotas: &Quotas,
    agreement: &Agreement,
    officer: &str,
    (subject, facts): (u8, &str),
    millis: u64,
) -> Result<(), Exceeded> {
    quotas.count(&Counted {
        agreement,
        agency: "H29.12",
        officer,
        subject: &[subject; 32],
        facts,
        received: Moment(i64::try_from(millis * 1_000).expect("small")),
        started: quotas.began + Duration::from_millis(millis),
    })
}

fn limit(outcome: Result<(), Exceeded>) -> Option<Limit> {
    outcome.err().map(|exceeded| exceeded.limit)
}

#[test]
fn a_second_allows_its_calls_at_once_and_then_evenly() {
    let quotas = Quotas::default();
    let agreement = agreement(Limits {
        calls_per_second: Some(4),
        ..Limits::default()
    });
    let at = |millis| ask(&quotas, &agreement, "o", (1, ""), millis);
    for _ in 0..4 {
        assert_eq!(at(0), Ok(()));
    }
    let refused = at(100).expect_err("used up");
    assert_eq!((refused.limit, refused.most), (Limit::CallsPerSecond, 4));
    assert_eq!(refused.retry_after, Duration::from_millis(150));
    assert_eq!(at(250), Ok(()));
    assert_eq!(limit(at(499)), Some(Limit::CallsPerSecond));
    assert_eq!(at(500), Ok(()));
    // A pause gives a second's worth back and not more.
    let after = (0..10).filter(|_| at(60_000).is_ok()).count();
    assert_eq!(after, 4);
}

#[test]
fn a_day_ends_at_midnight_in_viet_nam_and_does_not_begin_again_when_the_clock_is_set_back() {
    let quotas = Quotas::default();
    let agreement = agreement(Limits {
        calls_per_day: Some(2),
        ..Limits::default()
    });
    let hour = 3_600_000;
    let at = |millis| ask(&quotas, &agreement, "o", (1, ""), millis);
    assert_eq!((at(0), at(16 * hour)), (Ok(()), Ok(())));
    let refused = at(16 * hour).expect_err("used up");
    assert_eq!(refused.retry_after, Duration::from_secs(3_600));
    assert!(refused.alarm, "the first one is told");
    assert!(!at(16 * hour).expect_err("used up").alarm, "and only the first");
    assert_eq!((at(17 * hour), at(17 * hour)), (Ok(()), Ok(())));
    assert_eq!(limit(at(16 * hour)), Some(Limit::CallsPerDay));
}

#[test]
fn an_officer_may_ask_for_so_many_subjects_in_any_hour_and_for_each_as_often_as_needed() {
    let quotas = Quotas::default();
    let agreement = agreement(Limits {
        subjects_per_officer_per_hour: Some(2),
        ..Limits::default()
    });
    let minute = 60_000_u64;
    let at =
        |officer, subject, minutes| ask(&quotas, &agreement, officer, (subject, "name"), minutes * minute);
    assert_eq!(
        (at("a", 1, 0), at("a", 2, 10), at("a", 1, 20)),
        (Ok(()), Ok(()), Ok(()))
    );
    let refused = at("a", 3, 30).expect_err("used up");
    assert_eq!(refused.limit, Limit::SubjectsPerOfficerPerHour);
    assert_eq!(refused.retry_after, Duration::from_secs(40 * 60));
    assert!(refused.alarm, "the first one is told");
    assert!(!at("a", 4, 31).expect_err("used up").alarm, "and only the first");
    let alarms: Vec<_> = quotas.alarms().filter(|(_, count)| *count > 0).collect();
    assert_eq!(alarms, [(Limit::SubjectsPerOfficerPerHour, 1)]);
    assert_eq!(at("b", 3, 30), Ok(()), "another officer");
    assert_eq!(at("a", 2, 40), Ok(()), "a subject that counts already");
    // The first subject was last asked for at 20, the second at 40.
    assert_eq!(limit(at("a", 3, 79)), Some(Limit::SubjectsPerOfficerPerHour));
    assert_eq!(at("a", 3, 80), Ok(()));
    assert_eq!(limit(at("a", 1, 81)), Some(Limit::SubjectsPerOfficerPerHour));
}

#[test]
fn a_subject_named_by_other_facts_counts_again() {
    let quotas = Quotas::default();
    let agreement = agreement(Limits {
        subjects_per_officer_per_hour: Some(3),
        ..Limits::default()
    });
    let tries = ["1990-01-01", "1990-01-02", "1990-01-03", "1990-01-04"];
    let outcomes = tries.map(|facts| ask(&quotas, &agreement, "o", (1, facts), 0).is_ok());
    assert_eq!(outcomes, [true, true, true, false]);
    assert_eq!(ask(&quotas, &agreement, "o", (1, "1990-01-02"), 0), Ok(()));
}

#[test]
fn a_changed_limit_acts_on_what_was_counted_before() {
    let quotas = Quotas::default();
    let with = |most| {
        agreement(Limits {
            subjects_per_officer_per_hour: Some(most),
            calls_per_day: Some(most * 2),
            ..Limits::default()
        })
    };
    let ask = |agreement: &Agreement, subject| limit(ask(&quotas, agreement, "o", (subject, ""), 0));
    assert_eq!([1, 2, 3].map(|subject| ask(&with(3), subject)), [None; 3]);
    assert_eq!(ask(&with(3), 4), Some(Limit::SubjectsPerOfficerPerHour));
    assert_eq!(ask(&with(4), 4), None);
    assert_eq!(ask(&with(2), 1), Some(Limit::CallsPerDay));
}

#[test]
fn when_memory_is_full_what_is_new_is_refused_until_an_hour_has_passed() {
    let quotas = Quotas::default();
    let agreement = agreement(Limits {
        subjects_per_officer_per_hour: Some(10_000),
        ..Limits::default()
    });
    let mut taken: Vec<String> = Vec::new();
    let full = (0..2_000_000_u32)
        .map(|number| format!("officer-{number}"))
        .find(|officer| {
            let outcome = ask(&quotas, &agreement, officer, (1, ""), 0);
            if outcome.is_ok() {
                taken.push(officer.clone());
            }
            limit(outcome) == Some(Limit::Memory)
        });
    let refused = full.expect("memory has an end");
    assert_eq!(
        limit(ask(&quotas, &agreement, &refused, (1, ""), 5_000)),
        Some(Limit::Memory)
    );
    assert_eq!(
        ask(&quotas, &agreement, &taken[0], (1, ""), 5_000),
        Ok(()),
        "what counts already"
    );
    assert_eq!(
        ask(&quotas, &agreement, &refused, (1, ""), 3_700_000),
        Ok(()),
        "an hour later"
    );
}

/// Against a list of every call, kept for ever.
#[test]
fn in_no_hour_are_there_more_subjects_than_allowed_and_nobody_is_refused_without_need() {
    for seed in 0..40 {
        let mut draw = Draw::of(seed, 0, 0);
        let quotas = Quotas::default();
        let most = 1 + draw.below(6);
        let agreement = agreement(Limits {
            subjects_per_officer_per_hour: Some(most),
            ..Limits::default()
        });
        let mut asked: Map<(u64, u8), u64> = Map::new();
        let mut now = 0;
        for _ in 0..2_000 {
            now += draw.below(600);
            let officer = draw.below(3);
            let subject = u8::try_from(draw.below(12)).expect("small");
            let within = |(other, _): &(u64, u8), at: &u64| *other == officer && at + 3_600 > now;
            let live: HashSet<u8> = (asked.iter())
                .filter(|(who, at)| within(who, at))
                .map(|((_, subject), _)| *subject)
                .collect();
            let outcome = ask(
                &quotas,
                &agreement,
                &officer.to_string(),
                (subject, ""),
                now * 1_000,
            );
            let mut with = live.clone();
            with.insert(subject);
            if outcome.is_ok() {
                assert!(with.len() as u64 <= most, "seed {seed} at {now}");
                asked.insert((officer, subject), now);
            } else {
                assert!(with.len() as u64 > most, "seed {seed} at {now}");
            }
        }
    }
}

#[test]
fn many_threads_together_take_no_more_than_there_is() {
    let quotas = Quotas::default();
    let agreement = agreement(Limits {
        calls_per_second: Some(1_000),
        calls_per_day: Some(700),
        ..Limits::default()
    });
    let taken: usize = std::thread::scope(|scope| {
        let takers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    (0..200)
                        .filter(|_| ask(&quotas, &agreement, "o", (1, ""), 0).is_ok())
                        .count()
                })
            })
            .collect();
        takers
            .into_iter()
            .map(|taker| taker.join().expect("it ends"))
            .sum()
    });
    assert_eq!(taken, 700);
}
