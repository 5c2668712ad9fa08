//! What a running process has cost so far.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// CPU time of each thread of a process, in nanoseconds, as the scheduler counts it
/// (`/proc/<pid>/task/<thread>/schedstat`, first number).
pub(crate) struct CpuTime(HashMap<String, u64>);

impl CpuTime {
    /// The process's CPU time until now.
    pub(crate) fn of(process: u32) -> anyhow::Result<Self> {
        let mut threads = HashMap::new();
        for thread in fs::read_dir(format!("/proc/{process}/task")).context("the server has ended")? {
            let thread = thread?;
            // A thread may end between listing and reading; what it used in the meantime is lost.
            let Ok(text) = fs::read_to_string(thread.path().join("schedstat")) else {
                continue;
            };
            let used = text
                .split_whitespace()
                .next()
                .and_then(|number| number.parse().ok());
            threads.insert(
                thread.file_name().to_string_lossy().into_owned(),
                used.context("schedstat is not a number: scheduler statistics are off")?,
            );
        }
        Ok(Self(threads))
    }

    /// What was used since an earlier reading, by all threads that are there now.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        let used = |(thread, now): (&String, &u64)| now - earlier.0.get(thread).copied().unwrap_or(0);
        Duration::from_nanos(self.0.iter().map(used).sum())
    }
}

/// Resident memory of a process in bytes (`VmRSS` of `/proc/<pid>/status`).
pub(crate) fn resident_bytes(process: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kib: Option<u64> = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok());
    Ok(kib.context("no VmRSS in the process status")? * 1024)
}
