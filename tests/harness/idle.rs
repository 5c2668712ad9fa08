//! Who plays a machine of its own, an attacker or a registry that misbehaves, only has the time that nobody else wants.
//! A niceness is not enough: who wakes up may wait behind the nicest for a tick of 4 ms.

use std::process::Command;

/// Puts the present thread behind all others. Where that is not permitted, it takes more of the processor than it should.
pub(crate) fn step_behind() {
    let thread = rustix::thread::gettid().as_raw_nonzero().to_string();
    if !idle(&["--pid", "0", &thread]) {
        let _ = rustix::process::nice(19);
    }
}

/// Puts a process behind all others, with the threads that it has and those that they start, where that is permitted.
pub(crate) fn put_behind(process: u32) {
    let _ = idle(&["--all-tasks", "--pid", "0", &process.to_string()]);
}

fn idle(arguments: &[&str]) -> bool {
    let chrt = Command::new("chrt").arg("--idle").args(arguments).status();
    chrt.is_ok_and(|status| status.success())
}
