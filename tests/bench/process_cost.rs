//! What a running process has cost so far.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// What the names of the access log's threads begin with: they write, publish, seal and index entries.
const LOG: &str = "audit-";

/// CPU time of each thread of a process, as the scheduler counts it (`/proc/<pid>/task/<thread>/schedstat`, first number).
pub(crate) struct CpuTime(HashMap<String, Thread>);

struct Thread {
    nanoseconds: u64,
    of_the_log: bool,
}

/// CPU time of a process.
#[derive(Clone, Copy)]
pub(crate) struct Used {
    pub(crate) all: Duration,
    /// Of it, that of the access log's threads.
    pub(crate) log: Duration,
}

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
            let name = fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
            threads.insert(
                thread.file_name().to_string_lossy().into_owned(),
                Thread {
                    nanoseconds: used.context("schedstat is not a number: scheduler statistics are off")?,
                    of_the_log: name.starts_with(LOG),
                },
            );
        }
        Ok(Self(threads))
    }

    /// What was used since an earlier reading, by all threads that are there now.
    pub(crate) fn since(&self, earlier: &Self) -> Used {
        let (mut all, mut log) = (0, 0);
        for (id, thread) in &self.0 {
            let before = earlier.0.get(id).map_or(0, |thread| thread.nanoseconds);
            let used = thread.nanoseconds - before;
            all += used;
            log += if thread.of_the_log { used } else { 0 };
        }
        Used {
            all: Duration::from_nanos(all),
            log: Duration::from_nanos(log),
        }
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
