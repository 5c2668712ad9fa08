//! Revocation lists that end: told beforehand, and when nobody of their authority is let in any more.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::clock::Moment;
use crate::identity::{ClientTrust, ListState};

/// What was told of each list.
#[derive(Debug, Default)]
pub(super) struct Lists {
    told: HashMap<(PathBuf, Moment), Stage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Soon,
    Ended,
}

impl Lists {
    /// Tells in the process log, once, of each list that is in the last quarter of its time, and of
    /// each that ended. Gives the files of the lists that ended since the last look.
    pub(super) fn look(&mut self, trust: &ClientTrust, now: Moment) -> Vec<PathBuf> {
        let mut told = HashMap::new();
        let mut ended = Vec::new();
        for list in trust.lists() {
            let Some(stage) = stage(&list, now) else { continue };
            let key = (list.file.clone(), list.next_update);
            if self.told.get(&key) < Some(&stage) {
                let (authority, file) = (&*list.authority, list.file.display());
                let seconds_left = list.seconds_left(now);
                match stage {
                    Stage::Soon => {
                        tracing::warn!(authority, %file, seconds_left, "a revocation list ends soon")
                    }
                    Stage::Ended => {
                        tracing::error!(authority, %file, "a revocation list has ended: nobody of its authority is let in");
                        ended.push(list.file);
                    }
                }
            }
            told.insert(key, stage);
        }
        self.told = told;
        ended
    }
}

fn stage(list: &ListState, now: Moment) -> Option<Stage> {
    match list.ends_soon(now) {
        true if list.next_update <= now => Some(Stage::Ended),
        true => Some(Stage::Soon),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_told_of_in_its_last_quarter_and_after_its_end() {
        let list = ListState {
            authority: "a".into(),
            file: "ca.crl".into(),
            this_update: Moment(0),
            next_update: Moment(100),
        };
        let stages = [0, 74, 75, 99, 100, 1000].map(|now| stage(&list, Moment(now)));
        let (soon, ended) = (Some(Stage::Soon), Some(Stage::Ended));
        assert_eq!(stages, [None, None, soon, soon, ended, ended]);
    }
}
