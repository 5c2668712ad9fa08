use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;

use super::*;
use crate::settings::{self, Interval, Retry};

/// A way whose answers are written down beforehand; the last one is given for ever.
#[derive(Clone)]
struct Script {
    steps: Arc<Mutex<Vec<Step>>>,
    asked: Arc<AtomicUsize>,
    /// Whether its check is no question.
    connects_alone: Arc<AtomicBool>,
    tells_health: Arc<AtomicBool>,
    /// The id that its questions are sent with.
    id: String,
}

#[derive(Clone)]
enum Step {
    Found,
    Fails(Error),
    After(u64, Box<Self>),
    Hangs,
}

impl Script {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let mut steps: Vec<_> = steps.into_iter().collect();
        steps.reverse();
        Self {
            steps: Arc::new(Mutex::new(steps)),
            asked: Arc::default(),
            connects_alone: Arc::default(),
            tells_health: Arc::default(),
            id: String::new(),
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn becomes(&self, step: Step) {
        *self.steps.lock().expect("not poisoned") = vec![step];
    }
}

#[async_trait::async_trait]
impl Registry for Script {
    async fn look_up(&self, question: Question) -> Result<Found, Error> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        #[cfg(any(feature = "grpc", feature = "rest", feature = "soap"))]
        question.trace.sent_as(&self.id);
        let mut step = {
            let mut steps = self.steps.lock().expect("not poisoned");
            if steps.len() > 1 {
                steps.pop()
            } else {
                steps.last().cloned()
            }
        };
        loop {
            match step.take() {
                Some(Step::Found) => return Ok(found()),
                Some(Step::Fails(error)) => return Err(error),
                Some(Step::After(millis, then)) => {
                    sleep(Duration::from_millis(millis)).await;
                    step = Some(*then);
                }
                Some(Step::Hangs) | None => {
                    assert!(question.deadline > Instant::now(), "asked in vain");
                    sleep(Duration::from_secs(3600)).await;
                }
            }
        }
    }

    fn check_asks(&self) -> bool {
        !self.connects_alone.load(Ordering::Relaxed)
    }

    fn has_health(&self) -> bool {
        self.tells_health.load(Ordering::Relaxed)
    }

    async fn check(&self) -> Result<(), Error> {
        match self.steps.lock().expect("not poisoned").last() {
            Some(Step::Found) => Ok(()),
            _ => Err(down()),
        }
    }
}

fn found() -> Found {
    Found {
        record: Bytes::from_static(b"record"),
        as_of: None,
        transaction: Some("T1".to_owned()),
        route: None,
        retrieved: None,
    }
}

fn down() -> Error {
    Error::unavailable("down")
}

fn millis(millis: u64) -> Interval {
    Interval(Duration::from_millis(millis))
}

/// One second for an answer, no second try unless `change` says so, a breaker that two failures pause.
fn routed(ways: &[&Script], change: impl FnOnce(&mut Protection)) -> Routed<Script> {
    let mut protection = Protection {
        timeout: millis(1_000),
        retry: Retry {
            times: 0,
            pause: millis(10),
            reserve: 100,
            ..Retry::default()
        },
        breaker: settings::Breaker {
            failures: 2,
            pause: millis(200),
            longest: millis(400),
            trials: 1,
        },
        ..Protection::default()
    };
    change(&mut protection);
    let names = ["direct", "lgsp", "ndop"];
    let ways = names
        .into_iter()
        .zip(ways)
        .map(|(name, way)| (name.to_owned(), (*way).clone()));
    Routed::new("test", ways.collect(), &protection)
}

async fn ask(registry: &Routed<Script>) -> Result<String, Error> {
    ask_within(registry, Duration::from_secs(1)).await
}

/// The route that the answer came by.
async fn ask_within(registry: &Routed<Script>, time: Duration) -> Result<String, Error> {
    let found = registry.look_up(question_within(time)).await?;
    assert_eq!(
        found.upstream_exchange().1,
        Some("T1"),
        "the transaction comes along"
    );
    Ok(found.route.as_deref().unwrap_or("none").to_owned())
}

fn question_within(time: Duration) -> Question {
    Question {
        record: "lienthong.population.v1.Citizen".into(),
        key: "079090000001".into(),
        deadline: Instant::now() + time,
        call: None,
        trace: crate::Trace::default(),
    }
}

