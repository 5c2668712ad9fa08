//! Work for one registry's answer that would hold up the answers of others: its threads come after the workers.

/// How far below the threads that answer, as `nice` counts.
const STEP_BACK: i32 = 10;

/// From now on this thread comes after those that answer.
pub(crate) fn step_back(thread: &'static str) {
    if let Err(error) = rustix::process::nice(STEP_BACK) {
        tracing::warn!(%error, thread, "a thread that should come after the workers has their priority");
    }
}
