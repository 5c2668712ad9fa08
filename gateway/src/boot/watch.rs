//! Watches the configuration folder and the files that it names, and has them read again.
//!
//! The kernel's events only say when to look; what changed is told by the files' stamps, which are
//! also compared every few seconds: a link further up that leads elsewhere, or a network file
//! system, brings no event.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use notify::{EventKind, RecursiveMode, Watcher as _};

use super::certificates::Certificates;
use super::lists::Lists;
use super::reload::Reloading;
use super::stamps::Stamps;
use crate::clock::Moment;
use crate::settings;

/// How long the files must be quiet: several are written one after the other.
const QUIET: Duration = Duration::from_millis(200);

/// How long a change waits at most while files go on being written.
const PATIENCE: Duration = Duration::from_secs(1);

/// Time between two looks without an event.
const LOOK: Duration = Duration::from_secs(2);

/// What wakes the watch.
enum Wake {
    /// Something happened to a file.
    Event,
    /// Somebody wants the configuration read.
    Asked,
    /// The gateway ends.
    Stop,
}

/// A watch at work.
pub(super) struct Watch {
    wake: Sender<Wake>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts it on a thread of its own. `settings` in `reloading` are those in force.
    pub(super) fn start(reloading: Reloading) -> std::io::Result<Self> {
        let (wake, woken) = mpsc::channel();
        let mut watching = Watching {
            // Nothing is known of the files as they were when the settings were read, so they are read
            // once more.
            seen: Stamps::default(),
            events: None,
            folders: BTreeSet::new(),
            lists: Lists::default(),
            certificates: Certificates::default(),
            reloading,
        };
        watching.listen(&wake);
        let thread = std::thread::Builder::new()
            .name("configuration".to_owned())
            .spawn(move || watching.run(&woken))?;
        Ok(Self {
            wake,
            thread: Some(thread),
        })
    }

    /// Has the configuration read; the outcome stands in the process log and in the access log.
    pub(super) fn ask(&self) {
        // An error says that the thread has ended, which its panic has told.
        drop(self.wake.send(Wake::Asked));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.wake.send(Wake::Stop));
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the configuration panicked");
        }
    }
}

struct Watching {
    reloading: Reloading,
    /// The files when they were read last.
    seen: Stamps,
    events: Option<notify::RecommendedWatcher>,
    lists: Lists,
    certificates: Certificates,
    /// The folders that bring events.
    folders: BTreeSet<PathBuf>,
}

impl Watching {
    fn run(mut self, woken: &Receiver<Wake>) {
        loop {
            let asked = match woken.recv_timeout(LOOK) {
                Err(RecvTimeoutError::Timeout) => false,
                Ok(wake) => match until_quiet(woken, wake) {
                    Some(asked) => asked,
                    None => break,
                },
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let now = Stamps::take(files(&self.reloading));
            if asked || self.seen.may_differ(&now) {
                self.seen = now;
                self.reloading.reload(asked);
                self.follow();
            } else if self.reloading.try_again() {
                self.follow();
            }
            self.reloading.look_at(&mut self.lists);
            self.certificates.look(&self.reloading.settings, Moment::now());
            self.reloading.look_around();
        }
        self.reloading.look_last();
    }

    /// Asks the kernel for events. Without them the files are still looked at.
    fn listen(&mut self, wake: &Sender<Wake>) {
        let wake = wake.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading is no change; the gateway itself reads.
            if event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_))) {
                drop(wake.send(Wake::Event));
            }
        });
        match watcher {
            Ok(watcher) => self.events = Some(watcher),
            Err(error) => tracing::warn!(%error, "no events of files; they are looked at every two seconds"),
        }
        self.follow();
    }

    /// Watches the folders of the files in force, and no others.
    fn follow(&mut self) {
        let Some(events) = &mut self.events else { return };
        let mut folders: BTreeSet<PathBuf> = files(&self.reloading)
            .iter()
            .filter_map(|file| folder(file))
            .collect();
        folders.insert(self.reloading.config.clone());
        folders.extend(settings::folders(&self.reloading.config));
        for gone in self.folders.difference(&folders) {
            // An error says that the folder itself is gone.
            drop(events.unwatch(gone));
        }
        // Watched anew each time: a folder of the same name may be another one.
        self.folders = folders
            .into_iter()
            .filter(|folder| events.watch(folder, RecursiveMode::NonRecursive).is_ok())
            .collect();
    }
}

/// Waits until nothing happens for a while. Whether somebody asked; none when it is to stop.
fn until_quiet(woken: &Receiver<Wake>, first: Wake) -> Option<bool> {
    let end = Instant::now() + PATIENCE;
    let mut wake = first;
    loop {
        match wake {
            Wake::Stop => return None,
            // Whoever asks has finished writing.
            Wake::Asked => return Some(true),
            Wake::Event => {}
        }
        match woken.recv_timeout(QUIET.min(end.saturating_duration_since(Instant::now()))) {
            Ok(next) => wake = next,
            Err(RecvTimeoutError::Timeout) => return Some(false),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

/// The files that decide what is in force.
fn files(reloading: &Reloading) -> Vec<PathBuf> {
    let mut files = settings::paths(&reloading.config);
    files.extend(reloading.settings.named_files());
    files
}

fn folder(file: &Path) -> Option<PathBuf> {
    let folder = file.parent()?;
    Some(if folder == Path::new("") {
        PathBuf::from(".")
    } else {
        folder.to_owned()
    })
}
