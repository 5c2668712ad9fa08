//! One attack from beginning to end, and what was seen.

use std::thread;
use std::time::{Duration, Instant};

use super::honest::{Honest, Stretch};
use super::stage::{Stage, Times};
use super::{Attack, Ended};
use crate::Scene;
use crate::idle::step_behind;
use crate::memory::Watch;

const WARM_UP: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(5);
/// Memory is given back within this time.
const GIVEN_BACK_WITHIN: Duration = Duration::from_secs(5);

/// What an attack may cost.
#[derive(Clone, Copy, Debug)]
pub struct Gates {
    /// Bytes that the gateway may grow by while it lasts.
    pub growth: u64,
    /// Bytes that may be left some seconds later.
    pub left: u64,
    /// The longest flood, beyond a time that is allowed by a setting.
    pub ended: Duration,
    /// How much slower the honest caller may become; none does not look.
    pub slower: Option<f64>,
}

impl Gates {
    /// 16 MiB while it lasts, 4 MiB left, ended within a second, honest p99 at most doubled.
    pub const ALL: Self = Self {
        growth: 16 << 20,
        left: 4 << 20,
        ended: Duration::from_secs(1),
        slower: Some(2.0),
    };
}

/// What was seen of one attack.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which.
    pub attack: Attack,
    /// How the flood ended.
    pub ended: Ended,
    /// Resident bytes of the gateway before.
    pub before: u64,
    /// The most of them while the attack lasted.
    pub peak: u64,
    /// What was left of them within seconds after.
    pub after: u64,
    /// The honest caller while nobody attacked.
    pub idle: Stretch,
    /// The honest caller while the attack lasted.
    pub honest: Stretch,
    /// What the gateway's end was, when it was not in order.
    pub stopped: Option<String>,
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
        let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
        let (growth, left) = (self.growth(), self.left());
        hold(growth <= gates.growth, format!("it grew by {}", mib(growth)));
        hold(left <= gates.left, format!("{} were not given back", mib(left)));
        match self.ended.after {
            None => hold(false, "it was not ended".to_owned()),
            Some(after) => hold(after <= gates.ended, format!("it was ended after {after:?}")),
        }
        hold(
            self.honest.errors.is_empty(),
            format!(
                "{} honest errors, such as {}",
                self.honest.errors.len(),
                self.honest.errors.first().map_or("", String::as_str)
            ),
        );
        if let Some(slower) = gates.slower {
            hold(
                self.slower() <= slower,
                format!("{:.1} × the idle p99", self.slower()),
            );
        }
        if let Some(stopped) = &self.stopped {
            hold(false, stopped.clone());
        }
        faults
    }

    /// Several rounds of one attack as one: the most that each cost, and the middle one's time of answers.
    #[must_use]
    pub fn together(rounds: Vec<Self>) -> Option<Self> {
        let honest = Stretch {
            newcomer: rounds.iter().map(|seen| seen.honest.newcomer).max()?,
            errors: rounds
                .iter()
                .flat_map(|seen| seen.honest.errors.clone())
                .collect(),
            ..Stretch::middle(rounds.iter().map(|seen| &seen.honest))
        };
        let idle = Stretch::middle(rounds.iter().map(|seen| &seen.idle));
        rounds
            .into_iter()
            .reduce(|one, other| {
                let (mut more, less) = if one.growth() < other.growth() {
                    (other, one)
                } else {
                    (one, other)
                };
                more.after = more.before + more.left().max(less.left());
                more.ended.add(less.ended);
                more.stopped = more.stopped.or(less.stopped);
                more
            })
            .map(|seen| Self { idle, honest, ..seen })
    }

    /// Bytes that were not given back.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.after.saturating_sub(self.before)
    }

    /// Bytes that the gateway grew by.
    #[must_use]
    pub fn growth(&self) -> u64 {
        self.peak.saturating_sub(self.before)
    }

    /// The honest p99 against the idle one.
    #[must_use]
    pub fn slower(&self) -> f64 {
        self.honest.p99().as_secs_f64() / self.idle.p99().as_secs_f64()
    }
}

/// How an attack is played.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// About how long a flood lasts, and the quiet time before it.
    pub length: Duration,
    /// The gateway's times.
    pub times: Times,
    /// The time between two lookups of the honest caller.
    pub between: Duration,
    /// How long it waits for an answer.
    pub patience: Duration,
    /// Whether the attacker only has the time that nobody else wants: it shares the processor with those that are
    /// measured. On a busy machine a flood then ends when the attacker finds the time to see it.
    pub behind: bool,
    /// Such attacks that the gateway has been through before.
    pub floods: u8,
    /// Bytes that may be left: for memory to be given back it waits as long as these are exceeded, and some seconds at
    /// the longest.
    pub left: u64,
}

impl Trial {
    /// Starts a gateway, plays the attack, and looks.
    ///
    /// # Panics
    /// When the gateway does not start or the honest caller is not let in before the attack.
    #[must_use]
    pub fn of(&self, attack: Attack) -> Seen {
        let scene = Scene::new();
        let short = format!(
            r#"[listener]
handshake_timeout = "{}ms"
call_timeout = "{}ms"
send_timeout = "{}ms"
idle_timeout = "{}ms"
"#,
            self.times.handshake.as_millis(),
            self.times.call.as_millis(),
            self.times.send.as_millis(),
            self.times.idle.as_millis(),
        );
        scene.tree.edit("gateway.toml", "[listener]\n", &short);
        let mut gateway = scene.start();
        let mut stage = Stage::new(&scene, &gateway);
        stage.times = self.times;
        let honest = Honest::start(&scene, &gateway, self.between, self.patience);
        thread::sleep(WARM_UP);
        let quiet = Instant::now();
        thread::sleep(self.length);
        for _ in 0..self.floods {
            let mut first = Stage::new(&scene, &gateway);
            first.times = self.times;
            self.attacker(first, attack);
            thread::sleep(GIVEN_BACK_WITHIN);
        }
        let before = gateway.resident();
        let watch = Watch::start(&gateway);
        let begun = Instant::now();
        let idle = honest.between(quiet, begun);
        let ended = self.attacker(stage, attack);
        let over = Instant::now();
        let peak = watch.stop();
        let mut after = gateway.resident();
        while after > before + self.left && over.elapsed() < GIVEN_BACK_WITHIN {
            thread::sleep(LOOK);
            after = gateway.resident();
        }
        // A lookup that began under the attack may still be waiting for its answer.
        thread::sleep(Duration::from_millis(300));
        let during = honest.between(begun, over);
        honest.stop();
        let status = gateway.stop();
        Seen {
            attack,
            ended,
            before,
            peak,
            after,
            idle,
            honest: during,
            stopped: (!status.success()).then(|| format!("the gateway ended with {status}")),
        }
    }
    /// Plays it on a thread of its own.
    fn attacker(&self, stage: Stage, attack: Attack) -> Ended {
        let Self { length, behind, .. } = *self;
        let play = move || {
            if behind {
                step_behind();
            }
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(attack.play(&stage, length))
        };
        thread::spawn(play).join().expect("the attacker plays to the end")
    }
}
