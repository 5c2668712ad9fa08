//! The end of a segment: what may stand behind its last checkpoint, and when a writer is only not done yet.

use std::fs::File;
use std::time::Duration;

use super::Walk;
use crate::frame::{BadFrame, written_beyond};
use crate::recovery::acknowledged_beyond;
use crate::seal::SegmentFile;
use crate::verify::Progress;
use crate::verify::damage::{Damage, Finding, VerifyError};

/// How often, and after what pause, a broken end is read again: a writer may be at it.
const LOOKS: u32 = 3;
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// What looking at the end of the last segment again and again has shown.
#[derive(Default)]
pub(super) struct Look {
    times: u32,
    /// Behind which checkpoint the last look was.
    at: Option<u64>,
    /// The end moves: a writer is at work.
    pub(super) moving: bool,
    pub(super) next: Option<u64>,
}

/// Where reading of a segment stopped.
pub(super) struct Stop {
    pub(super) next: Option<u64>,
    /// Behind the last checkpoint.
    pub(super) end: u64,
    /// Where the next frame should have been, and the index that it would have had.
    pub(super) at: u64,
    pub(super) index: u64,
    pub(super) broken: Option<BadFrame>,
}

impl<P: FnMut(Progress)> Walk<'_, P> {
    /// At the end of the last segment: whether to read on from the last checkpoint, because a writer may have been at it.
    pub(super) fn look_again(
        &mut self,
        file: &SegmentFile<File>,
        name: &str,
        first: u64,
        stop: &Stop,
        look: &mut Look,
    ) -> Result<bool, VerifyError> {
        look.next = self.list()?.into_iter().find(|other| *other > first);
        if look.next.is_some() {
            return Ok(true);
        }
        if written_beyond(file, stop.end)
            .map_err(VerifyError::file(name))?
            .is_none()
        {
            return Ok(false);
        }
        let moved = look.at.is_some_and(|at| at != stop.end);
        let owed = self
            .known
            .iter()
            .any(|known| known.checkpoint().size > self.tree.size());
        if moved && !owed {
            // A writer is at work, and all that was published before is verified.
            look.moving = true;
            return Ok(false);
        }
        look.times = if moved { 1 } else { look.times + 1 };
        look.at = Some(stop.end);
        if look.times <= LOOKS {
            std::thread::sleep(LOOK_PAUSE);
        }
        Ok(look.times <= LOOKS)
    }

    /// Judges what stands behind the last checkpoint of a segment.
    pub(super) fn segment_end(
        &mut self,
        file: &SegmentFile<File>,
        name: &str,
        stop: Stop,
    ) -> Result<(), VerifyError> {
        let written = written_beyond(file, stop.end).map_err(VerifyError::file(name))?;
        let said = stop
            .broken
            .map_or_else(|| "frames are missing".to_owned(), |bad| bad.to_string());
        let here = |damage| {
            VerifyError::Damaged(Finding {
                damage,
                file: name.to_owned(),
                offset: stop.at,
                entries: stop.index..stop.index + 1,
                detail: said.clone(),
            })
        };
        let size = self.tree.size();
        match stop.next {
            // Nothing but the segments in between is missing: the next one's beginning says so.
            Some(next) if next > size && written.is_none() && stop.index == size => Ok(()),
            Some(next) if next > size => Err(here(if written.is_some() {
                Damage::Changed
            } else {
                Damage::Truncated
            })),
            Some(_) if written.is_some() => Err(here(Damage::Added)),
            Some(_) => Ok(()),
            None => {
                let Some(written) = written else { return Ok(()) };
                let owed = self.known.iter().any(|known| known.checkpoint().size > size);
                let more = || {
                    acknowledged_beyond(file, stop.end, written, self.key, size)
                        .map_err(VerifyError::file(name))
                };
                if owed || self.at_rest || more()? {
                    return Err(here(Damage::Changed));
                }
                self.report.unfinished_bytes = written - stop.end;
                Ok(())
            }
        }
    }
}