#[tokio::test]
async fn the_best_way_is_asked_and_named() {
    let (direct, lgsp) = (Script::new([Step::Found]), Script::new([Step::Found]));
    let registry = routed(&[&direct, &lgsp], |_| {});
    assert_eq!(ask(&registry).await.as_deref(), Ok("direct"));
    assert_eq!(lgsp.asked(), 0);
}

#[tokio::test]
async fn a_way_that_fails_or_keeps_silent_gives_way_to_the_next() {
    for step in [Step::Fails(down()), Step::Hangs] {
        let (direct, lgsp) = (Script::new([step]), Script::new([Step::Found]));
        let registry = routed(&[&direct, &lgsp], |_| {});
        let start = Instant::now();
        assert_eq!(ask(&registry).await.as_deref(), Ok("lgsp"));
        assert!(
            start.elapsed() < Duration::from_millis(800),
            "its share of the time alone"
        );
        assert_eq!(registry.measures.snapshot().failed_over, 1);
    }
}

#[tokio::test]
async fn an_answer_that_says_no_is_neither_asked_again_nor_held_against_the_way() {
    for error in [
        Error::NotFound,
        Error::Several,
        Error::garbled("x"),
        Error::Refused { code: "004".into() },
        Error::CannotSay { why: "x".into() },
        Error::Incomplete { field: "x".into() },
    ] {
        let (direct, lgsp) = (
            Script::new([Step::Fails(error.clone())]),
            Script::new([Step::Found]),
        );
        let registry = routed(&[&direct, &lgsp], |protection| protection.retry.times = 3);
        for _ in 0..5 {
            assert_eq!(ask(&registry).await, Err(error.clone()));
        }
        assert_eq!((direct.asked(), lgsp.asked()), (5, 0));
    }
}

#[tokio::test]
async fn a_way_that_failed_often_is_not_asked_until_its_pause_is_over() {
    let (direct, lgsp) = (Script::new([Step::Fails(down())]), Script::new([Step::Found]));
    let registry = routed(&[&direct, &lgsp], |_| {});
    for _ in 0..10 {
        assert_eq!(ask(&registry).await.as_deref(), Ok("lgsp"));
    }
    assert_eq!(direct.asked(), 2);
    direct.becomes(Step::Found);
    sleep(Duration::from_millis(220)).await;
    assert_eq!(ask(&registry).await.as_deref(), Ok("direct"), "the trial");
    assert_eq!(ask(&registry).await.as_deref(), Ok("direct"));
    assert_eq!(registry.measures.snapshot().paused, 1);
}

#[tokio::test]
async fn what_each_way_was_asked_and_whether_it_is_paused_is_counted() {
    let (direct, lgsp) = (Script::new([Step::Fails(down())]), Script::new([Step::Found]));
    let registry = routed(&[&direct, &lgsp], |_| {});
    let counted = || {
        let routes = registry.measures().routes().to_vec();
        let count = |route: &Arc<RouteMeasures>| {
            let now = route.snapshot();
            (
                route.name.to_string(),
                now.asked,
                now.failed,
                now.paused,
                now.is_paused,
            )
        };
        routes.iter().map(count).collect::<Vec<_>>()
    };
    for _ in 0..5 {
        assert_eq!(ask(&registry).await.as_deref(), Ok("lgsp"));
    }
    assert_eq!(
        counted(),
        [("direct".into(), 2, 2, 1, true), ("lgsp".into(), 5, 0, 0, false)]
    );
    direct.becomes(Step::Found);
    sleep(Duration::from_millis(220)).await;
    assert_eq!(ask(&registry).await.as_deref(), Ok("direct"), "the trial");
    assert_eq!(counted()[0], ("direct".into(), 3, 2, 1, false));
}

#[tokio::test]
async fn with_every_way_paused_the_refusal_is_immediate_and_says_unavailable() {
    let direct = Script::new([Step::Fails(down())]);
    let registry = routed(&[&direct], |protection| protection.retry.times = 1);
    let _paused = (ask(&registry).await, ask(&registry).await);
    let asked = direct.asked();
    let start = Instant::now();
    assert!(matches!(ask(&registry).await, Err(Error::Unavailable { .. })));
    assert!(start.elapsed() < Duration::from_millis(50));
    assert_eq!(direct.asked(), asked);
}

