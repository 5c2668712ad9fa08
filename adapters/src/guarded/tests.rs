use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use prost::Message as _;
use proto::lookup::v1::{Address, CodedValue};
use proto::population::v1::Citizen;

use super::*;
use crate::check::plans;
use crate::measured::Measured;

const CITIZEN: &str = "lienthong.population.v1.Citizen";
const KEY: &str = "079090000001";
const FILE: &str = r#"
title_vi = "Thử"
title_en = "Test"
kind = "embedded"
connection = { file = "x.db" }

[records."lienthong.population.v1.Citizen"]
from = "cong_dan"
keys = [
    { from = "so_dinh_danh", field = "personal_id", digits = 12 },
    { from = "so_cmnd", field = "old_id9", digits = 9 },
]
fields = { personal_id = { from = "so_dinh_danh" }, old_id9 = { from = "so_cmnd" } }
"#;

/// A registry that answers everything in the same way.
struct Double<F> {
    answer: F,
    asked: Arc<AtomicUsize>,
    pause: Duration,
}

#[async_trait::async_trait]
impl<F: Fn() -> Result<Vec<u8>, Error> + Send + Sync + 'static> Registry for Double<F> {
    async fn look_up(&self, _question: Question) -> Result<Found, Error> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.pause).await;
        let record = Bytes::from((self.answer)()?);
        Ok(Found {
            record,
            as_of: None,
            transaction: None,
            route: None,
            retrieved: None,
        })
    }

    async fn check(&self) -> Result<(), Error> {
        tokio::time::sleep(self.pause).await;
        Ok(())
    }
}

fn double<F: Fn() -> Result<Vec<u8>, Error> + Send + Sync + 'static>(answer: F) -> Double<F> {
    Double {
        answer,
        asked: Arc::default(),
        pause: Duration::ZERO,
    }
}

const LIMITS: Limits = Limits {
    timeout: Duration::from_millis(200),
    concurrency: 2,
    queue: 4,
    max_record: 1_000,
    max_depth: 3,
};

fn guarded<R: Registry>(inner: R) -> Arc<Guarded<R>> {
    let settings = toml::from_str(FILE).expect("the settings are right");
    let records = plans(
        &settings,
        std::path::Path::new("."),
        &proto::descriptors(),
        &Default::default(),
    )
    .expect("the mapping is right");
    Arc::new(Guarded::new("test", inner, LIMITS, &records))
}

fn question(key: &str, time: Duration) -> Question {
    Question {
        record: CITIZEN.into(),
        key: key.into(),
        deadline: Instant::now() + time,
        call: None,
        trace: crate::Trace::default(),
    }
}

async fn answer_to(bytes: Vec<u8>) -> Result<(), Error> {
    let registry = guarded(double(move || Ok(bytes.clone())));
    registry
        .look_up(question(KEY, Duration::from_secs(5)))
        .await
        .map(|_| ())
}

fn citizen() -> Citizen {
    Citizen {
        personal_id: KEY.into(),
        old_id9: "012345679".into(),
        ..Citizen::default()
    }
}

fn garbled(what: &str) -> Result<(), Error> {
    Err(Error::garbled(what))
}

#[tokio::test]
async fn a_record_about_the_subject_asked_for_passes() {
    assert_eq!(answer_to(citizen().encode_to_vec()).await, Ok(()));
}

#[tokio::test]
async fn a_record_about_another_subject_or_about_nobody_is_garbled() {
    let other = Citizen {
        personal_id: "079090000002".into(),
        ..citizen()
    };
    for record in [
        other,
        Citizen {
            personal_id: String::new(),
            ..citizen()
        },
    ] {
        assert_eq!(
            answer_to(record.encode_to_vec()).await,
            garbled("the record is about another subject")
        );
    }
    // Of two values the last counts, as it does for whoever decodes the record.
    let mut twice = citizen().encode_to_vec();
    Citizen {
        personal_id: "079090000002".into(),
        ..Citizen::default()
    }
    .encode(&mut twice)
    .expect("room");
    assert_eq!(
        answer_to(twice).await,
        garbled("the record is about another subject")
    );
}

#[tokio::test]
async fn the_record_must_carry_the_identifier_that_it_was_asked_by() {
    let registry = guarded(double(|| Ok(citizen().encode_to_vec())));
    let ample = Duration::from_secs(5);
    assert!(registry.look_up(question("012345679", ample)).await.is_ok());
    let other = registry.look_up(question("012345678", ample)).await;
    assert_eq!(other.map(|_| ()), garbled("the record is about another subject"));
}

