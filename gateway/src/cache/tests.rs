use std::sync::atomic::{AtomicUsize, Ordering};

use adapters::settings::{Interval, Size};

use super::*;

fn policy(fresh: u64, usable: u64, stale_if_error: u64, negative: u64) -> CachePolicy {
    let seconds = |seconds| Interval(Duration::from_secs(seconds));
    CachePolicy {
        fresh: seconds(fresh),
        usable: seconds(usable),
        stale_if_error: seconds(stale_if_error),
        negative: seconds(negative),
        size: Size(1 << 20),
        ..CachePolicy::default()
    }
}

fn silent() -> Unanswered {
    Unanswered {
        error: adapters::Error::DeadlineExceeded,
        exchanged: None,
    }
}

fn record(retrieved_at: i64) -> Arc<Kept> {
    Arc::new(Kept::record(
        adapters::Found {
            record: bytes::Bytes::from_static(b"\x0a\x01a"),
            ..adapters::Found::default()
        },
        Moment(retrieved_at),
        From::Registry,
    ))
}

const SECOND: i64 = 1_000_000;

async fn kept(answers: &Answers, key: &[u8], kept: Arc<Kept>) {
    answers
        .load(key, |_| true, async move { Ok(kept) })
        .await
        .expect("loads");
}

#[tokio::test]
async fn an_answer_is_fresh_then_stale_then_gone() {
    let answers = Answers::new(&policy(10, 60, 600, 5));
    kept(&answers, b"a", record(0)).await;
    let from = |at| answers.find(b"a", None, Moment(at)).map(|served| served.from);
    assert_eq!(from(10 * SECOND), Some(From::Cache));
    assert_eq!(from(60 * SECOND), Some(From::Stale));
    assert_eq!(from(61 * SECOND), None);
    let despite = |at, max_age| answers.find_despite_error(b"a", max_age, Moment(at)).is_some();
    assert!(despite(600 * SECOND, None));
    assert!(!despite(601 * SECOND, None));
    assert!(!despite(600 * SECOND, Some(599 * SECOND)));
}

#[tokio::test]
async fn a_callers_age_limit_is_stricter_than_the_policy() {
    let answers = Answers::new(&policy(10, 60, 600, 5));
    kept(&answers, b"a", record(0)).await;
    assert!(answers.find(b"a", Some(3 * SECOND), Moment(4 * SECOND)).is_none());
    assert!(answers.find(b"a", Some(4 * SECOND), Moment(4 * SECOND)).is_some());
    assert!(answers.find(b"a", Some(0), Moment(1)).is_none());
}

#[tokio::test]
async fn not_found_is_kept_for_its_own_time_and_never_served_for_an_error() {
    let answers = Answers::new(&policy(10, 60, 600, 5));
    kept(
        &answers,
        b"a",
        Arc::new(Kept::NotFound {
            retrieved_at: Moment(0),
            exchanged: None,
        }),
    )
    .await;
    assert!(answers.find(b"a", None, Moment(5 * SECOND)).is_some());
    assert!(answers.find(b"a", None, Moment(6 * SECOND)).is_none());
    assert!(answers.find_despite_error(b"a", None, Moment(1)).is_none());
}

#[tokio::test]
async fn errors_are_never_kept() {
    let answers = Answers::new(&policy(10, 60, 600, 5));
    let outcome = answers.load(b"a", |_| true, async { Err(silent()) }).await;
    assert!(outcome.is_err());
    assert!(answers.kept(b"a").is_none());
}

#[tokio::test]
async fn what_must_not_be_kept_is_given_and_forgotten() {
    let answers = Answers::new(&policy(10, 60, 600, 5));
    answers
        .load(b"a", |_| false, async { Ok(record(0)) })
        .await
        .expect("given");
    assert!(answers.kept(b"a").is_none());
}