#[tokio::test]
async fn a_way_that_keeps_silent_is_paused_too_but_not_for_askers_in_a_hurry() {
    let direct = Script::new([Step::Hangs]);
    let registry = routed(&[&direct], |protection| {
        protection.try_timeout = Some(millis(100))
    });
    for _ in 0..5 {
        let given = ask_within(&registry, Duration::from_millis(10)).await;
        assert_eq!(given, Err(Error::DeadlineExceeded));
    }
    assert!(registry.ways[0].breaker.is_closed());
    for _ in 0..2 {
        assert!(matches!(ask(&registry).await, Err(Error::Unavailable { .. })));
    }
    assert!(!registry.ways[0].breaker.is_closed());
}

#[tokio::test]
async fn what_passes_is_tried_again_within_the_deadline() {
    let direct = Script::new([Step::Fails(down()), Step::Found]);
    let registry = routed(&[&direct], |protection| protection.retry.times = 1);
    assert_eq!(ask(&registry).await.as_deref(), Ok("direct"));
    assert_eq!((direct.asked(), registry.measures.snapshot().retried), (2, 1));

    let direct = Script::new([Step::Fails(down()), Step::Found]);
    let registry = routed(&[&direct], |protection| {
        protection.retry.times = 1;
        protection.retry.pause = millis(500);
    });
    let given = ask_within(&registry, Duration::from_millis(100)).await;
    assert_eq!(
        (given, direct.asked()),
        (Err(down()), 1),
        "no time for a second try"
    );
}

#[tokio::test]
async fn second_tries_are_at_most_a_part_of_all_questions() {
    let direct = Script::new([Step::Fails(down())]);
    let registry = routed(&[&direct], |protection| {
        protection.retry = Retry {
            times: 5,
            pause: millis(0),
            budget: 20,
            reserve: 0,
            hedge_after: None,
        };
        protection.breaker.failures = 0;
    });
    for _ in 0..200 {
        let _failed = ask(&registry).await;
    }
    let retried = registry.measures.snapshot().retried;
    assert!((30..=40).contains(&retried), "{retried} of 200");
}

#[tokio::test]
async fn a_slow_answer_is_overtaken_by_a_second_question_on_another_way() {
    let (direct, lgsp) = (Script::new([Step::Hangs]), Script::new([Step::Found]));
    let registry = routed(&[&direct, &lgsp], |protection| {
        protection.retry.hedge_after = Some(millis(50))
    });
    let start = Instant::now();
    assert_eq!(ask(&registry).await.as_deref(), Ok("lgsp"));
    assert!(start.elapsed() < Duration::from_millis(200));
    assert_eq!(registry.measures.snapshot().hedged, 1);

    let slow = Script::new([Step::After(120, Box::new(Step::Found)), Step::Fails(down())]);
    let registry = routed(&[&slow], |protection| {
        protection.retry.hedge_after = Some(millis(50))
    });
    assert_eq!(
        ask(&registry).await.as_deref(),
        Ok("direct"),
        "a hedge that fails spoils nothing"
    );
    assert_eq!(slow.asked(), 2);
}

#[tokio::test]
async fn healthy_is_who_has_one_way_that_is() {
    let (direct, lgsp) = (Script::new([Step::Fails(down())]), Script::new([Step::Found]));
    assert_eq!(routed(&[&direct, &lgsp], |_| {}).check().await, Ok(()));
    assert_eq!(routed(&[&direct], |_| {}).check().await, Err(down()));
}

#[tokio::test]
async fn a_check_serves_as_the_trial_of_a_way() {
    let direct = Script::new([Step::Fails(down())]);
    let registry = routed(&[&direct], |_| {});
    let _paused = (ask(&registry).await, ask(&registry).await);
    direct.becomes(Step::Found);
    sleep(Duration::from_millis(220)).await;
    assert_eq!(registry.check().await, Ok(()));
    assert!(registry.ways[0].breaker.is_closed());
}