#[tokio::test]
async fn too_large_and_too_deep_is_garbled() {
    let large = Citizen {
        full_name: "x".repeat(1_000),
        ..citizen()
    };
    assert_eq!(
        answer_to(large.encode_to_vec()).await,
        garbled("the record is larger than max_record")
    );

    let place = Address {
        province: Some(CodedValue::default()),
        ..Address::default()
    };
    let three_deep = Citizen {
        home_place: Some(place),
        ..citizen()
    }
    .encode_to_vec();
    assert_eq!(answer_to(three_deep.clone()).await, Ok(()));
    let settings = toml::from_str(FILE).expect("the settings are right");
    let records = plans(
        &settings,
        std::path::Path::new("."),
        &proto::descriptors(),
        &Default::default(),
    )
    .expect("the mapping is right");
    let limits = Limits {
        max_depth: 2,
        ..LIMITS
    };
    let registry = Guarded::new("test", double(move || Ok(three_deep.clone())), limits, &records);
    let given = registry.look_up(question(KEY, Duration::from_secs(5))).await;
    assert_eq!(
        given.map(|_| ()),
        garbled("the record is nested deeper than max_depth")
    );
}

#[tokio::test]
async fn bytes_that_are_no_such_record_are_garbled() {
    let whole = citizen().encode_to_vec();
    for (bytes, what) in [
        (
            b"<html>502 Bad Gateway</html>".to_vec(),
            "the record's bytes are no message",
        ),
        (
            whole.get(..whole.len() - 1).expect("not empty").to_vec(),
            "the record's bytes are no message",
        ),
        (
            vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
            "the record's bytes are no message",
        ),
        // personal_id as a number; full_name not in UTF-8; sex as a text; a group.
        (
            vec![0x08, 1],
            "a field of the record has another type than its schema says",
        ),
        (vec![0x1a, 1, 0xff], "a text of the record is not UTF-8"),
        (
            vec![0x32, 1, b'1'],
            "a field of the record has another type than its schema says",
        ),
        (vec![0x0b, 0x0c], "the record's bytes are no message"),
    ] {
        assert_eq!(answer_to(bytes.clone()).await, garbled(what), "{bytes:?}");
    }
}

#[tokio::test]
async fn the_earlier_of_deadline_and_timeout_ends_the_waiting() {
    let slow = || Double {
        pause: Duration::from_secs(60),
        ..double(|| Ok(citizen().encode_to_vec()))
    };
    for (time, wanted, after) in [
        (Duration::from_millis(50), Error::DeadlineExceeded, 50),
        (
            Duration::from_secs(9),
            Error::unavailable("no answer within the registry's timeout"),
            200,
        ),
    ] {
        let start = Instant::now();
        let given = guarded(slow()).look_up(question(KEY, time)).await;
        assert_eq!(given, Err(wanted));
        let taken = start.elapsed().as_millis();
        assert!((after..after + 140).contains(&taken), "{taken} ms");
    }
    let unhealthy = guarded(slow()).check().await;
    assert_eq!(
        unhealthy,
        Err(Error::unavailable("no answer within the registry's timeout"))
    );
}

