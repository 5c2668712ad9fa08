//! What every kind of registry promises, as one list that runs against any of them.
//!
//! The suite is given a registry and the facts about what it holds; it returns the promises that
//! were broken. Facts that a registry can't be brought into are left out of the [`Fixture`], and the
//! promises about them are passed over.
//!
//! | promise | facts |
//! |---|---|
//! | gives the known record, the same bytes each time, and names its route and transaction | `known`, `routes`, `transactions` |
//! | says not found for nobody's identifier, and for nothing else | `unknown` |
//! | gives none of several records | `several` |
//! | refuses a record about another subject, one that is too large, and what is no record | `wrong_subject`, `too_large`, `garbled` |
//! | says which field can't be read, and gives no record without it | `incomplete` |
//! | passes on the registry's refusal with its code, and its "can't say" | `refused`, `cannot_say` |
//! | says that it can't say for what is no identifier of its file, and never passes that on | |
//! | answers many at once, each about its own subject | `known` |
//! | keeps the deadline, and a slow answer keeps nobody else waiting | `slow` |
//! | survives askers that go away | |
//! | says unavailable while it can't be asked, and answers soon after | `outages` |
//! | repeats no identifier in any error | |

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;

use crate::error::Error;
use crate::registry::{Found, Question, Registry};

/// Time for an answer that isn't about time.
const AMPLE: Duration = Duration::from_secs(10);
/// Time that a slow answer doesn't keep.
const SCANT: Duration = Duration::from_millis(100);
/// How soon a registry that can be asked again is asked again: the pause of a breaker passes first.
const SOON: Duration = Duration::from_secs(5);
/// How late "too late" may be said.
const GRACE: Duration = Duration::from_millis(400);

/// What a registry holds and how it can be disturbed.
#[derive(Default)]
pub struct Fixture {
    /// Full name of the record asked for.
    pub record: Arc<str>,
    /// Identifiers and the records that they must give.
    pub known: Vec<(String, Bytes)>,
    /// A well-formed identifier that nobody has.
    pub unknown: String,
    /// An identifier that two records have.
    pub several: Option<String>,
    /// An identifier whose record carries another one.
    pub wrong_subject: Option<String>,
    /// An identifier whose record is larger than is let through.
    pub too_large: Option<String>,
    /// An identifier whose answer takes more than a second.
    pub slow: Option<String>,
    /// Identifiers whose answer is no record at all, and what is wrong with it, for people.
    pub garbled: Vec<(&'static str, String)>,
    /// An identifier whose record has a field that can't be read, and the field's path.
    pub incomplete: Option<(String, String)>,
    /// An identifier about which the registry refuses to answer, and the code that it gives.
    pub refused: Option<(String, String)>,
    /// An identifier about which the registry can't say.
    pub cannot_say: Option<String>,
    /// Names of the routes that answers may come by.
    pub routes: Vec<String>,
    /// Whether the registry gives an id of each exchange.
    pub transactions: bool,
    /// Disturbances during which the registry can't be asked.
    pub outages: Vec<Outage>,
}

/// A disturbance during which the registry can't be asked.
pub struct Outage {
    /// What it is, for people.
    pub name: &'static str,
    /// Begins it.
    pub begin: Box<dyn Fn() + Send + Sync>,
    /// Ends it.
    pub end: Box<dyn Fn() + Send + Sync>,
}

/// Runs every promise that the fixture has facts for. Each line of the answer is a broken promise;
/// empty when all are kept.
pub async fn broken_promises(registry: &Arc<dyn Registry>, fixture: &Fixture) -> Vec<String> {
    let mut suite = Suite {
        registry,
        fixture,
        broken: Vec::new(),
        repeated: AtomicBool::new(false),
    };
    suite.finds().await;
    suite.says_what_is_not_there().await;
    suite.never_gives_one_of_several().await;
    suite.refuses_what_was_not_asked_for().await;
    suite.passes_on_what_the_registry_says().await;
    suite.is_not_asked_by_hostile_identifiers().await;
    suite.answers_many_at_once().await;
    suite.keeps_the_deadline().await;
    suite.survives_askers_that_go_away().await;
    suite.says_that_it_is_unavailable().await;
    let repeated = suite.repeated.load(Ordering::Relaxed);
    suite.expect(
        "repeats no identifier in any error",
        !repeated,
        "an error that does",
    );
    suite.broken
}

struct Suite<'a> {
    registry: &'a Arc<dyn Registry>,
    fixture: &'a Fixture,
    broken: Vec<String>,
    repeated: AtomicBool,
}

