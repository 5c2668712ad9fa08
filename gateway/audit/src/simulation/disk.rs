//! A disk in memory that keeps what was synced, and of the rest what chance leaves.

mod names;
mod sabotage;
mod world;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use sabotage::Sabotage;
pub use world::{Deed, Fault};
pub(super) use world::{Once, World};

use super::random::Random;
use crate::clock::Clock;
use crate::storage::{FailPoint, Storage, StoredFile};

/// A disk. Clones are the same disk.
#[derive(Clone)]
pub(crate) struct SimulatedDisk(Arc<Mutex<World>>);

impl SimulatedDisk {
    pub(crate) fn new(random: Random, sabotage: Sabotage) -> Self {
        Self(Arc::new(Mutex::new(World::new(random, sabotage))))
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open file. It is of one start of the machine: after a power cut it says only errors.
pub(crate) struct SimulatedFile {
    disk: SimulatedDisk,
    inode: usize,
    start: u64,
    path: PathBuf,
}

impl Storage for SimulatedDisk {
    type File = SimulatedFile;

    fn open(&self, path: &Path) -> io::Result<SimulatedFile> {
        let (inode, start) = self.world().open(path)?;
        Ok(self.file(inode, start, path))
    }

    fn create(&self, path: &Path) -> io::Result<SimulatedFile> {
        let (inode, start) = self.world().create(path)?;
        Ok(self.file(inode, start, path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.world().rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.world().remove(path)
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.world().create_directory(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.world().remove_directory(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.world().sync_directory(path)
    }

    fn names(&self, path: &Path) -> io::Result<Vec<String>> {
        self.world().names(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<SimulatedFile>> {
        match self.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.create(path).map(Some),
            other => other.map(Some),
        }
    }

    fn reached(&self, _point: FailPoint) -> io::Result<()> {
        self.world().tick()
    }
}

impl SimulatedDisk {
    fn file(&self, inode: usize, start: u64, path: &Path) -> SimulatedFile {
        SimulatedFile {
            disk: self.clone(),
            inode,
            start,
            path: path.to_owned(),
        }
    }
}

impl StoredFile for SimulatedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.world().read(self.inode, self.start, buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.world().write(self.inode, self.start, bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.world().sync(self.inode, self.start, &self.path)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.disk.world().set_length(self.inode, self.start, bytes)
    }

    fn length(&self) -> io::Result<u64> {
        self.disk.world().length(self.inode, self.start)
    }
}

/// A clock that goes on only when it is told to. Clones are the same clock.
#[derive(Clone, Default)]
pub(crate) struct SimulatedClock(Arc<AtomicU64>);

impl SimulatedClock {
    pub(crate) fn go_on_until(&self, moment: Duration) {
        let moment = u64::try_from(moment.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_max(moment, Ordering::Relaxed);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}
