//! How often and how much may be asked under an agreement: the only part of authorization with a memory.
//!
//! The memory is kept by the agreement's name and outlives every reload; it ends with the process. What
//! is counted is what an agreement permits, whatever comes of it: who asks for people that do not
//! exist, or with facts that do not fit, uses up the same quota.

mod calls;
mod subjects;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, Hasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::agreement::Agreement;
use crate::clock::Moment;
use crate::settings::QuotaSettings;
use crate::status::{Reason, Refusal};
use calls::Calls;
use subjects::Subjects;

/// The limits of one agreement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Calls in a second.
    pub calls_per_second: Option<u64>,
    /// Calls on a day in Viet Nam.
    pub calls_per_day: Option<u64>,
    /// Different subjects for one officer in any hour.
    pub subjects_per_officer_per_hour: Option<u64>,
}

/// Which limit a call met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Calls in a second.
    CallsPerSecond,
    /// Calls on a day.
    CallsPerDay,
    /// Different subjects for one officer in an hour.
    SubjectsPerOfficerPerHour,
    /// The gateway's own: no room to count one more subject.
    Memory,
}

/// A call that the quota does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// The limit that it met.
    pub limit: Limit,
    /// What the limit is.
    pub most: u64,
    /// Until when nothing more is allowed, at the least.
    pub retry_after: Duration,
    /// The first of its kind in its window: somebody is to be told.
    pub alarm: bool,
}

/// One call to be counted.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a, F> {
    /// The agreement that permits it.
    pub agreement: &'a Agreement,
    /// The agency that calls.
    pub agency: &'a str,
    /// The officer.
    pub officer: &'a str,
    /// Pseudonym of the subject.
    pub subject: &'a [u8; 32],
    /// The second facts by which the subject is named.
    pub facts: F,
    /// When it came, for the day.
    pub received: Moment,
    /// When it came, for shorter windows: this clock is never set back.
    pub started: Instant,
}

/// What has been used of every quota.
pub struct Quotas {
    began: Instant,
    calls: ArcSwap<HashMap<Arc<str>, Arc<Calls>>>,
    subjects: Subjects,
    hash: RandomState,
    alarms: [AtomicU64; Limit::ALL.len()],
}

impl Limits {
    /// As written.
    #[must_use]
    pub fn new(settings: &QuotaSettings) -> Self {
        let number = |limit: &Option<toml::Spanned<u64>>| limit.as_ref().map(|limit| *limit.get_ref());
        Self {
            calls_per_second: number(&settings.calls_per_second),
            calls_per_day: number(&settings.calls_per_day),
            subjects_per_officer_per_hour: number(&settings.subjects_per_officer_per_hour),
        }
    }
}

impl Limit {
    /// Every limit, each at its own number.
    const ALL: [Self; 4] = [
        Self::CallsPerSecond,
        Self::CallsPerDay,
        Self::SubjectsPerOfficerPerHour,
        Self::Memory,
    ];

    /// The clause, as a refusal and the operator's file name it.
    pub const fn clause(self) -> &'static str {
        match self {
            Self::CallsPerSecond => "quota.calls_per_second",
            Self::CallsPerDay => "quota.calls_per_day",
            Self::SubjectsPerOfficerPerHour => "quota.subjects_per_officer_per_hour",
            Self::Memory => "quota",
        }
    }
}

impl Exceeded {
    /// As the caller is told.
    pub fn refusal(self, agreement: &Agreement) -> Refusal {
        let (name, most) = (&agreement.name, self.most);
        let message = match self.limit {
            Limit::CallsPerSecond => format!("agreement {name} allows {most} calls in a second"),
            Limit::CallsPerDay => format!("agreement {name} allows {most} calls on a day"),
            Limit::SubjectsPerOfficerPerHour => {
                format!("agreement {name} allows {most} different subjects for one officer in an hour")
            }
            Limit::Memory => format!("the subjects of agreement {name} can't be counted now"),
        };
        Refusal::new(Reason::QuotaExceeded, message)
            .naming(self.limit.clause())
            .retry_after(self.retry_after)
    }
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            calls: ArcSwap::default(),
            subjects: Subjects::default(),
            hash: RandomState::new(),
            alarms: [const { AtomicU64::new(0) }; Limit::ALL.len()],
        }
    }
}

impl Quotas {
    /// Counts one call that is otherwise permitted.
    ///
    /// # Errors
    /// When a limit of the agreement is used up; then nothing is to be answered.
    pub fn count(&self, call: &Counted<'_, impl Hash>) -> Result<(), Exceeded> {
        self.take(call).inspect_err(|exceeded| {
            let alarms = self.alarms.get(exceeded.limit as usize);
            if let Some(alarms) = alarms.filter(|_| exceeded.alarm) {
                alarms.fetch_add(1, Ordering::Relaxed);
            }
        })
    }

    /// How often somebody was to be told of each limit that was used up.
    pub fn alarms(&self) -> impl Iterator<Item = (Limit, u64)> {
        let counts = self.alarms.iter().map(|count| count.load(Ordering::Relaxed));
        Limit::ALL.into_iter().zip(counts)
    }

    fn take(&self, call: &Counted<'_, impl Hash>) -> Result<(), Exceeded> {
        let limits = &call.agreement.limits;
        let since = call.started.saturating_duration_since(self.began);
        if limits.calls_per_second.is_some() || limits.calls_per_day.is_some() {
            let calls = self.calls_of(&call.agreement.name);
            if let Some(most) = limits.calls_per_second {
                calls.in_second(most, since)?;
            }
            if let Some(most) = limits.calls_per_day {
                calls.on_day(most, call.received)?;
            }
        }
        if let Some(most) = limits.subjects_per_officer_per_hour {
            let officer = self
                .hash
                .hash_one((&call.agreement.name, call.agency, call.officer));
            let mut subject = self.hash.build_hasher();
            subject.write(call.subject);
            call.facts.hash(&mut subject);
            self.subjects.count(officer, subject.finish(), most, since)?;
        }
        Ok(())
    }

    /// The calls under an agreement. One that is new here is added; the others go on.
    fn calls_of(&self, agreement: &Arc<str>) -> Arc<Calls> {
        if let Some(calls) = self.calls.load().get(agreement) {
            return calls.clone();
        }
        let added = Arc::new(Calls::default());
        self.calls.rcu(|all| {
            let mut all = HashMap::clone(all);
            all.entry(agreement.clone()).or_insert_with(|| added.clone());
            all
        });
        self.calls.load().get(agreement).cloned().unwrap_or(added)
    }
}

#[cfg(test)]
mod tests;