impl Suite<'_> {
    async fn finds(&mut self) {
        for (key, record) in &self.fixture.known {
            let given = self.ask(key, AMPLE).await.map(|found| found.record);
            self.expect(
                "gives the known record",
                given.as_ref() == Ok(record),
                name(&given),
            );
            let again = self.ask(key, AMPLE).await;
            let same = again
                .as_ref()
                .is_ok_and(|again| Ok(&again.record) == given.as_ref());
            self.expect("gives the same bytes each time", same, name(&again));
            let (route, transaction) = again.as_ref().map_or((None, None), Found::upstream_exchange);
            let routed = route.is_some_and(|route| self.fixture.routes.iter().any(|known| known == route));
            self.expect(
                "names its route",
                routed || self.fixture.routes.is_empty(),
                name(&again),
            );
            let transacted = transaction.is_some_and(|id| !id.is_empty());
            self.expect(
                "names its transaction",
                transacted || !self.fixture.transactions,
                name(&again),
            );
        }
        let health = self.registry.check().await;
        self.expect("is healthy", health.is_ok(), name(&health));
    }

    async fn says_what_is_not_there(&mut self) {
        let given = self.ask(&self.fixture.unknown, AMPLE).await;
        self.expect(
            "says not found for nobody's identifier",
            given == Err(Error::NotFound),
            name(&given),
        );
    }

    async fn never_gives_one_of_several(&mut self) {
        if let Some(key) = &self.fixture.several {
            let given = self.ask(key, AMPLE).await;
            self.expect(
                "says several for two records",
                given == Err(Error::Several),
                name(&given),
            );
        }
    }

    async fn refuses_what_was_not_asked_for(&mut self) {
        for (promise, key) in [
            (
                "refuses a record about another subject",
                &self.fixture.wrong_subject,
            ),
            ("refuses a record that is too large", &self.fixture.too_large),
        ] {
            if let Some(key) = key {
                let given = self.ask(key, AMPLE).await;
                self.expect(promise, matches!(given, Err(Error::Garbled { .. })), name(&given));
            }
        }
    }

    async fn passes_on_what_the_registry_says(&mut self) {
        for (what, key) in &self.fixture.garbled {
            let given = self.ask(key, AMPLE).await;
            let promise = format!("refuses what is no record: {what}");
            self.expect(
                &promise,
                matches!(given, Err(Error::Garbled { .. })),
                name(&given),
            );
        }
        if let Some((key, field)) = &self.fixture.incomplete {
            let given = self.ask(key, AMPLE).await;
            let kept = matches!(&given, Err(Error::Incomplete { field: said }) if said == field);
            self.expect("says which field can't be read", kept, name(&given));
        }
        if let Some((key, code)) = &self.fixture.refused {
            let given = self.ask(key, AMPLE).await;
            let kept = matches!(&given, Err(Error::Refused { code: said }) if said == code);
            self.expect(
                "passes on the registry's refusal with its code",
                kept,
                name(&given),
            );
        }
        if let Some(key) = &self.fixture.cannot_say {
            let given = self.ask(key, AMPLE).await;
            let kept = matches!(given, Err(Error::CannotSay { .. }));
            self.expect("passes on that the registry can't say", kept, name(&given));
        }
        self.still_answers("after what the registry said").await;
    }

    async fn is_not_asked_by_hostile_identifiers(&mut self) {
        let known = self.fixture.known.first().map_or("", |(key, _)| key);
        let hostile = [
            String::new(),
            " ".to_owned(),
            "' OR '1'='1".to_owned(),
            "'; DROP TABLE cong_dan; --".to_owned(),
            "\" UNION SELECT * FROM sqlite_schema --".to_owned(),
            format!("{known}'"),
            format!("{known}\0"),
            format!("{known}\r\nX-Injected: 1"),
            format!(" {known}"),
            format!("{known}%"),
            "%".to_owned(),
            "*".to_owned(),
            "../../etc/passwd".to_owned(),
            "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>".to_owned(),
            "{\"$ne\": null}".to_owned(),
            "０７９０９０１２３４５６".to_owned(),
            "\u{202E}654321\u{0}\u{FFFF}".to_owned(),
            "9".repeat(1 << 20),
        ];
        for (place, key) in hostile.iter().enumerate() {
            let given = self.ask(key, AMPLE).await;
            let promise = format!("says neither yes nor no to hostile identifier no. {place}");
            self.expect(&promise, given == Err(Error::not_asked()), name(&given));
        }
        self.still_answers("after hostile identifiers").await;
    }

    async fn answers_many_at_once(&mut self) {
        let suite = &*self;
        let rounds = (0..16).flat_map(|_| &suite.fixture.known);
        let answers = join_all(rounds.map(|(key, record)| async move {
            let given = suite.ask(key, AMPLE).await.map(|found| found.record);
            (given.as_ref() == Ok(record), name(&given))
        }))
        .await;
        for (kept, given) in answers {
            self.expect("answers many at once, each about its own subject", kept, given);
        }
    }

    async fn keeps_the_deadline(&mut self) {
        let known = self.fixture.known.first().map_or("", |(key, _)| key);
        let given = self.ask(known, Duration::ZERO).await;
        self.expect(
            "says that the deadline passed",
            given == Err(Error::DeadlineExceeded),
            name(&given),
        );
        if let Some(key) = &self.fixture.slow {
            let start = Instant::now();
            let given = self.ask(key, SCANT).await;
            self.expect(
                "stops a slow answer",
                given == Err(Error::DeadlineExceeded),
                name(&given),
            );
            self.expect(
                "stops a slow answer in time",
                start.elapsed() < SCANT + GRACE,
                "late",
            );
            self.still_answers("after a slow answer").await;
            let start = Instant::now();
            let beside = async {
                let given = self.ask(known, AMPLE).await;
                (start.elapsed(), name(&given), given.is_ok())
            };
            let (_, (time, given, found)) = tokio::join!(self.ask(key, Duration::from_secs(1)), beside);
            let kept = found && time < SCANT + GRACE;
            self.expect("keeps nobody waiting for another's slow answer", kept, given);
        }
    }

    async fn survives_askers_that_go_away(&mut self) {
        let key = self.fixture.slow.as_ref().unwrap_or(&self.fixture.unknown);
        let abandoned = (0..64).map(|_| tokio::time::timeout(Duration::from_millis(1), self.ask(key, AMPLE)));
        drop(join_all(abandoned).await);
        self.still_answers("after askers went away").await;
    }

    async fn says_that_it_is_unavailable(&mut self) {
        for outage in &self.fixture.outages {
            (outage.begin)();
            for key in self
                .fixture
                .known
                .iter()
                .map(|(key, _)| key)
                .chain([&self.fixture.unknown])
            {
                let given = self.ask(key, AMPLE).await;
                let promise = format!("says unavailable and nothing else: {}", outage.name);
                self.expect(
                    &promise,
                    given.as_ref().is_err_and(Error::is_outage),
                    name(&given),
                );
            }
            let health = self.registry.check().await;
            let promise = format!("says that it isn't healthy: {}", outage.name);
            self.expect(
                &promise,
                health.as_ref().is_err_and(Error::is_outage),
                name(&health),
            );
            (outage.end)();
            self.answers_soon(outage.name).await;
        }
    }

    async fn answers_soon(&mut self, when: &str) {
        let Some((key, record)) = self.fixture.known.first() else {
            return;
        };
        let start = Instant::now();
        loop {
            let given = self.ask(key, AMPLE).await.map(|found| found.record);
            let kept = given.as_ref() == Ok(record);
            if kept || start.elapsed() > SOON {
                return self.expect(&format!("answers soon after: {when}"), kept, name(&given));
            }
            tokio::time::sleep(GRACE).await;
        }
    }

    async fn still_answers(&mut self, when: &str) {
        if let Some((key, record)) = self.fixture.known.first() {
            let given = self
                .ask(key, Duration::from_secs(2))
                .await
                .map(|found| found.record);
            self.expect(
                &format!("still answers: {when}"),
                given.as_ref() == Ok(record),
                name(&given),
            );
        }
    }

    async fn ask(&self, key: &str, time: Duration) -> Result<Found, Error> {
        let deadline = Instant::now() + time;
        let question = Question {
            record: Arc::clone(&self.fixture.record),
            key: key.into(),
            deadline,
            call: None,
            trace: crate::Trace::default(),
        };
        let given = self.registry.look_up(question).await;
        if let Err(error) = &given
            && key.chars().count() > 3
            && format!("{error} {error:?}").contains(key)
        {
            self.repeated.store(true, Ordering::Relaxed);
        }
        given
    }

    fn expect(&mut self, promise: &str, kept: bool, given: &str) {
        if !kept {
            self.broken.push(format!("{promise}: got {given}"));
        }
    }
}

/// What came back, without what is in it.
fn name<T>(given: &Result<T, Error>) -> &'static str {
    match given {
        Ok(_) => "an answer",
        Err(error) => error.name(),
    }
}