#[tokio::test]
async fn a_connection_that_stands_is_no_trial_of_a_way() {
    let direct = Script::new([Step::Fails(down())]);
    direct.connects_alone.store(true, Ordering::Relaxed);
    let registry = routed(&[&direct], |_| {});
    let _paused = (ask(&registry).await, ask(&registry).await);
    direct.becomes(Step::Found);
    sleep(Duration::from_millis(220)).await;
    assert_eq!(registry.check().await, Ok(()));
    assert!(!registry.ways[0].breaker.is_closed(), "nobody has answered yet");
    assert!(ask(&registry).await.is_ok(), "the trial is a question");
    assert!(registry.ways[0].breaker.is_closed());
}

#[tokio::test]
async fn of_several_tries_the_id_is_that_of_the_one_that_answered() {
    let (mut direct, mut lgsp) = (
        Script::new([Step::Fails(down())]),
        Script::new([Step::Fails(Error::NotFound)]),
    );
    "1".clone_into(&mut direct.id);
    "2".clone_into(&mut lgsp.id);
    let registry = routed(&[&direct, &lgsp], |_| {});
    let question = question_within(Duration::from_secs(1));
    let trace = question.trace.clone();
    assert_eq!(registry.look_up(question).await, Err(Error::NotFound));
    assert_eq!(trace.route().as_deref(), Some("lgsp"));
    assert_eq!(
        trace.transaction().as_deref(),
        Some("2"),
        "direct was asked under 1"
    );
}

#[tokio::test]
async fn a_way_that_was_down_comes_back_by_checks_and_no_question_pays_for_the_trial() {
    let (direct, lgsp) = (Script::new([Step::Fails(down())]), Script::new([Step::Found]));
    let registry = routed(&[&direct, &lgsp], |protection| protection.breaker.trials = 2);
    assert!(registry.tend().await.is_some(), "somebody looks after it");
    let _paused = (ask(&registry).await, ask(&registry).await);
    let asked = direct.asked();
    sleep(Duration::from_millis(210)).await;
    assert_eq!(
        ask(&registry).await.as_deref(),
        Ok("lgsp"),
        "the trial is the check's"
    );
    registry.tend().await;
    assert!(
        !registry.ways[0].breaker.is_closed(),
        "it is ill still, and paused for longer"
    );
    direct.becomes(Step::Found);
    let start = Instant::now();
    while !registry.ways[0].breaker.is_closed() {
        assert!(start.elapsed() < Duration::from_secs(3), "it stays away");
        let next = registry.tend().await.expect("there is something to look after");
        assert!(next < Duration::from_secs(2), "{next:?}");
        assert!(ask(&registry).await.is_ok());
        sleep(next).await;
    }
    assert!(direct.asked() <= asked + 1, "only once a check had passed");
    assert_eq!(ask(&registry).await.as_deref(), Ok("direct"));
}

#[tokio::test]
async fn a_way_that_says_that_it_is_ill_is_left_before_a_question_finds_out() {
    let (direct, lgsp) = (Script::new([Step::Fails(down())]), Script::new([Step::Found]));
    direct.tells_health.store(true, Ordering::Relaxed);
    let registry = routed(&[&direct, &lgsp], |protection| {
        protection.health_every = millis(60);
        protection.breaker.pause = millis(5_000);
        protection.breaker.longest = millis(5_000);
    });
    let start = Instant::now();
    while registry.ways[0].breaker.is_closed() {
        assert!(start.elapsed() < Duration::from_secs(3), "nobody asks how it is");
        registry.tend().await;
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ask(&registry).await.as_deref(), Ok("lgsp"));
    assert_eq!(direct.asked(), 0);
}

#[tokio::test]
async fn a_hedge_takes_a_place_and_is_not_made_without_one() {
    for (places, hedged) in [(1, 0), (2, 1)] {
        let slow = Script::new([Step::After(120, Box::new(Step::Found))]);
        let places = Arc::new(Places::new(places, 0));
        let registry = routed(&[&slow], |protection| {
            protection.retry.hedge_after = Some(millis(30))
        })
        .hedging_in(Arc::clone(&places));
        let _own = places.take_free().expect("the first question's place");
        assert_eq!(ask(&registry).await.as_deref(), Ok("direct"));
        assert_eq!(registry.measures.snapshot().hedged, hedged);
    }
}