#[tokio::test]
async fn the_limit_of_questions_at_once_holds_and_waiting_counts() {
    let inner = Double {
        pause: Duration::from_secs(60),
        ..double(|| Err(Error::NotFound))
    };
    let asked = Arc::clone(&inner.asked);
    let registry = guarded(inner);
    let ask = |time| {
        let registry = Arc::clone(&registry);
        tokio::spawn(async move { registry.look_up(question(KEY, time)).await.map(|_| ()) })
    };
    let first = [ask(Duration::from_secs(5)), ask(Duration::from_secs(5))];
    tokio::time::sleep(Duration::from_millis(20)).await;
    let third = ask(Duration::from_millis(50)).await.expect("no panic");
    assert_eq!(
        third,
        Err(Error::unavailable("all places at the registry are taken"))
    );
    assert_eq!(asked.load(Ordering::SeqCst), 2, "the third was never passed on");

    for task in first {
        task.abort();
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    ask(Duration::from_millis(50))
        .await
        .expect("no panic")
        .expect_err("it is slow");
    assert_eq!(asked.load(Ordering::SeqCst), 3, "who went away left a place");
}

#[tokio::test]
async fn by_what_has_not_the_form_of_an_identifier_nobody_is_asked_and_nobody_says_not_found() {
    let inner = double(|| Err(Error::unavailable("asked")));
    let asked = Arc::clone(&inner.asked);
    let registry = guarded(inner);
    for key in [
        "",
        "07909000000",
        "' OR 1=1 --",
        "079090000001\0",
        "０７９０９００００００１",
    ] {
        let given = registry.look_up(question(key, Duration::from_secs(5))).await;
        assert!(
            matches!(given, Err(Error::CannotSay { .. })),
            "{key:?}: {given:?}"
        );
    }
    let passed = registry.look_up(question(KEY, Duration::ZERO)).await;
    assert_eq!(passed, Err(Error::DeadlineExceeded));
    let unmapped = Question {
        record: "lienthong.business.v1.Enterprise".into(),
        ..question(KEY, Duration::MAX / 4)
    };
    assert!(matches!(
        registry.look_up(unmapped).await,
        Err(Error::Unavailable { .. })
    ));
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn answers_are_counted_by_their_kind() {
    let turn = AtomicUsize::new(0);
    let registry = Measured::new(
        "test",
        double(move || match turn.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => Ok(citizen().encode_to_vec()),
            2 => Err(Error::NotFound),
            _ => Err(Error::Several),
        }),
    );
    for _ in 0..4 {
        let _any = registry.look_up(question(KEY, Duration::from_secs(5))).await;
    }
    drop(registry.look_up(question(KEY, Duration::from_secs(5))));
    let slow = Measured::new(
        "test",
        Double {
            pause: Duration::from_secs(60),
            ..double(|| Err(Error::NotFound))
        },
    );
    let given_up = tokio::time::timeout(
        Duration::from_millis(5),
        slow.look_up(question(KEY, Duration::MAX / 4)),
    );
    given_up.await.expect_err("it is slow");

    let counts = registry.measures().snapshot();
    assert_eq!(
        (counts.found, counts.not_found, counts.failed, counts.given_up),
        (2, 1, 1, 0)
    );
    let counts = slow.measures().snapshot();
    assert_eq!((counts.found, counts.given_up), (0, 1));
    assert!(counts.longest >= Duration::from_millis(5) && counts.time == counts.longest);
}

#[tokio::test]
async fn whoever_finds_the_queue_full_is_refused_at_once() {
    let inner = Double {
        pause: Duration::from_secs(60),
        ..double(|| Err(Error::NotFound))
    };
    let registry = guarded(inner);
    let mut waiting = Vec::new();
    for _ in 0..LIMITS.concurrency + LIMITS.queue {
        let registry = Arc::clone(&registry);
        waiting.push(tokio::spawn(async move {
            registry
                .look_up(question(KEY, Duration::from_secs(5)))
                .await
                .map(|_| ())
        }));
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    let start = Instant::now();
    let given = registry.look_up(question(KEY, Duration::from_secs(5))).await;
    assert_eq!(
        given,
        Err(Error::unavailable("the queue before the registry is full"))
    );
    assert!(start.elapsed() < Duration::from_millis(50));
    for task in waiting {
        task.abort();
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    let given = registry.look_up(question(KEY, Duration::from_millis(10))).await;
    assert_eq!(
        given,
        Err(Error::DeadlineExceeded),
        "who went away left the queue"
    );
}

/// Two registries on one thread: hundreds of questions hang at the one, the other answers as ever.
#[tokio::test(flavor = "current_thread")]
async fn a_slow_registry_never_slows_another() {
    let hanging = guarded(Double {
        pause: Duration::from_secs(60),
        ..double(|| Err(Error::NotFound))
    });
    let well = guarded(double(|| Ok(citizen().encode_to_vec())));
    let longest = |well: Arc<Guarded<_>>| async move {
        let mut times = Vec::new();
        for _ in 0..500 {
            let start = Instant::now();
            well.look_up(question(KEY, Duration::from_secs(5)))
                .await
                .expect("it is well");
            times.push(start.elapsed());
        }
        times.sort();
        times[times.len() * 99 / 100]
    };
    let alone = longest(Arc::clone(&well)).await;
    let burden: Vec<_> = (0..500)
        .map(|_| {
            let hanging = Arc::clone(&hanging);
            tokio::spawn(async move {
                loop {
                    let _late = hanging.look_up(question(KEY, Duration::from_secs(5))).await;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let beside = longest(well).await;
    for task in burden {
        task.abort();
    }
    assert!(
        beside < alone * 3 + Duration::from_millis(5),
        "{alone:?} alone, {beside:?} beside it"
    );
}
