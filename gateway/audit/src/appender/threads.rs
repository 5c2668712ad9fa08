//! The thread of the writer: all it does is sleep for what the writer asks for.

use super::writer::{Next, Writer};
use crate::clock::Clock;
use crate::storage::Storage;

/// Commits until the log is closed.
pub(super) fn write<S: Storage, C: Clock>(mut writer: Writer<S, C>) {
    loop {
        match writer.step() {
            Next::Step => {}
            Next::Wait(wait) => writer.sleep(wait),
            Next::End => return,
        }
    }
}