#[tokio::test]
async fn a_thousand_equal_questions_ask_the_registry_once() {
    let answers = Arc::new(Answers::new(&policy(10, 60, 600, 5)));
    let asked = Arc::new(AtomicUsize::new(0));
    let mut waiting = Vec::new();
    for _ in 0..1_000 {
        let (answers, asked) = (answers.clone(), asked.clone());
        waiting.push(tokio::spawn(async move {
            let load = async move {
                asked.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(50)).await;
                Ok(record(0))
            };
            answers.load(b"a", |_| true, load).await.is_ok()
        }));
    }
    for answer in waiting {
        assert!(answer.await.expect("ends"));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_load_goes_on_when_its_caller_goes_away() {
    let answers = Arc::new(Answers::new(&policy(10, 60, 600, 5)));
    let caller = {
        let answers = answers.clone();
        tokio::spawn(async move {
            let load = async {
                tokio::time::sleep(Duration::from_millis(30)).await;
                Ok(record(0))
            };
            answers.load(b"a", |_| true, load).await.is_ok()
        })
    };
    tokio::time::sleep(Duration::from_millis(5)).await;
    caller.abort();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(answers.kept(b"a").is_some());
}

#[tokio::test]
async fn a_load_that_panics_is_unavailable_and_the_next_one_flies() {
    let answers = Answers::new(&policy(10, 60, 600, 5));
    let outcome = answers
        .load(b"a", |_| true, async { panic!("as on purpose") })
        .await;
    assert!(matches!(
        outcome,
        Err(Unanswered {
            error: adapters::Error::Unavailable { .. },
            ..
        })
    ));
    assert!(
        answers
            .load(b"a", |_| true, async { Ok(record(0)) })
            .await
            .is_ok()
    );
}

#[test]
fn keys_of_different_questions_differ() {
    assert_ne!(key(None, "ab", "c"), key(None, "a", "bc"));
    assert_ne!(key(Some("H29"), "a", "c"), key(None, "a", "c"));
    assert_ne!(key(Some("H2"), "9a", "c"), key(Some("H29"), "a", "c"));
}

#[test]
fn a_subject_is_sealed_once_for_a_period_and_never_kept_under_other_keys() {
    let kept = record(0);
    let Kept::Record(record) = &*kept else {
        panic!("a record");
    };
    let keys = |name| audit::PeriodKeys::new(name, &[1; 32]).expect("keys");
    let (november, december) = (keys("2026-11"), keys("2026-12"));
    let sealings = AtomicUsize::new(0);
    let sealed = |keys: &audit::PeriodKeys| {
        let seal = || {
            sealings.fetch_add(1, Ordering::Relaxed);
            Ok::<_, ()>(keys.name().to_owned().into())
        };
        record.sealed(keys, seal).expect("sealed")
    };
    assert_eq!([sealed(&november), sealed(&november)], ["2026-11", "2026-11"]);
    assert_eq!([sealed(&december), sealed(&december)], ["2026-12", "2026-12"]);
    assert_eq!(sealings.load(Ordering::Relaxed), 2);
    let failed = record.sealed(&november, || Err::<_, &str>("no"));
    assert_eq!(failed, Err("no"), "a failure keeps nothing");
    assert_eq!(sealed(&december), "2026-12");
}

#[tokio::test]
async fn a_change_removes_one_subjects_answers_for_whomever_they_were_kept() {
    for (scope, agency) in [(Scope::Shared, None), (Scope::PerAgency, Some("H29.12"))] {
        let answers = Answers::new(&policy(10, 60, 600, 5));
        let (changed, other) = (key(agency, "r.Record", "1"), key(agency, "r.Record", "11"));
        kept(&answers, &changed, record(0)).await;
        kept(&answers, &other, record(0)).await;
        answers.forget_subject(scope, &["r.Record".into()], "1");
        assert!(answers.kept(&changed).is_none(), "{scope:?}");
        assert!(answers.kept(&other).is_some(), "{scope:?}");
        answers.forget_all();
        assert!(answers.kept(&other).is_none(), "{scope:?}");
    }
}

#[tokio::test]
async fn what_was_asked_before_a_change_is_not_kept_after_it() {
    let answers = Arc::new(Answers::new(&policy(10, 60, 600, 5)));
    let name = key(None, "r.Record", "1");
    let inside = answers.clone();
    let load = async move {
        inside.forget_subject(Scope::Shared, &["r.Record".into()], "1");
        Ok(record(0))
    };
    assert!(answers.load(&name, |_| true, load).await.is_ok());
    assert!(answers.kept(&name).is_none());
}

#[tokio::test]
async fn under_a_policy_that_keeps_nothing_nothing_is_kept() {
    let answers = Answers::new(&policy(0, 0, 0, 0));
    kept(&answers, b"a", record(0)).await;
    answers.mark_not_found(b"b".to_vec(), Moment(0), None);
    answers.kept.run_pending_tasks();
    assert_eq!(answers.kept.entry_count(), 0);
    assert!(answers.find(b"a", None, Moment(0)).is_none());
    for (policy, record_is_kept) in [(policy(0, 0, 9, 0), true), (policy(0, 0, 0, 9), false)] {
        let answers = Answers::new(&policy);
        kept(&answers, b"a", record(0)).await;
        answers.mark_not_found(b"b".to_vec(), Moment(0), None);
        assert_eq!(answers.kept(b"a").is_some(), record_is_kept);
        assert_eq!(answers.kept(b"b").is_some(), !record_is_kept);
    }
}
