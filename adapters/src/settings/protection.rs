//! What a registry is protected against, and the program against it. Every limit has a default, here
//! and nowhere else; `docs/adapters.md` lists them.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::units::{Interval, Size};
use crate::tree::AnswerLimits;

/// Limits on what is asked and on what comes back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Protection {
    /// Longest time for one answer, waiting for a place and every try included.
    pub timeout: Interval,
    /// Longest time for one try on one route. Without it: `timeout` shared among the routes.
    pub try_timeout: Option<Interval>,
    /// Questions at the registry at one moment, at least 1.
    #[serde(deserialize_with = "at_least_one")]
    pub concurrency: usize,
    /// Questions that wait for a place, beside those at the registry. One more is refused at once.
    pub queue: usize,
    /// Largest encoded record.
    pub max_record: Size,
    /// Deepest nesting of messages; a record without messages in it has depth 1.
    #[serde(deserialize_with = "at_least_one")]
    pub max_depth: usize,
    /// Largest raw answer, after decompression.
    pub max_answer: Size,
    /// Deepest nesting of a raw answer's objects, lists or elements, at most 128: reading goes down by recursion.
    #[serde(deserialize_with = "depth")]
    pub max_answer_depth: usize,
    /// Most values, objects, lists, elements and attributes of a raw answer.
    #[serde(deserialize_with = "at_least_one")]
    pub max_answer_nodes: usize,
    /// How often a route with `health` is asked how it is.
    pub health_every: Interval,
    /// Second tries.
    pub retry: Retry,
    /// When a route isn't asked any more.
    pub breaker: Breaker,
}

/// Second tries: only of what can pass, only while the budget lasts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Tries after the first one. 0: none.
    #[serde(deserialize_with = "at_most_five")]
    pub times: u8,
    /// Pause before the second try; each one after it is twice as long.
    pub pause: Interval,
    /// Second tries, as a part of all questions of the last ten seconds, in percent.
    #[serde(deserialize_with = "percent")]
    pub budget: u8,
    /// Second tries that are allowed in a second however few questions there are.
    pub reserve: u16,
    /// After this time without an answer the question is asked once more beside the first, on another
    /// route if there is one, and the first answer counts. Without it: never.
    pub hedge_after: Option<Interval>,
}

/// When a route isn't asked any more, and when it is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Breaker {
    /// Failures in a row that close the route. 0: never.
    #[serde(deserialize_with = "at_most_a_thousand")]
    pub failures: u16,
    /// How long the route isn't asked; twice as long after each trial that fails, up to `longest`.
    pub pause: Interval,
    /// The longest such time.
    pub longest: Interval,
    /// Trials, one after the other, that must succeed before the route is open to all again.
    #[serde(deserialize_with = "one_to_thirty")]
    pub trials: u8,
}

impl Protection {
    /// The bounds that a kind keeps while it reads an answer.
    #[must_use]
    pub fn answer_limits(&self) -> AnswerLimits {
        AnswerLimits {
            bytes: usize::try_from(self.max_answer.0).unwrap_or(usize::MAX),
            depth: self.max_answer_depth,
            nodes: self.max_answer_nodes,
        }
    }
}

impl Default for Protection {
    fn default() -> Self {
        let answer = AnswerLimits::default();
        Self {
            timeout: Interval(Duration::from_secs(2)),
            try_timeout: None,
            concurrency: 32,
            queue: 1024,
            max_record: Size(256 << 10),
            max_depth: 8,
            max_answer: Size(answer.bytes as u64),
            max_answer_depth: answer.depth,
            max_answer_nodes: answer.nodes,
            health_every: Interval(Duration::from_secs(10)),
            retry: Retry::default(),
            breaker: Breaker::default(),
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            times: 1,
            pause: Interval(Duration::from_millis(25)),
            budget: 10,
            reserve: 1,
            hedge_after: None,
        }
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            failures: 10,
            pause: Interval(Duration::from_secs(1)),
            longest: Interval(Duration::from_secs(30)),
            trials: 2,
        }
    }
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    match usize::deserialize(deserializer)? {
        0 => Err(D::Error::custom("found 0, wanted at least 1")),
        number => Ok(number),
    }
}

fn depth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    within(deserializer, 1, 128)
}

fn at_most_five<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    within(deserializer, 0, 5)
}

fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    within(deserializer, 0, 100)
}

fn one_to_thirty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    within(deserializer, 1, 30)
}

fn at_most_a_thousand<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    within(deserializer, 0, 1000)
}

fn within<'de, D: Deserializer<'de>, T: TryFrom<u64>>(
    deserializer: D,
    least: u64,
    most: u64,
) -> Result<T, D::Error> {
    let number = u64::deserialize(deserializer)?;
    let fits = (least..=most).contains(&number);
    let refusal = || D::Error::custom(format!("found {number}, wanted {least} to {most}"));
    T::try_from(number).ok().filter(|_| fits).ok_or_else(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_nothing_are_refused() {
        for text in [
            "concurrency = 0",
            "max_depth = 0",
            "max_answer_depth = 0",
            "max_answer_nodes = 0",
            "retry.times = 6",
            "retry.budget = 101",
            "breaker.trials = 0",
            "breaker.failures = 1001",
            "breaker.pause = 7",
        ] {
            assert!(toml::from_str::<Protection>(text).is_err(), "{text}");
        }
        assert_eq!(toml::from_str::<Protection>(""), Ok(Protection::default()));
    }
}
