//! Which faults are in force, and who gets which: shares are kept exactly, not by chance.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

use super::Kind;
use super::fault::{Fault, NoFault};

/// A fault and how many of a hundred get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// What goes wrong.
    pub fault: Fault,
    /// 1 to 100.
    pub percent: u8,
}

impl FromStr for Shared {
    type Err = NoFault;

    /// Reads `word[:argument][@share%]`.
    fn from_str(text: &str) -> Result<Self, NoFault> {
        let (fault, share) = match text.rsplit_once('@') {
            Some((fault, share)) => (fault, share),
            None => (text, "100"),
        };
        let digits = share.strip_suffix('%').unwrap_or(share);
        match digits.parse() {
            Ok(percent @ 1..=100) => Ok(Self {
                fault: fault.parse()?,
                percent,
            }),
            _ => Err(NoFault(format!("found @{share}, wanted a share such as @10%"))),
        }
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.percent {
            100 => write!(f, "{}", self.fault),
            percent => write!(f, "{}@{percent}%", self.fault),
        }
    }
}

/// The faults of a simulated registry, which may change while it runs.
#[derive(Debug, Default)]
pub struct Faults {
    present: ArcSwap<Vec<Shared>>,
    connections: AtomicU64,
    questions: AtomicU64,
}

impl Faults {
    /// These faults of a server that speaks this language, in TLS or not.
    ///
    /// # Errors
    /// When they can't stand together, or not there.
    pub fn new(faults: Vec<Shared>, kind: Kind, tls: bool) -> Result<Self, NoFault> {
        check(&faults, kind, tls)?;
        Ok(Self {
            present: ArcSwap::from_pointee(faults),
            ..Self::default()
        })
    }

    /// Puts others in their place; whether they are others.
    ///
    /// # Errors
    /// When they can't stand together, or not there; then nothing changes.
    pub fn change(&self, faults: Vec<Shared>, kind: Kind, tls: bool) -> Result<bool, NoFault> {
        check(&faults, kind, tls)?;
        let changed = **self.present.load() != faults;
        if changed {
            self.present.store(faults.into());
        }
        Ok(changed)
    }

    /// The fault of the next connection.
    pub(super) fn of_connection(&self) -> Option<Fault> {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        self.drawn(number, Fault::is_of_connections)
    }

    /// The fault of the next question.
    pub(super) fn of_question(&self) -> Option<Fault> {
        let number = self.questions.fetch_add(1, Ordering::Relaxed);
        self.drawn(number, |fault| !fault.is_of_connections())
    }

    fn drawn(&self, number: u64, of: impl Fn(Fault) -> bool) -> Option<Fault> {
        let present = self.present.load();
        // 61 and 100 have no divisor in common: of a hundred in a row each place is had once, well mixed.
        let mut place = number.wrapping_mul(61) % 100;
        for shared in present.iter() {
            let percent = u64::from(shared.percent);
            if place < percent {
                return Some(shared.fault).filter(|fault| of(*fault));
            }
            place -= percent;
        }
        None
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present = self.present.load();
        if present.is_empty() {
            return f.write_str("none");
        }
        let told: Vec<_> = present.iter().map(ToString::to_string).collect();
        f.write_str(&told.join(", "))
    }
}

/// The faults that a control file names, one a line; `#` begins a remark.
///
/// # Errors
/// At the first line that names none.
pub(super) fn read(text: &str) -> Result<Vec<Shared>, NoFault> {
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or("").trim());
    lines
        .filter(|line| !line.is_empty() && *line != "none")
        .map(str::parse)
        .collect()
}

fn check(faults: &[Shared], kind: Kind, tls: bool) -> Result<(), NoFault> {
    let all: u64 = faults.iter().map(|shared| u64::from(shared.percent)).sum();
    if all > 100 {
        return Err(NoFault(format!(
            "the shares are {all}% together, wanted at most 100%"
        )));
    }
    let strange = faults.iter().find(|shared| !shared.fault.is_of(kind));
    if let Some(shared) = strange {
        return Err(NoFault(format!(
            "{} can't happen in {}",
            shared.fault,
            kind.word()
        )));
    }
    match faults.iter().find(|shared| shared.fault.needs_tls() && !tls) {
        Some(shared) => Err(NoFault(format!("{} needs TLS", shared.fault))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Faults {
        Faults::new(read(text).unwrap(), Kind::Rest, true).unwrap()
    }

    #[test]
    fn of_a_hundred_in_a_row_each_fault_has_its_share() {
        let faults = faults("hang@10%\nfault@25\n# remark\ndrip@1%");
        let drawn: Vec<_> = (0..100).filter_map(|_| faults.of_question()).collect();
        let count = |wanted| drawn.iter().filter(|fault| **fault == wanted).count();
        assert_eq!(
            (
                count(Fault::Hang),
                count(Fault::Fault),
                count(Fault::Drip),
                drawn.len()
            ),
            (10, 25, 1, 36)
        );
    }

    #[test]
    fn connections_and_questions_have_faults_of_their_own() {
        let faults = faults("reset@50%\nhang@50%");
        let connections = (0..100).filter_map(|_| faults.of_connection()).count();
        let questions = (0..100).filter_map(|_| faults.of_question()).count();
        assert_eq!((connections, questions), (50, 50));
    }

    #[test]
    fn what_cant_stand_together_changes_nothing() {
        let faults = faults("hang");
        for text in ["hang@60%\ndrip@60%", "hang@0%", "hang@x", "what"] {
            let refused = read(text).and_then(|read| faults.change(read, Kind::Rest, true));
            assert!(refused.is_err(), "{text}");
        }
        assert!(faults.change(read("no-tls").unwrap(), Kind::Rest, false).is_err());
        for (fault, kind) in [("entities", Kind::Grpc), ("no-code", Kind::Soap)] {
            assert!(
                faults.change(read(fault).unwrap(), kind, true).is_err(),
                "{fault}"
            );
        }
        assert_eq!(faults.to_string(), "hang");
        assert!(faults.change(read("none").unwrap(), Kind::Rest, false).unwrap());
        assert_eq!(faults.to_string(), "none");
    }
}
