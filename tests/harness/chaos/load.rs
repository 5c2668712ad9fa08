//! Calls at a steady rate, answered or not: to the registry that misbehaves about other people each time, to
//! its neighbour always the same.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proto::business::v1::{EnterpriseKey, GetEnterpriseRequest};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::Client;
use crate::messages::{birth, context, get};
use crate::registries::{AN, COMPANY, Person};

/// 40 questions a second to the one that misbehaves: where it is silent for a second, more than its limit of 32.
const BETWEEN: Duration = Duration::from_millis(25);
/// 200 a second to its neighbour.
const NEIGHBOUR: Duration = Duration::from_millis(5);
/// When nobody waits any longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The word of a call that nobody answered.
const NO_ANSWER: &str = "no answer";

/// What a stretch of time showed of one registry.
#[derive(Clone, Debug, Default)]
pub struct Stretch {
    /// How often each answer word came; `OK` for a record.
    pub words: BTreeMap<String, u64>,
    /// How long the answers took, the shortest first.
    pub took: Vec<Duration>,
}

impl Stretch {
    /// The time within which 99 of 100 were answered.
    #[must_use]
    pub fn p99(&self) -> Duration {
        self.took
            .get(self.took.len() * 99 / 100)
            .copied()
            .unwrap_or_default()
    }

    /// The longest.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.took.last().copied().unwrap_or_default()
    }

    /// Several stretches as one.
    #[must_use]
    pub fn together<'a>(stretches: impl Iterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        for stretch in stretches {
            all.took.extend(&stretch.took);
            for (word, count) in &stretch.words {
                *all.words.entry(word.clone()).or_default() += count;
            }
        }
        all.took.sort_unstable();
        all
    }

    pub(super) async fn of(mut calls: JoinSet<(String, Duration)>) -> Self {
        let mut stretch = Self::default();
        while let Some(call) = calls.join_next().await {
            let (word, took) = call.expect("a call ends");
            *stretch.words.entry(word).or_default() += 1;
            stretch.took.push(took);
        }
        stretch.took.sort_unstable();
        stretch
    }
}

/// Calls about these people for so long, and waits for the answers.
pub(super) async fn asked(client: Client, people: &[String], length: Duration) -> Stretch {
    let mut calls = JoinSet::new();
    let mut people = people.iter().cycle();
    let mut ticks = steady(BETWEEN);
    let end = Instant::now() + length;
    while Instant::now() < end {
        ticks.tick().await;
        let (client, id) = (client.clone(), people.next().cloned().unwrap_or_default());
        calls.spawn(async move { ask(&client, &id).await });
    }
    Stretch::of(calls).await
}

/// One call: its word and its time.
pub(super) async fn ask(client: &Client, id: &str) -> (String, Duration) {
    let mut question = get(AN);
    if let Some(key) = &mut question.key {
        id.clone_into(&mut key.personal_id);
        key.birth_date = Some(birth(AN));
    }
    let began = Instant::now();
    let answer = timeout(PATIENCE, client.citizen(question)).await;
    (word(answer.map(|answer| answer.map(drop))), began.elapsed())
}

/// Calls to the neighbour for so long.
pub(super) async fn beside(client: Client, length: Duration) -> Stretch {
    let mut calls = JoinSet::new();
    let mut ticks = steady(NEIGHBOUR);
    let end = Instant::now() + length;
    while Instant::now() < end {
        ticks.tick().await;
        let client = client.clone();
        calls.spawn(async move {
            let question = GetEnterpriseRequest {
                context: Some(context()),
                key: Some(EnterpriseKey {
                    enterprise_code: COMPANY.to_owned(),
                }),
                ..GetEnterpriseRequest::default()
            };
            let began = Instant::now();
            let answer = timeout(PATIENCE, client.enterprise(question)).await;
            (word(answer.map(|answer| answer.map(drop))), began.elapsed())
        });
    }
    Stretch::of(calls).await
}

fn word(answer: Result<Result<(), crate::Refused>, tokio::time::error::Elapsed>) -> String {
    match answer {
        Ok(Ok(())) => "OK".to_owned(),
        Ok(Err(refused)) if refused.word.is_empty() => format!("{:?}", refused.code),
        Ok(Err(refused)) => refused.word,
        Err(_) => NO_ANSWER.to_owned(),
    }
}

fn steady(between: Duration) -> tokio::time::Interval {
    let mut ticks = interval(between);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// A person of the registry by this number, with everything else as [`AN`].
pub(super) fn number(place: usize) -> String {
    let Person { id, .. } = AN;
    format!("{}{:06}", &id[..6], 500_000 + place)
}
