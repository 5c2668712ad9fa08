//! One fault from beginning to end, and what was seen.

use std::time::Duration;

use super::case::Case;
use super::load::{Stretch, asked, beside};
use super::stage::Stage;
use crate::memory::Watch;

/// What a fault may cost.
#[derive(Clone, Copy, Debug)]
pub struct Gates {
    /// An answer is there so long after the time that the registry is given.
    pub late: Duration,
    /// Bytes that the gateway may grow by.
    pub growth: u64,
    /// How much slower the neighbour's calls may become, by their p99; none does not look.
    pub slower: Option<f64>,
}

impl Gates {
    /// 100 ms, 32 MiB, 1.2 ×.
    pub const ALL: Self = Self {
        late: Duration::from_millis(100),
        growth: 32 << 20,
        slower: Some(1.2),
    };
}

/// What was seen of one fault.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which, and what was wanted.
    pub case: Case,
    /// The time that the registry is given.
    pub timeout: Duration,
    /// The answers of the registry with the fault.
    pub asked: Stretch,
    /// The neighbour's calls while nothing was wrong, and both registries were asked as often.
    pub quiet: Stretch,
    /// The neighbour's calls beside the fault.
    pub beside: Stretch,
    /// Resident bytes of the gateway before.
    pub before: u64,
    /// The most of them while the fault lasted.
    pub peak: u64,
}

impl Stage {
    /// Calls to both registries for so long without the fault (if at all), and for so long with it.
    pub async fn try_case(&self, case: Case, quiet: Duration, length: Duration) -> Seen {
        self.recover().await;
        let (_, quiet) = self.load(quiet).await;
        let before = self.gateway.resident();
        let watch = Watch::start(&self.gateway);
        self.faulty.misbehave(case.fault);
        let (asked, beside) = self.load(length).await;
        let peak = watch.stop();
        Seen {
            case,
            timeout: self.timeout,
            asked,
            quiet,
            beside,
            before,
            peak,
        }
    }

    async fn load(&self, length: Duration) -> (Stretch, Stretch) {
        let asked = asked(self.client.clone(), &self.people, length);
        let beside = tokio::spawn(beside(self.neighbours.clone(), length));
        let asked = asked.await;
        (asked, beside.await.expect("the neighbour's calls end"))
    }
}

impl Seen {
    /// What is wrong with it; nothing when every gate is held.
    #[must_use]
    pub fn faults(&self, gates: &Gates) -> Vec<String> {
        let mut faults = Vec::new();
        let mut hold = |held: bool, fault: String| {
            if !held {
                faults.push(fault);
            }
        };
        let wanted = |word: &String| self.case.wanted.contains(&word.as_str());
        let words = &self.asked.words;
        hold(
            !words.is_empty() && words.keys().all(wanted),
            format!("answered {words:?}, wanted {}", self.case.wanted.join(" or ")),
        );
        let (longest, allowed) = (self.asked.longest(), self.timeout + gates.late);
        hold(
            longest <= allowed,
            format!("an answer took {longest:?}, wanted at most {allowed:?}"),
        );
        let grown = self.growth() >> 20;
        hold(self.growth() <= gates.growth, format!("it grew by {grown} MiB"));
        let neighbours = &self.beside.words;
        hold(
            neighbours.len() == 1 && neighbours.contains_key("OK"),
            format!("the neighbour answered {neighbours:?}"),
        );
        if let Some(slower) = gates.slower {
            hold(
                self.slower() <= slower,
                format!("the neighbour's p99 is {:.2} ×", self.slower()),
            );
        }
        faults
    }

    /// Several rounds of one fault as one: the most that each cost, and the middle one's time of the neighbour's answers.
    #[must_use]
    pub fn together(mut rounds: Vec<Self>) -> Option<Self> {
        let asked = Stretch::together(rounds.iter().map(|seen| &seen.asked));
        let quiet = Stretch::together(rounds.iter().map(|seen| &seen.quiet));
        let most = rounds.iter().max_by_key(|seen| seen.growth())?;
        let (before, peak) = (most.before, most.peak);
        let words = Stretch::together(rounds.iter().map(|seen| &seen.beside)).words;
        rounds.sort_unstable_by_key(|seen| seen.beside.p99());
        let middle = rounds.swap_remove(rounds.len() / 2);
        let took = middle.beside.took;
        Some(Self {
            asked,
            quiet,
            beside: Stretch { words, took },
            before,
            peak,
            ..middle
        })
    }

    /// Bytes that the gateway grew by.
    #[must_use]
    pub fn growth(&self) -> u64 {
        self.peak.saturating_sub(self.before)
    }

    /// The neighbour's p99 against that without the fault.
    #[must_use]
    pub fn slower(&self) -> f64 {
        self.beside.p99().as_secs_f64() / self.quiet.p99().as_secs_f64()
    }
}
